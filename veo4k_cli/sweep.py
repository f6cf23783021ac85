"""The command `sweep`: run the sweep now."""

import typer
from rich.console import RenderableType

from veo4k_cli.command import Session, command
from veo4k_cli.invocation import invoke
from veo4k_cli.output import table

app = typer.Typer()


@command(app, "veo4k sweep", "veo4k sweep --json", panel="Account")
def sweep(session: Session) -> None:
    """Run the sweep now instead of within a minute, and print what it did.

    The command is safe at any time and as often as you like. The sweep leaves a job alone that is not due.
    """
    with session.out.spinner("Sweeping"):
        counts: dict[str, int] = invoke(session.stack, "sweep", {})
    session.out.result(counts, _view(counts))


def _view(counts: dict[str, int]) -> RenderableType:
    if not counts:
        return "No job was due."
    result = table(">times", "what happened")
    for event, count in sorted(counts.items()):
        result.add_row(str(count), event)
    return result
