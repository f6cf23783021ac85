from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.unit.adapters.fake_aws import ConditionRefusedError, FakeDynamoDB, refusal
from veo4k.adapters.dynamodb_types import to_typed
from veo4k.adapters.jobs_dynamodb import DynamoJobs, request
from veo4k.domain.conditional_update import Condition, ConditionalUpdate, Op, Refused, Updated, at_most, in_, is_
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Job, Key, Partition, State

KEY = Key("veo_task_abcdef123456", 1)
JOB = Job(task_id=KEY.task_id, run=1, index=0, state=State.READY, created_at=1.5, requests_sent=1)
CLAIM = ConditionalUpdate(key=KEY, when=(is_("state", State.READY),), put={"lease": "mine"}, ownership="lease")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://dynamodb.example")


def jobs(*answers: Any) -> tuple[DynamoJobs, FakeDynamoDB]:
    client = FakeDynamoDB(*answers)
    return DynamoJobs(client, "jobs"), client  # type: ignore[arg-type]


def item(job: Job) -> dict[str, Any]:
    return {name: to_typed(value) for name, value in job.row().items()}


def test_a_write_is_one_conditional_update_that_shows_the_row_either_way() -> None:
    write = ConditionalUpdate(
        key=KEY,
        when=(
            is_("state", State.READY),
            (Condition("lease_until", Op.ABSENT), Condition("lease_until", Op.AT_MOST, 5.5)),
        ),
        put={"lease": "mine", "lease_until": 9.5, "wait_reason": None},
        set_if_absent={"accepted_at": 1.5},
        add={"archive_attempts": 1, "task_tokens": frozenset({"t"})},
    )
    assert request("jobs", write) == {
        "TableName": "jobs",
        "Key": {"taskId": {"S": KEY.task_id}, "run": {"N": "1"}},
        "ConditionExpression": "#state = :0 AND (attribute_not_exists(#_until) OR #_until <= :1)",
        "UpdateExpression": (
            "SET #_lease = :2, #_until = :3, #acceptedAt = if_not_exists(#acceptedAt, :4)"
            " REMOVE #_reason ADD #_tries :5, #_tokens :6"
        ),
        "ExpressionAttributeNames": {
            "#state": "state",
            "#_until": "#until",
            "#_lease": "#lease",
            "#acceptedAt": "acceptedAt",
            "#_reason": "#reason",
            "#_tries": "#tries",
            "#_tokens": "#tokens",
        },
        "ExpressionAttributeValues": {
            ":0": {"S": "READY"},
            ":1": {"N": "5.5"},
            ":2": {"S": "mine"},
            ":3": {"N": "9.5"},
            ":4": {"S": "1970-01-01T00:00:01.500Z"},
            ":5": {"N": "1"},
            ":6": {"SS": ["t"]},
        },
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_creation_demands_that_there_is_no_row_and_names_the_job() -> None:
    sent = request(
        "jobs", ConditionalUpdate(key=KEY, put={name: getattr(JOB, name) for name in Job.__dataclass_fields__})
    )
    assert sent["ConditionExpression"] == "attribute_not_exists(#taskId)"
    assert sent["ExpressionAttributeValues"][":job"] == {"S": "veo_task_abcdef123456#0#1"}
    assert "REMOVE" not in sent["UpdateExpression"]


def test_a_choice_is_written_in_one_order() -> None:
    sent = request(
        "jobs", ConditionalUpdate(key=KEY, when=(in_("state", frozenset({State.READY, State.FAILED})),), put={"due": 1})
    )
    assert sent["ConditionExpression"] == "#state IN (:0, :1)"
    assert [sent["ExpressionAttributeValues"][name] for name in (":0", ":1")] == [{"S": "FAILED"}, {"S": "READY"}]


def test_a_write_that_only_removes_sends_no_values() -> None:
    sent = request("jobs", ConditionalUpdate(key=KEY, when=(is_("lease", None),), put={"due": None}))
    assert "ExpressionAttributeValues" not in sent


def test_what_was_written_is_the_row_after_it() -> None:
    after = replace(JOB, lease="mine")
    assert jobs({"Attributes": item(after)})[0].write(CLAIM) == Updated(after)


@pytest.mark.parametrize("there", [None, JOB, replace(JOB, lease="theirs")])
def test_a_refusal_shows_the_row_that_refused(there: Job | None) -> None:
    assert jobs(ConditionRefusedError(item(there) if there else None))[0].write(CLAIM) == Refused(there)


def test_a_refusal_by_our_own_mark_is_a_success() -> None:
    mine = replace(JOB, lease="mine")
    assert jobs(ConditionRefusedError(item(mine)))[0].write(CLAIM) == Updated(mine)


def test_without_a_mark_a_refusal_is_a_refusal() -> None:
    mine = replace(JOB, lease="mine")
    assert jobs(ConditionRefusedError(item(mine)))[0].write(replace(CLAIM, ownership=None)) == Refused(mine)


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("ProvisionedThroughputExceededException", KEY.task_id)])
def test_every_other_failure_is_a_storage_error_without_the_row(failure: Exception) -> None:
    calls = (
        lambda store: store.write(ConditionalUpdate(key=KEY, when=(at_most("due", 5),), put={"due": 9})),
        lambda store: store.get(KEY),
        lambda store: store.runs(KEY.task_id),
        lambda store: list(store.due(Partition.LIVE, 5)),
    )
    for call in calls:
        with pytest.raises(StorageError) as caught:
            call(jobs(failure)[0])
        assert KEY.task_id not in str(caught.value)


def test_reads_of_rows_are_consistent_and_those_of_the_index_cannot_be() -> None:
    store, client = jobs({"Items": []})
    store.get(KEY)
    store.runs(KEY.task_id)
    list(store.due(Partition.LIVE, 5))
    assert [request.get("ConsistentRead", False) for _, request in client.calls] == [True, True, False]


def test_the_next_page_begins_where_the_last_one_ended() -> None:
    last = {"taskId": {"S": "a"}, "run": {"N": "1"}}
    store, client = jobs({"Items": [item(JOB)], "LastEvaluatedKey": last}, {"Items": [item(replace(JOB, run=2))]})
    assert [job.run for job in store.runs(KEY.task_id)] == [1, 2]
    assert [request.get("ExclusiveStartKey") for _, request in client.calls] == [None, last]
