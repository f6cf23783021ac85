"""Asking for jobs, listing them, doing them again."""

import pytest

from tests.doubles.time_manual import NOON
from tests.unit.cli.doubles import JOBS
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Archived, Code, Failure, Partition, State

ARCHIVED = Archived("bucket", f"videos/{TASK}/0/1.mp4", 2_678_103, "ab" * 32, 3840, 2160)


def test_submit_puts_the_message_on_the_queue(operator: Operator) -> None:
    seen = operator.runs("submit", TASK, "--index", "1", "--tag", "order=A-1042", "--tag", "who=Zoë=x", "--force")
    assert seen.status == 0
    tags = {"order": "A-1042", "who": "Zoë=x"}
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "index": 1, "tags": tags, "force": True}]


def test_submit_answers_in_json(operator: Operator) -> None:
    assert operator.runs("submit", TASK, "--json").json == {"taskId": TASK, "index": 0, "messageId": "00000001-0000"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["short"], "taskId must be 8 to 64 letters, digits, _ or -"),
        ([TASK, "--index", "100"], "index must be a whole number from 0 to 99"),
        ([TASK, "--tag", "order"], "--tag takes KEY=VALUE, not 'order'"),
    ],
)
def test_a_message_that_breaks_the_contract_is_not_sent(operator: Operator, words: list[str], told: str) -> None:
    assert operator.runs("submit", *words) == (2, "", f"error: {told}\n")
    assert operator.queues.bodies(JOBS) == []


def test_replay_asks_for_a_new_run_with_the_same_tags(operator: Operator) -> None:
    operator.has(State.FAILED, tags={"order": "A-1042"})
    seen = operator.runs("replay", TASK)
    assert f"veo4k watch {TASK} --run 2" in seen.out
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "index": 0, "force": True, "tags": {"order": "A-1042"}}]


def test_the_new_run_is_numbered_after_all_of_the_task(operator: Operator) -> None:
    operator.has(State.FAILED)
    operator.has(State.SUCCEEDED, run=2, index=1)
    assert operator.runs("replay", TASK, "--json").json["run"] == 3


def test_a_live_job_is_not_replayed(operator: Operator) -> None:
    operator.has(State.PROCESSING)
    seen = operator.runs("replay", TASK)
    assert (seen.status, operator.queues.bodies(JOBS)) == (2, [])
    assert "is PROCESSING, and would only be joined" in seen.err


def test_what_never_ran_is_not_replayed(operator: Operator) -> None:
    assert "veo4k submit makes its first run" in operator.runs("replay", TASK).err


def test_list_shows_the_newest_first(operator: Operator) -> None:
    operator.has(State.SUCCEEDED, task_id="veo_task_old", created_at=NOON - 900)
    operator.has(State.QUEUED, task_id="veo_task_new", created_at=NOON - 10)
    assert [job["taskId"] for job in operator.runs("list", "--json").json] == ["veo_task_new", "veo_task_old"]


def test_list_shows_what_became_of_each(operator: Operator) -> None:
    operator.has(State.SUCCEEDED, archive=ARCHIVED, finished_at=NOON - 12)
    operator.has(State.FAILED, run=2, error=Failure(Code.NOT_4K, "It was no 4K video."))
    operator.has(State.QUEUED, run=3, wait_reason="NO_CREDITS")
    told = operator.runs("list").out
    assert "48 s" in told
    assert "3840x2160, 2,678,103 bytes" in told
    assert "NOT_4K" in told
    assert "NO_CREDITS" in told
    assert "3 jobs: 1 QUEUED, 1 SUCCEEDED, 1 FAILED" in told


def test_list_by_state(operator: Operator) -> None:
    operator.has(State.SUCCEEDED)
    operator.has(State.FAILED, run=2)
    assert [job["run"] for job in operator.runs("list", "--state", "FAILED", "--json").json] == [2]


def test_live_jobs_are_listed_without_a_scan(operator: Operator) -> None:
    operator.has(State.QUEUED, partition=Partition.QUEUED, due=NOON)
    operator.has(State.PROCESSING, run=2, partition=Partition.LIVE, due=NOON + 600)
    operator.has(State.FAILED, run=3, partition=Partition.LIVE, due=NOON)
    listed = operator.runs("list", "--state", "QUEUED", "--state", "PROCESSING", "--json").json
    assert ({job["run"] for job in listed}, operator.table.scans) == ({1, 2}, 0)


def test_list_since(operator: Operator) -> None:
    operator.has(created_at=NOON - 3700)
    operator.has(run=2, created_at=NOON - 3500)
    assert [job["run"] for job in operator.runs("list", "--since", "1h", "--json").json] == [2]


def test_list_tells_of_the_jobs_it_leaves_out(operator: Operator) -> None:
    for run in (1, 2, 3):
        operator.has(run=run)
    assert "3 jobs: 3 PROCESSING; 1 older: --limit" in operator.runs("list", "--limit", "2").out


def test_no_jobs_at_all(operator: Operator) -> None:
    assert "Ask for a video: veo4k submit TASK_ID" in operator.runs("list").out
    assert operator.runs("list", "--json").json == []
