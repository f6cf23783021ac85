import pytest

from proofs.doubles.fake_aws import UNREACHABLE, FakeClient, refusal
from veo4k.adapters.queue_sqs import SqsJobSender, SqsQueue, SqsRedelivery
from veo4k.domain.errors import StorageError

JOBS, DEAD = "https://sqs.example/jobs", "https://sqs.example/dead"


def queue(client: FakeClient) -> SqsQueue:
    return SqsQueue(lambda: client, JOBS, DEAD)  # type: ignore[arg-type, return-value]


def sender(client: FakeClient) -> SqsJobSender:
    return SqsJobSender(client, JOBS)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["{}", "no json", ' {"taskId": "☃"}\n', "x" * 200_000])
def test_a_rejected_body_is_dead_lettered_unchanged_with_the_reason(body: str) -> None:
    client = FakeClient()
    queue(client).reject(body, "taskId is missing")
    reason = {"DataType": "String", "StringValue": "taskId is missing"}
    sent = {"QueueUrl": DEAD, "MessageBody": body, "MessageAttributes": {"Rejected": reason}}
    assert client.calls == [("send_message", sent)]


@pytest.mark.parametrize(("seconds", "whole"), [(2.0, 2), (3600.0, 3600), (7.9, 7), (0, 0)])
def test_a_message_comes_back_after_whole_seconds(seconds: float, whole: int) -> None:
    client = FakeClient()
    queue(client).deliver_again("receipt", seconds)
    SqsRedelivery(lambda: client, JOBS).deliver_again("receipt", seconds)  # type: ignore[arg-type, return-value]
    sent = {"QueueUrl": JOBS, "ReceiptHandle": "receipt", "VisibilityTimeout": whole}
    assert client.calls == [("change_message_visibility", sent)] * 2


def test_jobs_are_sent_in_one_batch() -> None:
    client = FakeClient({"Successful": []})
    sender(client).send_jobs(["one", "two"])
    entries = [{"Id": "0", "MessageBody": "one"}, {"Id": "1", "MessageBody": "two"}]
    assert client.calls == [("send_message_batch", {"QueueUrl": JOBS, "Entries": entries})]


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("AccessDenied"), refusal("ReceiptHandleIsInvalid")])
def test_a_queue_that_does_not_do_it_is_a_storage_error(failure: Exception) -> None:
    with pytest.raises(StorageError, match=r"^SendMessage: \w+$"):
        queue(FakeClient(failure)).reject("{}", "reason")
    with pytest.raises(StorageError, match=r"^ChangeMessageVisibility: \w+$"):
        queue(FakeClient(failure)).deliver_again("receipt", 1)
    with pytest.raises(StorageError, match=r"^SendMessageBatch: \w+$"):
        sender(FakeClient(failure)).send_jobs(["one", "two"])


def test_a_batch_that_is_not_taken_whole_is_a_storage_error() -> None:
    failed = {"Failed": [{"Id": "1", "Code": "InternalError", "Message": "no"}]}
    with pytest.raises(StorageError, match=r"^SendMessageBatch: InternalError$"):
        sender(FakeClient(failed)).send_jobs(["one", "two"])
