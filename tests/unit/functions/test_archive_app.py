"""The handler of the archive: what becomes of a message on which its code fails."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from bench.stack import function_module
from proofs.doubles.stage import TASK
from proofs.table.rows import SUCCEEDED
from tests.unit.conftest import Context
from veo4k.domain.log_events import LogEntry, LogEvent

app = function_module("archive")
SECRET = "canary-of-the-error"


def record(**fields: str) -> dict[str, Any]:
    body = json.dumps({"taskId": TASK, "run": 1} | fields)
    return {"messageId": "m1", "receiptHandle": "r1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}


def crash(*_: object) -> None:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("fields", [{}, {"kind": "base"}], ids=["a 4K version", "a base video"])
def test_a_crash_returns_the_message_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, context: Context, log_output: Callable[[], str], fields: dict[str, str]
) -> None:
    """Lambda counts no error where the handler answers."""
    monkeypatch.setattr(app, "archiver", lambda: SimpleNamespace(store=crash))
    monkeypatch.setattr(app, "base_keeper", lambda: SimpleNamespace(keep=crash))
    answer = app.handler({"Records": [record(**fields)]}, cast("LambdaContext", context))
    text = log_output()
    lines = [json.loads(line) for line in text.splitlines()]

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [
        (line["level"], line["message"], line["taskId"], line["error"]) for line in lines if "_aws" not in line
    ] == [("ERROR", "archive_crashed", TASK, "RuntimeError")]
    assert [line["ArchiveCrashed"] for line in lines if "_aws" in line] == [[1]]
    assert SECRET not in text


def test_a_job_that_is_archived_counts_no_crash(
    monkeypatch: pytest.MonkeyPatch, context: Context, log_output: Callable[[], str]
) -> None:
    done = LogEntry(LogEvent.JOB_ARCHIVED, SUCCEEDED)
    monkeypatch.setattr(app, "archiver", lambda: SimpleNamespace(store=lambda *_: done))
    answer = app.handler({"Records": [record()]}, cast("LambdaContext", context))
    text = log_output()

    assert answer == {"batchItemFailures": []}
    assert ("JobArchived" in text, "ArchiveCrashed" in text) == (True, False)
