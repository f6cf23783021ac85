"""What the stack is built and deployed with: locked, pinned, and the same for everybody."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.bill_of_materials import ALLOWED, bill, parts

LOCKED = Path("layers/vendor/requirements.txt").read_text()
WORKFLOW = Path(".github/workflows/ci.yml").read_text()
STAGES = ["dev", "prod"]


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


def test_the_bill_of_materials_names_what_is_shipped_with_the_hashes_that_are_locked(built: Path) -> None:
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


def test_the_workflow_runs_the_command_of_everybody_and_asks_for_known_weaknesses() -> None:
    commands = [step["run"] for job in yaml_parse(WORKFLOW)["jobs"].values() for step in job["steps"] if "run" in step]
    assert any(command.startswith("make test ") for command in commands)
    [audit] = [command for command in commands if "pip-audit" in command]
    assert {"--strict", "--require-hashes"} <= set(audit.split())


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_sets_parameters_that_exist(template: dict[str, Any], name: str) -> None:
    overrides = stage(name)["deploy"]["parameters"]["parameter_overrides"]
    assert {override.split("=")[0] for override in overrides} <= template["Parameters"].keys()


def test_the_stages_are_stacks_of_their_own() -> None:
    assert len({stage(name)["global"]["parameters"]["stack_name"] for name in STAGES}) == len(STAGES)


def test_nobody_deploys_to_production_without_looking_at_the_changes() -> None:
    assert stage("prod")["deploy"]["parameters"]["confirm_changeset"] is True


@pytest.mark.parametrize("scan", ["checkov", "cfn-lint", "bandit"])
def test_every_skipped_check_has_its_reason_beside_it(scan: str) -> None:
    lines = Path(f"scans/{scan}.yaml").read_text().splitlines()
    skipped = [line for line in lines if re.match(r"\s+- [A-Z]+", line)]
    assert skipped
    assert not [line for line in skipped if not re.search(r"  # \w+", line)]
