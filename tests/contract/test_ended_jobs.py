"""The index of ended jobs by day, as the command line reads it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from proofs.table.rows import NOW, PROCESSING, SUCCEEDED, TIMES, put
from proofs.table.tables import Table
from tests.contract.conftest import TableMaker
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.job import ATTRIBUTES, Code, Job, utc_day
from veo4k_cli.ended_jobs import DAY, NoDayIndexError, ended_jobs

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/rows-0.1.0.json").read_text())


def read(job: Job) -> dict[str, Any]:
    """Return what lists and sums read of a job."""
    private = {ATTRIBUTES[name] for name in ("acceptances", "lost_responses")}
    row = job.row()
    return {name: row[name] for name in row if (name in private or name[0] != "#") and name != "resultUrls"}


def test_ended_jobs_are_found_by_day_the_newest_first(new_table: TableMaker) -> None:
    table = new_table()
    jobs = DynamoJobs(table.client, table.name)
    failed = jobs.write(transitions.fail(put(jobs, PROCESSING, "veo_task_failed"), Code.NO_ANSWER, NOW, TIMES))
    assert isinstance(failed, Updated)
    ends = (NOW - 60, NOW - 90, NOW - DAY, NOW - 2 * DAY, NOW - 5 * DAY)
    older = [
        put(jobs, replace(SUCCEEDED, finished_at=end, day=utc_day(end), lost_responses=1), f"veo_task_{number}")
        for number, end in enumerate(ends)
    ]
    put(jobs, PROCESSING, "veo_task_live")
    found = list(ended_jobs(table.client, table.name, NOW - 2 * DAY, NOW))
    assert [read(job) for job in found] == [read(job) for job in (failed.job, *older[:4])]


def test_rows_of_a_version_without_the_day_are_not_in_the_index(new_table: TableMaker) -> None:
    table = new_table()
    for item in GOLDEN.values():
        table.put(item)
    assert list(ended_jobs(table.client, table.name, NOW - DAY, NOW + DAY)) == []


def test_a_table_without_the_index_is_recognised(table: Table) -> None:
    name = f"without-{uuid4().hex}"
    table.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "taskId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "taskId", "KeyType": "HASH"}],
    )
    with pytest.raises(NoDayIndexError):
        list(ended_jobs(table.client, name, NOW, NOW))
