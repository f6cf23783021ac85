"""The sweep, now."""

import json

import typer
from rich.console import RenderableType

from cli.command import Session, command
from cli.errors import OperatorError
from cli.output import table

LIVE = "live"  # the alias that the schedule wakes

app = typer.Typer()


@command(app, "veo4k sweep", "veo4k sweep --json", panel="Account")
def sweep(session: Session) -> None:
    """Do now what is due, instead of within a minute, and tell what was done.

    It may be done at any time, as often as you like: a job that is not due is left alone.
    """
    stack = session.stack
    with session.out.busy("Sweeping"):
        answer = stack.client("lambda").invoke(FunctionName=stack.function("sweep"), Qualifier=LIVE, Payload=b"{}")
        body = answer["Payload"].read()
    if "FunctionError" in answer:
        kind = json.loads(body).get("errorType", answer["FunctionError"])
        raise OperatorError(f"the sweep failed with {kind}: its log group tells more")
    counts: dict[str, int] = json.loads(body)
    session.out.answer(counts, _view(counts))


def _view(counts: dict[str, int]) -> RenderableType:
    if not counts:
        return "Nothing was due."
    made = table(">times", "what happened")
    for action, count in sorted(counts.items()):
        made.add_row(str(count), action)
    return made
