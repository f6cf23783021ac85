"""The command `gate`: show, pause and resume the requests to the provider."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from veo4k.domain.gate import BY_HAND, Gate
from veo4k.domain.job import utc
from veo4k_cli.command import Session, command
from veo4k_cli.formatting import timestamp_ahead
from veo4k_cli.wait_reasons import describe_reason

app = typer.Typer()


class Action(StrEnum):
    """What can be done with the requests."""

    SHOW = "show"
    PAUSE = "pause"
    RESUME = "resume"


@command(app, "veo4k gate", "veo4k gate pause", "veo4k gate resume", "veo4k gate --json | jq .running", panel="Account")
def gate(
    session: Session,
    action: Annotated[Action, typer.Argument(help="What to do with the requests.")] = Action.SHOW,
) -> None:
    """Show whether the requests to the provider are running or paused. Pause or resume them for the whole account.

    Requests that are paused by hand stay paused until they are resumed by hand. Messages become QUEUED jobs meanwhile.
    Callbacks, archiving and announcements go on. A request that already has its slot may leave for another 20 seconds.
    """
    store = session.gate()
    row = {Action.SHOW: store.look, Action.PAUSE: store.shut_by_hand, Action.RESUME: store.open_by_hand}[action]()
    now, pace = session.clock.now(), session.stack.pace()
    used = f"{_slots_used(row, now, pace.window)} of {pace.requests} slots were used in the last {pace.window:g} s."
    view = Text.assemble((describe_gate(row, now), "bad" if row.reason else "good"), f"\n{used}")
    session.out.result(_value(row, now, pace.window), view)


def describe_gate(row: Gate, now: float) -> str:
    """Return whether requests are running, or until when and why they are paused."""
    if not row.reason:
        return "Requests are running."
    if row.reason == BY_HAND:
        return "Requests are paused by hand. They stay paused until veo4k gate resume."
    return f"Requests are paused until {timestamp_ahead(row.until, now)}. {describe_reason(row.reason)}"


def _value(row: Gate, now: float, window: float) -> dict[str, Any]:
    value: dict[str, Any] = {"running": not row.reason, "requestsInWindow": _slots_used(row, now, window)}
    if row.reason:
        value |= {"reason": row.reason}
    if row.reason and row.reason != BY_HAND:
        value |= {"until": utc(row.until), "pauseSeconds": row.pause}
    return value


def _slots_used(row: Gate, now: float, window: float) -> int:
    return sum(now - window <= instant <= now for instant in row.instants)
