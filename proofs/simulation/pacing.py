"""Invariants 1, 2 and 9: how often requests are sent and repeated, and what that costs."""

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from proofs.simulation.provider import Making
from proofs.simulation.requests import Sent
from veo4k.domain.decisions import MOST_ACCEPTANCES
from veo4k.domain.gate import LATEST
from veo4k.domain.job import Job, ProviderApi
from veo4k.domain.response import ACCEPTED, SERVER_ERROR, Meaning
from veo4k.domain.schedule import DAY, LONGEST_POLL_WAIT, unclear_wait, unknown_wait
from veo4k.domain.wait_reason import WaitReason

if TYPE_CHECKING:
    from proofs.simulation.oracles import Oracles

UNKNOWN = (None, Meaning.LOST, Meaning.UNCLEAR)
MOST, WINDOW, ROUNDING = 20, 10.0, 0.003
PROMISED_SKEW = 0.05  # either way: clocks within 0.1 s
LONGEST_SWITCH = 2 * 3600.0  # eight pauses, of whose trials three in four go to QUEUED jobs
LEAD = 1.5  # seconds from a claim, which the waits are counted from, to its request


def is_one_more(old: tuple[float, ...], new: tuple[float, ...]) -> bool:
    """Return whether a write of the gate's row has added one instant and no more."""
    return new[:-1] == (*old, new[-1])[-len(new) : -1]


def judge(oracles: "Oracles") -> None:
    """Check all requests of the simulation."""
    simulation = oracles.simulation
    left = sorted(sent.left_at for sent in simulation.provider.sent)
    _window(oracles, left)
    _slots(oracles, left)
    _days(oracles)
    _switched(oracles)
    requests: dict[object, list[Sent]] = {}
    for sent in simulation.provider.sent:
        requests.setdefault(sent.key, []).append(sent)
    bought = simulation.model.bought()
    for job in simulation.memory.all():
        of_job, restored = requests.get(job.key, []), simulation.restored_at
        # A restored table has forgotten some of the requests before.
        _gaps(oracles, job, [sent for sent in of_job if sent.left_at < restored])
        _gaps(oracles, job, [sent for sent in of_job if sent.left_at >= restored])
        _acceptances(oracles, job, of_job, bought.get(job.key, []))


def _window(oracles: "Oracles", left: list[float]) -> None:
    least = WINDOW - ROUNDING - 2 * max(0.0, oracles.simulation.profile.skew - PROMISED_SKEW)
    for first, last in zip(left, left[MOST:], strict=False):
        if last - first < least:
            oracles.add_violation(9, "#gate", f"{MOST + 1} requests in {last - first:.3f} s")
            return


def _slots(oracles: "Oracles", left: list[float]) -> None:
    """Match each request with a slot of its own, in whose moment it left."""
    slots, skew = iter(sorted(oracles.simulation.gate_row.granted)), oracles.simulation.profile.skew + ROUNDING
    for instant in left:
        slot = next((slot for slot in slots if slot >= instant - LATEST - skew), None)
        if slot is None or slot > instant + skew:
            after = instant - oracles.simulation.timeline.begin
            oracles.add_violation(9, "#gate", f"a request without a slot, {after:.3f} s after the beginning")
            return


def _switched(oracles: "Oracles") -> None:
    """Check that the gate does not stay paused for the former API's sake, once the stack is switched."""
    switched_at = oracles.simulation.profile.switched_at
    before = [reason for at, reason in oracles.pauses if at <= switched_at]
    runs_at = next((at for at, reason in oracles.pauses if at > switched_at and not reason), math.inf)
    if before and before[-1] and runs_at > switched_at + LONGEST_SWITCH:
        oracles.add_violation(9, "#gate", f"paused until {runs_at - switched_at:.0f} s after the switch")


def _gaps(oracles: "Oracles", job: Job, requests: list[Sent]) -> None:
    times, lost, skew = oracles.simulation.times, 0, oracles.simulation.profile.skew
    settled_at = oracles.simulation.timeline.begin + oracles.simulation.profile.switched_at + LONGEST_SWITCH
    for earlier, later in pairwise(requests):
        gap, unanswered = later.left_at - earlier.left_at, earlier.meaning in UNKNOWN
        lost += unanswered
        proven = job.accepted_at is not None and job.accepted_at <= later.left_at - 2 * skew
        least = 0.0
        if earlier.meaning in ACCEPTED or proven:
            least = times.probe - LEAD
        elif unanswered:
            wait = unclear_wait if earlier.meaning is Meaning.UNCLEAR else unknown_wait
            least = wait(lost, times) + max(earlier.known_at - earlier.left_at, 0) - LEAD
        elif earlier.reason is WaitReason.PATH_GONE and earlier.left_at > settled_at:
            least = LONGEST_POLL_WAIT - LEAD  # the jobs of the former API must not take the slots of the others
        if gap < least - 2 * skew:
            what = f"run {job.run} was requested again after {gap:.1f} s instead of {least:.0f}"
            oracles.add_violation(2, job.task_id, what)


def _acceptances(oracles: "Oracles", job: Job, requests: list[Sent], makings: list[Making]) -> None:
    """Count what was accepted and charged for one run, against what the provider's API and manners allow."""
    manners, restored = oracles.simulation.profile.manners, oracles.simulation.restored_at
    paid = [sent for sent in requests if sent.paid]
    is_safe = job.provider_api != ProviderApi.JOBS or any(sent.left_at < restored for sent in paid)
    for earlier in paid[:-1]:  # where a repeated request is not safe, none follows one that may have been accepted
        if not is_safe and (earlier.meaning in (None, Meaning.LOST, *ACCEPTED) or earlier.code >= SERVER_ERROR):
            oracles.add_violation(1, job.task_id, f"run {job.run} was requested again after {earlier.meaning}")
    most = 1
    if job.provider_api != ProviderApi.JOBS and (manners.starts_over or manners.retries_failures):
        most = MOST_ACCEPTANCES + sum(sent.meaning not in ACCEPTED or sent.by.is_hurt for sent in paid)
    is_reliable = most == 1 and not restored and not oracles.simulation.profile.mixed
    if is_reliable and job.acceptances > max(len(makings), 1) + sum(sent.is_mangled for sent in paid):
        oracles.add_violation(1, job.task_id, f"run {job.run}: {job.acceptances} acceptances of {len(makings)} charges")
    if len(makings) > most:
        oracles.add_violation(1, job.task_id, f"run {job.run} was accepted, and charged, {len(makings)} times")


def _days(oracles: "Oracles") -> None:
    """Count the accepted requests of the UTC days, where the account sets itself a limit, until it is lifted.

    A request counts for the day on which its slot was reserved; a repeated request is not counted again.
    """
    manners, limit = oracles.simulation.profile.manners, oracles.simulation.profile.daily
    if not limit or manners.starts_over or manners.retries_failures:
        return
    begin, lifted_at = oracles.simulation.timeline.begin, oracles.simulation.profile.lifted_at
    makings = [making for each in oracles.simulation.model.makings.values() for making in each]
    counted = [making.accepted_at for making in makings if making.accepted_at < begin + lifted_at]
    until = 0
    for day, accepted in sorted(Counter(int(at // DAY - begin // DAY) for at in counted).items()):
        until += accepted
        if until > limit * (day + 1):
            oracles.add_violation(9, "#gate", f"{until} requests accepted by day {day}, {limit} a day allowed")
