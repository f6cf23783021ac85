"""docs/operations.md knows every word that the logs use, and every alarm that may ring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import ROOT, code, rows, section, words
from veo4k.domain import gate
from veo4k.domain.answer import PATH_GONE, SHUTTING
from veo4k.domain.job import Code
from veo4k.observability import ALARMING, _metric
from veo4k.services import dispatch

NAME = "docs/operations.md"
CORE = ROOT / "layers/core/src/veo4k"
SPEAKING = [*(CORE / "services").glob("*.py"), CORE / "domain/rules.py", *(CORE / "bootstrap").glob("*.py")]
RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
_ACTION = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
WARNING = "!"


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def actions() -> set[str]:
    """Give the words of the notes: the only texts of their shape in the services and rules."""
    return {text for path in SPEAKING for text in strings(path) if _ACTION.fullmatch(text)}


def table() -> list[list[str]]:
    return list(rows(section(NAME, "Log actions and metrics")))


def of_type(kind: str) -> set[str]:
    return {name for name, resource in RESOURCES.items() if resource["Type"] == kind}


def test_every_action_is_listed_once_and_no_other() -> None:
    assert sorted(code(row[0]) for row in table()) == sorted(actions())


def test_every_action_stands_with_its_metric() -> None:
    assert [code(row[1]) for row in table()] == [_metric(code(row[0])) for row in table()]


def test_the_actions_that_are_warnings_are_marked() -> None:
    assert {code(row[0]) for row in table() if row[0].endswith(WARNING)} == ALARMING


def test_every_action_is_said_by_a_function_that_there_is() -> None:
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert {function for row in table() for function in row[2].split(", ")} <= functions


def test_every_number_that_the_sweep_measures_is_told() -> None:
    measured = {text for text in strings(CORE / "services/health.py") if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", text)}
    assert measured | {"Heartbeat"} <= set(words(section(NAME, "Log actions and metrics")))


def test_every_alarm_that_is_named_exists() -> None:
    assert {code(row[0]) for row in rows(section(NAME, "Alarms"))} <= of_type("AWS::CloudWatch::Alarm")


def test_every_dead_letter_queue_is_listed() -> None:
    listed = {code(row[0]) for row in rows(section(NAME, "Dead-letter queues"))}
    assert listed == {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}


def test_every_reason_to_wait_is_listed() -> None:
    shut = {*SHUTTING.values(), PATH_GONE, gate.BY_HAND}
    said = {
        text
        for path in CORE.rglob("*.py")
        for text in strings(path)
        if re.fullmatch(r"[A-Z_]+_UN(?:SET|REACHABLE)", text)
    }
    waiting = {gate.WINDOW_FULL, gate.DAILY_LIMIT, dispatch.MISSED, "EARLIER_RUN", Code.BASE_NOT_FINISHED}
    listed = {word for row in rows(section(NAME, "One job")) for word in re.findall(r"`([A-Z_]+)`", row[0])}
    assert listed == shut | said | waiting
