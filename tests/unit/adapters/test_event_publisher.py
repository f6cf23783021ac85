import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from proofs.doubles.fake_aws import FakeClient, refusal
from proofs.table import rows
from proofs.table.rows import TASK
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.domain.event import detail
from veo4k.domain.job import Code, Failure, Job, Key, State

SUCCEEDED = replace(rows.SUCCEEDED, run=2, tags={"día": "☃"}, base_url=rows.SIGNED)
FAILED = replace(SUCCEEDED, state=State.FAILED, archive=None, error=Failure(Code.NOT_4K, "Twice."))
TIMED_OUT = replace(FAILED, state=State.TIMED_OUT, error=Failure(Code.NO_ANSWER, "Never."))
CANCELLED = replace(FAILED, state=State.CANCELLED, error=None)
TIMEOUT = ReadTimeoutError(endpoint_url="https://aws.example", error="late")


def jobs(number: int) -> list[Job]:
    return [replace(SUCCEEDED, run=run) for run in range(1, number + 1)]


def announcing(*, sqs: Any = None, events: Any = None, sfn: Any = None) -> AwsEventPublisher:
    return AwsEventPublisher(sqs, events, sfn, "https://sqs.example/archive", "bus")


def put(number: int, *failed: int) -> dict[str, Any]:
    """Return a response of PutEvents: 200, whatever is inside."""
    entries = [{"ErrorCode": "ThrottlingException"} if at in failed else {"EventId": "e"} for at in range(number)]
    return {"FailedEntryCount": len(failed), "Entries": entries}


# To the archive queue and to the bus


def test_a_ready_job_is_put_on_the_archive_queue_by_its_key() -> None:
    sqs = FakeClient({"Successful": [{"Id": "0"}]})
    assert announcing(sqs=sqs).send_to_archive([SUCCEEDED]) == {}
    entries = [{"Id": "0", "MessageBody": json.dumps({"taskId": TASK, "run": 2})}]
    assert sqs.calls == [("send_message_batch", {"QueueUrl": "https://sqs.example/archive", "Entries": entries})]


@pytest.mark.parametrize(("delay", "delayed"), [(0, {}), (60, {"DelaySeconds": 60})])
def test_a_base_video_is_requested_without_its_link(delay: int, delayed: dict[str, int]) -> None:
    sqs = FakeClient({"Successful": [{"Id": "0"}]})
    assert announcing(sqs=sqs).send_bases_to_archive([SUCCEEDED], delay) == {}
    body = json.dumps({"taskId": TASK, "run": 2, "kind": "base"})
    assert sqs.calls[0][1]["Entries"] == [{"Id": "0", "MessageBody": body, **delayed}]


@pytest.mark.parametrize(
    ("job", "kind"), [(SUCCEEDED, "Succeeded"), (FAILED, "Failed"), (TIMED_OUT, "Timed Out"), (CANCELLED, "Cancelled")]
)
def test_an_end_is_an_event_with_the_public_row_and_an_id_that_stays(job: Job, kind: str) -> None:
    events = FakeClient(put(1))
    assert announcing(events=events).send_to_bus([job]) == {}
    ((operation, request),) = events.calls
    (entry,) = request["Entries"]
    assert (operation, entry["EventBusName"]) == ("put_events", "bus")
    assert (entry["Source"], entry["DetailType"]) == ("veo4k", f"Veo 4K Job {kind}")
    assert json.loads(entry["Detail"]) == job.public() | {"eventId": f"{TASK}#1#2#{job.state}"}


def test_a_batch_has_ten_entries_at_most_and_fails_alone() -> None:
    sqs, events = FakeClient(refusal("AccessDenied"), {"Successful": []}), FakeClient(put(10), put(10), put(1, 0))
    publisher = announcing(sqs=sqs, events=events)
    refused = publisher.send_to_archive(jobs(23))
    batches = [request["Entries"] for _, request in sqs.calls]
    assert refused == {Key(TASK, run): "enqueue: AccessDenied" for run in range(1, 11)}
    assert [[entry["Id"] for entry in batch] for batch in batches] == [[*"0123456789"], [*"0123456789"], [*"012"]]
    assert publisher.send_to_bus(jobs(21)) == {Key(TASK, 21): "ThrottlingException"}
    assert [len(request["Entries"]) for _, request in events.calls] == [10, 10, 1]


def test_entries_that_a_batch_refused_are_returned() -> None:
    failed = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    sqs = FakeClient({"Successful": [{"Id": "0"}, {"Id": "2"}], "Failed": [failed]})
    assert announcing(sqs=sqs).send_to_archive(jobs(3)) == {Key(TASK, 2): "InternalError"}
    throttled = announcing(events=FakeClient(put(3, 0, 2))).send_to_bus(jobs(3))
    assert throttled == {Key(TASK, 1): "ThrottlingException", Key(TASK, 3): "ThrottlingException"}


@pytest.mark.parametrize(("failure", "why"), [(TIMEOUT, "put: ReadTimeoutError"), (refusal("Oops"), "put: Oops")])
def test_an_unreachable_bus_fails_every_event(failure: Exception, why: str) -> None:
    missing = announcing(events=FakeClient(failure)).send_to_bus(jobs(2))
    assert [*missing.values()] == [why, why]


def test_nothing_to_announce_is_nothing_to_send() -> None:
    sqs, events = FakeClient(), FakeClient()
    publisher = announcing(sqs=sqs, events=events)
    assert publisher.send_to_archive([]) == publisher.send_to_bus([]) == {}
    assert sqs.calls == events.calls == []


# To Step Functions tasks


def test_a_success_is_the_tasks_output() -> None:
    sfn = FakeClient()
    assert announcing(sfn=sfn).send_to_task(SUCCEEDED, "token-1") == ""
    ((operation, request),) = sfn.calls
    assert (operation, request["taskToken"]) == ("send_task_success", "token-1")
    assert json.loads(request["output"]) == detail(SUCCEEDED)


@pytest.mark.parametrize(("job", "code"), [(FAILED, "NOT_4K"), (TIMED_OUT, "NO_ANSWER"), (CANCELLED, "CANCELLED")])
def test_every_other_end_is_the_tasks_failure(job: Job, code: str) -> None:
    sfn = FakeClient()
    assert announcing(sfn=sfn).send_to_task(job, "token-1") == ""
    ((operation, request),) = sfn.calls
    assert (operation, request["taskToken"], request["error"]) == ("send_task_failure", "token-1", code)
    assert json.loads(request["cause"]) == detail(job)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
@pytest.mark.parametrize("job", [SUCCEEDED, FAILED])
def test_a_task_token_that_has_expired_is_not_sent_again(job: Job, code: str) -> None:
    assert announcing(sfn=FakeClient(refusal(code))).send_to_task(job, "token-1") == ""


REFUSALS = [
    *("ThrottlingException", "AccessDeniedException", "InvalidOutput"),
    *("KmsAccessDeniedException", "KmsInvalidStateException", "KmsThrottlingException"),
]
NOT_DELIVERED = {"ReadTimeoutError": TIMEOUT, "ClientError": ClientError({}, "SendTaskSuccess")} | {
    code: refusal(code, "token-1") for code in REFUSALS
}


@pytest.mark.parametrize(("why", "failure"), NOT_DELIVERED.items())
def test_a_task_token_that_was_not_delivered_is_sent_again(why: str, failure: Exception) -> None:
    assert announcing(sfn=FakeClient(failure)).send_to_task(SUCCEEDED, "token-1") == f"SendTask: {why}"


def test_the_longest_end_fits_into_a_tasks_failure() -> None:
    sfn = FakeClient()
    long = replace(FAILED, tags={str(n): "x" * 90 for n in range(10)}, result_urls=("https://h/" + "x" * 2038,) * 4)
    announcing(sfn=sfn).send_to_task(long, "token-1")
    assert len(sfn.calls[0][1]["cause"]) <= 32_768
    assert len(sfn.calls[0][1]["error"]) <= 256
