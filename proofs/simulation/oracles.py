"""The invariants, checked with every change, every event and every file, and once more at the end.

Safety is checked with each effect, liveness at the end. All faults end before the horizon.

== ===================================================== ==========================================================
 1 no claim after proof of acceptance; no second charge  `_claimed`, `_compared`; pacing `_acceptances`
 2 how soon a request is repeated                        pacing `_gaps`
 3 an end never changes, rank never falls                `_compared`
 4 every message's job ends; none is left or abandoned;  `changed`, `answered`, `acknowledged`; liveness `_taken`,
   each video of an acknowledged generation has its job  `_ended`, `_one_run_each`, `_claims_kept`, `_generated`
 5 every end is announced, truly, under one event id     `announced`, `_compared`; liveness `_announced`
 6 SUCCEEDED is a stored, proven 4K file, not the base   liveness `_archived`, `_one_run_each`
 7 a paid success is never lost, and none is cancelled   liveness `_right`, `_excused`, `_cancelled`
 8 forged requests change nothing and reach nothing      `changed`, `_strangers`
 9 the account's pace, slots, paused gate and daily limit`gate_changed`, `lifted`; pacing `_window`, `_slots`, `_days`
10 without any callback every job still ends right       4 and 7, in profiles without callbacks
11 no secret is announced, kept or logged                `announced`, `logged`; liveness `_ended`
12 every request is answered                             `answered`, `judge`
13 nothing is paid for what a look shows to be useless  `judge`
14 a base video that a look showed is kept, and does  `changed`, `_compared`; liveness `_base_kept`
   nothing to its job
15 no words of the provider end a job that would succeed liveness `_not_by_words`; profiles of incidents
== ===================================================== ==========================================================
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from proofs.simulation import liveness, pacing
from proofs.simulation.effects import STRANGER
from proofs.simulation.functions import BASE
from proofs.simulation.generations import Generation
from proofs.simulation.kernel import Process
from veo4k.domain.decisions import MOST_ACCEPTANCES
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Gate
from veo4k.domain.job import ATTRIBUTES, ENDED, Code, Job, Key, State, utc_day
from veo4k.domain.log_events import LogEntry
from veo4k.domain.message import MOST_TASK_TOKENS
from veo4k.domain.ports import Change
from veo4k.domain.response import UNDERSTOOD, Meaning
from veo4k.domain.schedule import HOUR
from veo4k.domain.wait_reason import WaitReason

if TYPE_CHECKING:
    from proofs.simulation.environment import Simulation

RANK = {State.QUEUED: 0, State.SUBMITTING: 0, State.PROCESSING: 1, State.READY: 2} | dict.fromkeys(ENDED, 3)
PUBLIC = attrgetter(*(name for name, attribute in ATTRIBUTES.items() if not attribute.startswith("#")))
"""All public fields of a job."""
SECRETS = ("canary", "?sig=", "token-")
REFUSALS = frozenset({400, 401, 404, 413, 503, None})  # None: the function died, and the API responds
LONGEST_LIFT = 2 * HOUR  # until no job waits for a daily limit that is lifted
MINUTE = 60.0  # more than two clocks differ
STATUSES = REFUSALS | {200}


class Violation(NamedTuple):
    """A broken invariant: its number, the task, seconds from the beginning, and what was observed."""

    invariant: int
    task_id: str
    at: float
    what: str


class Oracles:
    """Collects violations."""

    def __init__(self, simulation: "Simulation") -> None:
        self.simulation = simulation
        self.violations: list[Violation] = []
        self.claims: list[tuple[Process, Key]] = []
        self.events: dict[Key, list[dict[str, object]]] = {}
        self.shown_bases: set[Key] = set()
        self.pauses: list[tuple[float, str]] = []  # when the gate was paused, or ran again: seconds, and the reason

    def add_violation(self, invariant: int, task_id: str, what: str) -> None:
        at = self.simulation.kernel.now - self.simulation.timeline.begin
        self.violations.append(Violation(invariant, task_id, at, what))
        self.simulation.timeline.add(task_id, "ORACLE", f"VIOLATES {invariant}", what)

    def changed(self, change: Change) -> None:
        old, new = change
        process = self.simulation.kernel.process
        by = process.name if process else ""
        if by == STRANGER:
            self.add_violation(8, new.task_id, "a forged request changed the table")
        if new.partition is None and new.state not in ENDED:
            self.add_violation(4, new.task_id, f"{new.state} left the due index")
        has_day = new.finished_at is not None and new.day == utc_day(new.finished_at)
        if new.state in ENDED and not has_day and not self.simulation.profile.mixed:  # an older version has no days
            self.add_violation(3, new.task_id, f"{new.state} without the day of its end")
        if new.claim_id is not None and (old is None or old.claim_id != new.claim_id):
            self._claimed(old, new)
        has_base = new.index < self.simulation.model.videos[new.task_id].bases
        is_unavailable = new.error is not None and new.error.code is Code.NOT_AVAILABLE_IN_4K
        if new.base_url is not None or (is_unavailable and not new.requests_sent and has_base):  # ended by a look
            self.shown_bases.add(new.key)
        if by == BASE and _without_base(old) != _without_base(new):
            self.add_violation(14, new.task_id, "the base video changed its job")
        if old is not None:
            self._compared(old, new)

    def _claimed(self, old: Job | None, new: Job) -> None:
        process = self.simulation.kernel.process
        if process is not None:
            self.claims.append((process, new.key))
            look = self.simulation.provider.seen.get((process, new.task_id))
            if look and look.status is Meaning.DONE and new.index < len(look.links):
                self.shown_bases.add(new.key)
        if (old is not None and old.accepted_at is not None) or new.key in self.simulation.callbacks.acknowledged_runs:
            self.add_violation(1, new.task_id, "claimed a submission after acceptance was proven")
        if any(other.state not in ENDED for other in self.simulation.memory.runs(new.task_id) if other.run < new.run):
            self.add_violation(1, new.task_id, "two runs of a task in flight together")

    def _compared(self, old: Job, new: Job) -> None:
        if RANK[new.state] < RANK[old.state]:
            self.add_violation(3, new.task_id, f"rank fell: {old.state} -> {new.state}")
        if old.base is not None and new.base != old.base:
            self.add_violation(3, new.task_id, "the base video was replaced")
        if old.state in ENDED and PUBLIC(replace(old, base=new.base)) != PUBLIC(new):
            self.add_violation(3, new.task_id, f"the public part of {old.state} changed")
        if old.accepted_at is not None and new.accepted_at != old.accepted_at:
            self.add_violation(1, new.task_id, "acceptedAt changed")
        if new.requests_sent > old.requests_sent and old.acceptances >= MOST_ACCEPTANCES:
            self.add_violation(1, new.task_id, f"requested again after {old.acceptances} acceptances")
        if len(new.task_tokens) > MOST_TASK_TOKENS:
            self.add_violation(4, new.task_id, f"{len(new.task_tokens)} task tokens wait")
        if new.partition is None and old.partition is not None and not self.events.get(new.key):
            self.add_violation(5, new.task_id, "left the due index unannounced")

    def gate_changed(self, old: Gate, new: Gate) -> None:
        if old.reason != new.reason:
            self.pauses.append((self.simulation.kernel.now - self.simulation.timeline.begin, new.reason))
        if old.reason and not new.reason:
            self._opened()
        if new.reason == WaitReason.PATH_GONE and not old.reason and self._path_has_answered(old):
            self.add_violation(9, "#gate", "one task's 404 paused all requests, though another's was just understood")
        if not old.reason or new.instants == old.instants:
            return
        early = self.simulation.kernel.now < old.until - 2 * self.simulation.profile.skew
        if early or not new.trial or not pacing.is_one_more(old.instants, new.instants):
            self.add_violation(9, "#gate", "more slots of a paused gate than the trial slot")

    def _path_has_answered(self, gate: Gate) -> bool:
        """Return whether the running function knows of one task's 404 only, and of another's answer within the hour."""
        process, now = self.simulation.kernel.running(), self.simulation.kernel.now
        own = [sent for sent in self.simulation.provider.sent if sent.by is process]
        asked = {sent.key.task_id for sent in own if sent.meaning is Meaning.NOT_FOUND}
        is_path_gone = any(sent.reason is WaitReason.PATH_GONE for sent in own) or process.is_hurt
        is_recent = now - HOUR + MINUTE < gate.understood_at < now - MINUTE  # by any clock
        return bool(asked) and not is_path_gone and is_recent and gate.understood_task not in asked

    def _opened(self) -> None:
        process, sent = self.simulation.kernel.process, self.simulation.provider.sent
        is_by_hand = process is None
        if not is_by_hand and not any(each.by is process and each.meaning in UNDERSTOOD for each in sent):
            self.add_violation(9, "#gate", "the gate runs again, though no response was understood")

    def lifted(self) -> None:
        """Check, some time after the daily limit was lifted, that no job waits for the next day.

        A later run of a task may wait for its turn.
        """
        for job in self.simulation.memory.all():
            if (job.state, job.run, job.wait_reason) == (State.QUEUED, 1, WaitReason.DAILY_LIMIT):
                self.add_violation(9, job.task_id, f"run {job.run} waits for a daily limit that was lifted")

    def announced(self, job: Job, event: dict[str, object]) -> None:
        row = self.simulation.memory.get(job.key)
        if row is None or PUBLIC(row) != PUBLIC(job if job.base else replace(job, base=row.base)):
            self.add_violation(5, job.task_id, "announced something else than the row")
        if event["eventId"] != f"{job.job_id}#{job.state}":
            self.add_violation(5, job.task_id, f"event id {event['eventId']}")
        if any(secret in json.dumps(event) for secret in SECRETS):
            self.add_violation(11, job.task_id, "a secret in an event")
        self.events.setdefault(job.key, []).append(event)

    def logged(self, entry: LogEntry) -> None:
        if any(secret in str(value) for value in entry.detail.values() for secret in SECRETS):
            self.add_violation(11, entry.job.task_id if entry.job else "", f"a secret in the entry {entry.event}")

    def answered(self, batch: Sequence[str], again: Sequence[str]) -> None:
        """Check which messages of a batch are to be delivered again."""
        if not set(again) <= set(batch):
            self.add_violation(12, "", "returned a message that was not in the batch")

    def acknowledged(self, generation: Generation) -> None:
        """Check that the queue has taken every message of a generation that was answered 200."""
        sent = [sending for sending in self.simulation.sendings.values() if sending.task_id == generation.task_id]
        if len({sending.index for sending in sent}) < generation.videos:
            self.add_violation(4, generation.task_id, "a generation was answered 200, but the queue had refused a part")

    def forget(self) -> None:
        """Forget what the restored table has forgotten, proofs of acceptance included."""
        self.claims.clear()
        accepted = {job.key for job in self.simulation.memory.all() if job.accepted_at is not None}
        self.simulation.callbacks.acknowledged_runs &= accepted
        for making in self.simulation.model.own_ids.values():
            making.is_told = False

    def judge(self) -> None:
        """Check the whole simulation at its end."""
        self._strangers()
        for name, error in self.simulation.functions.faulted:
            if name not in ("archive", BASE) or not isinstance(error, StorageError):
                self.add_violation(12, "", f"{name} let {error!r} through")
        for url in self.simulation.downloads.outside:
            self.add_violation(8, "", f"fetched {url}")
        for job in self.simulation.provider.useless:
            self.add_violation(13, job.task_id, f"run {job.run} was requested for what a look had shown to be useless")
        for job in self.simulation.provider.unseen:
            self.add_violation(13, job.task_id, f"run {job.run} was requested, and nobody had looked")
        pacing.judge(self)
        liveness.judge(self)

    def _strangers(self) -> None:
        for effect in self.simulation.effects.by_strangers - {"keys"}:
            self.add_violation(8, "", f"a forged request has caused {effect}")
        for who, status in self.simulation.callbacks.answers | self.simulation.generations.answers:
            if status not in (REFUSALS if who in (STRANGER, "misdirected") else STATUSES):
                self.add_violation(8 if who == STRANGER else 12, "", f"a callback ({who}) was answered {status}")


def _without_base(job: Job | None) -> Job | None:
    return job and replace(job, base=None, base_url=None)


def summary(violations: Sequence[Violation]) -> str:
    """Return the violations as text, one a line."""
    return "\n".join(f"  invariant {v.invariant:2d}  {v.task_id:<16} at {v.at:10.1f} s: {v.what}" for v in violations)
