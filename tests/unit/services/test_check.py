"""The look at new versions before traffic goes to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from veo4k.domain.errors import StorageError
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.services.check import check

GOOD: dict[str, Any] = {
    "submit": {"batchItemFailures": []},
    "callback": {"statusCode": 404, "body": ""},
    "sweep": {},
    "publish": {"batchItemFailures": []},
    "archive": {"batchItemFailures": []},
}


@dataclass
class Versions:
    """Five new versions, each with its answer; an exception is raised instead."""

    answers: Mapping[str, Any]
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def ask(self, function: str, event: Mapping[str, Any]) -> Any:
        self.asked[function] = event
        answer = self.answers[function]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def report(self, deployment: str, execution: str, *, sound: bool) -> None:
        """Nobody waits here."""


def verdicts(**answers: Any) -> dict[str, str]:
    entries = check(Versions(GOOD | answers))
    return {str(entry.detail["function"]): entry.event for entry in entries}


SOUND = dict.fromkeys(GOOD, "version_sound")


def test_versions_that_answer_as_they_must_are_sound() -> None:
    assert verdicts() == SOUND


def test_a_sweep_that_had_something_to_do_is_as_good_as_one_that_had_not() -> None:
    assert verdicts(sweep={"poll_claimed": 3, "job_still_processing": 3}) == SOUND


def test_a_row_that_no_version_can_read_stops_no_deployment() -> None:
    assert verdicts(sweep={"job_skipped": 1}) == SOUND


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("submit", {"batchItemFailures": [{"itemIdentifier": "a"}]}),
        ("submit", None),
        ("callback", {"statusCode": 200, "body": ""}),
        ("callback", {"statusCode": 503, "body": ""}),
        ("callback", {"statusCode": 404, "body": "why"}),
        ("sweep", None),
        ("sweep", {"sweep_interrupted": 1}),
        ("sweep", {"gate_unreachable": 1}),
        ("sweep", {"statusCode": "200"}),
        ("publish", []),
        ("archive", {"batchItemFailures": [{"itemIdentifier": "check"}]}),
        ("archive", StorageError("Invoke: Unhandled")),
    ],
)
def test_one_version_that_answers_otherwise_is_unsound_and_the_others_are_looked_at_all_the_same(
    function: str, answer: Any
) -> None:
    assert verdicts(**{function: answer}) == SOUND | {function: "version_unsound"}


def test_why_a_version_is_unsound_is_told() -> None:
    [entry] = [
        entry
        for entry in check(Versions(GOOD | {"sweep": StorageError("Invoke: Unhandled")}))
        if "error" in entry.detail
    ]
    assert entry.detail == {"function": "sweep", "error": "Invoke: Unhandled"}


def test_the_callback_that_is_sent_is_signed_by_nobody() -> None:
    versions = Versions(GOOD)
    check(versions)
    assert versions.asked["callback"]["headers"] == {}


def test_an_answer_that_is_not_what_it_must_be_is_told_as_such() -> None:
    [entry] = [entry for entry in check(Versions(GOOD | {"submit": None})) if entry.event == "version_unsound"]

    assert entry == LogEntry(
        LogEvent.VERSION_UNSOUND, None, {"function": "submit", "error": "answered otherwise than it must"}
    )
