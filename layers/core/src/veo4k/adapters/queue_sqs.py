"""The queues in SQS, as far as one message is concerned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REJECTED = "Rejected"
"""Message attribute in the dead-letter queue: why the message is invalid."""


@dataclass(frozen=True)
class SqsRedelivery:
    """A queue that delivers one of its messages again, sooner or later than it does automatically.

    `client`: returns the client, which is made at its first use: few invocations need it.
    """

    client: Callable[[], "SQSClient"]
    queue_url: str

    def deliver_again(self, receipt: str, seconds: float) -> None:
        """Let SQS deliver a message again after so many seconds; SQS takes whole seconds."""
        with as_storage_error("ChangeMessageVisibility"):
            self.client().change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=receipt, VisibilityTimeout=int(seconds)
            )


@dataclass(frozen=True)
class SqsQueue(SqsRedelivery):
    """JobQueue and its dead-letter queue."""

    dead_letter_url: str

    def reject(self, body: str, reason: str) -> None:
        """Put the body, unchanged, in the dead-letter queue."""
        attribute: dict[str, Any] = {REJECTED: {"DataType": "String", "StringValue": reason}}
        with as_storage_error("SendMessage"):
            self.client().send_message(QueueUrl=self.dead_letter_url, MessageBody=body, MessageAttributes=attribute)


@dataclass(frozen=True)
class SqsJobSender:
    """JobQueue, to send to."""

    client: "SQSClient"
    queue_url: str

    def send_jobs(self, bodies: Sequence[str]) -> None:
        """Put messages on the queue, ten at most. SQS answers 200 with failures inside: each is an error here."""
        entries: list[Any] = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        with as_storage_error("SendMessageBatch"):
            response = self.client.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
        if failed := response.get("Failed"):
            raise StorageError(f"SendMessageBatch: {failed[0]['Code']}")
