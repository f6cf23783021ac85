"""What a real table does not show. What a write means is tested on real tables, in `tests/contract`."""

from collections.abc import Callable
from typing import Any

import pytest

from proofs.doubles.fake_aws import UNREACHABLE, FakeDynamoDB, refusal
from veo4k.adapters.jobs_dynamodb import DynamoJobs, request
from veo4k.domain.conditional_update import ConditionalUpdate, at_most, in_, is_
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Key, Partition, State

KEY = Key("veo_task_abcdef123456", 1)
CALLS: dict[str, Callable[[DynamoJobs], object]] = {
    "write": lambda jobs: jobs.write(ConditionalUpdate(key=KEY, when=(at_most("due", 5),), put={"due": 9})),
    "get": lambda jobs: jobs.get(KEY),
    "runs": lambda jobs: jobs.runs(KEY.task_id),
    "newest": lambda jobs: jobs.newest(KEY.task_id, 1),
    "due": lambda jobs: list(jobs.due(Partition.LIVE, 5)),
}


def jobs_over(*answers: Any) -> tuple[DynamoJobs, FakeDynamoDB]:
    client = FakeDynamoDB(*answers)
    return DynamoJobs(client, "jobs"), client  # type: ignore[arg-type]


def test_a_choice_is_written_in_one_order() -> None:
    either = in_("state", frozenset({State.READY, State.FAILED}))
    sent = request("jobs", ConditionalUpdate(key=KEY, when=(either,), put={"due": 1}))
    assert sent["ConditionExpression"] == "#state IN (:0, :1)"
    assert [sent["ExpressionAttributeValues"][name] for name in (":0", ":1")] == [{"S": "FAILED"}, {"S": "READY"}]


def test_a_write_that_only_removes_sends_no_values() -> None:
    sent = request("jobs", ConditionalUpdate(key=KEY, when=(is_("lease", None),), put={"due": None}))
    assert "ExpressionAttributeValues" not in sent


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("ProvisionedThroughputExceededException", KEY.task_id)])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_failure_is_a_storage_error_without_the_row(
    call: Callable[[DynamoJobs], object], failure: Exception
) -> None:
    with pytest.raises(StorageError) as caught:
        call(jobs_over(failure)[0])
    assert KEY.task_id not in str(caught.value)


def test_reads_of_rows_are_consistent_and_those_of_the_index_cannot_be() -> None:
    jobs, client = jobs_over({"Items": []})
    for name in ("get", "runs", "newest", "due"):
        CALLS[name](jobs)
    assert [request.get("ConsistentRead", False) for _, request in client.calls] == [True, True, True, False]
