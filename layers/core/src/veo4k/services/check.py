"""Try the new version of every function before traffic goes to it.

What is asked changes nothing: empty batches, a job of nobody, a forged callback, and one sweep more, which may come at
any time.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from veo4k.domain.errors import StorageError
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Candidates

FORGED: dict[str, Any] = {
    "pathParameters": {"taskId": "task-of-nobody", "index": "0", "run": "1", "token": "A" * 43},
    "headers": {},
    "body": "",
}
EMPTY: dict[str, Any] = {"Records": []}
OF_NOBODY: dict[str, Any] = {"messageId": "check", "body": '{"taskId": "task-of-nobody", "run": 1}'}
TROUBLE = frozenset({LogEvent.SWEEP_INTERRUPTED, LogEvent.GATE_UNREACHABLE})
"""A single row that cannot be read is no fault of the version, and must not stop the one that mends it."""


class Trial(NamedTuple):
    """What a function is asked, and whether an answer of it is a good one."""

    function: str
    event: dict[str, Any]
    is_good: Callable[[Any], bool]


def check(candidates: Candidates) -> list[LogEntry]:
    """Try them all; a note for each, `version_sound` or `version_unsound`."""
    return [_tried(candidates, trial) for trial in TRIALS]


def _tried(candidates: Candidates, trial: Trial) -> LogEntry:
    try:
        answer = candidates.ask(trial.function, trial.event)
    except StorageError as error:
        return LogEntry(LogEvent.VERSION_UNSOUND, None, {"function": trial.function, "error": str(error)})
    if trial.is_good(answer):
        return LogEntry(LogEvent.VERSION_SOUND, None, {"function": trial.function})
    return LogEntry(
        LogEvent.VERSION_UNSOUND, None, {"function": trial.function, "error": "answered otherwise than it must"}
    )


def _nothing_failed(answer: Any) -> bool:
    return bool(answer == {"batchItemFailures": []})


def _not_found(answer: Any) -> bool:
    return bool(answer == {"statusCode": 404, "body": ""})


def _counts_without_trouble(answer: Any) -> bool:
    return isinstance(answer, dict) and not TROUBLE & answer.keys() and all(type(n) is int for n in answer.values())


TRIALS = (
    Trial("submit", EMPTY, _nothing_failed),
    Trial("callback", FORGED, _not_found),
    Trial("sweep", {}, _counts_without_trouble),
    Trial("publish", EMPTY, _nothing_failed),
    Trial("archive", {"Records": [OF_NOBODY | {"eventSource": "aws:sqs"}]}, _nothing_failed),
)
