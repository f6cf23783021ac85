"""The dead-letter queue, looked into without losing a message."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from veo4k.adapters.queue_sqs import REJECTED
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.job import utc
from veo4k.domain.message import parse_message
from veo4k_cli.errors import OperatorError
from veo4k_cli.words import harmless

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HELD_SECONDS = 120  # until SQS shows the messages again, should this process die
BATCH = 10
_HIDDEN = (
    # Where the value is no plain string, nobody knows where it ends: the rest goes with it.
    (re.compile(r"""(taskToken[\\"']*\s*[:=]?\s*)("(?:[^"\\]|\\.)*"|'[^']*'|.*)""", re.DOTALL), r"\1…"),
    (re.compile(r"\?[^\s\"'\\]+"), "?…"),
    (re.compile(r"(/callbacks/(?:[^/\s]+/){3})[A-Za-z0-9_-]+"), r"\1…"),
)
"""What a body may hold that nobody is to read: task tokens, query strings, callback tokens."""


class Letter(NamedTuple):
    """A dead message. `rejected`: the reason it came with; `invalid`: why it would be rejected again, if it would."""

    message_id: str
    receipt: str
    body: str
    sent_at: float
    receives: int
    rejected: str
    invalid: str

    @property
    def reason(self) -> str:
        """Why it lies here."""
        return self.rejected or "could not be stored"

    @property
    def task_id(self) -> str:
        """The task it names, if it names one."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return ""
        return str(told.get("taskId", "")) if isinstance(told, dict) else ""

    def shown(self) -> dict[str, Any]:
        """Give it as plain values, without what nobody is to read."""
        texts = {"taskId": self.task_id, "reason": self.reason, "body": self.body}
        told = {"messageId": self.message_id, "sentAt": utc(self.sent_at), "receives": self.receives}
        return told | {"valid": not self.invalid} | {name: readable(text) for name, text in texts.items()}


def readable(body: str) -> str:
    """Give a text without task tokens, callback tokens and query strings, and without what a terminal would obey."""
    for pattern, instead in _HIDDEN:
        body = pattern.sub(instead, body)
    return harmless(body)


def read_letter(message: Any) -> Letter:
    """Read a message as SQS delivers it."""
    attributes, told = message["Attributes"], message.get("MessageAttributes", {})
    return Letter(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        sent_at=int(attributes["SentTimestamp"]) / 1000,
        receives=int(attributes["ApproximateReceiveCount"]),
        rejected=told.get(REJECTED, {}).get("StringValue", ""),
        invalid=_invalid(message["Body"]),
    )


def _invalid(body: str) -> str:
    try:
        parse_message(body)
    except InvalidMessageError as error:
        return str(error)
    return ""


@dataclass
class Inspection:
    """A look into the queue: every message once. What was not removed is there again at its end."""

    sqs: "SQSClient"
    url: str
    taken: dict[str, Letter] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the messages back at once, however the look ended."""
        left = list(self.taken.values())
        for start in range(0, len(left), BATCH):
            entries: list[Any] = [
                {"Id": str(n), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for n, letter in enumerate(left[start : start + BATCH])
            ]
            self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def letters(self) -> Iterator[Letter]:
        """Receive until there are no more, or one comes again."""
        while messages := self._receive():
            letters = [read_letter(message) for message in messages]
            fresh = [letter for letter in letters if letter.message_id not in self.taken]
            self.taken |= {letter.message_id: letter for letter in letters}
            yield from fresh
            if len(fresh) < len(letters):
                return

    def remove(self, letter: Letter) -> None:
        """Delete a message for good."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)
        del self.taken[letter.message_id]

    def _receive(self) -> Sequence[Any]:
        return self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=1,  # asks every server of the queue; 0 would ask some
            MessageAttributeNames=[REJECTED],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", ())


FIELDS: dict[str, Callable[[Letter], str]] = {
    "reason": lambda letter: letter.reason,
    "taskId": lambda letter: letter.task_id,
    "body": lambda letter: letter.body,
    "messageId": lambda letter: letter.message_id,
}
_WHERE = re.compile(rf"({'|'.join(FIELDS)})([~=])(.+)", re.DOTALL)


def chosen_by(where: str) -> Callable[[Letter], bool]:
    """Read `field~text` (holds the text, in any case) or `field=text`; gives the test."""
    told = _WHERE.fullmatch(where)
    if told is None:
        raise OperatorError(f"--where takes FIELD~TEXT or FIELD=TEXT with a field of {', '.join(FIELDS)}")
    of, operator, text = FIELDS[told[1]], told[2], told[3]
    return (lambda letter: text.lower() in of(letter).lower()) if operator == "~" else lambda letter: of(letter) == text
