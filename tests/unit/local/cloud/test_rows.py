"""The job table and the job queue, as the tools read and write them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from local.cloud import jobs
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import SendError, send
from local.cloud.rows import age, has_ended, public, read_rows
from local.cloud.table_watcher import TableWatcher
from local.cloud.theme import THEME
from proofs.doubles.fake_aws import FakeClient

GATE = {"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {}}}
CREATED, FINISHED = "2026-11-22T10:01:53.000Z", "2026-11-22T10:01:58.400Z"
NOW = 1_795_341_723.0


def item(task: str, state: str, created: str = CREATED) -> dict[str, Any]:
    """Return a row as DynamoDB has it."""
    text = {"taskId": task, "jobId": f"{task}#0#1", "state": state, "createdAt": created}
    return {name: {"S": value} for name, value in text.items()} | {"run": {"N": "1"}, "#due": {"N": "12.5"}}


class Table:
    """A client of DynamoDB with one table of items."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)

    def get_paginator(self, _: str) -> "Table":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Yield each item on a page of its own."""
        return iter([{"Items": [item]} for item in self.items])


def test_rows_come_from_all_pages_the_oldest_first_without_the_gate() -> None:
    table = Table(item("younger", "READY", FINISHED), GATE, item("older", "READY"))
    assert [row["taskId"] for row in read_rows(table, "jobs")] == ["older", "younger"]


def test_numbers_are_those_of_json() -> None:
    [row] = read_rows(Table(item("one", "READY") | {"archive": {"M": {"bytes": {"N": "7"}}}}), "jobs")
    assert json.dumps([row["run"], row["#due"], row["archive"]]) == '[1, 12.5, {"bytes": 7}]'
    assert public(row).keys() == row.keys() - {"#due"}


def test_only_a_live_job_ages() -> None:
    assert age({"createdAt": CREATED}, NOW) == 10.0
    assert age({"createdAt": CREATED, "finishedAt": FINISHED}, NOW) == pytest.approx(5.4)
    assert [has_ended({"state": state}) for state in ("READY", "SUCCEEDED", "TIMED_OUT")] == [False, True, True]


def test_a_watcher_returns_changes_and_keeps_the_first_end() -> None:
    table, cloud = Table(item("one", "READY"), item("two", "READY")), LocalCloud.deployed("", {"JobTableName": "jobs"})
    cloud._clients["dynamodb"] = table
    watcher = TableWatcher(cloud)
    watcher.update()
    table.items[0] = item("one", "SUCCEEDED")
    assert [(change.before, change.row["taskId"]) for change in watcher.update()] == [("READY", "one")]
    table.items[0] = item("one", "FAILED")
    watcher.update()
    assert (watcher.ended_as["one"]["state"], watcher.rows["one"]["state"]) == ("SUCCEEDED", "FAILED")


def test_messages_are_sent_ten_in_a_batch_and_a_refused_one_is_an_error() -> None:
    queue = FakeClient()
    send(queue, "url", [{"taskId": str(n)} for n in range(25)])
    batches = [[entry["MessageBody"] for entry in request["Entries"]] for _, request in queue.calls]
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert batches[2][4] == '{"taskId": "24"}'
    with pytest.raises(SendError, match="refused 2 of 3 messages: no"):
        send(FakeClient({"Failed": [{"Message": "no"}] * 2}), "url", [{}] * 3)


def test_the_printed_jobs_have_a_file_or_a_reason() -> None:
    succeeded = {"jobId": "a#0#1", "state": "SUCCEEDED", "createdAt": CREATED, "archive": {"key": "videos/a/0/1.mp4"}}
    succeeded |= {"evidence": "probe"}
    failed = {"jobId": "b#0#1", "state": "FAILED", "createdAt": CREATED, "error": {"code": "NOT_4K", "message": "720p"}}
    waiting = {"jobId": "c#0#1", "state": "QUEUED", "createdAt": CREATED, "#reason": "API_KEY_UNSET"}
    console = Console(theme=THEME, width=120)
    with console.capture() as captured:
        console.print(jobs.table([succeeded, failed, waiting], NOW))
    assert [" ".join(line.split()) for line in captured.get().splitlines()[1:]] == [
        "a#0#1 SUCCEEDED 10 s poll videos/a/0/1.mp4",
        "b#0#1 FAILED 10 s NOT_4K 720p",
        "c#0#1 QUEUED 10 s API_KEY_UNSET",
    ]
