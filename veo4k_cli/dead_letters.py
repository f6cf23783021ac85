"""Rejected and undeliverable messages: list them, read one, send them back."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.letters import Inspection, Letter, chosen_by, readable
from veo4k_cli.output import facts, table
from veo4k_cli.words import many, moment, span

app = typer.Typer()

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FIELD~TEXT",
        help="Only messages whose reason, taskId, body or messageId holds TEXT (with =: is TEXT). All must hold.",
    ),
]


@command(app, "veo4k dead list", "veo4k dead list --where reason~index --json", name="list")
def list_letters(session: Session, where: Where = None) -> None:
    """List the dead messages, the oldest first, with their reasons. Listing loses no message."""
    letters = _chosen(session, where)
    session.out.answer([letter.shown() for letter in letters], _view(letters, session.clock.now()))


@command(app, "veo4k dead show 574e0378")
def show(
    session: Session, message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="Or how it begins.")]
) -> None:
    """Show one dead message whole. Task tokens and query strings are left out."""
    found = [letter for letter in _chosen(session, None) if letter.message_id.startswith(message_id)]
    if len(found) != 1:
        raise OperatorError(f"{len(found)} dead messages begin with {message_id}: veo4k dead list shows their ids")
    told = found[0].shown()
    pairs = [
        ("message", told["messageId"]),
        ("sent", moment(found[0].sent_at)),
        ("received", f"{told['receives']} times"),
    ]
    verdict = f"no, it would be rejected: {found[0].invalid}" if found[0].invalid else "yes"
    pairs += [("reason", told["reason"]), ("can go back", verdict), ("body", told["body"])]
    session.out.answer(told, facts(pairs))


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

    An invalid message stays: it would be rejected again. A message whose job exists by now joins that job, or has its
    end announced again.
    """
    doing = yes and not dry_run
    tests, gone, kept = [chosen_by(text) for text in where or ()], list[Letter](), list[Letter]()
    with _look(session) as look, session.out.busy("Redriving" if doing else "Reading the queue"):
        for letter in look.letters():
            if not all(test(letter) for test in tests):
                continue
            (kept if letter.invalid else gone).append(letter)
            if doing and not letter.invalid:
                _send_back(session, look, letter)
                session.clock.sleep_until(session.clock.now() + 1 / rate)
    told = {"dryRun": not doing, "redriven": [letter.shown() for letter in gone]}
    told |= {"kept": [letter.shown() for letter in kept]}
    session.out.answer(told, _redriven(gone, kept, session.clock.now(), done=doing))


def _send_back(session: Session, look: Inspection, letter: Letter) -> None:
    """Send first, remove then: what happens twice is harmless, what never happens is not."""
    look.sqs.send_message(QueueUrl=session.stack.output("JobQueueUrl"), MessageBody=letter.body)
    look.remove(letter)


def _look(session: Session) -> Inspection:
    stack = session.stack
    return Inspection(stack.client("sqs"), stack.output("DeadLetterQueueUrl"))


def _chosen(session: Session, where: Sequence[str] | None) -> list[Letter]:
    tests: list[Callable[[Letter], bool]] = [chosen_by(text) for text in where or ()]
    with _look(session) as look, session.out.busy("Reading the queue"):
        letters = [letter for letter in look.letters() if all(test(letter) for test in tests)]
    return sorted(letters, key=lambda letter: letter.sent_at)


def _view(letters: Sequence[Letter], now: float) -> RenderableType:
    if not letters:
        return "No dead messages."
    made = table("message", "task", ">age", "can go back", "reason")
    for letter in letters:
        back = Text("no", "bad") if letter.invalid else Text("yes", "good")
        made.add_row(
            letter.message_id[:8], readable(letter.task_id), span(now - letter.sent_at), back, readable(letter.reason)
        )
    return made


def _redriven(gone: Sequence[Letter], kept: Sequence[Letter], now: float, *, done: bool) -> RenderableType:
    verb = "sent back to the job queue" if done else "to be sent back to the job queue; --yes does it"
    parts: list[RenderableType] = [f"{many(len(gone), 'message')} {verb}."]
    if kept:
        parts.append(f"{many(len(kept), 'message')} left, still invalid: send corrected ones instead.")
    return Group(*([_view([*gone, *kept], now), ""] if gone or kept else []), *parts)
