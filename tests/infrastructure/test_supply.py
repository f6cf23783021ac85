"""What the stack is built and deployed with: locked, pinned, and the same on every machine."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.cloud.bill_of_materials import ALLOWED, bill, parts

LOCKED = Path("layers/vendor/requirements.txt").read_text()
WORKFLOW = Path(".github/workflows/ci.yml").read_text()
STAGES = ["dev", "prod"]
SCANNERS = {"cfn-lint", "checkov", "bandit"}


def stage(name: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(Path("samconfig.toml").read_text())[name]
    return found


def test_every_third_party_is_locked_with_hashes() -> None:
    entries = re.split(r"\n(?=\w)", LOCKED.strip())
    assert len(entries) > 5
    assert not [entry for entry in entries if "--hash=sha256:" not in entry]


def test_the_build_refuses_what_has_no_hash_and_what_is_no_wheel() -> None:
    recipe = Path("layers/vendor/Makefile").read_text()
    assert "--require-hashes" in recipe
    assert "--only-binary :all:" in recipe


def test_the_bill_of_materials_lists_shipped_packages_and_locked_hashes(built: Path) -> None:
    components = bill(parts(built / "VendorLayer"))["components"]
    locked = re.findall(r"^([\w.-]+)==(\S+)", LOCKED, flags=re.MULTILINE)
    assert [(part["name"], part["version"]) for part in components] == sorted(locked)
    assert all(part["hashes"] for part in components)


def test_what_is_shipped_may_be_shipped(built: Path) -> None:
    assert {part.licence for part in parts(built / "VendorLayer")} <= ALLOWED


def test_every_action_of_the_workflow_is_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert not [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)]


def test_the_workflow_may_read_and_nothing_else() -> None:
    assert yaml_parse(WORKFLOW)["permissions"] == {"contents": "read"}


def test_the_workflow_runs_the_commands_of_developers() -> None:
    commands = [step["run"] for job in yaml_parse(WORKFLOW)["jobs"].values() for step in job["steps"] if "run" in step]
    assert [command.split(" PYTHON=")[0] for command in commands] == ["make test", "make audit"]


def recipe(target: str) -> str:
    """Return what `make` does for a target."""
    return Path("Makefile").read_text().split(f"\n{target}: ")[1].split("\n\n")[0]


def test_what_cannot_be_looked_up_fails_the_audit() -> None:
    [audit] = [line for line in recipe("audit").splitlines() if "pip-audit" in line]
    assert {"--strict", "--require-hashes", "layers/vendor/requirements.txt"} <= set(audit.split())


def test_the_tests_of_developers_run_every_scanner() -> None:
    [*_, side_by_side] = recipe("test").splitlines()
    assert {"$(MAKE)", "scan", "test-simulation", "test-integration"} <= set(side_by_side.removeprefix("\t@").split())
    assert {scanner for scanner in ("cfn-lint", "checkov", "bandit") if f"/{scanner} " in recipe("scan")} == SCANNERS


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_sets_parameters_that_exist(template: dict[str, Any], name: str) -> None:
    overrides = stage(name)["deploy"]["parameters"]["parameter_overrides"]
    assert {override.split("=")[0] for override in overrides} <= template["Parameters"].keys()


def test_the_stages_are_stacks_of_their_own() -> None:
    assert len({stage(name)["global"]["parameters"]["stack_name"] for name in STAGES}) == len(STAGES)


def test_a_deployment_to_production_requires_a_check_of_the_changes() -> None:
    assert stage("prod")["deploy"]["parameters"]["confirm_changeset"] is True


@pytest.mark.parametrize("scan", sorted(SCANNERS))
def test_every_skipped_check_has_its_reason_beside_it(scan: str) -> None:
    lines = Path(f"scans/{scan}.yaml").read_text().splitlines()
    skipped = [line for line in lines if re.match(r"\s+- [A-Z]+", line)]
    assert skipped
    assert not [line for line in skipped if not re.search(r"  # \w+", line)]


@pytest.mark.parametrize(
    "folder", ["layers/core/src", "functions", "veo4k_cli", "local", "proofs", "bench", "docs", ".github"]
)
def test_secrets_are_searched_in_every_folder_except_those_of_samples(folder: str) -> None:
    scan = yaml_parse(Path("scans/checkov.yaml").read_text())
    assert scan["enable-secret-scan-all-files"] is True
    assert "secrets" in scan["framework"]
    assert not [path for path in scan["skip-path"] if re.search(path, f"/{folder}/file.py")]
