"""Many messages for the job queue: read from lines, and sent ten a call."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.message import LONGEST_BODY, parse_message
from veo4k.domain.ports import Clock
from veo4k.domain.strict_json import NotStrictError, parse_object

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH = 10  # messages that SQS takes in one call
ATTEMPTS = 5  # for a message that SQS did not take, with waits of 1, 2, 4 and 8 seconds
LONGEST_LINE = LONGEST_BODY + 3  # bytes; with a mark at its beginning, or an end of two bytes, it is too long anyway
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Outgoing(NamedTuple):
    """A valid message, and the number of its line."""

    number: int
    body: str


class NotSent(NamedTuple):
    """A line of which nothing was sent, and why."""

    number: int
    reason: str


def body_of(message: Mapping[str, Any]) -> str:
    """Return a message as the body that is sent, in ASCII: SQS refuses some characters that tags may hold."""
    return json.dumps(message)


class LineReader:
    """Reads task ids, or messages as JSON objects, one a line. It holds one line at a time.

    Attributes:
        position: bytes read so far.
    """

    def __init__(self, stream: BinaryIO, defaults: Mapping[str, Any]) -> None:
        self._stream, self._defaults, self.position = stream, defaults, 0

    def __iter__(self) -> Iterator[Outgoing | NotSent]:
        """Yield each line that is not blank, as a message or with the reason why it is none."""
        number = 0
        while line := self._read():
            number += 1
            is_whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
            if not is_whole:
                self._skip_line()
                yield NotSent(number, f"the line is longer than {LONGEST_BODY} bytes")
            elif text := line.removeprefix(BYTE_ORDER_MARK if number == 1 else b"").strip():
                yield self._parse(number, text)

    def _read(self) -> bytes:
        line = self._stream.readline(LONGEST_LINE)
        self.position += len(line)
        return line

    def _skip_line(self) -> None:
        while len(rest := self._read()) == LONGEST_LINE and not rest.endswith(b"\n"):
            pass

    def _parse(self, number: int, text: bytes) -> Outgoing | NotSent:
        try:
            fields = parse_object(text) if text.startswith(b"{") else {"taskId": text.decode()}
            body = body_of(_with_defaults(fields, self._defaults))
            parse_message(body)
        except (NotStrictError, InvalidMessageError) as error:
            return NotSent(number, str(error))
        except UnicodeDecodeError:
            return NotSent(number, "the line is not UTF-8")
        return Outgoing(number, body)


def _with_defaults(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a line does not say itself. The tags of both are united."""
    own = fields.get("tags", {})
    tags = {"tags": defaults["tags"] | own} if "tags" in defaults and isinstance(own, dict) else {}
    return {**defaults, **fields, **tags}


def send_batch(sqs: "SQSClient", queue_url: str, messages: Sequence[Outgoing], clock: Clock) -> list[NotSent]:
    """Send at most ten messages. Send again what SQS did not take. Return what it never took.

    A message that SQS finds invalid is not sent again.
    """
    refused, waiting = list[NotSent](), {str(message.number): message for message in messages}
    for attempt in range(ATTEMPTS):
        if attempt:
            clock.sleep_until(clock.now() + 2 ** (attempt - 1))
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": name, "MessageBody": message.body} for name, message in waiting.items()
        ]
        failed = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])
        reasons = {entry["Id"]: NotSent(int(entry["Id"]), f"SQS refused it: {entry['Code']}") for entry in failed}
        refused += [reasons[entry["Id"]] for entry in failed if entry["SenderFault"]]
        waiting = {entry["Id"]: waiting[entry["Id"]] for entry in failed if not entry["SenderFault"]}
        if not waiting:
            return refused
    return refused + [reasons[name] for name in waiting]
