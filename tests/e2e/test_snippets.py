"""What README and quickstart show is run, and prints what they show."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from local.cloud.aws import REGION
from local.cloud.connection_file import Connection, published
from local.cloud.deploy import deploy
from local.cloud.environment import Environment, environment
from local.cloud.jobs_client import token_of
from local.cloud.parameters import JOBS_API
from local.kie import Settings
from local.waiting import wait_until
from tests.unit.docs.pages import blocks, page

TASK = "veo_task_abcdef123456"
COMMANDS = {
    "python run": [sys.executable, "-"],
    "sh run": ["bash", "-eu"],
    "js run": ["node", "--input-type=module", "-"],
}


@pytest.fixture(scope="module")
def env() -> Iterator[Environment]:
    with environment(Settings(speed=600), JOBS_API | {"FirstProbeSeconds": "4"}) as env:
        yield env


@pytest.fixture(scope="module")
def variables(env: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What a reader has set, with the folder in which `make local` runs as HOME."""
    home = tmp_path_factory.mktemp("home")
    connection = Connection(env.cloud.endpoint, env.cloud.outputs, "the simulator", env.cloud.stack)
    with published(connection, home / ".local/cloud/current.json"):
        yield os.environ | {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "200",
            "AWS_ENDPOINT_URL": env.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "JOB_QUEUE_URL": env.cloud.outputs["JobQueueUrl"],
            "VEO4K_URL": env.cloud.outputs["JobsApiUrl"],
            "VEO4K_TOKEN": token_of(env.cloud),
        }


def run(kind: str, code: str, variables: Mapping[str, str]) -> str:
    """Return what a block prints, on both streams."""
    place, command = variables["HOME"], COMMANDS[kind]
    done = subprocess.run(  # noqa: S603  our own pages
        command, input=code, cwd=place, env=variables, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, f"{code}\n{done.stdout}"
    return done.stdout


def normal(text: str) -> str:
    """Return the text without what differs between two runs."""
    text = re.sub(r"archivebucket-\w+", "archivebucket-#", text)
    lines = (re.sub(r"\d[\d:.-]*", "#", " ".join(line.split())) for line in text.strip().splitlines())
    return "\n".join(lines)


def is_shown(expected: str, printed: str) -> bool:
    """Return whether the printed text is the expected one, in which `…` stands for anything."""
    pattern = ".*".join(re.escape(part.strip()) for part in normal(expected).split("…"))
    return bool(re.fullmatch(pattern, normal(printed), re.DOTALL))


def test_the_quickstart_prints_what_it_shows(variables: Mapping[str, str]) -> None:
    steps = [step for step in pairwise([*blocks(page("docs/quickstart.md")), ("", "")]) if step[0][0] == "sh run"]
    assert "text output" in [following for _, (following, _) in steps]
    for (kind, code), (following, expected) in steps:
        printed = run(kind, code, variables)
        assert following != "text output" or is_shown(expected, printed), f"{code}\n{printed}"


@pytest.mark.parametrize("kind", COMMANDS)
def test_each_call_of_the_readme_makes_a_job(env: Environment, variables: Mapping[str, str], kind: str) -> None:
    if not shutil.which(COMMANDS[kind][0]):
        pytest.skip(f"{COMMANDS[kind][0]} is not installed")
    [code] = [code for info, code in blocks(page("README.md")) if info == kind]
    task = f"veo_task_on_time_{kind.partition(' ')[0]}"
    run(kind, code.replace(TASK, task), variables)
    assert env.ended(task)["state"] == "SUCCEEDED"


def test_the_rule_of_the_readme_receives_an_end(env: Environment, tmp_path: Path) -> None:
    [template] = [code for info, code in blocks(page("README.md")) if info == "yaml run"]
    (tmp_path / "template.yaml").write_text(template)
    deploy(env.cloud.endpoint, "consumer", tmp_path / "template.yaml", {})
    env.cloud.send({"taskId": "veo_task_on_time_rule"})
    key = env.ended("veo_task_on_time_rule")["archive"]["key"]
    logs = env.cloud.client("logs")

    def printed() -> bool:
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        own = [name for name in groups if "consumer" in name]
        return any(key in e["message"] for name in own for e in logs.filter_log_events(logGroupName=name)["events"])

    wait_until(lambda: printed() or None)
