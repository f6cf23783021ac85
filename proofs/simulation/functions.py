"""The functions, as Lambda runs them: the real services over the simulated ports, killed at their timeouts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from proofs.simulation.effects import Effects
from proofs.simulation.executor import SimulatedExecutor
from proofs.simulation.kernel import Kernel, Killed, Process, SkewedClock
from veo4k.adapters.provider_kie import CONNECTIONS
from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Key, ProviderApi
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change, Clock, Gate, Jobs, MessageQueue, Provider
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.archive import Archiver
from veo4k.services.base import BaseKeeper
from veo4k.services.callback import CallbackHandler
from veo4k.services.dispatch import Dispatcher
from veo4k.services.generated import GenerationHandler
from veo4k.services.publish import Publisher
from veo4k.services.signed_request import Request
from veo4k.services.submit import Received, Submitter
from veo4k.services.sweep import Sweeper

T = TypeVar("T")
BASE = "base"  # the archive's invocation for a base video
TIMEOUTS = {
    "submit": 60.0,
    "callback": 10.0,
    "sweep": 120.0,
    "publish": 30.0,
    "archive": 900.0,
    "api": 10.0,
    BASE: 900.0,
}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a warm machine of submit or sweep keeps from one invocation to the next."""

    kernel: Kernel
    jobs: Jobs
    gate: Gate
    provider: Provider
    queue: MessageQueue
    clock: Clock
    new_id: Callable[[], str]
    chance: Callable[[], float]
    times: Times
    hosts: ResultHosts
    provider_api: ProviderApi

    def dispatcher(self, deadline: float) -> Dispatcher:
        """Return the dispatcher of one invocation."""
        return Dispatcher(
            jobs=self.jobs,
            gate=self.gate,
            provider=self.provider,
            clock=self.clock,
            executor=SimulatedExecutor(self.kernel),
            width=CONNECTIONS,
            new_id=self.new_id,
            times=self.times,
            hosts=self.hosts,
            provider_api=self.provider_api,
            deadline=deadline,
        )

    def submitter(self, deadline: float) -> Submitter:
        """Return the submitter of one invocation."""
        return Submitter(
            dispatcher=self.dispatcher(deadline),
            queue=self.queue,
            jobs=self.jobs,
            clock=self.clock,
            new_id=self.new_id,
            times=self.times,
            provider_api=self.provider_api,
        )

    def sweeper(self, deadline: float) -> Sweeper:
        """Return the sweeper of one invocation."""
        return Sweeper(
            dispatcher=self.dispatcher(deadline),
            jobs=self.jobs,
            gate=self.gate,
            clock=self.clock,
            new_id=self.new_id,
            chance=self.chance,
            times=self.times,
            provider_api=self.provider_api,
            deadline=deadline,
        )


@dataclass(eq=False, kw_only=True)
class Functions:
    """Invokes them. `_free`: the warm machines of submit and sweep that are free."""

    effects: Effects
    new_machine: Callable[[], Machine]
    is_current: Callable[[Machine], bool]
    jobs: Jobs
    callback_handler: CallbackHandler
    generation_handler: GenerationHandler
    publisher: Publisher
    archiver: Archiver
    base_keeper: BaseKeeper
    skew: float
    faulted: list[tuple[str, BaseException]] = field(default_factory=list)
    entries: dict[str, int] = field(default_factory=dict)
    base_tries: dict[Key, int] = field(default_factory=dict)
    cancelled: set[Key] = field(default_factory=set)  # by their owner, or in vain
    on_log_entry: Callable[[LogEntry], None]
    on_batch_response: Callable[[Sequence[str], Sequence[str]], None]
    _free: list[Machine] = field(default_factory=list)

    @property
    def kernel(self) -> Kernel:
        """The virtual time."""
        return self.effects.kernel

    @property
    def random(self) -> Random:
        """The source of chance."""
        return self.effects.random

    def submit(self, batch: Sequence[Received], done: Callable[[Sequence[str] | None], None]) -> None:
        """Submit a batch; `done` is called with the ids to deliver again, None where the function died."""
        machine = self._take()

        def call(deadline: float) -> tuple[list[LogEntry], list[str]]:
            submitter = machine.submitter(deadline)
            return submitter.submit(batch), submitter.unstored

        def over(value: tuple[list[LogEntry], list[str]] | None) -> None:
            self._free.append(machine)
            self._log(value[0] if value else [])
            if value:
                self.on_batch_response([received.message_id for received in batch], value[1])
            done(value[1] if value else None)

        self._invoke("submit", call, over)

    def sweep(self) -> None:
        """Sweep."""
        machine = self._take()

        def over(value: list[LogEntry] | None) -> None:
            self._free.append(machine)
            self._log(value or [])

        self._invoke("sweep", lambda deadline: machine.sweeper(deadline).sweep(), over)

    def callback(self, name: str, _: Key, request: Request, done: Callable[[int | None], None]) -> None:
        """Receive a callback; `done` is called with the status."""

        def over(value: tuple[int, LogEntry] | None) -> None:
            self._log([value[1]] if value else [])
            done(value[0] if value else None)

        now = self.archiver.clock.now
        self._invoke(name, lambda _: self.callback_handler.handle(request, now()), over, TIMEOUTS["callback"])

    def generated(self, name: str, request: Request, done: Callable[[int | None], None]) -> None:
        """Receive the callback of a generation; `done` is called with the status."""

        def over(value: tuple[int, list[LogEntry]] | None) -> None:
            self._log(value[1] if value else [])
            done(value[0] if value else None)

        now = self.archiver.clock.now
        self._invoke(name, lambda _: self.generation_handler.handle(request, now()), over, TIMEOUTS["callback"])

    def cancel(self, task_id: str) -> None:
        """Cancel a task's newest run, where it is QUEUED."""

        def call(_: float) -> None:
            with suppress(StorageError):  # the owner learns that it may or may not have been done
                for job in self.jobs.runs(task_id)[-1:]:
                    self.cancelled.add(job.key)
                    now, times = self.archiver.clock.now(), self.archiver.times
                    self.jobs.write(transitions.cancel(job.key, self.archiver.new_id(), now, times))

        self._invoke("api", call, lambda _: None)

    def publish(self, changes: Sequence[Change], done: Callable[[bool], None]) -> None:
        """Read records; `done` is called with whether the function returned."""

        def over(value: list[LogEntry] | None) -> None:
            self._log(value or [])
            done(value is not None)

        now = self.archiver.clock.now
        self._invoke("publish", lambda _: self.publisher.publish(changes, now()), over)

    def archive(self, key: Key, done: Callable[[bool], None]) -> None:
        """Archive a job's result; `done` is called with whether the message may go."""

        def over(value: LogEntry | None) -> None:
            self._log([value] if value else [])
            done(value is not None)

        self._invoke("archive", lambda deadline: self.archiver.store(key, deadline), over)

    def keep_base(self, key: Key, receives: int, done: Callable[[LogEvent | None], None]) -> None:
        """Keep a base video; `done` is called with what happened, None where the function died."""

        def over(value: LogEntry | None) -> None:
            self._log([value] if value else [])
            done(value.event if value else None)

        self.base_tries[key] = self.base_tries.get(key, 0) + 1
        self._invoke(BASE, lambda deadline: self.base_keeper.keep(key, deadline, receives), over)

    def _take(self) -> Machine:
        while self._free:
            machine = self._free.pop(self.random.randrange(len(self._free)))
            if self.is_current(machine):  # a parameter changed: drop the old machines
                return machine
        return self.new_machine()

    def _invoke(
        self, name: str, call: Callable[[float], T], over: Callable[[T | None], None], timeout: float = 0.0
    ) -> None:
        skew = self.skew * (2 * self.random.random() - 1)
        deadline = self.kernel.now + (timeout or TIMEOUTS[name])
        process = Process(self.kernel, name, deadline, skew)

        def done(value: T | None, error: BaseException | None) -> None:
            if self.effects.timeline.is_traced and error is not None:
                self.effects.timeline.add("", name, "died", repr(error))
            if error is not None and not isinstance(error, Killed):
                self.faulted.append((name, error))
            over(value)

        process.start(lambda: call(deadline + skew), done)

    def _log(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            self.entries[entry.event] = self.entries.get(entry.event, 0) + 1
            self.on_log_entry(entry)


def make_clock(kernel: Kernel) -> SkewedClock:
    """Return the clock of the running function."""
    return SkewedClock(kernel)
