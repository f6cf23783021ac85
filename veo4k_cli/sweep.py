"""The sweep, now."""

import typer
from rich.console import RenderableType

from veo4k_cli.command import Session, command
from veo4k_cli.invocation import invoke
from veo4k_cli.output import table

app = typer.Typer()


@command(app, "veo4k sweep", "veo4k sweep --json", panel="Account")
def sweep(session: Session) -> None:
    """Run a sweep now instead of within a minute, and print what it did.

    It is safe at any time and as often as you like: a job that is not due is left alone.
    """
    with session.out.busy("Sweeping"):
        counts: dict[str, int] = invoke(session.stack, "sweep", {})
    session.out.answer(counts, _view(counts))


def _view(counts: dict[str, int]) -> RenderableType:
    if not counts:
        return "Nothing was due."
    made = table(">times", "what happened")
    for action, count in sorted(counts.items()):
        made.add_row(str(count), action)
    return made
