"""A fresh copy of the tree, built and deployed where only Python, make and the SAM CLI are on the path."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.cloud.aws import REGION
from local.cloud.build import SAM
from local.cloud.deploy import outputs
from local.cloud.emulator import emulator
from local.cloud.environment import give_keys
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send
from local.cloud.parameters import as_parameters, beside
from local.cloud.rows import read_runs
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from local.kie.simulator_process import SimulatorProcess
from tests.integration.world import ROOT, until

SYSTEM = ("/usr/bin", "/bin")
STACK, TASK = "alone", "veo_task_on_time_alone"
DEPLOY = ("deploy", "--stack-name", STACK, "--no-confirm-changeset", "--resolve-s3", "--capabilities", "CAPABILITY_IAM")
KEPT = re.compile(r"PIP_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_FILE|REQUESTS_CA_BUNDLE")
"""How this machine reaches the package index."""


def has_pip(python: Path) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a fresh clone."""
    copy = tmp_path_factory.mktemp("tree")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Nothing but a path with the SAM CLI and the system's folders; a Python with pip where the system's has none."""
    home, tools = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("bin")
    (tools / "sam").symlink_to(SAM)
    if not any(has_pip(Path(folder) / "python3") for folder in SYSTEM if (Path(folder) / "python3").exists()):
        (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin/python3")
    return {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)} | {
        "PATH": os.pathsep.join((str(tools), *SYSTEM)),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def sam(tree: Path, environment: dict[str, str], *words: str, answers: str = "") -> str:
    """Run the SAM CLI as a person does; return what it printed."""
    done = subprocess.run(  # noqa: S603  the SAM CLI of our own environment
        ["sam", *words],  # noqa: S607
        cwd=tree,
        env=environment,
        input=answers,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tree: Path, environment: dict[str, str]) -> Path:
    """The tree after `sam build`."""
    sam(tree, environment, "build")
    return tree


@pytest.fixture(scope="module")
def cloud(built: Path, environment: dict[str, str]) -> Iterator[LocalCloud]:
    """The stack that `sam deploy` has made, beside a simulator."""
    settings = Settings(speed=600, media_folder=ROOT / ".local/media")
    with ExitStack() as running:
        simulator, url = running.enter_context(SimulatorProcess(settings)), running.enter_context(emulator())
        overrides = [f"{name}={value}" for name, value in as_parameters(beside(simulator)).items()]
        sam(built, environment | {"AWS_ENDPOINT_URL": url}, *DEPLOY, "--parameter-overrides", *overrides)
        cloud = LocalCloud(stack=STACK, endpoint=url)
        cloud.outputs = outputs(url, STACK)
        give_keys(cloud, settings)
        running.enter_context(sweeping(cloud, 1))
        yield cloud


def test_a_job_runs_on_what_sam_built_and_deployed(cloud: LocalCloud) -> None:
    send(cloud.client("sqs"), cloud.outputs["JobQueueUrl"], [{"taskId": TASK}])
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["JobTableName"]
    until(lambda: [row for row in read_runs(dynamodb, table, TASK) if row["state"] == "SUCCEEDED"])


def test_a_tuning_of_several_times_goes_through_the_command_line(cloud: LocalCloud) -> None:
    name = cloud.outputs["SweepFunctionName"]
    found = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert found["TUNING"].startswith("FirstProbeSeconds=12,ProbeSeconds=2,")


def test_the_guided_deployment_asks_nothing_about_authentication(built: Path, environment: dict[str, str]) -> None:
    parameters = yaml_parse((built / "template.yaml").read_text())["Parameters"]
    by_default = "\n" * (len(parameters) + 5)  # stack, region, parameters, change set, rights, rollback
    with emulator() as url:
        guided = environment | {"AWS_ENDPOINT_URL": url}
        said = sam(built, guided, "deploy", "--guided", answers=by_default + "n\ny\n")
        assert outputs(url, "veo4k")
    asked = re.findall(r"(?:\t|: )Parameter (\w+) \[", said)
    assert sorted(asked) == sorted(parameters)
    assert [word for word in ("authentication", "Is this okay") if word in said] == []


def test_make_deploy_installs_the_sam_cli_and_nothing_else(tree: Path) -> None:
    planned = subprocess.run(  # noqa: S603  our own Makefile
        ["make", "--dry-run", "deploy", f"PYTHON={sys.executable}"],  # noqa: S607
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.findall(r"-m venv \.venvs/(\w+)", planned.stdout) == ["sam"]
