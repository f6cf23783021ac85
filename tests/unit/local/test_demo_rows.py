import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.cloud import jobs
from local.cloud.connection_file import Coordinates, current, published
from local.cloud.messages import SendError, send
from local.cloud.rows import age, has_ended, public, read_rows
from local.cloud.table_watcher import Watch
from local.demo.live_table import THEME

GATE = {"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {}}}
CREATED, FINISHED = "2026-11-22T10:01:53.000Z", "2026-11-22T10:01:58.400Z"
NOW = 1_795_341_723.0


def item(task: str, state: str, created: str = CREATED) -> dict[str, Any]:
    """A row as DynamoDB gives it."""
    text = {"taskId": task, "jobId": f"{task}#0#1", "state": state, "createdAt": created}
    return {name: {"S": value} for name, value in text.items()} | {"run": {"N": "1"}, "#due": {"N": "12.5"}}


class Table:
    """A table of items, as a client and as the only client of a cloud."""

    outputs = {"JobTableName": "jobs"}  # noqa: RUF012 - never changed

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)

    def client(self, _: str) -> "Table":
        return self

    def get_paginator(self, _: str) -> "Table":
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Each item on a page of its own."""
        return iter([{"Items": [item]} for item in self.items])


class Queue:
    """A queue that notes the batches it is given; of a batch it does not take so many."""

    def __init__(self, failing: int = 0) -> None:
        self.batches: list[list[str]] = []
        self.failing = failing

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        self.batches.append([entry["MessageBody"] for entry in asked["Entries"]])
        return {"Failed": [{"Message": "no"}] * self.failing}


def test_rows_are_read_from_all_pages_the_oldest_first_and_without_the_gate() -> None:
    table = Table(item("younger", "READY", FINISHED), GATE, item("older", "READY"))
    assert [row["taskId"] for row in read_rows(table, "jobs")] == ["older", "younger"]


def test_numbers_come_as_json_has_them() -> None:
    [row] = read_rows(Table(item("one", "READY") | {"archive": {"M": {"bytes": {"N": "7"}}}}), "jobs")
    assert json.dumps([row["run"], row["#due"], row["archive"]]) == '[1, 12.5, {"bytes": 7}]'


def test_what_begins_with_a_hash_is_not_public() -> None:
    assert public({"state": "READY", "#due": 1}) == {"state": "READY"}


def test_a_live_job_ages_and_an_ended_one_does_not() -> None:
    assert age({"createdAt": CREATED}, NOW) == 10.0
    assert age({"createdAt": CREATED, "finishedAt": FINISHED}, NOW) == pytest.approx(5.4)


@pytest.mark.parametrize(("state", "ended"), [("READY", False), ("SUCCEEDED", True), ("TIMED_OUT", True)])
def test_three_states_are_ends(state: str, ended: bool) -> None:
    assert has_ended({"state": state}) is ended


def test_a_watch_tells_only_what_has_changed() -> None:
    table = Table(item("one", "READY"), item("two", "READY"))
    watch = Watch(table)  # type: ignore[arg-type]  # a double of the cloud
    watch.look()
    table.items[0] = item("one", "SUCCEEDED")
    assert [(change.before, change.row["taskId"]) for change in watch.look()] == [("READY", "one")]


def test_a_watch_remembers_how_a_job_first_ended() -> None:
    table = Table(item("one", "SUCCEEDED"))
    watch = Watch(table)  # type: ignore[arg-type]  # a double of the cloud
    watch.look()
    table.items[0] = item("one", "FAILED")
    watch.look()
    assert (watch.ended_as["one"]["state"], watch.rows["one"]["state"]) == ("SUCCEEDED", "FAILED")


def test_messages_are_sent_ten_at_a_time() -> None:
    queue = Queue()
    send(queue, "url", [{"taskId": str(n)} for n in range(25)])
    assert [len(batch) for batch in queue.batches] == [10, 10, 5]
    assert queue.batches[2][4] == '{"taskId": "24"}'


def test_a_message_that_was_not_taken_is_an_error() -> None:
    with pytest.raises(SendError, match="2 of 3 messages were not taken: no"):
        send(Queue(failing=2), "url", [{}] * 3)


def test_coordinates_are_there_as_long_as_the_cloud(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with published(Coordinates("http://127.0.0.1:1", {}, "the simulator"), file):
        assert json.loads(file.read_text())["provider"] == "the simulator"
    assert not file.exists()


def test_without_a_cloud_one_is_told_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="make local"):
        current(tmp_path / "current.json")


def test_coordinates_of_a_cloud_that_died_are_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with published(Coordinates("http://127.0.0.1:1", {}, ""), file), pytest.raises(SystemExit, match="make local"):
        current(file)


def test_the_table_of_jobs_tells_where_a_file_lies_and_why_there_is_none() -> None:
    done = {"jobId": "a#0#1", "state": "SUCCEEDED", "createdAt": CREATED, "archive": {"key": "videos/a/0/1.mp4"}}
    failed = {"jobId": "b#0#1", "state": "FAILED", "createdAt": CREATED, "error": {"code": "NOT_4K", "message": "720p"}}
    waiting = {"jobId": "c#0#1", "state": "QUEUED", "createdAt": CREATED, "#reason": "API_KEY_UNSET"}
    console = Console(theme=THEME, width=120)
    with console.capture() as captured:
        console.print(jobs.table([done, failed, waiting], NOW))
    lines = [line.split() for line in captured.get().splitlines()]
    assert lines[1:] == [
        ["a#0#1", "SUCCEEDED", "10", "s", "videos/a/0/1.mp4"],
        ["b#0#1", "FAILED", "10", "s", "NOT_4K", "720p"],
        ["c#0#1", "QUEUED", "10", "s", "API_KEY_UNSET"],
    ]
