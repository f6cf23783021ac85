"""Sweep the due jobs: ask, ask again, probe, refresh, end, nudge. Cost follows the jobs due, not the jobs kept.

Any number of sweeps may overlap or die half-way: each claims a job before it acts on it.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice

from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import AHEAD, DAILY_LIMIT, Slots
from veo4k.domain.job import Job, Lane, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import World
from veo4k.domain.rules import Due, is_turn, probes_by_post, when_due
from veo4k.domain.write import Write, Written
from veo4k.services.ask import TIME_FOR_A_REQUEST, UNREACHABLE, Claim, Slot, send_all, slots_in_time

RESERVE = 15.0  # seconds before its own timeout at which a sweep stops
DAY, EVERY_MINUTE = 86_400, 60  # seconds
BATCH = 20  # requests for which slots are reserved at once


def sweep(world: World, stop_at: float) -> list[Note]:
    """Do what is due; `stop_at`: epoch second at which the function is killed."""
    notes: list[Note] = []
    try:
        overdue = _overdue(world, notes, stop_at - RESERVE)
        more = _send(world, overdue, notes, stop_at)
        deque(overdue, maxlen=0)  # without slots, still do what needs no request
        if more and not world.gate.shut_until(world.clock.now())[0]:
            queued = _lane(world, Lane.QUEUED, world.clock.now(), notes, stop_at - RESERVE)
            _send(world, queued, notes, stop_at, counted=True)
    except StorageError as error:
        notes.append(Note("sweep_interrupted", None, {"error": str(error)}))
    return notes


def _send(world: World, claims: Iterator[Claim], notes: list[Note], stop_at: float, *, counted: bool = False) -> bool:
    """Send requests as slots come; `counted`: as submissions of the day. Gives whether more could be sent."""
    while batch := list(islice(claims, BATCH)):
        while batch:
            reserved = _reserve(world, len(batch), notes, counted=counted)
            slots = slots_in_time(world, reserved, stop_at, counted=counted)
            left = iter(batch)
            notes += send_all(world, slots, left)
            batch = list(left)
            if not slots and not _wait(world, reserved, stop_at):
                return False
    return True


def _reserve(world: World, wanted: int, notes: list[Note], *, counted: bool) -> Slots:
    now = world.clock.now()
    try:
        if reason := world.provider.unready():
            notes.append(Note("account_unready", None, {"reason": reason}))
            return Slots((), math.inf, reason)
        return world.gate.reserve(wanted, now, counted=counted)
    except StorageError as error:
        notes.append(Note("gate_unreachable", None, {"error": str(error)}))
        return Slots((), math.inf, UNREACHABLE)


def _wait(world: World, reserved: Slots, stop_at: float) -> bool:
    """Wait for the next slot where one comes in time; neither a shut gate nor another day is waited for."""
    if reserved.until + TIME_FOR_A_REQUEST >= stop_at or reserved.reason == DAILY_LIMIT:
        return False
    if world.gate.shut_until(world.clock.now())[0]:
        return False
    world.clock.sleep_until(reserved.until - AHEAD)
    return True


def _overdue(world: World, notes: list[Note], last: float) -> Iterator[Claim]:
    """Go through what must not wait: every due job but the QUEUED ones, and of those the ones whose time is over.

    The index knows when a QUEUED job is due, not how old it is: once a day all that are due are looked at.
    """
    now = world.clock.now()
    yield from _lane(world, Lane.LIVE, now, notes, last)
    whole = now % DAY < EVERY_MINUTE
    yield from _lane(world, Lane.QUEUED, now if whole else now - world.times.queued_deadline, notes, last)


def _lane(world: World, lane: Lane, until: float, notes: list[Note], last: float) -> Iterator[Claim]:
    """Look at a lane's due jobs; do what needs no request, and give claims for what does.

    A job that cannot be read or written is passed over: it must not keep the others from being looked at.
    """
    for key in world.jobs.due(lane, until):
        if world.clock.now() >= last:
            return
        with _passed_over(notes):
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


def _guarded(claim: Callable[[], Job | None], notes: list[Note], _: Slot) -> Job | None:
    with _passed_over(notes):
        return claim()
    return None


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
