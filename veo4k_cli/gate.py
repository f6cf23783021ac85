"""The gate that paces the requests to the provider: show it, pause them, resume them."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from veo4k.domain.gate import BY_HAND, Gate
from veo4k.domain.job import utc
from veo4k_cli.command import Session, command
from veo4k_cli.words import ahead, why

app = typer.Typer()


class Doing(StrEnum):
    """What can be done to the gate."""

    SHOW = "show"
    SHUT = "shut"
    OPEN = "open"


@command(app, "veo4k gate", "veo4k gate shut", "veo4k gate open", "veo4k gate --json | jq .open", panel="Account")
def gate(
    session: Session,
    doing: Annotated[
        Doing, typer.Argument(help="Show it, pause the requests (shut), resume them (open).")
    ] = Doing.SHOW,
) -> None:
    """Show, pause (shut) or resume (open) the requests of the whole account to the provider.

    Requests that are paused by hand stay paused until they are resumed by hand. Messages become QUEUED jobs meanwhile.
    Callbacks, archiving and announcements go on. A request that already has its slot may leave for another 20 seconds.
    """
    keeper = session.gate()
    looked = {Doing.SHOW: keeper.look, Doing.SHUT: keeper.shut_by_hand, Doing.OPEN: keeper.open_by_hand}[doing]()
    now, pace = session.clock.now(), session.stack.pace()
    used = f"{_recent(looked, now, pace.window)} of {pace.requests} requests in the last {pace.window:g} s"
    text = Text.assemble((in_words(looked, now), "bad" if looked.reason else "good"), f"\n{used}")
    session.out.answer(value(looked, now, pace.window), text)


def value(gate: Gate, now: float, window: float) -> dict[str, Any]:
    """Give the gate as plain values; `window` in seconds."""
    told: dict[str, Any] = {"open": not gate.reason, "requestsInWindow": _recent(gate, now, window)}
    if gate.reason:
        told |= {"reason": gate.reason}
    if gate.reason and gate.reason != BY_HAND:
        told |= {"until": utc(gate.until), "pauseSeconds": gate.pause}
    return told


def in_words(gate: Gate, now: float) -> str:
    """Say that requests are running, or why they are paused and until when."""
    if not gate.reason:
        return "running"
    if gate.reason == BY_HAND:
        return "paused by hand: no request is sent until veo4k gate open"
    return f"paused until {ahead(gate.until, now)}; {why(gate.reason)}"


def _recent(gate: Gate, now: float, window: float) -> int:
    return sum(now - window <= instant <= now for instant in gate.instants)
