"""Invariants 1, 2 and 9: how often the provider is asked, how soon again, and what that costs."""

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulation.requests import Sent
from veo4k.domain.answer import ACCEPTED, Meaning
from veo4k.domain.gate import LATEST
from veo4k.domain.job import Job
from veo4k.domain.schedule import unknown_wait

if TYPE_CHECKING:
    from tests.simulation.oracles import Oracles

MOST, WINDOW, ROUNDING = 20, 10.0, 0.003
PROMISED_SKEW = 0.05  # either way: clocks within 0.1 s
LEAD = 1.5  # seconds from a claim, which the waits are counted from, to its request


def is_one_more(old: tuple[float, ...], new: tuple[float, ...]) -> bool:
    """Tell whether a write of the gate's row has added one instant and no more."""
    return new[:-1] == (*old, new[-1])[-len(new) : -1]


def judge(oracles: "Oracles") -> None:
    """Look at all requests of a run."""
    sent = oracles.world.provider.sent
    _window(oracles, sorted(each.left_at for each in sent))
    _slots(oracles, sorted(each.left_at for each in sent))
    requests: dict[object, list[Sent]] = {}
    for each in sent:
        requests.setdefault(each.key, []).append(each)
    for job in oracles.world.memory.all():
        _gaps(oracles, job, requests.get(job.key, []))
        _acceptances(oracles, job)


def _window(oracles: "Oracles", left: list[float]) -> None:
    least = WINDOW - ROUNDING - 2 * max(0.0, oracles.world.weather.skew - PROMISED_SKEW)
    for place in range(len(left) - MOST):
        if left[place + MOST] - left[place] < least:
            oracles.complain(9, "#gate", f"{MOST + 1} requests in {left[place + MOST] - left[place]:.3f} s")
            return


def _slots(oracles: "Oracles", left: list[float]) -> None:
    """Match each request with a slot of its own, in whose moment it left."""
    slots, skew = iter(sorted(oracles.world.gate_row.granted)), oracles.world.weather.skew + ROUNDING
    for instant in left:
        slot = next((slot for slot in slots if slot >= instant - LATEST - skew), None)
        if slot is None or slot > instant + skew:
            after = instant - oracles.world.timeline.begin
            oracles.complain(9, "#gate", f"a request without a slot, {after:.3f} s after the beginning")
            return


def _gaps(oracles: "Oracles", job: Job, requests: list[Sent]) -> None:
    times, lost, skew = oracles.world.times, 0, oracles.world.weather.skew
    for earlier, later in pairwise(requests):
        gap, unheard = later.left_at - earlier.left_at, earlier.meaning in (None, Meaning.LOST)
        lost += unheard
        proven = job.accepted_at is not None and job.accepted_at <= later.left_at - 2 * skew
        if earlier.meaning in ACCEPTED or proven:
            least = times.probe - LEAD
        elif unheard:
            least = unknown_wait(lost, times) + max(earlier.known_at - earlier.left_at, 0) - LEAD
        else:
            continue
        if gap < least - 2 * skew:
            oracles.complain(2, job.task_id, f"run {job.run} asked again after {gap:.1f} s instead of {least:.0f}")


def _acceptances(oracles: "Oracles", job: Job) -> None:
    manners = oracles.world.weather.manners
    accepted = sum(making.run == job.key for each in oracles.world.model.makings.values() for making in each)
    if accepted > 1 and not manners.starts_over and not manners.retries_failures:
        oracles.complain(1, job.task_id, f"run {job.run} was accepted, and charged, {accepted} times")
