"""Sweep the due jobs: ask, ask again, probe, refresh, end, nudge. Cost follows the jobs due, not the jobs kept.

Any number of sweeps may overlap or die half-way: each claims a job before it acts on it.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice

from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import AHEAD, DAILY_LIMIT, LEAD, Slots
from veo4k.domain.job import Job, Lane, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import World
from veo4k.domain.rules import Due, is_turn, probes_by_post, when_due
from veo4k.domain.write import Write, Written
from veo4k.services.ask import TIME_FOR_A_REQUEST, UNREACHABLE, Claim, Requests, Slot, requests, reserve

RESERVE = 15.0  # seconds before its own timeout at which a sweep stops
DAY, EVERY_MINUTE = 86_400, 60  # seconds


def sweep(world: World, stop_at: float) -> list[Note]:
    """Do what is due; `stop_at`: epoch second at which the function is killed."""
    notes: list[Note] = []
    with requests(world, notes) as opened:
        try:
            overdue = _overdue(world, notes, stop_at - RESERVE)
            more = _send(opened, overdue, stop_at)
            deque(overdue, maxlen=0)  # without slots, still do what needs no request
            if more and not world.gate.shut_until(world.clock.now())[0]:
                queued = _lane(world, Lane.QUEUED, world.clock.now(), notes, stop_at - RESERVE)
                _send(opened, queued, stop_at, counted=True)
        except StorageError as error:
            notes.append(Note("sweep_interrupted", None, {"error": str(error)}))
    return notes


def _send(opened: Requests, claims: Iterator[Claim], stop_at: float, *, counted: bool = False) -> bool:
    """Send requests as slots come, the next ones while the former are under way.

    `counted`: as submissions of the day. Gives whether more could be sent.
    """
    ahead: deque[Claim] = deque()
    while True:
        room = opened.room()
        ahead.extend(islice(claims, max(0, room - len(ahead))))
        if not ahead:
            return True
        slots, reserved = _reserve(opened, min(room, len(ahead)), stop_at, counted=counted)
        opened.send(slots, _one_by_one(ahead, claims))
        # An answer under way may open the gate: only it is waited for before the next slot is.
        if not slots and not opened.wait() and not _wait(opened.world, reserved, stop_at):
            return False


def _one_by_one(ahead: deque[Claim], claims: Iterator[Claim]) -> Iterator[Claim]:
    """Go through the claims that slots were reserved for, and on: another sweep may have taken those meanwhile."""
    while ahead:
        yield ahead.popleft()
    for claim in claims:  # noqa: UP028 - "yield from" would close them with this iterator
        yield claim


def _reserve(opened: Requests, wanted: int, stop_at: float, *, counted: bool) -> tuple[list[Slot], Slots]:
    world = opened.world
    try:
        if reason := world.provider.unready():
            opened.notes.append(Note("account_unready", None, {"reason": reason}))
            return [], Slots((), math.inf, reason)
        return reserve(world, wanted, stop_at, counted=counted)
    except StorageError as error:
        opened.notes.append(Note("gate_unreachable", None, {"error": str(error)}))
        return [], Slots((), math.inf, UNREACHABLE)


def _wait(world: World, reserved: Slots, stop_at: float) -> bool:
    """Wait for the next slot where one comes in time; neither a shut gate nor another day is waited for."""
    if reserved.until + LEAD + TIME_FOR_A_REQUEST >= stop_at or reserved.reason == DAILY_LIMIT:
        return False
    if world.gate.shut_until(world.clock.now())[0]:
        return False
    world.clock.sleep_until(reserved.until - AHEAD)
    return True


def _overdue(world: World, notes: list[Note], last: float) -> Iterator[Claim]:
    """Go through what must not wait: every due job but the QUEUED ones, and of those the ones whose time is over.

    The index knows when a QUEUED job is due, not how old it is: once a day all that are due are looked at. They are
    not asked for here, where nothing counts for the day's limit.
    """
    now = world.clock.now()
    yield from _lane(world, Lane.LIVE, now, notes, last)
    whole = now % DAY < EVERY_MINUTE
    deque(_lane(world, Lane.QUEUED, now if whole else now - world.times.queued_deadline, notes, last), maxlen=0)


def _lane(world: World, lane: Lane, until: float, notes: list[Note], last: float) -> Iterator[Claim]:
    """Look at a lane's due jobs; do what needs no request, and give claims for what does.

    A job that cannot be read or written is passed over: it must not keep the others from being looked at.
    """
    for key in world.jobs.due(lane, until):
        if world.clock.now() >= last:
            return
        with suppress(StorageError), _passed_over(notes):
            job = world.jobs.get(key)
            # The index may be behind the table.
            due = job is not None and job.lane is lane and (job.due or 0) <= until
            claim = _act(world, job, notes) if job is not None and due else None
            if claim is not None:
                yield partial(_guarded, claim, notes)


@contextmanager
def _passed_over(notes: list[Note]) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        notes.append(Note("job_passed_over", None, {"error": str(error)}))
        raise


def _guarded(claim: Callable[[], Job | None], notes: list[Note], _: Slot) -> Job | None:
    with _passed_over(notes):
        return claim()


def _act(world: World, job: Job, notes: list[Note]) -> Callable[[], Job | None] | None:
    due, step = when_due(job, world.clock.now(), world.new_id(), world.times)
    if due is Due.SUBMIT:
        return partial(_claim_submission, world, job, notes)
    if due is Due.PROBE:
        return partial(_claim_probe, world, job, notes)
    if step.write is not None:
        _write(world, step.write, step.action, notes)
    return None


def _write(world: World, write: Write, action: str, notes: list[Note]) -> Job | None:
    outcome = world.jobs.write(write)
    if not isinstance(outcome, Written):
        return None
    notes.append(Note(action, outcome.job, at=world.clock.now()))
    return outcome.job


def _claim_submission(world: World, job: Job, notes: list[Note]) -> Job | None:
    now = world.clock.now()
    if job.run > 1 and not is_turn(job, world.jobs.runs(job.task_id)):
        _write(world, transitions.postpone(job, now + world.times.probe), "submission_postponed", notes)
        return None
    claim = transitions.claim_submission(job, world.new_id(), now, world.times, world.contract)
    return _write(world, claim, "submission_claimed", notes)


def _claim_probe(world: World, job: Job, notes: list[Note]) -> Job | None:
    by_post = probes_by_post(job)
    claim = transitions.claim_probe(
        job, world.new_id(), world.clock.now(), world.chance(), world.times, by_post=by_post
    )
    return _write(world, claim, "probe_claimed" if job.state is State.PROCESSING else "refresh_claimed", notes)
