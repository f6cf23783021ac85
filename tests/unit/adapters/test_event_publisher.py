import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.unit.adapters.fake_aws import FakeClient, refusal
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.domain.event import detail
from veo4k.domain.job import Archived, Code, Failure, Job, Key, State

NOW = 1_800_000_000.0
SUCCEEDED = Job(
    task_id="veo_task_abcdef123456",
    run=2,
    index=1,
    state=State.SUCCEEDED,
    created_at=NOW,
    finished_at=NOW + 60,
    requests_sent=1,
    tags={"día": "☃"},
    result_urls=("https://file.aiquickdraw.com/v/1.mp4",),
    archive=Archived("bucket", "videos/x/1/2.mp4", 1, "ab", 3840, 2160),
    urls=("https://file.aiquickdraw.com/v/1.mp4?sig=secret",),
    task_tokens=frozenset({"token-1"}),
)
FAILED = replace(
    SUCCEEDED,
    state=State.FAILED,
    archive=None,
    error=Failure(Code.NOT_4K, "The file was no 4K video, twice."),
    maybe_charged=True,
)
CANCELLED = replace(FAILED, state=State.CANCELLED, error=None)
TIMED_OUT = replace(FAILED, state=State.TIMED_OUT, error=Failure(Code.NO_ANSWER, "Never."))
TIMEOUT = ReadTimeoutError(endpoint_url="https://aws.example", error="late")


def jobs(number: int, job: Job = SUCCEEDED) -> list[Job]:
    return [replace(job, run=run) for run in range(1, number + 1)]


def announcing(*, sqs: Any = None, events: Any = None, sfn: Any = None) -> AwsEventPublisher:
    unused: Any = FakeClient()
    return AwsEventPublisher(
        sqs=sqs or unused,
        events=events or unused,
        sfn=sfn or unused,
        archive_queue_url="https://sqs.example/archive",
        event_bus="bus",
    )


def put(number: int, *failed: int) -> dict[str, Any]:
    """Return a response of PutEvents: 200, whatever is inside."""
    entries = [{"ErrorCode": "ThrottlingException"} if at in failed else {"EventId": "e"} for at in range(number)]
    return {"FailedEntryCount": len(failed), "Entries": entries}


# READY jobs go to the archive queue


def test_a_ready_job_is_put_on_the_archive_queue_by_its_key() -> None:
    sqs = FakeClient({"Successful": [{"Id": "0"}]})
    assert announcing(sqs=sqs).send_to_archive([SUCCEEDED]) == {}
    ((operation, request),) = sqs.calls
    assert operation == "send_message_batch"
    assert request["QueueUrl"] == "https://sqs.example/archive"
    (entry,) = request["Entries"]
    assert json.loads(entry["MessageBody"]) == {"taskId": "veo_task_abcdef123456", "run": 2}


@pytest.mark.parametrize(("delay", "delayed"), [(0, {}), (60, {"DelaySeconds": 60})])
def test_a_base_video_is_requested_without_its_link(delay: int, delayed: dict[str, int]) -> None:
    sqs = FakeClient({"Successful": [{"Id": "0"}]})
    assert announcing(sqs=sqs).send_bases_to_archive([replace(SUCCEEDED, base_url="https://a/?sig=x")], delay) == {}
    body = json.dumps({"taskId": "veo_task_abcdef123456", "run": 2, "kind": "base"})
    assert sqs.calls[0][1]["Entries"] == [{"Id": "0", "MessageBody": body, **delayed}]


def test_a_batch_has_ten_messages_at_most_each_with_an_id_of_its_own() -> None:
    sqs = FakeClient({"Successful": []})
    announcing(sqs=sqs).send_to_archive(jobs(23))
    batches = [request["Entries"] for _, request in sqs.calls]
    assert [len(batch) for batch in batches] == [10, 10, 3]
    assert all(len({entry["Id"] for entry in batch}) == len(batch) for batch in batches)


def test_entries_that_a_batch_refused_are_returned() -> None:
    failed = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    sqs = FakeClient({"Successful": [{"Id": "0"}, {"Id": "2"}], "Failed": [failed]})
    assert announcing(sqs=sqs).send_to_archive(jobs(3)) == {Key("veo_task_abcdef123456", 2): "InternalError"}


def test_a_batch_that_failed_as_a_whole_does_not_fail_the_next() -> None:
    sqs = FakeClient(refusal("AccessDenied"), {"Successful": []})
    missing = announcing(sqs=sqs).send_to_archive(jobs(15))
    assert {key.run for key in missing} == set(range(1, 11))
    assert set(missing.values()) == {"enqueue: AccessDenied"}


# Ends go to the bus


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        (SUCCEEDED, "Veo 4K Job Succeeded"),
        (FAILED, "Veo 4K Job Failed"),
        (TIMED_OUT, "Veo 4K Job Timed Out"),
        (CANCELLED, "Veo 4K Job Cancelled"),
    ],
)
def test_an_end_is_an_event_with_the_public_row_and_an_id_that_stays(job: Job, kind: str) -> None:
    events = FakeClient(put(1))
    assert announcing(events=events).send_to_bus([job]) == {}
    ((operation, request),) = events.calls
    assert operation == "put_events"
    (entry,) = request["Entries"]
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == ("veo4k", kind, "bus")
    assert json.loads(entry["Detail"]) == job.public() | {"eventId": f"veo_task_abcdef123456#1#2#{job.state}"}


def test_an_event_holds_nothing_private() -> None:
    events = FakeClient(put(1))
    announcing(events=events).send_to_bus([SUCCEEDED])
    detail = events.calls[0][1]["Entries"][0]["Detail"]
    assert "secret" not in detail
    assert "token-1" not in detail
    assert "#urls" not in detail


def test_a_put_with_status_200_returns_which_events_failed() -> None:
    events = FakeClient(put(3, 0, 2))
    missing = announcing(events=events).send_to_bus(jobs(3))
    assert {key.run: why for key, why in missing.items()} == {1: "ThrottlingException", 3: "ThrottlingException"}


def test_events_go_in_tens() -> None:
    events = FakeClient(put(10), put(10), put(1, 0))
    missing = announcing(events=events).send_to_bus(jobs(21))
    assert [len(request["Entries"]) for _, request in events.calls] == [10, 10, 1]
    assert {key.run for key in missing} == {21}


@pytest.mark.parametrize(("failure", "why"), [(TIMEOUT, "put: ReadTimeoutError"), (refusal("Oops"), "put: Oops")])
def test_an_unreachable_bus_fails_every_event(failure: Exception, why: str) -> None:
    missing = announcing(events=FakeClient(failure)).send_to_bus(jobs(2))
    assert [*missing.values()] == [why, why]


def test_nothing_to_announce_is_nothing_to_send() -> None:
    sqs, events = FakeClient(), FakeClient()
    publisher = announcing(sqs=sqs, events=events)
    assert publisher.send_to_archive([]) == publisher.send_to_bus([]) == {}
    assert sqs.calls == events.calls == []


# Step Functions tasks


def test_a_success_is_the_tasks_output() -> None:
    sfn = FakeClient()
    assert announcing(sfn=sfn).send_to_task(SUCCEEDED, "token-1") == ""
    ((operation, request),) = sfn.calls
    assert (operation, request["taskToken"]) == ("send_task_success", "token-1")
    assert json.loads(request["output"])["eventId"] == "veo_task_abcdef123456#1#2#SUCCEEDED"


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


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (TIMEOUT, "SendTask: ReadTimeoutError"),
        (refusal("ThrottlingException"), "SendTask: ThrottlingException"),
        (refusal("AccessDeniedException", "token-1"), "SendTask: AccessDeniedException"),
        (refusal("KmsAccessDeniedException", "token-1"), "SendTask: KmsAccessDeniedException"),
        (refusal("KmsInvalidStateException"), "SendTask: KmsInvalidStateException"),
        (refusal("KmsThrottlingException"), "SendTask: KmsThrottlingException"),
        (refusal("InvalidOutput"), "SendTask: InvalidOutput"),
        (ClientError({}, "SendTaskSuccess"), "SendTask: ClientError"),
    ],
)
def test_a_task_token_that_was_not_delivered_is_sent_again(failure: Exception, why: str) -> None:
    assert announcing(sfn=FakeClient(failure)).send_to_task(SUCCEEDED, "token-1") == why


def test_the_longest_end_fits_into_a_tasks_failure() -> None:
    sfn = FakeClient()
    long = replace(FAILED, tags={str(n): "x" * 90 for n in range(10)}, result_urls=("https://h/" + "x" * 2038,) * 4)
    announcing(sfn=sfn).send_to_task(long, "token-1")
    assert len(sfn.calls[0][1]["cause"]) <= 32_768
    assert len(sfn.calls[0][1]["error"]) <= 256
