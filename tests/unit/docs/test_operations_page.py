"""docs/operations.md knows every word that the logs use, and every alarm that may ring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import ROOT, code, rows, section, words
from veo4k.domain.log_events import LogEvent
from veo4k.domain.wait_reason import WaitReason
from veo4k.observability import WARNINGS, metric_name

NAME = "docs/operations.md"
CORE = ROOT / "layers/core/src/veo4k"
RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
WARNING = "!"


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def table() -> list[list[str]]:
    return list(rows(section(NAME, "Log events and metrics")))


def of_type(kind: str) -> set[str]:
    return {name for name, resource in RESOURCES.items() if resource["Type"] == kind}


def test_every_log_event_is_listed_once_and_no_other() -> None:
    assert sorted(code(row[0]) for row in table()) == sorted(LogEvent)


def test_every_log_event_stands_with_its_metric() -> None:
    assert [code(row[1]) for row in table()] == [metric_name(code(row[0])) for row in table()]


def test_the_log_events_that_are_warnings_are_marked() -> None:
    assert {code(row[0]) for row in table() if row[0].endswith(WARNING)} == WARNINGS


def test_every_log_event_is_emitted_by_a_function_that_there_is() -> None:
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert {function for row in table() for function in row[2].split(", ")} <= functions


def test_every_number_that_the_sweep_measures_is_told() -> None:
    measured = {text for text in strings(CORE / "services/health.py") if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", text)}
    assert measured | {"Heartbeat"} <= set(words(section(NAME, "Log events and metrics")))


def test_every_alarm_that_is_named_exists() -> None:
    assert {code(row[0]) for row in rows(section(NAME, "Alarms"))} <= of_type("AWS::CloudWatch::Alarm")


def test_every_dead_letter_queue_is_listed() -> None:
    listed = {code(row[0]) for row in rows(section(NAME, "Dead-letter queues"))}
    assert listed == {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}


def test_every_wait_reason_is_listed_with_its_explanation() -> None:
    listed = {code(row[0]): row[1] for row in rows(section(NAME, "One job"))}
    assert listed == {reason.value: reason.explanation for reason in WaitReason}
