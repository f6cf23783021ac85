"""Sweep the due jobs: request, poll, refresh links, end, re-trigger. Cost follows the due jobs, not the stored jobs.

Any number of sweeps may overlap or die half-way: each claims a job before it acts on it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.decisions import Decision, Need, is_turn, polls_by_post, when_due
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import AHEAD, LEAD, Wait
from veo4k.domain.job import Job, Key, Partition, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.look import Look, after_look, after_relook, after_wait, is_wanted
from veo4k.domain.ports import Clock, Jobs
from veo4k.domain.schedule import DAY, Times, base_wait, relook_wait
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import TIME_FOR_A_REQUEST, Dispatcher, Slot, to_be_requested

RESERVE = 15.0  # seconds before its own timeout at which a sweep stops
MOSTLY = 0.75  # of the trials of a paused gate are for QUEUED jobs, where one is due
EVERY_MINUTE = 60  # seconds
LONG_WAITS = frozenset(
    {
        WaitReason.API_KEY_UNSET,
        WaitReason.TOKEN_KEY_UNSET,
        WaitReason.GATE_UNREACHABLE,
        WaitReason.DAILY_LIMIT,
    }
)
"""Waits that last longer than a sweep: another day, a repair or an operator ends them."""


@dataclass(eq=False, slots=True)
class _Due:
    """A due job that needs a request. `look`: what the look before that request showed."""

    job: Job
    need: Need
    look: Look | None = None


@dataclass(kw_only=True)
class Sweeper:
    """Does what is due in one invocation."""

    dispatcher: Dispatcher
    jobs: Jobs
    clock: Clock
    new_id: Callable[[], str]
    chance: Callable[[], float]
    times: Times

    def sweep(self) -> list[LogEntry]:
        """Do what is due. Return what happened."""
        with self.dispatcher:
            try:
                self._sweep()
            except StorageError as error:
                self._log(LogEvent.SWEEP_INTERRUPTED, error=str(error))
        return self.dispatcher.log

    def _sweep(self) -> None:
        # The answers to polls may say nothing of the path that new requests take, so they must not take every trial.
        is_queued_first = self.chance() < MOSTLY and self.dispatcher.is_paused()
        if is_queued_first:
            self._process_queued()
        now = self.clock.now()
        has_slots = self._process(Partition.LIVE, now)
        self._end_overdue(now)
        if has_slots and not is_queued_first:
            self._process_queued()

    def _process_queued(self) -> None:
        now = self.clock.now()
        if self.dispatcher.gate.current_pause(now) is None:
            self._process(Partition.QUEUED, now)

    def _process(self, partition: Partition, until: float) -> bool:
        """Do what is due in a partition, and send requests as slots come. Return whether the gate still gives slots.

        Without slots LIVE jobs get what needs no request, and QUEUED jobs wait.
        """
        slots, claims, has_slots = deque[Slot](), deque[_Due](), True
        looks: list[Job] = []
        for key in self.jobs.due(partition, until):
            if self._is_time_up() or not (has_slots or partition is Partition.LIVE):
                break
            due = self._act(key, partition, until)
            if due and due.need is Need.LOOK:
                looks.append(due.job)
            elif due and has_slots:
                claims.append(due)
            while has_slots and claims and (slots or len(claims) >= self.dispatcher.room()):
                has_slots = self._dispatch(slots, claims, partition)
        self._look_for_waiting(looks)
        while has_slots and claims:
            has_slots = self._dispatch(slots, claims, partition)
        self.dispatcher.release(slots)
        return has_slots

    def _end_overdue(self, now: float) -> None:
        """End the QUEUED jobs whose time is over, even without slots.

        The index knows when a QUEUED job is due, not how old it is. So once a day all due ones are checked.
        """
        is_daily = now % DAY < EVERY_MINUTE
        until = now if is_daily else now - self.times.queued_deadline
        for key in self.jobs.due(Partition.QUEUED, until):
            if self._is_time_up():
                break
            self._act(key, Partition.QUEUED, until)

    def _is_time_up(self) -> bool:
        return self.clock.now() >= self.dispatcher.deadline - RESERVE

    def _dispatch(self, slots: deque[Slot], claims: deque[_Due], partition: Partition) -> bool:
        """Send requests with the slots at hand, or with new ones. Return whether slots still come in time."""
        if any(self._wants_look(due) for due in islice(claims, len(slots))):
            self.dispatcher.release(slots)  # a look takes longer than a slot waits
        if not slots:
            counted = partition is Partition.QUEUED
            room = min(self.dispatcher.room(), len(claims))
            wanted = self.dispatcher.gate.free(room, self.clock.now(), counted=counted)
            self._look_first(claims, wanted)  # no more base videos than may be paid
            if not claims:
                return True
            new, wait = self.dispatcher.slots(min(wanted, len(claims)), counted=counted)
            if not new:
                # A response under way may let the gate run: only the responses are awaited before the next slot is.
                return self.dispatcher.wait() or self._wait_for_slot(wait)
            slots.extend(new)
        self.dispatcher.send(slots, claims, self._claim)
        return True

    def _wants_look(self, due: _Due) -> bool:
        """Return whether the base video is to be looked at before this claim: nothing is paid unseen."""
        return due.need is Need.SUBMISSION and due.look is None and is_wanted(due.job, self.clock.now())

    def _look_first(self, claims: deque[_Due], wanted: int) -> None:
        """Look at the base videos of the next jobs before they are paid. Those that need no request leave the queue."""
        some = [claims.popleft() for _ in range(wanted)]
        wanting = [due for due in some if self._wants_look(due)]
        waiting = [due for due in wanting if not self._skip_unless_turn(due.job)]
        looks = self._looks([due.job for due in wanting if due not in waiting])
        for due in wanting:
            due.look = looks.get(due.job.task_id)
        claims.extendleft(reversed([due for due in some if due not in waiting and not self._apply_look(due)]))

    def _looks(self, jobs: Sequence[Job]) -> Mapping[str, Look]:
        """Read the records of these jobs' base tasks; none while the gate is paused."""
        if not jobs or self.dispatcher.current_pause():
            return {}
        return self.dispatcher.look(list(dict.fromkeys(job.task_id for job in jobs)))

    def _postpone_unless_turn(self, job: Job) -> bool:
        """Postpone a job whose turn it is not. Return whether it is its turn."""
        if job.run == 1 or is_turn(job, self.jobs.runs(job.task_id)):
            return True
        self._write(LogEvent.REQUEST_POSTPONED, transitions.postpone(job, self.clock.now() + self.times.probe))
        return False

    def _skip_unless_turn(self, job: Job) -> bool:
        """Postpone a job whose turn it is not; skip one that cannot be read. Return whether a look may follow."""
        with self._skipping():
            return self._postpone_unless_turn(job)
        return False

    def _apply_look(self, due: _Due) -> bool:
        """Write what a look means for a job. Return whether the job needs no request now."""
        if due.look is None:
            return False
        decision = after_look(due.job, due.look, self.dispatcher.context())
        with self._skipping():
            self._apply(decision)
        return decision is not None

    def _look_for_waiting(self, jobs: list[Job]) -> None:
        """Look for jobs that wait for their base video, or for a fresh link of it."""
        claimed = [job for job in jobs if self._claim_look(job)]
        looks = self._looks(claimed)
        for job in claimed:
            rule = after_wait if job.state is State.QUEUED else after_relook
            with self._skipping():
                current = self.jobs.get(job.key)
                if current is not None and job.task_id in looks:
                    self._apply(rule(current, looks[job.task_id], self.dispatcher.context()))

    def _claim_look(self, job: Job) -> bool:
        """Write when the next look is due. Return whether this sweep does the present one."""
        now = self.clock.now()
        wait = (
            base_wait(job.looks + 1, self.times) if job.state is State.QUEUED else relook_wait(job.not_4k, self.times)
        )
        with self._skipping():
            return self._write(LogEvent.LOOK_CLAIMED, transitions.claim_look(job, now + wait)) is not None
        return False

    def _apply(self, decision: Decision | None) -> None:
        if decision and decision.update:
            self._write(decision.event, decision.update, decision.about)

    @contextmanager
    def _skipping(self) -> Iterator[None]:
        """Skip a job that cannot be read or written: the others are still processed."""
        try:
            yield
        except StorageError as error:
            self._log(LogEvent.JOB_SKIPPED, error=str(error))

    def _wait_for_slot(self, wait: Wait) -> bool:
        """Sleep until the next slot can be reserved, where a request can still end in time. Return whether it can."""
        if wait.reason in LONG_WAITS or wait.until + LEAD + TIME_FOR_A_REQUEST >= self.dispatcher.deadline:
            return False
        if self.dispatcher.gate.current_pause(self.clock.now()):
            return False
        self.clock.sleep_until(wait.until - AHEAD)
        return True

    def _act(self, key: Key, partition: Partition, until: float) -> _Due | None:
        """Do what a due job needs, if it needs no request; else return the job with its need."""
        with self._skipping():
            job = self.jobs.get(key)
            if job is None or job.partition is not partition or (job.due or 0) > until:
                return None  # the index is behind the table
            due = when_due(job, self.dispatcher.context())
            if isinstance(due, Need):
                return _Due(job, due)
            self._apply(due)
            if due and not due.update:
                self._log(due.event, error=f"{job.job_id} is {job.state}, a state of a later version")
        return None

    def _claim(self, due: _Due) -> Job | None:
        """Write the intent of a request. Return the job to send it for; raise StorageError."""
        if self._wants_look(due):
            return None
        try:
            return self._claim_submission(due) if due.need is Need.SUBMISSION else self._claim_poll(due.job)
        except StorageError as error:
            self._log(LogEvent.JOB_SKIPPED, error=str(error))
            raise

    def _claim_submission(self, due: _Due) -> Job | None:
        now = self.clock.now()
        if not self._postpone_unless_turn(due.job):
            return None
        claim = self.dispatcher.claim_submission(due.job, due.look, now)
        return to_be_requested(self._write(LogEvent.REQUEST_CLAIMED, claim))

    def _claim_poll(self, job: Job) -> Job | None:
        now, by_post = self.clock.now(), polls_by_post(job)
        claim = transitions.claim_poll(job, self.new_id(), now, self.chance(), self.times, by_post=by_post)
        is_poll = job.state is State.PROCESSING
        return self._write(LogEvent.POLL_CLAIMED if is_poll else LogEvent.LINK_REFRESH_CLAIMED, claim)

    def _write(self, event: LogEvent, update: ConditionalUpdate, about: str = "") -> Job | None:
        outcome = self.jobs.write(update)
        if not isinstance(outcome, Updated):
            return None
        detail: Detail = {"about": about} if about else {}
        self.dispatcher.log.append(LogEntry(event, outcome.job, detail, at=self.clock.now()))
        return outcome.job

    def _log(self, event: LogEvent, *, error: str) -> None:
        self.dispatcher.log.append(LogEntry(event, None, {"error": error}))
