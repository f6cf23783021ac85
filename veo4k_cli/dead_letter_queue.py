"""The dead-letter queue: read without losing a message, and without showing a secret."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
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
SOON_SECONDS = 60  # before that, in which the messages are hidden again
BATCH = 10
VAIN_READS = 10  # in a row without a new message, after which the queue is given up: it hides no message
MOST_LETTERS = 10_000  # that one command holds with their bodies
_SECRETS = (
    # A misspelt name may hold a token too. The end of a value that is not a plain string cannot be found, so the rest
    # of the text goes with it. The rule that submit gives as its reason is no value.
    (
        re.compile(
            r"""(task[_-]?token[\\"']*+\s*+[:=]?+\s*+)(?!must be a)("(?:[^"\\]|\\.)*"|'[^']*'|.+)""",
            re.DOTALL | re.IGNORECASE,
        ),
        r"\1…",
    ),
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


class _Held(NamedTuple):
    """A message that nobody else receives until then (epoch seconds). The receipt is of its latest receive."""

    receipt: str
    until: float


@dataclass
class DeadLetterQueue:
    """The queue, inside a `with` block: what the block did not delete is visible again after it.

    Attributes:
        is_complete: False where `letters` ended before the queue did.
    """

    sqs: "SQSClient"
    url: str
    now: Callable[[], float]
    is_complete: bool = field(default=True, init=False)
    _held: dict[str, _Held] = field(default_factory=dict, init=False)  # by message id, the next visible one first

    def __enter__(self) -> Self:
        """Receive nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Make the messages visible again at once, also after an error."""
        self._hide(list(self._held), 0)

    def letters(
        self, is_wanted: Callable[[DeadLetter], bool] = lambda _: True, most: int | None = None
    ) -> Iterator[DeadLetter]:
        """Yield each wanted message once, until SQS returns no more, or `most` were yielded and there is another.

        All messages are hidden until the block ends, the unwanted too: SQS may deliver none of them twice.
        """
        seen, count, vain = set[str](), 0, 0
        most = MOST_LETTERS if most is None else most
        while messages := self._receive():
            new = {message["MessageId"]: message for message in messages if message["MessageId"] not in seen}
            seen |= new.keys()
            vain = 0 if new else vain + 1
            wanted = list(filter(is_wanted, map(_parse, new.values())))
            yield from wanted[: most - count]
            count += len(wanted)
            if count > most or vain == VAIN_READS:
                self.is_complete = False
                return

    def hold(self) -> None:
        """Keep the messages invisible that would be visible soon."""
        soon = self.now() + SOON_SECONDS
        self._hide(list(takewhile(lambda each: self._held[each].until < soon, self._held)), INVISIBLE_SECONDS)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message for good."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=self._held[letter.message_id].receipt)
        del self._held[letter.message_id]

    def _receive(self) -> Sequence[Any]:
        self.hold()
        until = self.now() + INVISIBLE_SECONDS
        messages = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=INVISIBLE_SECONDS,
            WaitTimeSeconds=1,  # queries every server of the queue; 0 would query some
            MessageAttributeNames=[REJECTED],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", ())
        for message in messages:
            self._keep(message["MessageId"], message["ReceiptHandle"], until)
        return messages

    def _hide(self, identities: Sequence[str], seconds: int) -> None:
        """Make messages visible after so many seconds. What SQS refuses is visible, or deleted, already."""
        for start in range(0, len(identities), BATCH):
            batch = {each: self._held[each].receipt for each in identities[start : start + BATCH]}
            until = self.now() + seconds
            entries: list[Any] = [
                {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for n, receipt in enumerate(batch.values())
            ]
            self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            for each, receipt in batch.items():
                self._keep(each, receipt, until)

    def _keep(self, identity: str, receipt: str, until: float) -> None:
        self._held.pop(identity, None)
        self._held[identity] = _Held(receipt, until)


def message_count(sqs: "SQSClient", url: str) -> int:
    """Return about how many messages a queue holds, those included that another reader hides for now."""
    counted = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )
    return sum(map(int, counted["Attributes"].values()))


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
