"""Reads a queue to its end, and keeps what it read."""

from typing import Any


class QueueReader:
    """All messages of a queue in the order of their arrival."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self._sqs, self._queue = sqs, queue_url
        self._received: list[dict[str, Any]] = []

    def received(self) -> list[dict[str, Any]]:
        """Take the messages that are there off the queue. Return all messages so far."""
        request = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while messages := self._sqs.receive_message(**request).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            self._received += messages
        return self._received


def messages_in(sqs: Any, queue_url: str) -> int:
    """Return how many messages a queue has, without taking any."""
    request = {"QueueUrl": queue_url, "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(sqs.get_queue_attributes(**request)["Attributes"]["ApproximateNumberOfMessages"])
