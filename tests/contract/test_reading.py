"""Reading many rows: the runs of a task, and the due index."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from proofs.table.rows import NOW, PROCESSING, QUEUED, SUCCEEDED, TIMES, put
from proofs.table.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.job import Key, Partition, ProviderApi
from veo4k.domain.ports import Jobs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TwoPerPage:
    """A client whose pages end after two rows, as real ones end after a megabyte."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
        self.pages = 0

    def query(self, **request: Any) -> Any:
        """Query, two rows at a time."""
        self.pages += 1
        return self._client.query(Limit=2, **request)


def test_runs_come_in_the_order_of_their_numbers(jobs: Jobs, task_id: str) -> None:
    stored = {run: put(jobs, replace(SUCCEEDED, run=run), task_id) for run in (10, 2, 1, 11)}
    assert jobs.runs(task_id) == [stored[1], stored[2], stored[10], stored[11]]


def test_runs_of_an_unknown_task_are_none(jobs: Jobs, task_id: str) -> None:
    assert jobs.runs(task_id) == []


def test_runs_are_those_of_the_task_alone(jobs: Jobs, task_id: str) -> None:
    mine = put(jobs, SUCCEEDED, task_id)
    put(jobs, SUCCEEDED, f"{task_id}2")
    assert jobs.runs(task_id) == [mine]


def test_runs_show_what_was_written_a_moment_ago(jobs: Jobs, task_id: str) -> None:
    for run in range(1, 6):
        there = put(jobs, replace(SUCCEEDED, run=run), task_id)
        assert jobs.runs(task_id)[-1] == there


def test_runs_go_on_where_a_page_ends(table: Table, task_id: str) -> None:
    for run in range(1, 6):
        put(DynamoJobs(table.client, table.name), replace(SUCCEEDED, run=run), task_id)
    paged = TwoPerPage(table.client)
    runs = DynamoJobs(cast("DynamoDBClient", paged), table.name).runs(task_id)
    assert [job.run for job in runs] == [1, 2, 3, 4, 5]
    assert paged.pages == 3


def test_due_jobs_come_the_longest_due_first(fresh_jobs: Jobs) -> None:
    for number, due in enumerate((NOW - 5, NOW - 50, NOW - 0.5, NOW - 1000)):
        put(fresh_jobs, replace(PROCESSING, due=due), f"veo_task_{number}")
    assert [key.task_id[-1] for key in fresh_jobs.due(Partition.LIVE, NOW)] == ["3", "1", "0", "2"]


def test_a_job_is_due_at_its_instant_and_not_before(fresh_jobs: Jobs) -> None:
    there = put(fresh_jobs, replace(PROCESSING, due=NOW), "veo_task_due_now")
    assert list(fresh_jobs.due(Partition.LIVE, NOW - 0.001)) == []
    assert list(fresh_jobs.due(Partition.LIVE, NOW)) == [there.key]


def test_each_partition_has_its_own_jobs(fresh_jobs: Jobs) -> None:
    waiting, live = put(fresh_jobs, QUEUED, "veo_task_waiting"), put(fresh_jobs, PROCESSING, "veo_task_live")
    assert list(fresh_jobs.due(Partition.QUEUED, NOW)) == [waiting.key]
    assert list(fresh_jobs.due(Partition.LIVE, NOW)) == [live.key]


def test_a_claim_moves_a_job_to_the_other_partition(fresh_jobs: Jobs) -> None:
    waiting = put(fresh_jobs, QUEUED, "veo_task_waiting")
    fresh_jobs.write(transitions.claim_submission(waiting, "attempt-1", NOW, TIMES, ProviderApi.VEO))
    assert list(fresh_jobs.due(Partition.QUEUED, NOW + 720)) == []
    assert list(fresh_jobs.due(Partition.LIVE, NOW + 720)) == [waiting.key]


def test_an_announced_job_leaves_the_index_until_a_repeat_is_requested(fresh_jobs: Jobs) -> None:
    ended = put(fresh_jobs, SUCCEEDED, "veo_task_ended")
    announced = fresh_jobs.write(transitions.mark_announced(ended, 1_900_000_000))
    assert isinstance(announced, Updated)
    assert list(fresh_jobs.due(Partition.LIVE, NOW + 10**9)) == []
    fresh_jobs.write(transitions.repeat_announcement(announced.job, None, "retrigger-2", NOW, TIMES))
    assert list(fresh_jobs.due(Partition.LIVE, NOW + 60)) == [ended.key]


def test_an_empty_partition_has_no_job(fresh_jobs: Jobs) -> None:
    assert list(fresh_jobs.due(Partition.LIVE, NOW)) == []


def test_due_jobs_go_on_where_a_page_ends(new_table: Callable[[], Table]) -> None:
    table = new_table()
    for number in range(5):
        put(DynamoJobs(table.client, table.name), replace(PROCESSING, due=NOW - number), f"veo_task_{number}")
    paged = TwoPerPage(table.client)
    due = DynamoJobs(cast("DynamoDBClient", paged), table.name).due(Partition.LIVE, NOW)
    assert [key.task_id[-1] for key in due] == ["4", "3", "2", "1", "0"]
    assert paged.pages == 3


def test_each_page_is_read_only_when_it_is_needed(new_table: Callable[[], Table]) -> None:
    table = new_table()
    for number in range(5):
        put(DynamoJobs(table.client, table.name), replace(PROCESSING, due=NOW - number), f"veo_task_{number}")
    paged = TwoPerPage(table.client)
    due: Iterator[Key] = DynamoJobs(cast("DynamoDBClient", paged), table.name).due(Partition.LIVE, NOW)
    next(due)
    assert paged.pages == 1


@pytest.mark.parametrize("partition", Partition)
def test_the_gates_row_is_in_no_partition(new_table: Callable[[], Table], partition: Partition) -> None:
    table = new_table()
    table.put({"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {"version": {"N": "1"}}}})
    assert list(DynamoJobs(table.client, table.name).due(partition, NOW)) == []
