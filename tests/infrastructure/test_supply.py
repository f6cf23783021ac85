"""What the stack is built and deployed with: locked, pinned, and the same on every machine."""

import re
import tomllib
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.cloud.bill_of_materials import ALLOWED, bill, parts
from tests.infrastructure.stack import Template

LOCKED = Path("layers/vendor/requirements.txt").read_text()
WORKFLOW = Path(".github/workflows/ci.yml").read_text()
STAGES = {name: tomllib.loads(Path("samconfig.toml").read_text())[name] for name in ("dev", "prod")}
SCANNERS = {"cfn-lint", "checkov", "bandit"}


def test_every_third_party_is_a_wheel_that_is_locked_by_its_hash() -> None:
    entries, build = re.split(r"\n(?=\w)", LOCKED.strip()), Path("layers/vendor/Makefile").read_text()
    assert len(entries) > 5
    assert not [entry for entry in entries if "--hash=sha256:" not in entry]
    assert "--require-hashes" in build
    assert "--only-binary :all:" in build


def test_what_is_shipped_is_what_is_locked_and_may_be_shipped(built: Path) -> None:
    shipped = parts(built / "VendorLayer")
    components = bill(shipped)["components"]
    locked = re.findall(r"^([\w.-]+)==(\S+)", LOCKED, flags=re.MULTILINE)
    assert [(part["name"], part["version"]) for part in components] == sorted(locked)
    assert all(part["hashes"] for part in components)
    assert {part.licence for part in shipped} <= ALLOWED


def test_the_workflow_runs_pinned_actions_that_may_read_and_nothing_else() -> None:
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert used
    assert not [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)]
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
    assert {scanner for scanner in SCANNERS if f"/{scanner} " in recipe("scan")} == SCANNERS


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_sets_parameters_that_exist(template: Template, name: str) -> None:
    overrides = STAGES[name]["deploy"]["parameters"]["parameter_overrides"]
    assert {override.split("=")[0] for override in overrides} <= template["Parameters"].keys()


def test_the_stages_are_stacks_of_their_own_and_production_is_confirmed() -> None:
    assert len({stage["global"]["parameters"]["stack_name"] for stage in STAGES.values()}) == 2
    assert STAGES["prod"]["deploy"]["parameters"]["confirm_changeset"] is True


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
