"""The commands `dead list`, `dead show` and `dead redrive`."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k_cli.command import Session, command
from veo4k_cli.dead_letter_queue import (
    MOST_LETTERS,
    DeadLetter,
    DeadLetterQueue,
    parse_condition,
    without_secrets,
)
from veo4k_cli.errors import EXPECTED, OperatorError, describe
from veo4k_cli.formatting import duration, plural, timestamp
from veo4k_cli.output import name_value_list, table

app = typer.Typer()

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FIELD~TEXT",
        help="Only messages whose reason, taskId, body or messageId contains TEXT, or equals it: FIELD=TEXT. "
        "May be repeated: every condition must be met.",
    ),
]


@command(app, "veo4k dead list", "veo4k dead list --where reason~index --json", name="list")
def list_letters(session: Session, where: Where = None) -> None:
    """List the dead messages, the oldest first, with their reasons. No message is lost by it."""
    with open_queue(session) as queue:
        letters = _matching(session, queue, where)
    session.out.result([letter.value() for letter in letters], _view(letters, session.clock.now()))
    _tell_end(session, queue)


@command(app, "veo4k dead show 574e0378")
def show(
    session: Session, message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="Or how it begins.")]
) -> None:
    """Show one dead message with its body. Task tokens and query strings are left out."""
    with open_queue(session) as queue, session.out.spinner("Reading the queue"):
        found = list(queue.letters(lambda letter: letter.message_id.startswith(message_id)))
    if len(found) != 1:
        raise OperatorError(f"{len(found)} dead messages begin with {message_id}. veo4k dead list shows their ids.")
    [letter] = found
    value = letter.value()
    pairs = [
        ("message", value["messageId"]),
        ("sent", timestamp(letter.sent_at)),
        ("received", f"{letter.receives} times"),
        ("reason", value["reason"]),
        ("can go back", f"no, it would be rejected: {without_secrets(letter.invalid)}" if letter.invalid else "yes"),
        ("body", value["body"]),
    ]
    session.out.result(value, name_value_list(pairs))


@command(
    app,
    "veo4k dead redrive",
    "veo4k dead redrive --where taskId=veo_task_abcdef123456 --yes",
    'veo4k dead redrive --where "reason~could not be stored" --yes --rate 2',
)
def redrive(
    session: Session,
    where: Where = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send them. Without this option nothing is sent.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing, even with --yes.")] = False,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=100, help="Messages a second.")] = 10,
) -> None:
    """Send dead messages back to the job queue. A dry run, unless --yes is given.

    An invalid message stays, because it would be rejected again. A message whose job exists by now joins that job, or
    has its end announced again.
    """
    sends = yes and not dry_run
    with open_queue(session) as queue:
        letters = _matching(session, queue, where)
        kept, valid = ([each for each in letters if bool(each.invalid) is invalid] for invalid in (True, False))
        if sends:
            _send_back_all(session, queue, valid, rate)
    value = {"dryRun": not sends, "redriven": [letter.value() for letter in valid]}
    value |= {"kept": [letter.value() for letter in kept]}
    session.out.result(value, _redriven(valid, kept, session.clock.now(), dry_run=not sends))
    _tell_end(session, queue)


def _send_back_all(session: Session, queue: DeadLetterQueue, letters: Sequence[DeadLetter], rate: float) -> None:
    """Send messages back, the oldest first. Where that fails, or Ctrl-C ends it, say how many were sent."""
    sent = 0
    try:
        with session.out.progress("Redriving", len(letters)) as progress:
            for letter in letters:
                queue.hold()
                send_back(session, queue, letter)
                sent += 1
                progress(sent, plural(sent, "message"))
                session.clock.sleep_until(session.clock.now() + 1 / rate)
    except EXPECTED as error:
        raise OperatorError(f"{describe(error)} {_stopped(sent)}") from None
    except KeyboardInterrupt:
        session.out.error(f"Interrupted. {_stopped(sent)}")
        raise


def _stopped(sent: int) -> str:
    return f"{plural(sent, 'message')} sent back to the job queue. The others stay here."


def send_back(session: Session, queue: DeadLetterQueue, letter: DeadLetter) -> None:
    """Send first and delete then: a crash in between repeats the message, and a repeated message is harmless."""
    queue.sqs.send_message(QueueUrl=session.stack.output("JobQueueUrl"), MessageBody=letter.body)
    queue.delete(letter)


def open_queue(session: Session) -> DeadLetterQueue:
    """Return the dead-letter queue, for a `with` block."""
    return DeadLetterQueue(session.stack.client("sqs"), session.stack.output("DeadLetterQueueUrl"), session.clock.now)


def _matching(session: Session, queue: DeadLetterQueue, where: Sequence[str] | None) -> list[DeadLetter]:
    """Read the messages that meet all conditions, the oldest first."""
    conditions = [parse_condition(text) for text in where or ()]
    with session.out.spinner("Reading the queue"):
        letters = list(queue.letters(lambda letter: all(is_met(letter) for is_met in conditions)))
    return sorted(letters, key=lambda letter: letter.sent_at)


def _tell_end(session: Session, queue: DeadLetterQueue) -> None:
    """End with status 1 where the queue was not read to its end."""
    if not queue.is_complete:
        session.out.error(
            f"The queue was not read to its end. There may be more than these messages: one command takes "
            f"{MOST_LETTERS:,} at most. Repeat it, or select messages with --where."
        )
        raise typer.Exit(1)


def _view(letters: Sequence[DeadLetter], now: float) -> RenderableType:
    if not letters:
        return "There are no dead messages."
    result = table("message", "task", ">age", "can go back", "reason")
    for letter in letters:
        can_go_back = Text("no", "bad") if letter.invalid else Text("yes", "good")
        task, reason = without_secrets(letter.task_id), without_secrets(letter.reason)
        result.add_row(letter.message_id[:8], task, duration(now - letter.sent_at), can_go_back, reason)
    return result


def _redriven(sent: Sequence[DeadLetter], kept: Sequence[DeadLetter], now: float, *, dry_run: bool) -> RenderableType:
    parts: list[RenderableType] = [_view([*sent, *kept], now), ""] if sent or kept else []
    if dry_run:
        parts.append(f"{plural(len(sent), 'message')} can go back to the job queue. Send with --yes.")
    else:
        parts.append(f"{plural(len(sent), 'message')} sent back to the job queue.")
    if kept:
        parts.append(f"{plural(len(kept), 'message')} left, still invalid. Send corrected messages instead.")
    return Group(*parts)
