"""A queue that is emptied as often as somebody looks, and everything that was ever in it."""

from typing import Any


class Inbox:
    """Messages in the order of their arrival."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self._sqs, self._queue = sqs, queue_url
        self._received: list[dict[str, Any]] = []

    def received(self) -> list[dict[str, Any]]:
        """Take off the queue what has arrived by now; give all that ever has."""
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while messages := self._sqs.receive_message(**asked).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
            self._received += messages
        return self._received
