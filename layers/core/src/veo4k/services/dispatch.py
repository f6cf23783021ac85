"""Dispatch requests to the provider: slot, intent, instant, request, and the response written to the row.

Claims are written one after the other on one connection. The requests are sent side by side, and slots for the next
ones are reserved while they are under way.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from veo4k.domain import gate, transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.decisions import Context, after_response, count_overtaken
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Wait
from veo4k.domain.job import Job, ProviderApi, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent, response_in_log
from veo4k.domain.look import Look, shown_by
from veo4k.domain.ports import Clock, Gate, Jobs, Provider
from veo4k.domain.response import UNDERSTOOD, Meaning, Response
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import LONGEST_POLL_WAIT, Times
from veo4k.domain.wait_reason import WaitReason

TIME_FOR_A_REQUEST = 35.0  # seconds a function must have left to start one; the request itself ends within 25
LOOKS = 5  # at the same time
PATH_KNOWN = 3600.0  # seconds for which a path that has answered another job is not taken for gone
SECRET_WAIT = 30.0  # seconds; a secret is read again within them
NOT_ACCEPTED = frozenset(
    {Meaning.NOT_SENT, Meaning.ACCOUNT_REFUSED, Meaning.BASE_NOT_FINISHED, Meaning.REFUSED, Meaning.NOT_FOUND}
)
"""Not counted for the daily limit, unless an earlier request for the job may have been accepted."""
_WAITS: Mapping[WaitReason | None, float] = {
    WaitReason.SLOT_MISSED: 0.0,
    WaitReason.PATH_GONE: LONGEST_POLL_WAIT,  # of the former API: its last jobs must not take the slots of the others
}
"""Seconds until a request that was not sent, or in vain, is repeated, where that is not the length of a pause."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request at its instant.

    `trial`: id of the trial of a paused gate, or empty; `counted`: when the slot was counted for the daily limit, in
    epoch seconds, or 0.0 where it was not.
    """

    instant: float
    trial: str = ""
    counted: float = 0.0


T = TypeVar("T")


def to_be_requested(claimed: Job | None) -> Job | None:
    """Return a job whose submission was claimed; None where a callback was faster than the response to the claim."""
    return claimed if claimed is not None and claimed.state is State.SUBMITTING else None


@dataclass(kw_only=True)
class Dispatcher:
    """Sends the requests of one invocation; leaving its context waits for all of them.

    `width`: requests that the executor sends side by side; `deadline`: epoch second at which the function is killed;
    `log`: what happened, responses included.
    """

    jobs: Jobs
    gate: Gate
    provider: Provider
    clock: Clock
    executor: Executor
    width: int
    new_id: Callable[[], str]
    times: Times
    hosts: ResultHosts
    provider_api: ProviderApi
    deadline: float
    log: list[LogEntry] = field(default_factory=list)
    _under_way: list[Future[list[LogEntry]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        for request in self._under_way:  # a function must not be frozen with a request under way
            request.exception()
        if error is None:
            self.wait()

    def look(self, task_ids: Sequence[str]) -> dict[str, Look]:
        """Read the records of base tasks, a few at a time. A task whose record cannot be read in time is left out."""
        try:
            if self.provider.unset_secret():
                return {}
        except StorageError:
            return {}
        looks: dict[str, Look] = {}
        for start in range(0, len(task_ids), LOOKS):
            if self.clock.now() >= self.deadline - TIME_FOR_A_REQUEST:
                break
            some = task_ids[start : start + LOOKS]
            futures = [self.executor.submit(self.provider.look, task_id) for task_id in some]
            looks |= {task_id: future.result() for task_id, future in zip(some, futures, strict=True)}
        return looks

    def slots(self, wanted: int, *, counted: bool = False) -> tuple[deque[Slot], Wait]:
        """Reserve slots for requests that can end before the deadline; `counted`: as submissions of the day.

        Return them, and the wait for every job without one.
        """
        now = self.clock.now()
        try:
            if reason := self.provider.unset_secret():
                self.log.append(LogEntry(LogEvent.SECRET_UNSET, None, {"reason": reason}))
                return deque(), Wait(now + SECRET_WAIT, reason)
            last, now = self.deadline - TIME_FOR_A_REQUEST, self.clock.now()
            reserved = self.gate.reserve(wanted, now, last=last, counted=counted)
        except StorageError as error:
            self.log.append(LogEntry(LogEvent.GATE_UNREACHABLE, None, {"error": str(error)}))
            return deque(), Wait(now + self.times.pause, WaitReason.GATE_UNREACHABLE)
        counted_at = now if counted else 0.0
        return deque(Slot(instant, reserved.trial, counted_at) for instant in reserved.instants), reserved.wait

    def send(self, slots: deque[Slot], claims: deque[T], claim: Callable[[T], Job | None]) -> None:
        """Send one request at each slot's instant, for the first claim that yields a job.

        What is used leaves the two queues. Slots without a claim stay, and claims without a slot. Once the gate is
        paused, all slots are released. A claim that may have been written keeps its slot: the request for it follows
        later, and is counted already.

        Args:
            slots: The slots to use, by instant.
            claims: What requests may be sent for, in this order.
            claim: Writes the intent of a request. Returns the job to send it for, or None where there is nothing to
                request. Raises StorageError where it is unknown whether the intent is written.
        """
        while slots and claims:
            self.clock.sleep_until(slots[0].instant - gate.LEAD)
            if not slots[0].trial and self.current_pause():
                self.release(slots)
                return
            try:
                job = claim(claims.popleft())
            except StorageError:
                self._release_trial(slots.popleft())
                continue
            if job is not None:
                self._under_way.append(self.executor.submit(self._exchange, slots.popleft(), job))

    def room(self) -> int:
        """Return how many more requests may be sent now; where none may, wait for the oldest one first."""
        ended = [request for request in self._under_way if request.done()]
        is_full = not ended and len(self._under_way) >= self.width
        for request in self._under_way[:1] if is_full else ended:
            self._collect(request)
        return self.width - len(self._under_way)

    def wait(self) -> bool:
        """Wait for all requests under way. Return whether there were any."""
        were_any = bool(self._under_way)
        while self._under_way:
            self._collect(self._under_way[0])
        return were_any

    def current_pause(self) -> Wait | None:
        """Return until when and why the gate has been paused since slots were reserved; None where it runs."""
        now = self.clock.now()
        try:
            return self.gate.current_pause(now)
        except StorageError:
            return Wait(now + self.times.pause, WaitReason.GATE_UNREACHABLE)

    def is_paused(self) -> bool:
        """Return whether the next slot can only be a trial; False where the gate cannot be read."""
        with suppress(StorageError):
            return self.gate.is_paused()
        return False

    def context(self) -> Context:
        """Return what a rule may know now besides the job."""
        return Context(now=self.clock.now(), times=self.times, hosts=self.hosts, new_id=self.new_id())

    def claim_submission(self, job: Job, look: Look | None, now: float) -> ConditionalUpdate:
        """Return the intent of a request for a job, with what a look has shown of its base video."""
        shown = shown_by(look, job, now, self.hosts)
        return transitions.claim_submission(job, self.new_id(), now, self.times, self.provider_api, seen=shown)

    def release(self, slots: deque[Slot]) -> None:
        """Release unused slots: a trial to other callers, submissions to the daily limit."""
        for slot in slots:
            self._release_trial(slot)
        self._uncount(slots)
        slots.clear()

    def _collect(self, request: Future[list[LogEntry]]) -> None:
        self.log.extend(request.result())
        self._under_way.remove(request)

    def _release_trial(self, slot: Slot) -> None:
        if slot.trial:
            with suppress(StorageError):  # its lease ends
                self.gate.release_trial(slot.trial)

    def _uncount(self, slots: Sequence[Slot]) -> None:
        if counted := [slot.counted for slot in slots if slot.counted]:
            with suppress(StorageError):  # the next day begins at zero
                self.gate.uncount(len(counted), counted[0])

    def _exchange(self, slot: Slot, job: Job) -> list[LogEntry]:
        self.clock.sleep_until(slot.instant)
        response = self._request(slot, job)
        entries, until = self._update_gate(slot, job, response)
        try:
            return [*entries, self._update_job(slot, job, response, until)]
        except StorageError as error:
            # The claim's lease ends, and the job counts one lost response.
            detail = _detail(response) | {"error": str(error)}
            return [*entries, LogEntry(LogEvent.RESPONSE_WRITE_FAILED, job, detail)]

    def _request(self, slot: Slot, job: Job) -> Response:
        if self.clock.now() > slot.instant + gate.LATEST:
            return Response(meaning=Meaning.NOT_SENT, wait_reason=WaitReason.SLOT_MISSED)
        response = self.provider.submit(job) if job.state is State.SUBMITTING else self.provider.poll(job)
        is_former = job.provider_api != self.provider_api
        is_unexpected = response.meaning is Meaning.NOT_FOUND and job.was_seen
        if is_unexpected and (is_former or not self._has_answered_others(job)):
            # The record has shown this video: not the task is unknown, but the path.
            response = replace(response, meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.PATH_GONE)
        if response.wait_reason is WaitReason.PATH_GONE and is_former:
            # The path of the former API: its last jobs must not pause the gate for the others.
            return replace(response, meaning=Meaning.NOT_SENT)
        return response

    def _update_gate(self, slot: Slot, job: Job, response: Response) -> tuple[list[LogEntry], float]:
        """Report the response to the gate. Return what happened to the gate, and when a refused job is due again."""
        now = self.clock.now()
        waits = _WAITS if response.meaning is Meaning.NOT_SENT else {}
        until = now + waits.get(response.wait_reason, self.times.pause)
        try:
            if response.meaning is Meaning.ACCOUNT_REFUSED:
                until = self.gate.pause(response.reason, now, slot.trial)
                paused = response.words.row() | {"reason": response.reason}
                return [LogEntry(LogEvent.GATE_PAUSED, None, paused)], until
            # A request on the path of the former API was sent, but its response proves nothing about the account.
            was_sent = response.meaning is not Meaning.NOT_SENT or response.wait_reason is WaitReason.PATH_GONE
            if slot.trial and not was_sent:
                self.gate.release_trial(slot.trial)
            elif slot.trial:
                self.gate.finish_trial(slot.trial, now, answered=response.meaning in UNDERSTOOD)
            if response.meaning in UNDERSTOOD and job.state is State.SUBMITTING:
                self.gate.note_understood(job.task_id, now)
        except StorageError as error:
            # The job's row is updated nevertheless; the next response reports to the gate.
            return [LogEntry(LogEvent.GATE_UNREACHABLE, None, {"error": str(error)})], until
        return [], until

    def _update_job(self, slot: Slot, job: Job, response: Response, until: float) -> LogEntry:
        context = replace(
            self.context(), until=until, on_trial=bool(slot.trial), is_understood=self._is_understood(job, response)
        )
        event, update, about = after_response(job, response, context)
        detail = _detail(response)
        detail |= {"about": about} if about else {}
        if update is None:
            return LogEntry(event, job, detail, context.now)
        outcome = self.jobs.write(update)
        if isinstance(outcome, Updated):
            if response.meaning in NOT_ACCEPTED and not job.lost_responses:
                # Only now: a job that stays SUBMITTING is requested without being counted again.
                self._uncount([slot])
            return LogEntry(event, outcome.job, detail, context.now)
        # A callback was faster, or the lease has ended and another function has claimed the job.
        count = count_overtaken(job, outcome.job, update)
        is_counted = count is not None and isinstance(self.jobs.write(count), Updated)
        return LogEntry(event if is_counted else LogEvent.RESPONSE_SUPERSEDED, outcome.job or job, detail, context.now)

    def _is_understood(self, job: Job, response: Response) -> bool:
        """Return whether a submission of another job was understood since this job's first unclear response."""
        if response.meaning is not Meaning.UNCLEAR or job.unclear_since is None:
            return False
        return self._is_understood_since(job.unclear_since, job)

    def _has_answered_others(self, job: Job) -> bool:
        """Return whether the path of submissions is surely not gone: another job's was understood a while ago."""
        return self._is_understood_since(self.clock.now() - PATH_KNOWN, job)

    def _is_understood_since(self, since: float, job: Job) -> bool:
        with suppress(StorageError):
            return self.gate.is_understood_since(since, job.task_id)
        return False


def _detail(response: Response) -> Detail:
    return response_in_log(response) | ({"reason": response.reason} if response.reason else {})
