"""Sweep the due jobs: request, poll, refresh links, end, re-trigger. Cost follows the due jobs, not the stored jobs.

Any number of sweeps may overlap or die half-way: each claims a job before it acts on it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import AHEAD, DAILY_LIMIT, LEAD, Wait
from veo4k.domain.job import Job, Key, Lane, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import Clock, Gate, Jobs
from veo4k.domain.rules import Due, is_turn, probes_by_post, when_due
from veo4k.domain.schedule import Times
from veo4k.domain.write import Write, Written
from veo4k.services.dispatch import TIME_FOR_A_REQUEST, UNREACHABLE, Claim, Dispatcher, Slot

RESERVE = 15.0  # seconds before its own timeout at which a sweep stops
DAY, EVERY_MINUTE = 86_400, 60  # seconds
ENDED_ELSEWHERE = frozenset({DAILY_LIMIT, UNREACHABLE, "API_KEY_UNSET", "TOKEN_KEY_UNSET"})
"""Waits that last longer than a sweep: another day, a repair or an operator ends them."""


@dataclass(kw_only=True)
class Sweeper:
    """Does what is due in one invocation. `deadline`: epoch second at which the function is killed."""

    dispatcher: Dispatcher
    jobs: Jobs
    gate: Gate
    clock: Clock
    new_id: Callable[[], str]
    chance: Callable[[], float]
    times: Times
    contract: str
    deadline: float

    def sweep(self) -> list[Note]:
        """Do what is due. Return what happened."""
        with self.dispatcher:
            try:
                self._sweep()
            except StorageError as error:
                self._log("sweep_interrupted", error=str(error))
        return self.dispatcher.log

    def _sweep(self) -> None:
        now = self.clock.now()
        has_slots = self._process(Lane.LIVE, now)
        self._end_overdue(now)
        now = self.clock.now()
        if has_slots and self.gate.current_pause(now) is None:
            self._process(Lane.QUEUED, now)

    def _process(self, lane: Lane, until: float) -> bool:
        """Do what is due in a lane, and send its requests as slots come. Return whether the gate still gives slots.

        Without slots LIVE jobs get what needs no request, and QUEUED jobs wait.
        """
        slots, claims, has_slots = deque[Slot](), deque[Claim](), True
        for key in self.jobs.due(lane, until):
            if self._is_time_up() or not (has_slots or lane is Lane.LIVE):
                break
            claim = self._act(key, lane, until)
            if claim and has_slots:
                claims.append(claim)
            while has_slots and claims and (slots or len(claims) >= self.dispatcher.room()):
                has_slots = self._dispatch(slots, claims, lane)
        while has_slots and claims:
            has_slots = self._dispatch(slots, claims, lane)
        self.dispatcher.give_back(slots)
        return has_slots

    def _end_overdue(self, now: float) -> None:
        """End the QUEUED jobs whose time is over, even without slots.

        The index knows when a QUEUED job is due, not how old it is. So once a day all due ones are checked.
        """
        is_daily = now % DAY < EVERY_MINUTE
        until = now if is_daily else now - self.times.queued_deadline
        for key in self.jobs.due(Lane.QUEUED, until):
            if self._is_time_up():
                break
            self._act(key, Lane.QUEUED, until)

    def _is_time_up(self) -> bool:
        return self.clock.now() >= self.deadline - RESERVE

    def _dispatch(self, slots: deque[Slot], claims: deque[Claim], lane: Lane) -> bool:
        """Send requests with the slots at hand, or with new ones. Return whether slots still come in time."""
        if not slots:
            wanted = min(self.dispatcher.room(), len(claims))
            new, wait = self.dispatcher.slots(wanted, counted=lane is Lane.QUEUED)
            if not new:
                # A response under way may let the gate run: only the responses are awaited before the next slot is.
                return self.dispatcher.wait() or self._wait_for_slot(wait)
            slots.extend(new)
        self.dispatcher.send(slots, claims)
        return True

    def _wait_for_slot(self, wait: Wait) -> bool:
        """Sleep until the next slot can be reserved, where a request can still end in time. Return whether it can."""
        if wait.reason in ENDED_ELSEWHERE or wait.until + LEAD + TIME_FOR_A_REQUEST >= self.deadline:
            return False
        if self.gate.current_pause(self.clock.now()):
            return False
        self.clock.sleep_until(wait.until - AHEAD)
        return True

    def _act(self, key: Key, lane: Lane, until: float) -> Claim | None:
        """Do what a due job needs, if it needs no request; else return the claim of its request.

        A job that cannot be read or written is skipped: the others are still processed.
        """
        try:
            job = self.jobs.get(key)
            if job is None or job.lane is not lane or (job.due or 0) > until:
                return None  # the index is behind the table
            due, step = when_due(job, self.clock.now(), self.new_id(), self.times)
            if due in (Due.SUBMIT, Due.PROBE):
                return partial(self._claim, job, due)
            if step.write is not None:
                self._write(step.write, step.action)
        except StorageError as error:
            self._log("job_passed_over", error=str(error))
        return None

    def _claim(self, job: Job, due: Due) -> Job | None:
        try:
            return self._claim_submission(job) if due is Due.SUBMIT else self._claim_probe(job)
        except StorageError as error:
            self._log("job_passed_over", error=str(error))
            raise

    def _claim_submission(self, job: Job) -> Job | None:
        now = self.clock.now()
        if job.run > 1 and not is_turn(job, self.jobs.runs(job.task_id)):
            self._write(transitions.postpone(job, now + self.times.probe), "submission_postponed")
            return None
        claim = transitions.claim_submission(job, self.new_id(), now, self.times, self.contract)
        return self._write(claim, "submission_claimed")

    def _claim_probe(self, job: Job) -> Job | None:
        now, by_post = self.clock.now(), probes_by_post(job)
        claim = transitions.claim_probe(job, self.new_id(), now, self.chance(), self.times, by_post=by_post)
        return self._write(claim, "probe_claimed" if job.state is State.PROCESSING else "refresh_claimed")

    def _write(self, write: Write, action: str) -> Job | None:
        outcome = self.jobs.write(write)
        if not isinstance(outcome, Written):
            return None
        self.dispatcher.log.append(Note(action, outcome.job, at=self.clock.now()))
        return outcome.job

    def _log(self, action: str, *, error: str) -> None:
        self.dispatcher.log.append(Note(action, None, {"error": error}))
