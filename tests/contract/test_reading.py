"""Reading many rows: the runs of a task, and the due index."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from proofs.table.rows import NOW, PROCESSING, QUEUED, SUCCEEDED, TIMES, put
from proofs.table.tables import Table
from tests.contract.conftest import TableMaker
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.job import Job, Partition, ProviderApi
from veo4k.domain.ports import Jobs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TwoPerPage:
    """A client whose pages end after two rows, as real ones end after a megabyte."""

    def __init__(self, table: Table) -> None:
        self._client = table.client
        self.pages = 0
        self.jobs = DynamoJobs(cast("DynamoDBClient", self), table.name)

    def query(self, **request: Any) -> Any:
        self.pages += 1
        return self._client.query(Limit=2, **request)


def due(jobs: Jobs, partition: Partition, until: float) -> list[str]:
    return [key.task_id for key in jobs.due(partition, until)]


def test_runs_are_those_of_the_task_alone_in_the_order_of_their_numbers(jobs: Jobs, task_id: str) -> None:
    put(jobs, SUCCEEDED, f"{task_id}2")
    stored: dict[int, Job] = {}
    for run in (10, 2, 1, 11):
        assert jobs.runs(task_id) == [stored[earlier] for earlier in sorted(stored)]
        stored[run] = put(jobs, replace(SUCCEEDED, run=run), task_id)
    assert jobs.runs(task_id) == [stored[1], stored[2], stored[10], stored[11]]
    assert jobs.newest(task_id, 2) == [stored[11], stored[10]]


def test_runs_go_on_where_a_page_ends(table: Table, task_id: str) -> None:
    for run in range(1, 6):
        put(DynamoJobs(table.client, table.name), replace(SUCCEEDED, run=run), task_id)
    paged = TwoPerPage(table)
    assert [job.run for job in paged.jobs.runs(task_id)] == [1, 2, 3, 4, 5]
    assert paged.pages == 3


def test_due_jobs_come_the_longest_due_first(fresh_jobs: Jobs) -> None:
    for name, seconds in (("third", 5), ("second", 50), ("fourth", 0.5), ("first", 1000)):
        put(fresh_jobs, replace(PROCESSING, due=NOW - seconds), name)
    assert due(fresh_jobs, Partition.LIVE, NOW) == ["first", "second", "third", "fourth"]


def test_a_job_is_due_at_its_instant_and_not_before(fresh_jobs: Jobs) -> None:
    assert due(fresh_jobs, Partition.LIVE, NOW) == []
    put(fresh_jobs, replace(PROCESSING, due=NOW), "now")
    assert due(fresh_jobs, Partition.LIVE, NOW - 0.001) == []
    assert due(fresh_jobs, Partition.LIVE, NOW) == ["now"]


def test_each_partition_has_its_own_jobs_and_a_claim_moves_one(fresh_jobs: Jobs) -> None:
    put(fresh_jobs, PROCESSING, "live")
    waiting = put(fresh_jobs, QUEUED, "waiting")
    assert due(fresh_jobs, Partition.LIVE, NOW) == ["live"]
    assert due(fresh_jobs, Partition.QUEUED, NOW) == ["waiting"]
    fresh_jobs.write(transitions.claim_submission(waiting, "attempt-1", NOW, TIMES, ProviderApi.VEO))
    assert due(fresh_jobs, Partition.LIVE, NOW + 720) == ["live", "waiting"]
    assert due(fresh_jobs, Partition.QUEUED, NOW + 720) == []


def test_an_announced_job_leaves_the_index_until_a_repeat_is_requested(fresh_jobs: Jobs) -> None:
    announced = fresh_jobs.write(transitions.mark_announced(put(fresh_jobs, SUCCEEDED, "ended"), 1_900_000_000))
    assert isinstance(announced, Updated)
    assert due(fresh_jobs, Partition.LIVE, NOW + 10**9) == []
    fresh_jobs.write(transitions.repeat_announcement(announced.job, None, "retrigger-2", NOW, TIMES))
    assert due(fresh_jobs, Partition.LIVE, NOW + 60) == ["ended"]


def test_each_page_of_due_jobs_is_read_when_it_is_needed(new_table: TableMaker) -> None:
    table = new_table()
    for number in range(5):
        put(DynamoJobs(table.client, table.name), replace(PROCESSING, due=NOW - number), str(number))
    paged = TwoPerPage(table)
    found = paged.jobs.due(Partition.LIVE, NOW)
    assert (next(found).task_id, paged.pages) == ("4", 1)
    assert [key.task_id for key in found] == ["3", "2", "1", "0"]
    assert paged.pages == 3


@pytest.mark.parametrize("partition", Partition)
def test_the_gates_row_is_in_no_partition(new_table: TableMaker, partition: Partition) -> None:
    table = new_table()
    table.put({"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {"version": {"N": "1"}}}})
    assert due(DynamoJobs(table.client, table.name), partition, NOW) == []
