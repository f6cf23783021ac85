"""The pages say what template and code say: tables with every name once and its value, examples and limits."""

import inspect
import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pytest

from tests.unit.docs.pages import RESOURCES, ROOT, TEMPLATE, code, examples, of_type, page, rows, section, words
from veo4k.domain import transitions
from veo4k.domain.callback import LONGEST_CALLBACK, TOKEN, callback_path
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.event import DETAIL_TYPES, SOURCE, detail
from veo4k.domain.gate import Pace
from veo4k.domain.job import ATTRIBUTES, ENDED, LIVE, Code, Job, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.message import parse_message
from veo4k.domain.response import PAUSING
from veo4k.domain.schedule import Times
from veo4k.domain.wait_reason import WaitReason
from veo4k.observability import ERRORS, WARNINGS, metric_name
from veo4k.services.signed_request import TOLERANCE
from veo4k.settings import _TUNABLE, TUNING_NAMES

PAGES = ("interface", "operations", "architecture", "alarms")
INTERFACE, OPERATIONS, ARCHITECTURE, ALARMS = (f"docs/{name}.md" for name in PAGES)
EVENTS = "Log events and metrics"
DEFAULTS = {name: str(parameter["Default"]) or "(empty)" for name, parameter in TEMPLATE["Parameters"].items()}
TUNABLE = asdict(Pace()) | asdict(Times())
UNITS = {name: "seconds" if name.endswith("Seconds") else "attempts" for name in TUNING_NAMES}
FIELDS: dict[str, Any] = max(examples(INTERFACE, "message"), key=len)
TIMED_OUT = {Code.SUBMISSION_UNCONFIRMED, Code.NO_ANSWER, Code.NEVER_SUBMITTED}
PUBLIC = {name for name in ATTRIBUTES.values() if not name.startswith("#")} | {"jobId"}
STATUSES = ("200", "400", "401", "404", "413", "503")
TRANSITIONS = [
    name
    for name, function in inspect.getmembers(transitions, inspect.isfunction)
    if name[0] != "_" and inspect.signature(function).return_annotation is ConditionalUpdate
]


@pytest.mark.parametrize(
    ("name", "heading", "columns", "expected"),
    [
        (INTERFACE, "Stack parameters", [0, 1], DEFAULTS.items()),
        (INTERFACE, "Tuning", [0, 1, 2], ((n, f"{TUNABLE[_TUNABLE[n]]:.0f}", unit) for n, unit in UNITS.items())),
        (INTERFACE, "Stack outputs", [0], zip(TEMPLATE["Outputs"])),
        (INTERFACE, "Secrets", [0], ((name,) for name in TEMPLATE["Outputs"] if name.endswith("SecretName"))),
        (INTERFACE, "States", [0, 2], (dict.fromkeys(LIVE, "live") | dict.fromkeys(ENDED, "ended")).items()),
        (INTERFACE, "Error codes", [0, 1], ((each, "TIMED_OUT" if each in TIMED_OUT else "FAILED") for each in Code)),
        (INTERFACE, "Table row", [0], zip(PUBLIC)),
        (INTERFACE, "Queue message", [0], zip(FIELDS)),
        (INTERFACE, "Callback", [0], zip(STATUSES)),
        (OPERATIONS, EVENTS, [0, 1], ((event, metric_name(event)) for event in LogEvent)),
        (OPERATIONS, "One job", [0, 1], ((reason, reason.explanation) for reason in WaitReason)),
        (OPERATIONS, "Dead-letter queues", [0], ((n,) for n in of_type("SQS::Queue") if n.endswith("DeadLetterQueue"))),
        (ARCHITECTURE, "States and transitions", [3], zip(TRANSITIONS)),
    ],
)
def test_a_table_lists_what_there_is(name: str, heading: str, columns: list[int], expected: Iterable[Any]) -> None:
    listed = [tuple(code(row[column]) for column in columns) for row in rows(name, heading)]
    assert sorted(listed) == sorted(expected)


def test_log_events_have_functions_warnings_a_mark_and_gauges_a_place() -> None:
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert {function for row in rows(OPERATIONS, EVENTS) for function in row[2].split(", ")} <= functions
    assert {code(row[0]) for row in rows(OPERATIONS, EVENTS) if row[0].endswith("!")} == WARNINGS | ERRORS
    measured = set(re.findall(r'"((?:[A-Z][a-z]+){2,})"', page("layers/core/src/veo4k/services/health.py")))
    assert measured | {"Heartbeat"} <= set(words(section(OPERATIONS, EVENTS)))


def test_every_alarm_is_in_the_overview_and_what_pages_name_exists() -> None:
    overview = [word for row in rows(ALARMS, "Alarms") for word in words(row[1])]
    assert sorted(overview) == sorted(of_type("CloudWatch::Alarm"))
    named = {code(row[0]) for row in rows(OPERATIONS, "Alarms")}
    named |= {word for word in words(page(ALARMS)) if word.endswith("Queue")}
    assert named <= of_type("CloudWatch::Alarm").keys() | of_type("SQS::Queue").keys()


def test_every_answer_that_pauses_the_gate_is_listed_with_its_reason() -> None:
    listed = [(row[0], code(row[1])) for row in rows(ARCHITECTURE, "The gate")]
    codes = {int(n): why for answer, why in listed if answer[:4] != "HTTP" for n in re.findall(r"\d{3}", answer)}
    assert codes == dict(PAUSING)
    other = {WaitReason.PATH_GONE, WaitReason.BLOCKED_BY_PROXY, WaitReason.PAUSED_BY_HAND}
    assert {why for _, why in listed} == {*PAUSING.values(), *other}


@pytest.mark.parametrize(("body", "reason"), [[*map(code, row)] for row in rows(INTERFACE, "Queue message", 1)])
def test_a_bad_message_is_refused_with_the_reason_listed(body: str, reason: str) -> None:
    with pytest.raises(InvalidMessageError, match=f"^{re.escape(reason)}$"):
        parse_message(body)


EDGES = set(re.findall(r"^ +(\S+) --> (\S+?)(?::.*)?$", page(ARCHITECTURE), re.MULTILINE))
START, GROUPS = "[*]", {"live", "ended"}


def test_the_drawing_shows_the_transitions_of_the_table_and_every_state() -> None:
    """Those of jobs that are new or in a named state: marks on rows of a group of states are no edges."""
    ways = [row[0].split(" → ") for row in rows(ARCHITECTURE, "States and transitions")]
    pairs = [(before, after) for befores, after in ways for before in befores.split(", ")]
    listed = {(before, before if after == "same" else after) for before, after in pairs if before not in GROUPS}
    assert {(before.replace(START, "new"), after) for before, after in EDGES if after != START} == listed
    assert {state for edge in EDGES for state in edge} == {*State, START}
    assert {after for before, after in EDGES if before in ENDED} == {START}


def test_limits_callback_and_tuning_are_described_as_implemented() -> None:
    [tuning] = [word for word in words(section(INTERFACE, "Tuning")) if re.fullmatch(r"\w+=\d+(,\w+=\d+)+", word)]
    assert re.fullmatch(TEMPLATE["Parameters"]["Tuning"]["AllowedPattern"], tuning)
    longest = RESOURCES["JobQueue"]["Properties"]["MaximumMessageSize"]
    assert f"a body over {longest // 1024} KiB" in section(INTERFACE, "Queue message")
    text = section(INTERFACE, "Callback")
    assert callback_path("{taskId}", "{index}", "{run}", "{token}") in text  # type: ignore[arg-type]  # a pattern
    assert f"{LONGEST_CALLBACK // 1024} KiB" in text
    assert f"{TOLERANCE} s" in text
    assert TOKEN.pattern.endswith("{43}")
    assert "43 characters" in text


def test_every_message_is_taken_and_every_row_is_what_a_job_looks_like() -> None:
    for message in [*examples(INTERFACE, "message"), *examples("AGENTS.md", "message")]:
        assert parse_message(json.dumps(message)).task_id == message["taskId"]
    for row in examples(INTERFACE, "row"):
        assert Job.from_row(row).public() == row


def test_events_of_every_kind_are_what_jobs_are_announced_with() -> None:
    events = examples(INTERFACE, "event")
    for event in events:
        job = Job.from_row(event["detail"])
        assert event == event | {"source": SOURCE, "detail-type": DETAIL_TYPES[job.state], "detail": detail(job)}
        assert job.error is None or job.error.message == Code(job.error.code).message
    assert {event["detail-type"] for event in events} == set(DETAIL_TYPES.values())
