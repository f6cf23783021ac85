"""The command `submit`, and what all commands about jobs share."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Annotated, Any, BinaryIO

import typer

from veo4k.domain.job import ENDED, Job
from veo4k.domain.message import parse_message
from veo4k_cli.bulk_submission import BATCH, LineReader, NotSent, Outgoing, body_of, send_batch
from veo4k_cli.command import Session, command
from veo4k_cli.errors import EXPECTED, OperatorError, describe
from veo4k_cli.formatting import plural
from veo4k_cli.selection import parse_tags
from veo4k_cli.wait_reasons import wait_of, words_of

PANEL = "Jobs"
STANDARD_INPUT = "-"
LONGEST_OUTCOME = 80  # characters; `show` has the provider's whole message
MOST_REASONS = 1000  # of lines that were not sent, which JSON shows: the memory is bounded
EVIDENCE = {"probe": "poll"}
"""Values of `evidence` for which people read another word."""

app = typer.Typer()

TaskId = Annotated[str, typer.Argument(metavar="TASK_ID", help="The provider's id of a Veo 3.1 generation.")]
Index = Annotated[int, typer.Option("--index", help="Which video of the task.")]


@command(
    app,
    "veo4k submit veo_task_abcdef123456",
    "veo4k submit veo_task_abcdef123456 --index 1 --tag order=A-1042 --tag customer=Zoë",
    "veo4k submit - --tag batch=7 < task_ids.txt",
    panel=PANEL,
)
def submit(
    session: Session,
    task_id: Annotated[
        str,
        typer.Argument(
            metavar="TASK_ID|-",
            help="The provider's id of a Veo 3.1 generation, finished or just begun. With - standard input is read: a "
            "task id or a message as JSON on each line.",
        ),
    ],
    index: Index = 0,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="Copied to row and event. May be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Start a new run if the last one has ended.")] = False,
) -> None:
    """Request a video in 4K, or many videos from standard input. This may cost credits.

    Of a line that is no valid message nothing is sent. Its number and the reason are printed, and the exit status is 1.
    The options apply to each line that does not say otherwise.
    """
    options = {"index": index} | non_empty(tags=parse_tags(tag), force=force)
    if task_id == STANDARD_INPUT:
        _submit_lines(session, typer.get_binary_stream("stdin"), options)
        return
    message = send(session, {"taskId": task_id} | options)
    text = f"A message for {task_id}, video {index}, is on the job queue. "
    # Until the message is a row, the newest run may be one that has ended.
    follow = f"veo4k show {task_id} names its run in some seconds. Follow it with veo4k watch {task_id} --run N"
    session.out.result(message, text + (follow if force or index else f"Follow its job with veo4k watch {task_id}"))


def send(session: Session, message: dict[str, Any]) -> dict[str, Any]:
    """Put a valid message on the job queue. Return it with its id. Raise InvalidMessageError for an invalid one."""
    body = body_of(message)
    parse_message(body)
    stack = session.stack
    sent = stack.client("sqs").send_message(QueueUrl=stack.output("JobQueueUrl"), MessageBody=body)
    return message | {"messageId": sent["MessageId"]}


@dataclass
class BulkSubmission:
    """Messages that a command sends in tens.

    Attributes:
        not_sent: how many lines or messages were not sent.
        reasons: of the first of them.
    """

    session: Session
    sent: int = 0
    not_sent: int = 0
    reasons: list[NotSent] = field(default_factory=list)
    _waiting: list[Outgoing] = field(default_factory=list, init=False)
    _taken: int = field(default=0, init=False)  # the number of the latest line

    def send_all(self, messages: Iterable[Outgoing | NotSent], report: Callable[[], None]) -> None:
        """Send messages in tens, and print why a line is not sent. Report after each of them.

        Where that fails, or Ctrl-C ends it, also while a line is awaited, say which line may be the first not sent.
        """
        try:
            for message in messages:
                self._add(message)
                report()
            self._flush()
        except EXPECTED as error:
            raise OperatorError(f"{describe(error)} {self._place()}") from None
        except KeyboardInterrupt:
            self.session.out.error(f"Interrupted. {self._place()}")
            raise

    def _add(self, message: Outgoing | NotSent) -> None:
        self._taken = message.number
        if isinstance(message, NotSent):
            self._refuse(message)
            return
        self._waiting.append(message)
        if len(self._waiting) == BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        stack, batch = self.session.stack, self._waiting
        missed = send_batch(stack.client("sqs"), stack.output("JobQueueUrl"), batch, self.session.clock)
        self._waiting, self.sent = [], self.sent + len(batch) - len(missed)
        for each in missed:
            self._refuse(each)

    def value(self) -> dict[str, Any]:
        """Return the result as plain values."""
        lines = [{"line": number, "reason": reason} for number, reason in self.reasons]
        return {"sent": self.sent, "notSent": self.not_sent, "lines": lines}

    def _place(self) -> str:
        first = self._waiting[0].number if self._waiting else self._taken + 1
        return f"{plural(self.sent, 'message')} sent. Line {first} and those after it may not have been sent."

    def _refuse(self, line: NotSent) -> None:
        self.not_sent += 1
        self.reasons += [line][: MOST_REASONS - len(self.reasons)]
        self.session.out.info(f"line {line.number}: {line.reason}", style="bad")


def _submit_lines(session: Session, stream: BinaryIO, options: Mapping[str, Any]) -> None:
    bulk, reader = BulkSubmission(session), LineReader(stream, options)
    _ = session.stack  # named before the first line is read
    with session.out.progress("Submitting", _size(stream)) as progress:
        bulk.send_all(reader, lambda: progress(reader.position, plural(bulk.sent, "message")))
    text = f"{plural(bulk.sent, 'message')} sent to the job queue."
    text += f" {plural(bulk.not_sent, 'line')} not sent." if bulk.not_sent else ""
    session.out.result(bulk.value(), text)
    if bulk.not_sent:
        raise typer.Exit(1)


def _size(stream: BinaryIO) -> int | None:
    """Return the bytes of a file. Return None for a pipe or a terminal."""
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def delivered_by(job: Job) -> str:
    """Return what delivered the result: a submission's response, a callback, a poll. "" where there is none."""
    evidence = job.evidence or ""
    return EVIDENCE.get(evidence, evidence)


def outcome(job: Job) -> str:
    """Return a job's file, error or reason to wait in few words."""
    if job.archive:
        return f"{job.archive.width}x{job.archive.height}, {job.archive.bytes:,} bytes"
    if job.error:
        return shorten(f"{job.error.code} {words_of(job)}", LONGEST_OUTCOME, placeholder="…")
    return wait_of(job) if job.state not in ENDED else ""


def non_empty(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value}
