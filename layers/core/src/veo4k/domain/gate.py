"""The gate: one row that paces the whole account, and is its circuit breaker.

The provider allows `requests` in any `window`. The row keeps the instants of the latest requests; the next one is
never earlier than `window` + `GUARD` after the one that is `requests` before it. A refusal that concerns the account
(no credits, key refused, maintenance …) shuts the gate; when its pause is over one caller gets the only slot and
finds out whether it may open. The row also counts the submissions of a UTC day, where the account sets itself a limit.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

GUARD = 0.25  # seconds; the provider stamps arrival, we stamp departure
LATEST = 0.1  # a request leaves at most this long after its instant; what GUARD leaves is for clock skew and the way
SPREAD = 0.15  # part of a window over which its requests are spread: sent all at once they make each other late
AHEAD = 20.0  # instants are handed out this far ahead; what lies beyond is QUEUED
LEAD = 0.06  # seconds before its instant at which a request's intent is written
LONGEST_PAUSE = 900.0
BY_HAND = "SHUT_BY_HAND"
RATE_LIMITED = "RATE_LIMITED"
WINDOW_FULL = "WINDOW_FULL"
DAILY_LIMIT = "DAILY_LIMIT"
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the account may ask: the stack's parameters, times in seconds; `daily` 0 for no limit."""

    requests: int = 20
    window: float = 10
    pause: float = 60
    lease: float = 90
    daily: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate's row. Shut while `reason` is set; instants and times in epoch seconds."""

    version: int = 0
    writer: str = ""  # id of the latest write: proves it ours when its answer was lost
    instants: tuple[float, ...] = ()
    reason: str = ""
    until: float = 0
    pause: float = 0
    probe: str = ""  # who holds the only slot of a pause that is over
    probe_until: float = 0
    day: int = 0  # of the count: whole days since the epoch
    submissions: int = 0


class Slots(NamedTuple):
    """What a caller got: instants to send at, and for the rest when to come back and why.

    `probe`: not empty when the only slot is the gate's own probe; the id to report its answer with.
    """

    instants: tuple[float, ...]
    until: float
    reason: str
    probe: str = ""


def reserve(
    gate: Gate, wanted: int, now: float, writer: str, pace: Pace, *, last: float = math.inf, counted: bool = False
) -> tuple[Gate, Slots]:
    """Reserve up to `wanted` instants; the gate comes back unchanged where there is nothing to write.

    `last`: none later than that; `counted`: they are for submissions, of which the day has no more than its limit.
    """
    if not counted or not pace.daily:
        return _reserve(gate, wanted, now, writer, pace, last=last)
    left = pace.daily - submissions_today(gate, now)
    if left <= 0:
        return gate, Slots((), _tomorrow(now), DAILY_LIMIT)
    reserved, slots = _reserve(gate, min(wanted, left), now, writer, pace, last=last)
    if not (got := len(slots.instants)):
        return gate, slots
    spent = replace(reserved, day=_day(now), submissions=submissions_today(gate, now) + got)
    return spent, slots._replace(until=_tomorrow(now), reason=DAILY_LIMIT) if got == left < wanted else slots


def uncount(gate: Gate, count: int, counted: float, writer: str) -> Gate:
    """Take submissions back that were never sent, or surely not accepted; those `counted` on another day are past."""
    if gate.day != _day(counted) or not gate.submissions:
        return gate
    return _next(gate, writer, submissions=max(0, gate.submissions - count))


def submissions_today(gate: Gate, now: float) -> int:
    """Give how many submissions count for this UTC day."""
    return gate.submissions if gate.day == _day(now) else 0


def _day(now: float) -> int:
    return int(now // DAY)


def _tomorrow(now: float) -> float:
    return float(DAY * (_day(now) + 1))


def _reserve(gate: Gate, wanted: int, now: float, writer: str, pace: Pace, *, last: float) -> tuple[Gate, Slots]:
    if not gate.reason:
        return _reserve_open(gate, wanted, now, writer, pace, last=last)
    if shut := shut_until(gate, now, pace):
        return gate, Slots((), shut, gate.reason)
    held = now + pace.lease
    opened, slots = _reserve_open(gate, 1, now, writer, pace, last=last)
    if not slots.instants:
        return gate, slots._replace(reason=gate.reason)
    return replace(opened, probe=writer, probe_until=held), slots._replace(until=held, reason=gate.reason, probe=writer)


def shut_until(gate: Gate, now: float, pace: Pace) -> float:
    """Give until when the gate is surely shut; 0.0 when a slot may be had."""
    if gate.reason == BY_HAND:
        return now + pace.pause
    until = max(gate.until, gate.probe_until) if gate.reason else 0.0
    return until if now < until else 0.0


def _reserve_open(gate: Gate, wanted: int, now: float, writer: str, pace: Pace, *, last: float) -> tuple[Gate, Slots]:
    instants = list(gate.instants)
    for _ in range(wanted):
        instant = _next_instant(instants, now + LEAD, pace)
        if instant > min(now + AHEAD, last):
            break
        instants.append(instant)
    got = tuple(instants[len(gate.instants) :])
    until = _next_instant(instants, now, pace)
    kept = tuple(instants[-pace.requests :])
    return (_next(gate, writer, instants=kept) if got else gate), Slots(got, until, WINDOW_FULL)


def _next_instant(instants: list[float], earliest: float, pace: Pace) -> float:
    latest = instants[-1] + SPREAD * pace.window / pace.requests if instants else 0.0
    bound = instants[-pace.requests] + pace.window + GUARD if len(instants) >= pace.requests else 0.0
    return round(max(earliest, latest, bound), 3)


def shut(gate: Gate, reason: str, now: float, writer: str, pace: Pace, *, probe: str = "") -> Gate:
    """Shut the gate for an answer that concerns the account; its own probe's answer doubles the pause."""
    if gate.reason and not _is_probe(gate, probe):
        return gate
    first = pace.window + GUARD if reason == RATE_LIMITED else pace.pause
    pause = min(max(gate.pause * 2, first), LONGEST_PAUSE) if gate.reason and reason != RATE_LIMITED else first
    return _next(gate, writer, reason=reason, until=now + pause, pause=pause, probe="", probe_until=0)


def settle_probe(gate: Gate, probe: str, now: float, writer: str, pace: Pace, *, answered: bool) -> Gate:
    """Open the gate when its probe was answered by anything but a refusal; shut it again when nobody answered."""
    if not _is_probe(gate, probe):
        return gate
    return _open(gate, writer) if answered else shut(gate, gate.reason, now, writer, pace, probe=probe)


def release_probe(gate: Gate, probe: str, writer: str) -> Gate:
    """Give the only slot back: its request was never sent."""
    return _next(gate, writer, probe="", probe_until=0) if _is_probe(gate, probe) else gate


def shut_by_hand(gate: Gate, writer: str) -> Gate:
    """Shut the gate until it is opened by hand."""
    return _next(gate, writer, reason=BY_HAND, until=0, pause=0, probe="", probe_until=0)


def open_by_hand(gate: Gate, writer: str) -> Gate:
    """Open the gate, whatever shut it."""
    return _open(gate, writer)


def _open(gate: Gate, writer: str) -> Gate:
    return _next(gate, writer, reason="", until=0, pause=0, probe="", probe_until=0)


def _is_probe(gate: Gate, probe: str) -> bool:
    return bool(probe) and gate.probe == probe


def _next(gate: Gate, writer: str, **changes: object) -> Gate:
    return replace(gate, version=gate.version + 1, writer=writer, **changes)  # type: ignore[arg-type]
