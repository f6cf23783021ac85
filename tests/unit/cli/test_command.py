"""What every command has in common: help, errors, and the stack that it acts on."""

import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConfigParseError, InvalidRegionError, NoCredentialsError, NoRegionError
from botocore.parsers import ResponseParserError
from typer.main import get_command

from local.cloud.connection_file import FILE as WRITTEN
from local.cloud.connection_file import Connection, published
from local.paths import ROOT
from proofs.doubles.fake_aws import refusal
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace
from veo4k_cli import __main__
from veo4k_cli.__main__ import app
from veo4k_cli.errors import OperatorError
from veo4k_cli.local_cloud import FILE, LocalCloud, running_local_cloud
from veo4k_cli.stack import _S3_CONFIG, aws_stack, find_stack


def names(group: Any, *parents: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield from names(command, *parents, name) if hasattr(command, "commands") else [(*parents, name)]


COMMANDS = list(names(get_command(app)))


def test_there_are_nineteen_commands_and_a_general_help(operator: Operator) -> None:
    assert {" ".join(command) for command in COMMANDS} == {
        *("submit", "list", "show", "watch", "cancel", "replay", "link", "spend"),
        *("dead list", "dead show", "dead redrive"),
        *("gate", "sweep", "credits", "test-callback", "hook", "rotate", "doctor", "console"),
    }
    assert "veo4k watch veo_task_abcdef123456" in operator.run("--help").out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_the_common_options_and_examples(operator: Operator, command: tuple[str, ...]) -> None:
    text = operator.run(*command, "--help").out
    assert {"--json", "--stack", "--local"} <= set(text.split())
    assert f"veo4k {' '.join(command)}" in text.partition("Examples")[2]


def test_the_version_is_that_of_the_project(operator: Operator) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert operator.run("--version") == (0, f"veo4k {project['version']}\n", "")


def test_without_an_installed_package_the_commit_is_the_version(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(__main__, "version", missing)
    status, printed, _ = operator.run("--version")
    assert (status, "git rev-parse HEAD" in printed) == (0, True)


def test_an_option_or_a_variable_names_the_stack_that_is_printed(operator: Operator) -> None:
    assert operator.run("gate").err == "stack veo4k, AWS eu-central-1\n"
    assert operator.run("gate", "--stack", "prod", "--json").err == ""
    operator.environment["VEO4K_STACK"] = "test"
    operator.run("gate")
    operator.run("gate", "--stack", "prod")
    operator.run("gate", "--local")
    assert operator.searched == [(None, False), ("prod", False), ("test", False), ("prod", False), (None, True)]


def test_an_expected_error_is_one_line_and_status_2(operator: Operator) -> None:
    for error, text in (
        (OperatorError("There is no stack veo4k."), "There is no stack veo4k."),
        (NoCredentialsError(), "There are no AWS credentials. Run aws configure or aws sso login, or set AWS_PROFILE."),
        (refusal("AccessDenied", operation="A"), "AWS refused A. Your AWS credentials lack the right for it."),
        (refusal("Throttling", "https://x/?sig=1", "A"), "AWS refused A. The code is Throttling."),
        (InvalidRegionError(region_name="a b"), "AWS_REGION, or the region of the profile, is no name of a region."),
        (ConfigParseError(path="x"), "The AWS configuration cannot be used. aws sts get-caller-identity says why."),
        (ResponseParserError("<html>"), "The response is not that of AWS. Check AWS_ENDPOINT_URL and the proxy."),
        (StorageError("Query: AccessDenied"), "Query failed. Your AWS credentials lack the right for it."),
        (
            StorageError("Query: EndpointConnectionError"),
            "Query failed. AWS cannot be reached. Check the network and the region.",
        ),
        (StorageError("Query: InternalServerError"), "Query: InternalServerError"),
    ):
        operator.error = error
        assert operator.run("gate") == (2, "", f"error: {text}\n")


def test_the_local_cloud_must_run_and_excludes_a_named_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperatorError, match="Start one with make local"):
        find_stack(None, local=True)
    with pytest.raises(OperatorError, match="Use one of them"):
        find_stack("prod", local=True)


def test_the_pace_comes_from_the_stacks_parameters(operator: Operator) -> None:
    tuning = {"Tuning": "WindowSeconds=2,PauseSeconds=3", "DailyRequestLimit": "9"}
    operator.parameters |= tuning | {"RequestsPerWindow": "7"}
    assert operator.find(None, local=False).pace() == Pace(requests=7, window=2, pause=3, lease=90, daily=9)
    operator.parameters.clear()
    assert operator.find(None, local=False).pace() == Pace()


def test_region_and_account_come_from_the_arn_and_outputs_must_be_there(operator: Operator) -> None:
    stack = operator.find(None, local=False)
    assert (stack.region, stack.account) == ("eu-central-1", "123456789012")
    with pytest.raises(OperatorError, match=r"has no output Nothing\. Is it a veo4k stack"):
        stack.output("Nothing")


@pytest.fixture
def endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_the_local_cloud_is_found_in_its_folder_and_below(tmp_path: Path, endpoint: str) -> None:
    (below := tmp_path / "a/b").mkdir(parents=True)
    with published(Connection(endpoint, {}, "the simulator", "veo4k"), tmp_path / FILE):
        assert running_local_cloud(tmp_path) == running_local_cloud(below) == LocalCloud(endpoint, "veo4k")
    assert running_local_cloud(below) is None
    assert WRITTEN == ROOT / FILE


def test_a_file_that_names_no_running_cloud_is_passed_over(tmp_path: Path, endpoint: str) -> None:
    (file := tmp_path / FILE).parent.mkdir(parents=True)
    silent, foreign = "http://127.0.0.1:9", endpoint.replace("127.0.0.1", "0.0.0.0")  # noqa: S104  not bound
    wrong = [f'{{"endpoint": {url}, "stack": "a"}}' for url in (9, f'"{silent}"', f'"{foreign}"')]
    for content in ("", "half a fi", "[]", "{}", *wrong):
        file.write_text(content)
        assert running_local_cloud(tmp_path) is None


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "me-south-1"])
def test_a_link_to_a_file_names_the_host_of_its_region(region: str) -> None:
    s3 = boto3.Session("key", "secret", region_name=region).client("s3", config=_S3_CONFIG)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "videos", "Key": "a.mp4"})
    assert link.startswith(f"https://videos.s3.{region}.amazonaws.com/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256")


def test_forced_colours_leave_standard_output_to_the_result(with_keys: Operator) -> None:
    plain, coloured = (with_keys.run("hook", env=env) for env in ({}, {"FORCE_COLOR": "1"}))
    assert coloured.out == plain.out
    assert "stack veo4k" in coloured.err
    assert "No run of" in with_keys.run("link", TASK, env={"FORCE_COLOR": "1"}).err


def test_an_empty_region_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_REGION", ""), ("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with pytest.raises(NoRegionError):
        aws_stack("veo4k")


def test_what_is_printed_is_utf_8_whatever_the_system_has() -> None:
    command, ascii_only = [sys.executable, "-m", "veo4k_cli", "submit", "--help"], {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=os.environ | ascii_only, capture_output=True, check=True)  # noqa: S603
    assert "customer=Zoë" in done.stdout.decode()
