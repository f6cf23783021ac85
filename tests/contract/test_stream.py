"""The stream of a real table, read as the function gets it."""

import time
from collections.abc import Mapping
from typing import Any

from local.cloud.aws import client
from proofs.table.rows import NOW, SUCCEEDED, put
from proofs.table.tables import Table
from tests.contract.conftest import TableMaker
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.stream_dynamodb import read_changes
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.ports import Change

SECONDS = 5


def records(table: Table, wanted: int) -> list[Mapping[str, Any]]:
    """Read a stream from its beginning until it has that many records."""
    streams = client(table.client.meta.endpoint_url, "dynamodbstreams")
    arn = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        found: list[Mapping[str, Any]] = streams.get_records(ShardIterator=at["ShardIterator"])["Records"]
        if len(found) >= wanted:
            return found
        time.sleep(0.05)
    raise AssertionError("the stream did not deliver the records")


def test_the_stream_shows_each_row_before_and_after(new_table: TableMaker) -> None:
    table = new_table()
    jobs = DynamoJobs(table.client, table.name)
    created = put(jobs, SUCCEEDED, "veo_task_streamed")
    retriggered = jobs.write(transitions.retrigger(created, "retrigger-1", NOW + 60))
    assert isinstance(retriggered, Updated)
    announced = jobs.write(transitions.mark_announced(retriggered.job, 1_900_000_000))
    assert isinstance(announced, Updated)
    table.client.delete_item(TableName=table.name, Key={"taskId": {"S": created.task_id}, "run": {"N": "1"}})
    changes = [Change(None, created), Change(created, retriggered.job), Change(retriggered.job, announced.job)]
    assert read_changes(records(table, wanted=4)) == (changes, [])
