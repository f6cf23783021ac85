"""The HTTP API for jobs: what each request gets, in the order of the checks."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.api_door import FILE, FORMER, QUEUED, TOKEN, URL, Door
from proofs.doubles.stage import TASK
from proofs.doubles.time_manual import NOON
from veo4k.domain.job import Job, State, utc
from veo4k.domain.message import LONGEST_BODY, parse_message
from veo4k.services.api import LINK_SECONDS, MOST_RUNS, Reply, internal_error, no_route, wrong_method


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.body["error"]["code"]


@pytest.mark.parametrize(("rows", "after"), [([], 0), ([QUEUED, replace(QUEUED, run=2, index=1)], 2)])
def test_a_submission_is_a_message_and_says_after_which_run(rows: list[Job], after: int) -> None:
    door = Door(*rows)
    reply = door.submit({"taskId": TASK, "index": 1, "tags": {"who": "Zoë ￿"}, "force": True})
    assert reply.status == 202
    assert reply.body == {"taskId": TASK, "index": 1, "statusUrl": f"{URL}/jobs/{TASK}", "afterRun": after}
    [body] = door.sender.bodies
    message = parse_message(body)
    assert (message.task_id, message.index, message.tags, message.force) == (TASK, 1, {"who": "Zoë ￿"}, True)
    assert body.isascii()
    assert [entry.event for entry in reply.entries] == ["job_requested"]


@pytest.mark.parametrize("token", [f"Bearer {TOKEN}", f"bearer  {FORMER}"])
def test_both_tokens_in_use_open_the_door(token: str) -> None:
    assert Door(QUEUED).read(token=token).status == 200


@pytest.mark.parametrize(
    "token", ["", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \udcff"]
)
def test_any_other_token_is_refused_before_the_body_is_read(token: str) -> None:
    door, closed = Door(), Door(QUEUED)
    closed.keys = []
    for reply in (door.submit("x" * 9000, token), closed.read(token=token)):
        assert (code(reply), reply.headers) == ((401, "UNAUTHORIZED"), {"WWW-Authenticate": "Bearer"})
    assert (door.faulty_jobs.calls, door.sender.bodies) == ([], [])


INVALID = (400, "INVALID_MESSAGE")
NO_JSON = "not strict JSON: Expecting value at 0"
NO_UTF_8 = base64.b64encode(b'{"taskId": "\xff"}').decode()


@pytest.mark.parametrize(
    ("body", "is_base64", "refusal", "reason"),
    [
        ("", False, INVALID, NO_JSON),
        ("{}", False, INVALID, "taskId is missing"),
        ({"taskId": TASK, "index": 62.0}, False, INVALID, "index must be a whole number from 0 to 99"),
        ({"taskId": TASK, "taskToken": "token"}, False, INVALID, "unknown field 'taskToken'"),
        ({"taskId": TASK, "priority": 1}, False, INVALID, "unknown field 'priority'"),
        (NO_UTF_8, True, INVALID, "not strict JSON: UnicodeDecodeError"),
        ("no base64", True, INVALID, NO_JSON),
        (" " * LONGEST_BODY, False, INVALID, NO_JSON.replace("0", str(LONGEST_BODY))),
        ("{" + " " * LONGEST_BODY, False, (413, "TOO_LARGE"), f"the body is longer than {LONGEST_BODY} bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_message_is_refused_with_its_reason(
    body: Any, is_base64: bool, refusal: tuple[int, str], reason: str
) -> None:
    door = Door()
    reply = door.submit(body, is_base64=is_base64)
    assert (code(reply), reply.body["error"]["message"]) == (refusal, reason)
    assert door.sender.bodies == []


def test_a_task_shows_its_newest_runs_first() -> None:
    rows = [replace(QUEUED, run=run) for run in range(1, MOST_RUNS + 2)]
    reply = Door(*rows).read()
    assert [run["run"] for run in reply.body["runs"]] == list(range(MOST_RUNS + 1, 1, -1))
    assert reply.body["more"] is True
    assert "more" not in Door(*rows[:MOST_RUNS]).read().body
    assert reply.body["runs"][0] == rows[-1].public()


@pytest.mark.parametrize(("bucket", "has_links"), [("videos", True), ("a-former-bucket", False)])
def test_a_run_has_links_to_the_files_in_the_present_bucket(bucket: str, has_links: bool) -> None:
    done = replace(QUEUED, state=State.SUCCEEDED, archive=FILE._replace(bucket=bucket))
    [run] = Door(done).read().body["runs"]
    links = {
        "downloadUrl": f"https://videos.example/{FILE.key}?for={LINK_SECONDS}",
        "urlsExpireAt": utc(NOON + LINK_SECONDS),
    }
    assert run == done.public() | (links if has_links else {})


def test_a_queued_run_is_cancelled() -> None:
    door = Door(QUEUED)
    reply = door.cancel()
    row = door.jobs.runs(TASK)[0]
    assert (reply.status, reply.body, row.state) == (200, row.public(), State.CANCELLED)
    assert [(entry.event, entry.job) for entry in reply.entries] == [("job_cancelled", row)]


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
def test_a_run_that_is_not_queued_is_not_cancelled(state: State) -> None:
    assert code(Door(replace(QUEUED, state=state)).cancel()) == (409, "NOT_QUEUED")


@pytest.mark.parametrize(
    ("task_id", "run"), [(TASK, "1"), ("short", "1"), (TASK, "0"), (TASK, "1e3"), ("#gate---", "0")]
)
def test_what_is_unknown_is_404_and_may_come_soon(task_id: str, run: str) -> None:
    door = Door()
    for reply in (door.cancel(run, task_id), door.read(task_id)):
        assert (code(reply), reply.headers) == ((404, "NOT_FOUND"), {"Retry-After": "2"})
    assert {name for name, _ in door.faulty_jobs.calls} <= {"write", "newest"}


def test_where_table_or_queue_fail_the_answer_is_503() -> None:
    no_queue, no_table = Door(), Door(QUEUED)
    no_queue.faulty_sender.fail("send_jobs")
    no_table.faulty_jobs.fail("newest", "write")
    message = {"taskId": TASK}
    for reply in (no_queue.submit(message), no_table.submit(message), no_table.read(), no_table.cancel()):
        assert code(reply) == (503, "UNAVAILABLE")
        assert [entry.event for entry in reply.entries] == ["api_request_unanswered"]
    assert no_table.sender.bodies == []


def test_a_refusal_is_logged_with_its_status_and_code_alone() -> None:
    for reply in (no_route(), wrong_method("GET"), internal_error()):
        [entry] = reply.entries
        assert entry.detail == {"status": reply.status, "reason": reply.body["error"]["code"]}
    assert wrong_method("GET").headers == {"Allow": "GET"}
