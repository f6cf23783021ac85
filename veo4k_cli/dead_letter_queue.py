"""The dead-letter queue: read without losing a message, and without showing a secret."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from veo4k.adapters.queue_sqs import REJECTED
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.job import utc
from veo4k.domain.message import parse_message
from veo4k_cli.errors import OperatorError
from veo4k_cli.foreign_json import json_object
from veo4k_cli.formatting import printable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

INVISIBLE_SECONDS = 120  # until SQS delivers the messages again where this process was killed
BATCH = 10
_SECRETS = (
    # The end of a value that is not a plain string cannot be found, so the rest of the text goes with it.
    (re.compile(r"""(taskToken[\\"']*\s*[:=]?\s*)("(?:[^"\\]|\\.)*"|'[^']*'|.*)""", re.DOTALL), r"\1…"),
    (re.compile(r"\?[^\s\"'\\]+"), "?…"),
    (re.compile(r"(/callbacks/(?:[^/\s]+/){3}|/generated/)[A-Za-z0-9_-]+"), r"\1…"),
)
"""Task tokens, query strings and callback tokens."""


class DeadLetter(NamedTuple):
    """A message of the dead-letter queue.

    Attributes:
        rejected: the reason with which submit rejected the message, or "".
        invalid: why the message would be rejected again, or "".
    """

    message_id: str
    receipt: str
    body: str
    sent_at: float
    receives: int
    rejected: str
    invalid: str

    @property
    def reason(self) -> str:
        """Return why the message is in this queue."""
        return self.rejected or "could not be stored"

    @property
    def task_id(self) -> str:
        """Return the task that the message names, or ""."""
        named = (json_object(self.body) or {}).get("taskId", "")
        return str(named) if isinstance(named, str | int | float) else ""

    def value(self) -> dict[str, Any]:
        """Return the message as plain values without secrets."""
        texts = {"taskId": self.task_id, "reason": self.reason, "body": self.body}
        value = {"messageId": self.message_id, "sentAt": utc(self.sent_at), "receives": self.receives}
        return value | {"valid": not self.invalid} | {name: without_secrets(text) for name, text in texts.items()}


def without_secrets(text: str) -> str:
    """Remove task tokens, callback tokens, query strings, and what `printable` removes."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return printable(text)


def _parse(message: Any) -> DeadLetter:
    attributes, own_attributes = message["Attributes"], message.get("MessageAttributes", {})
    return DeadLetter(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        sent_at=int(attributes["SentTimestamp"]) / 1000,
        receives=int(attributes["ApproximateReceiveCount"]),
        rejected=own_attributes.get(REJECTED, {}).get("StringValue", ""),
        invalid=_invalid(message["Body"]),
    )


def _invalid(body: str) -> str:
    try:
        parse_message(body)
    except InvalidMessageError as error:
        return str(error)
    return ""


@dataclass
class DeadLetterQueue:
    """The queue, inside a `with` block: what the block did not delete is visible again after it."""

    sqs: "SQSClient"
    url: str
    received: dict[str, DeadLetter] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Receive nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Make the messages visible again at once, also after an error."""
        letters = list(self.received.values())
        for start in range(0, len(letters), BATCH):
            entries: list[Any] = [
                {"Id": str(n), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for n, letter in enumerate(letters[start : start + BATCH])
            ]
            self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def letters(self) -> Iterator[DeadLetter]:
        """Yield each message once, until SQS returns no more or repeats one."""
        while messages := self._receive():
            letters = [_parse(message) for message in messages]
            new = [letter for letter in letters if letter.message_id not in self.received]
            self.received |= {letter.message_id: letter for letter in letters}
            yield from new
            if len(new) < len(letters):
                return

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message for good."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)
        del self.received[letter.message_id]

    def _receive(self) -> Sequence[Any]:
        return self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=INVISIBLE_SECONDS,
            WaitTimeSeconds=1,  # queries every server of the queue; 0 would query some
            MessageAttributeNames=[REJECTED],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", ())


FIELDS: dict[str, Callable[[DeadLetter], str]] = {
    "reason": lambda letter: letter.reason,
    "taskId": lambda letter: letter.task_id,
    "body": lambda letter: letter.body,
    "messageId": lambda letter: letter.message_id,
}
_CONDITION = re.compile(rf"({'|'.join(FIELDS)})([~=])(.+)", re.DOTALL)


def parse_condition(condition: str) -> Callable[[DeadLetter], bool]:
    """Parse `field~text` (contains the text, in any case) or `field=text`. Return the test of a message."""
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise OperatorError(f"--where takes FIELD~TEXT or FIELD=TEXT. Fields are {', '.join(FIELDS)}.")
    read, operator, text = FIELDS[match[1]], match[2], match[3]
    if operator == "~":
        return lambda letter: text.lower() in read(letter).lower()
    return lambda letter: read(letter) == text
