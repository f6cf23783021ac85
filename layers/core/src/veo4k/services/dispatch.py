"""Dispatch requests to the provider: slot, intent, instant, request, and the response written to the row.

Claims are written one after the other on one connection. The requests are sent side by side, and slots for the next
ones are reserved while they are under way.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from veo4k.domain import gate
from veo4k.domain.answer import PATH_GONE, Answer, Meaning
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Wait
from veo4k.domain.job import Job, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import Clock, Gate, Jobs, Provider
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.rules import Moment, after_answer
from veo4k.domain.schedule import Times
from veo4k.domain.write import Written

TIME_FOR_A_REQUEST = 35.0  # seconds a function must have left to start one; the request itself ends within 25
SECRET_WAIT = 30.0  # seconds; a secret is read again within them
MISSED = "SLOT_MISSED"
UNREACHABLE = "GATE_UNREACHABLE"
UNSPENT = frozenset({Meaning.NEVER_SENT, Meaning.SHUT, Meaning.NOT_YET, Meaning.REFUSED})
"""Surely not accepted, so not counted for the daily limit, unless an earlier request for the job may be accepted."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request at its instant.

    `trial`: id of the trial of a paused gate, or empty; `counted`: when the slot was counted for the daily limit, in
    epoch seconds, or 0.0 where it was not.
    """

    instant: float
    trial: str = ""
    counted: float = 0.0


Claim = Callable[[], Job | None]
"""Writes the intent of a request. Returns the job to send it for, or None where there is nothing to request.

Raises StorageError where it is unknown whether the intent is written.
"""


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
    contract: str
    deadline: float
    log: list[Note] = field(default_factory=list)
    _under_way: list[Future[list[Note]]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        for request in self._under_way:  # a function must not be frozen with a request under way
            request.exception()
        if error is None:
            self.wait()

    def slots(self, wanted: int, *, counted: bool = False) -> tuple[deque[Slot], Wait]:
        """Reserve slots for requests that can end before the deadline; `counted`: as submissions of the day.

        Return them, and the wait for every job without one.
        """
        now = self.clock.now()
        try:
            if reason := self.provider.unready():
                self.log.append(Note("account_unready", None, {"reason": reason}))
                return deque(), Wait(now + SECRET_WAIT, reason)
            last, now = self.deadline - TIME_FOR_A_REQUEST, self.clock.now()
            reserved = self.gate.reserve(wanted, now, last=last, counted=counted)
        except StorageError as error:
            self.log.append(Note("gate_unreachable", None, {"error": str(error)}))
            return deque(), Wait(now + self.times.pause, UNREACHABLE)
        counted_at = now if counted else 0.0
        return deque(Slot(instant, reserved.trial, counted_at) for instant in reserved.instants), reserved.wait

    def send(self, slots: deque[Slot], claims: deque[Claim]) -> None:
        """Send one request at each slot's instant, for the first claim that returns a job.

        What is used leaves the two queues. Slots without a claim stay, and claims without a slot. Once the gate is
        paused, all slots are given back. A claim that may have been written keeps its slot: the request for it follows
        later, and is counted already.
        """
        while slots and claims:
            self.clock.sleep_until(slots[0].instant - gate.LEAD)
            if not slots[0].trial and self.current_pause():
                return self.give_back(slots)
            claim = claims.popleft()
            try:
                job = claim()
            except StorageError:
                self._release_trial(slots.popleft())
                continue
            if job is not None:
                self._under_way.append(self.executor.submit(self._exchange, slots.popleft(), job))
        return None

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
            return Wait(now + self.times.pause, UNREACHABLE)

    def give_back(self, slots: deque[Slot]) -> None:
        """Give unused slots back: a trial to other callers, submissions to the daily limit."""
        for slot in slots:
            self._release_trial(slot)
        self._uncount(slots)
        slots.clear()

    def _collect(self, request: Future[list[Note]]) -> None:
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

    def _exchange(self, slot: Slot, job: Job) -> list[Note]:
        self.clock.sleep_until(slot.instant)
        answer = self._request(slot, job)
        notes, until = self._update_gate(slot, answer)
        try:
            return [*notes, self._update_job(slot, job, answer, until)]
        except StorageError as error:
            # The claim's lease ends, and the job counts one lost response.
            return [*notes, Note("answer_unwritten", job, _detail(answer) | {"error": str(error)})]

    def _request(self, slot: Slot, job: Job) -> Answer:
        if self.clock.now() > slot.instant + gate.LATEST:
            return Answer(meaning=Meaning.NEVER_SENT, reason=MISSED)
        answer = self.provider.ask(job) if job.state is State.SUBMITTING else self.provider.probe(job)
        if answer.reason.startswith(PATH_GONE) and job.contract != self.contract:
            # The path of the former API: its last jobs must not pause the gate for the others.
            return replace(answer, meaning=Meaning.NEVER_SENT)
        return answer

    def _update_gate(self, slot: Slot, answer: Answer) -> tuple[list[Note], float]:
        """Report the response to the gate. Return what happened to the gate, and when a refused job is due again."""
        now = self.clock.now()
        until = now if answer.reason == MISSED else now + self.times.pause
        try:
            if answer.meaning is Meaning.SHUT:
                until = self.gate.pause(answer.reason, now, slot.trial)
                return [Note("gate_shut", None, {"reason": answer.reason})], until
            if slot.trial and answer.meaning is Meaning.NEVER_SENT:
                self.gate.release_trial(slot.trial)
            elif slot.trial:
                self.gate.finish_trial(slot.trial, now, answered=answer.meaning is not Meaning.LOST)
        except StorageError as error:
            # The job's row is updated nevertheless; the next response reports to the gate.
            return [Note("gate_unreachable", None, {"error": str(error)})], until
        return [], until

    def _update_job(self, slot: Slot, job: Job, answer: Answer, until: float) -> Note:
        moment = Moment(
            now=self.clock.now(),
            until=until,
            times=self.times,
            hosts=self.hosts,
            on_trial=bool(slot.trial),
            new_id=self.new_id(),
        )
        step = after_answer(job, answer, moment)
        if step.write is None:
            return Note(step.action, job, _detail(answer), moment.now)
        outcome = self.jobs.write(step.write)
        if isinstance(outcome, Written):
            if answer.meaning in UNSPENT and not job.lost:
                # Only now: a job that stays SUBMITTING is requested without being counted again.
                self._uncount([slot])
            return Note(step.action, outcome.job, _detail(answer), moment.now)
        # A callback was faster, or the lease has ended and another function has claimed the job.
        return Note("answer_overtaken", outcome.job or job, _detail(answer), moment.now)


def _detail(answer: Answer) -> dict[str, str | int | float]:
    detail: dict[str, str | int | float] = {"meaning": answer.meaning.value}
    return detail | ({"reason": answer.reason} if answer.reason else {})
