"""The gate: look at it, shut it, open it."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.command import Session, command
from cli.words import ahead, why
from veo4k.domain.gate import Gate
from veo4k.domain.job import utc
from veo4k.domain.wait_reason import WaitReason

app = typer.Typer()


class Doing(StrEnum):
    """What can be done to the gate."""

    SHOW = "show"
    SHUT = "shut"
    OPEN = "open"


@command(app, "veo4k gate", "veo4k gate shut", "veo4k gate open", "veo4k gate --json | jq .open", panel="Account")
def gate(
    session: Session,
    doing: Annotated[Doing, typer.Argument(help="Look at it, shut it, or open it whatever shut it.")] = Doing.SHOW,
) -> None:
    """Show, shut or open the gate that paces the whole account.

    Shut by hand, it stays shut until it is opened by hand: no request leaves, messages become QUEUED jobs; callbacks,
    archiving and announcements go on. A request that already holds its slot may leave for another 20 seconds.
    """
    keeper = session.gate()
    looked = {Doing.SHOW: keeper.read, Doing.SHUT: keeper.pause_by_hand, Doing.OPEN: keeper.resume}[doing]()
    now, pace = session.clock.now(), session.stack.pace()
    used = f"{_recent(looked, now, pace.window)} of {pace.requests} requests in the last {pace.window:g} s"
    text = Text.assemble((in_words(looked, now), "bad" if looked.reason else "good"), f"\n{used}")
    session.out.answer(value(looked, now, pace.window), text)


def value(gate: Gate, now: float, window: float) -> dict[str, Any]:
    """Give the gate as plain values; `window` in seconds."""
    told: dict[str, Any] = {"open": not gate.reason, "requestsInWindow": _recent(gate, now, window)}
    if gate.reason:
        told |= {"reason": gate.reason}
    if gate.reason and gate.reason != WaitReason.PAUSED_BY_HAND:
        told |= {"until": utc(gate.until), "pauseSeconds": gate.pause}
    return told


def in_words(gate: Gate, now: float) -> str:
    """Tell why the gate is shut and until when, or that it is open."""
    if not gate.reason:
        return "open"
    if gate.reason == WaitReason.PAUSED_BY_HAND:
        return "shut by hand: nothing is asked for until veo4k gate open"
    return f"shut until {ahead(gate.until, now)}; {why(gate.reason)}"


def _recent(gate: Gate, now: float, window: float) -> int:
    return sum(now - window <= instant <= now for instant in gate.instants)
