"""A fresh copy of the tree, built and deployed with only Python, make and the SAM CLI on the path."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.cloud.aws import REGION
from local.cloud.build import SAM
from local.cloud.deploy import outputs
from local.cloud.emulator import emulator
from local.cloud.environment import set_keys
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import as_parameters, parameters_beside
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from local.kie.simulator_process import SimulatorProcess
from local.paths import ROOT
from local.waiting import wait_until

SYSTEM = ("/usr/bin", "/bin")
STACK, TASK = "alone", "veo_task_on_time_alone"
DEPLOY = ("deploy", "--stack-name", STACK, "--no-confirm-changeset", "--resolve-s3", "--capabilities", "CAPABILITY_IAM")
KEPT = re.compile(r"PIP_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_FILE|REQUESTS_CA_BUNDLE")
"""Variables with which this machine reaches the package index."""


def has_pip(python: Path) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a fresh clone."""
    copy = tmp_path_factory.mktemp("tree")
    for name in run(ROOT, dict(os.environ), "git", "ls-files", "-co", "--exclude-standard").splitlines():
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A path with the SAM CLI and the system's folders alone, and a Python with pip where the system's has none."""
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


def run(tree: Path, environment: dict[str, str], *command: str, answers: str = "") -> str:
    """Run a command of the tree and type the answers. Return its output."""
    done = subprocess.run(  # noqa: S603  our own tree
        command, cwd=tree, env=environment, input=answers, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tree: Path, environment: dict[str, str]) -> Path:
    """The tree after `sam build`."""
    run(tree, environment, "sam", "build")
    return tree


def test_a_job_succeeds_on_a_stack_of_the_sam_cli(built: Path, environment: dict[str, str]) -> None:
    """A tuning of several times reaches the functions too."""
    settings = Settings(speed=600)
    with SimulatorProcess(settings) as simulator, emulator() as url:
        overrides = [f"{name}={value}" for name, value in as_parameters(parameters_beside(simulator)).items()]
        run(built, environment | {"AWS_ENDPOINT_URL": url}, "sam", *DEPLOY, "--parameter-overrides", *overrides)
        cloud = LocalCloud.deployed(url, outputs(url, STACK), STACK)
        set_keys(cloud, settings)
        with sweeping(cloud, 1):
            cloud.send({"taskId": TASK})
            wait_until(lambda: [row for row in cloud.runs(TASK) if row["state"] == "SUCCEEDED"])
        name = cloud.outputs["SweepFunctionName"]
        found = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert found["TUNING"].startswith("FirstProbeSeconds=12,ProbeSeconds=2,")


def test_the_guided_deployment_has_no_question_about_authentication(built: Path, environment: dict[str, str]) -> None:
    parameters = yaml_parse((built / "template.yaml").read_text())["Parameters"]
    defaults = "\n" * (len(parameters) + 5)  # stack, region, parameters, change set, rights, rollback
    with emulator() as url:
        guided = environment | {"AWS_ENDPOINT_URL": url}
        output = run(built, guided, "sam", "deploy", "--guided", answers=defaults + "n\ny\n")
        assert outputs(url, "veo4k")
    questions = re.findall(r"(?:\t|: )Parameter (\w+) \[", output)
    assert sorted(questions) == sorted(parameters)
    assert [word for word in ("authentication", "Is this okay") if word in output] == []


def test_make_deploy_installs_the_sam_cli_and_nothing_else(tree: Path) -> None:
    planned = run(tree, dict(os.environ), "make", "--dry-run", "deploy", f"PYTHON={sys.executable}")
    assert re.findall(r"-m venv \.venvs/(\w+)", planned) == ["sam"]
