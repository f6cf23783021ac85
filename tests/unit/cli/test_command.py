"""What every command has in common."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from typer.main import get_command

from tests.unit.cli.doubles import client_error
from tests.unit.cli.operator import Operator
from veo4k_cli.__main__ import app
from veo4k_cli.errors import OperatorError


def names(group: Any, *parents: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield from names(command, *parents, name) if hasattr(command, "commands") else [(*parents, name)]


COMMANDS = list(names(get_command(app)))


def test_there_are_nineteen_commands() -> None:
    assert {" ".join(command) for command in COMMANDS} == {
        *("submit", "list", "show", "watch", "cancel", "replay", "link", "spend"),
        *("dead list", "dead show", "dead redrive"),
        *("gate", "sweep", "credits", "test-callback", "hook", "rotate", "doctor", "console"),
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_the_common_options_and_examples(operator: Operator, command: tuple[str, ...]) -> None:
    text = operator.run(*command, "--help").out
    assert {"--json", "--stack", "--local"} <= set(text.split())
    assert f"veo4k {' '.join(command)}" in text.partition("Examples")[2]


def test_the_general_help_shows_examples(operator: Operator) -> None:
    assert "veo4k watch veo_task_abcdef123456" in operator.run("--help").out


def test_the_installed_command_runs_in_any_folder(tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "veo4k"
    done = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603  our own
    assert "Usage: veo4k" in done.stdout


def test_a_command_prints_which_stack_it_acts_on(operator: Operator) -> None:
    assert operator.run("gate").err == "stack veo4k, AWS eu-central-1\n"
    assert operator.run("gate", "--json").err == ""


@pytest.mark.parametrize(
    ("options", "variable", "searched"),
    [
        ([], "", (None, False)),
        (["--stack", "prod"], "", ("prod", False)),
        ([], "prod", ("prod", False)),
        (["--local"], "prod", (None, True)),
    ],
)
def test_option_and_environment_name_the_stack(
    operator: Operator, options: list[str], variable: str, searched: tuple[str | None, bool]
) -> None:
    operator.environment |= {"VEO4K_STACK": variable} if variable else {}
    operator.run("gate", *options)
    assert operator.searched == [searched]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OperatorError("There is no stack veo4k."), "There is no stack veo4k."),
        (NoCredentialsError(), "There are no AWS credentials. Run aws configure or aws sso login, or set AWS_PROFILE."),
        (client_error("AccessDenied", "A"), "AWS refused A. Your AWS credentials lack the right for it."),
        (client_error("Throttling", "A", "https://x/?sig=1"), "AWS refused A. The code is Throttling."),
    ],
)
def test_an_expected_error_is_one_line_and_status_2(operator: Operator, error: Exception, text: str) -> None:
    operator.error = error
    assert operator.run("gate") == (2, "", f"error: {text}\n")


def test_a_wrong_option_is_status_2(operator: Operator) -> None:
    assert operator.run("gate", "--upside-down").status == 2
