"""The functions, as Lambda runs them: the real services over the simulated ports, killed at their timeouts."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from proofs.doubles.stage import made
from proofs.simulation.callbacks import TOKEN_KEY, WEBHOOK_KEY
from proofs.simulation.consequences import SimulatedJobSender
from proofs.simulation.executor import SimulatedExecutor
from proofs.simulation.kernel import Kernel, Killed, Process, SkewedClock
from proofs.simulation.queues import Again
from proofs.simulation.table import SimulatedGate
from veo4k.adapters.provider_kie import CONNECTIONS
from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace
from veo4k.domain.job import Key, ProviderApi
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change, Clock, Gate, Jobs, MessageQueue, Provider
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler
from veo4k.services.dispatch import Dispatcher
from veo4k.services.generation import GenerationHandler
from veo4k.services.keep_base import RETRY, BaseKeeper
from veo4k.services.publish import Publisher
from veo4k.services.submit import Received, Submitter
from veo4k.services.sweep import Sweeper

if TYPE_CHECKING:
    from proofs.simulation.environment import Simulation

T = TypeVar("T")
Handle = Callable[[float], tuple[Iterable[LogEntry], int]]
"""Handles a request that comes at that time. Returns log entries, and the status."""
BASE = "base"  # the archive's invocation for a base video
TIMEOUT, TIMEOUTS = 10.0, {"submit": 60.0, "sweep": 120.0, "publish": 30.0, "archive": 900.0, BASE: 900.0}


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
    pace: Pace

    def submitter(self, deadline: float) -> Submitter:
        return made(Submitter, vars(self), dispatcher=self._dispatcher(deadline))

    def sweeper(self, deadline: float) -> Sweeper:
        return made(Sweeper, vars(self), dispatcher=self._dispatcher(deadline))

    def _dispatcher(self, deadline: float) -> Dispatcher:
        executor = SimulatedExecutor(self.kernel)
        return made(Dispatcher, vars(self), executor=executor, width=CONNECTIONS, deadline=deadline)


class Functions:
    """Invokes them. `_free`: the warm machines of submit and sweep that are free."""

    def __init__(self, simulation: "Simulation") -> None:
        self.simulation, self.effects, self.random = simulation, simulation.effects, simulation.random
        self.kernel, self.jobs, self.times = simulation.kernel, simulation.jobs, simulation.times
        self.skew = simulation.profile.skew
        self.clock = SkewedClock(self.kernel)
        self.faulted: list[tuple[str, BaseException]] = []
        self.base_tries: dict[Key, int] = {}
        self.cancelled: set[Key] = set()  # by their owner, or in vain
        self._free: list[Machine] = []
        self._numbers = count()
        self._make_services()

    def _make_services(self) -> None:
        simulation = self.simulation
        keys = self._keys(TOKEN_KEY), self._keys(WEBHOOK_KEY)
        self.callback_handler = CallbackHandler(
            self.jobs, *keys, self.times, simulation.hosts, is_signature_optional=False
        )
        self.generation_handler = GenerationHandler(SimulatedJobSender(self.effects, simulation.send_generated), *keys)
        self.ports = {
            "kernel": self.kernel,
            "jobs": self.jobs,
            "provider": simulation.provider,
            "events": simulation.event_publisher,
            "open_download": simulation.downloads.open,
            "archive": simulation.archive,
            "clock": self.clock,
            "new_id": self.new_id,
            "chance": self.random.random,
            "times": self.times,
        }
        self.publisher = made(Publisher, self.ports, retention_days=90, keep_base=simulation.profile.keep_base)
        self.archiver = made(Archiver, self.ports)
        self.base_keeper = made(BaseKeeper, self.ports, open_download=simulation.downloads.open_base)

    def _keys(self, key: bytes) -> Callable[[], tuple[bytes, ...]]:
        return lambda: self.effects.do("keys", "#keys", lambda: (key,))

    def new_id(self) -> str:
        return f"{next(self._numbers):x}-{self.random.getrandbits(32):08x}"

    def submit(self, batch: Sequence[Received], done: Again) -> None:
        machine = self._take()

        def call(deadline: float) -> tuple[list[LogEntry], list[str]]:
            submitter = machine.submitter(deadline)
            return submitter.submit(batch), submitter.unstored

        def over(again: Sequence[str] | None) -> None:
            self._free.append(machine)
            self.simulation.oracles.answered([received.message_id for received in batch], again or ())
            done(again)

        self._invoke("submit", call, over)

    def sweep(self) -> None:
        machine = self._take()
        self._invoke(
            "sweep", lambda deadline: (machine.sweeper(deadline).sweep(), True), lambda _: self._free.append(machine)
        )

    def receive(self, name: str, handle: Handle, done: Callable[[int | None], None]) -> None:
        """Receive a callback; `done` is called with the status, None where the function died."""
        self._invoke(name, lambda _: handle(self.clock.now()), done)

    def cancel(self, task_id: str) -> None:
        """Cancel a task's newest run, where it is QUEUED."""

        def call(_: float) -> tuple[list[LogEntry], bool]:
            with suppress(StorageError):  # the owner learns that it may or may not have been done
                for job in self.jobs.runs(task_id)[-1:]:
                    self.cancelled.add(job.key)
                    now = self.clock.now()
                    self.jobs.write(transitions.cancel(job.key, self.new_id(), now, self.times))
            return [], True

        self._invoke("api", call, lambda _: None)

    def publish(self, changes: Sequence[Change], done: Callable[[bool | None], None]) -> None:
        """Read records; `done` is called with whether the function returned."""
        self._invoke("publish", lambda _: (self.publisher.publish(changes, self.clock.now()), True), done)

    def archive(self, key: Key, done: Again) -> None:
        self._invoke("archive", lambda deadline: ([self.archiver.store(key, deadline)], []), done)

    def keep_base(self, key: Key, received: Received, done: Again) -> None:
        """Keep a base video, whose message comes again later where it could not be done."""
        self.base_tries[key] = self.base_tries.get(key, 0) + 1

        def call(deadline: float) -> tuple[list[LogEntry], list[str]]:
            entry = self.base_keeper.keep(key, deadline, received.receives)
            return [entry], [received.message_id] if entry.event is LogEvent.BASE_POSTPONED else []

        def over(again: Sequence[str] | None) -> None:
            if again:
                self.simulation.archive_queue.deliver_again(received.message_id, RETRY)
            done(again)

        self._invoke(BASE, call, over)

    def _take(self) -> Machine:
        simulation = self.simulation
        pace, provider_api = simulation.pace(), simulation.provider_api()
        parameters = {"hosts": simulation.hosts, "provider_api": provider_api, "pace": pace}
        while self._free:
            machine = self._free.pop(self.random.randrange(len(self._free)))
            if parameters.items() <= vars(machine).items():
                return machine  # else a parameter changed: drop the old machines
        gate = SimulatedGate(self.effects, simulation.gate_row, pace, self.new_id)
        return made(Machine, self.ports, gate=gate, queue=simulation.messages, **parameters)

    def _invoke(
        self, name: str, call: Callable[[float], tuple[Iterable[LogEntry], T]], over: Callable[[T | None], None]
    ) -> None:
        """Begin an invocation; `over` is called with what it returns beside its log, None where the function died."""
        skew = self.skew * (2 * self.random.random() - 1)
        deadline = self.kernel.now + TIMEOUTS.get(name, TIMEOUT)

        def done(value: tuple[Iterable[LogEntry], T] | None, error: BaseException | None) -> None:
            if error is not None:
                self.effects.timeline.add("", name, "died", repr(error))
                if not isinstance(error, Killed):
                    self.faulted.append((name, error))
            entries, result = value or ((), None)
            for entry in entries:
                self.simulation.oracles.logged(entry)
            over(result)

        Process(self.kernel, name, deadline, skew).start(lambda: call(deadline + skew), done)
