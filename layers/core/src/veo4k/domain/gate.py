"""The gate: one row that paces the requests of the whole account, and pauses them when the account is refused.

The provider allows `requests` in any `window`. The row keeps the instants of the latest requests. The next instant is
never earlier than `window` + `GUARD` after the one that is `requests` before it. A response that concerns the account
(no credits, key refused, maintenance …) pauses the gate. When the pause is over, one caller gets a single slot, the
trial. Its response decides whether the gate runs again. The row also counts the submissions of a UTC day, for
accounts that set a daily limit.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from veo4k.domain.schedule import DAY, HOUR
from veo4k.domain.wait_reason import WaitReason

GUARD = 0.25  # seconds; the provider stamps arrival, we stamp departure
LATEST = 0.1  # a request leaves at most this long after its instant; the rest of GUARD is for clock skew and network
SPREAD = 0.15  # part of a window over which its requests are spread: requests sent at once make each other late
AHEAD = 20.0  # instants are reserved this far ahead; jobs beyond become QUEUED
LEAD = 0.06  # seconds before its instant at which a request's intent is written
LONGEST_PAUSE = 900.0
NOTED = 900.0  # seconds between two notes that responses are understood: each is a write


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The pace of the account, from the stack's parameters. Times are in seconds; `daily` 0 means no limit."""

    requests: int = 20
    window: float = 10
    pause: float = 60
    lease: float = 90
    daily: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate's row. The gate is paused while `reason` is set. Instants and times are epoch seconds."""

    version: int = 0
    writer: str = ""  # id of the latest write: proves the write our own when its response was lost
    instants: tuple[float, ...] = ()
    reason: str = ""
    until: float = 0
    pause: float = 0  # seconds of the latest pause
    trial: str = ""  # id of the caller that holds the trial slot
    trial_until: float = 0
    understood_at: float = 0  # when the response to a submission was last noted as understood
    understood_task: str = ""  # and the task of that submission
    day: int = 0  # of the count: whole days since the epoch
    submissions: int = 0


class Wait(NamedTuple):
    """Until when a job without a slot waits, in epoch seconds, and why."""

    until: float
    reason: str


class Slots(NamedTuple):
    """Reserved instants to send requests at, and the wait for every request without one.

    `trial`: set when the only instant is the trial of a paused gate; the id to report its response with.
    """

    instants: tuple[float, ...]
    wait: Wait
    trial: str = ""


def reserve(
    gate: Gate, wanted: int, now: float, writer: str, pace: Pace, *, last: float = math.inf, counted: bool = False
) -> tuple[Gate, Slots]:
    """Reserve up to `wanted` instants. Return the gate unchanged where there is nothing to write.

    `last`: no instant later than that; `counted`: the requests are submissions, which the daily limit counts.
    """
    if not counted or not pace.daily:
        return _grant(gate, wanted, now, writer, pace, last=last)
    left = pace.daily - submissions_today(gate, now)
    # No longer than an hour: refusals give submissions back, and an operator may raise the limit.
    next_day = Wait(min(_tomorrow(now), now + HOUR), WaitReason.DAILY_LIMIT)
    if left <= 0:
        return gate, Slots((), next_day)
    granted, slots = _grant(gate, min(wanted, left), now, writer, pace, last=last)
    if not (got := len(slots.instants)):
        return gate, slots
    counted_gate = replace(granted, day=_day(now), submissions=submissions_today(gate, now) + got)
    return counted_gate, slots._replace(wait=next_day) if got == left < wanted else slots


def uncount(gate: Gate, count: int, counted: float, writer: str) -> Gate:
    """Subtract submissions that were never sent, or surely not accepted; those `counted` on another day are past."""
    if gate.day != _day(counted) or not gate.submissions:
        return gate
    return _next(gate, writer, submissions=max(0, gate.submissions - count))


def submissions_today(gate: Gate, now: float) -> int:
    """Return how many submissions count for this UTC day."""
    return gate.submissions if gate.day == _day(now) else 0


def _day(now: float) -> int:
    return int(now // DAY)


def _tomorrow(now: float) -> float:
    return float(DAY * (_day(now) + 1))


def _grant(gate: Gate, wanted: int, now: float, writer: str, pace: Pace, *, last: float) -> tuple[Gate, Slots]:
    """Reserve instants: as many as the window allows, or the trial of a pause that is over."""
    if until := paused_until(gate, now, pace):
        return gate, Slots((), Wait(until, gate.reason))
    instants = list(gate.instants)
    for _ in range(1 if gate.reason else wanted):
        instant = _next_instant(instants, now + LEAD, pace)
        if instant > min(now + AHEAD, last):
            break
        instants.append(instant)
    got = tuple(instants[len(gate.instants) :])
    wait = Wait(_next_instant(instants, now, pace), gate.reason or WaitReason.WINDOW_FULL)
    if not got:
        return gate, Slots((), wait)
    granted = _next(gate, writer, instants=tuple(instants[-pace.requests :]))
    if not gate.reason:
        return granted, Slots(got, wait)
    until = now + pace.lease
    return replace(granted, trial=writer, trial_until=until), Slots(got, Wait(until, gate.reason), writer)


def paused_until(gate: Gate, now: float, pace: Pace) -> float:
    """Return until when the gate surely gives no slot; 0.0 when it runs, or its trial slot is free."""
    if gate.reason == WaitReason.PAUSED_BY_HAND:
        return now + pace.pause
    until = max(gate.until, gate.trial_until) if gate.reason else 0.0
    return until if now < until else 0.0


def _next_instant(instants: list[float], earliest: float, pace: Pace) -> float:
    latest = instants[-1] + SPREAD * pace.window / pace.requests if instants else 0.0
    bound = instants[-pace.requests] + pace.window + GUARD if len(instants) >= pace.requests else 0.0
    return round(max(earliest, latest, bound), 3)


def pause(gate: Gate, reason: str, now: float, writer: str, pace: Pace, *, trial: str = "") -> Gate:
    """Pause the gate for a response that concerns the account; a refused trial doubles the pause."""
    if gate.reason and not _is_trial(gate, trial):
        return gate
    if reason == WaitReason.RATE_LIMITED:
        seconds = pace.window + GUARD
    elif gate.reason:
        seconds = min(max(gate.pause * 2, pace.pause), LONGEST_PAUSE)
    else:
        seconds = pace.pause
    return _next(gate, writer, reason=reason, until=now + seconds, pause=seconds, trial="", trial_until=0)


def finish_trial(gate: Gate, trial: str, now: float, writer: str, pace: Pace, *, answered: bool) -> Gate:
    """Let the gate run again after a trial that was answered; pause it again after one without a response."""
    if not _is_trial(gate, trial):
        return gate
    return resume(gate, writer) if answered else pause(gate, gate.reason, now, writer, pace, trial=trial)


def note_understood(gate: Gate, task_id: str, now: float, writer: str) -> Gate:
    """Note that the response to a submission was understood, unless that was noted for another one just before."""
    if now < gate.understood_at + NOTED:
        return gate
    return _next(gate, writer, understood_at=now, understood_task=task_id)


def is_understood_since(gate: Gate, since: float, task_id: str) -> bool:
    """Return whether the response to a submission of another task was understood since then."""
    return gate.understood_at > since and gate.understood_task != task_id


def release_trial(gate: Gate, trial: str, writer: str) -> Gate:
    """Release the trial slot: its request was never sent."""
    return _next(gate, writer, trial="", trial_until=0) if _is_trial(gate, trial) else gate


def pause_by_hand(gate: Gate, writer: str) -> Gate:
    """Pause the gate until an operator resumes it."""
    return _next(gate, writer, reason=WaitReason.PAUSED_BY_HAND, until=0, pause=0, trial="", trial_until=0)


def resume(gate: Gate, writer: str) -> Gate:
    """Let the gate run, whatever paused it."""
    return _next(gate, writer, reason="", until=0, pause=0, trial="", trial_until=0)


def _is_trial(gate: Gate, trial: str) -> bool:
    return bool(trial) and gate.trial == trial


def _next(gate: Gate, writer: str, **changes: object) -> Gate:
    return replace(gate, version=gate.version + 1, writer=writer, **changes)  # type: ignore[arg-type]
