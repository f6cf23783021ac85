"""What holds for every command."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from typer.main import get_command

from tests.unit.cli.doubles import refusal
from tests.unit.cli.operator import Operator
from veo4k_cli.__main__ import app
from veo4k_cli.command import World
from veo4k_cli.errors import OperatorError


def every_command(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield from every_command(command, *before, name) if hasattr(command, "commands") else [(*before, name)]


COMMANDS = list(every_command(get_command(app)))


def test_all_commands_are_there() -> None:
    assert {" ".join(command) for command in COMMANDS} == {
        *("submit", "list", "show", "watch", "replay"),
        *("dead list", "dead show", "dead redrive"),
        *("gate", "sweep", "credits", "test-callback", "rotate", "doctor"),
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_json_and_a_stack_and_gives_examples(operator: Operator, command: tuple[str, ...]) -> None:
    told = operator.runs(*command, "--help").out
    assert {"--json", "--stack", "--local"} <= set(told.split())
    assert f"veo4k {' '.join(command)}" in told.partition("Examples")[2]


def test_set_up_installs_it_as_a_command_of_its_own_for_any_folder(tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "veo4k"
    done = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603  our own
    assert "Usage: veo4k" in done.stdout


def test_the_help_of_the_whole_gives_examples(operator: Operator) -> None:
    assert "veo4k watch veo_task_abcdef123456" in operator.runs("--help").out


def test_people_are_told_where_a_command_acts(operator: Operator) -> None:
    assert operator.runs("gate").err == "stack veo4k, AWS eu-central-1\n"


def test_with_json_standard_error_is_empty(operator: Operator) -> None:
    assert operator.runs("gate", "--json").err == ""


def test_a_stack_is_named_by_its_option(operator: Operator) -> None:
    operator.runs("gate", "--stack", "prod")
    assert operator.asked_for == [("prod", False)]


def test_a_stack_is_named_by_the_environment(operator: Operator) -> None:
    operator.environment["VEO4K_STACK"] = "prod"
    operator.runs("gate")
    assert operator.asked_for == [("prod", False)]


def test_local_beats_the_environment(operator: Operator) -> None:
    operator.environment["VEO4K_STACK"] = "prod"
    operator.runs("gate", "--local")
    assert operator.asked_for == [(None, True)]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OperatorError("no stack veo4k: name it"), "no stack veo4k: name it"),
        (NoCredentialsError(), "no AWS credentials: run aws configure or aws sso login, or set AWS_PROFILE"),
        (refusal("AccessDenied", "DescribeStacks"), "DescribeStacks was refused: your AWS credentials may not do this"),
        (refusal("Throttling", "DescribeStacks", "https://x/?sig=1"), "DescribeStacks was refused: Throttling"),
    ],
)
def test_an_expected_failure_is_one_line_and_status_2(raised: Exception, told: str) -> None:
    def find(name: str | None, *, local: bool) -> Any:
        raise raised

    operator = Operator()
    operator.world = World(find=find)
    assert operator.runs("gate") == (2, "", f"error: {told}\n")


def test_a_wrong_option_is_status_2(operator: Operator) -> None:
    assert operator.runs("gate", "--upside-down").status == 2
