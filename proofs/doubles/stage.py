"""A test environment for the use cases: the services over doubles, and the doubles that a test reads."""

import json
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import fields
from typing import Any, TypeVar, cast

from proofs.doubles.executors import ImmediateExecutor
from proofs.doubles.faults import FaultInjector
from proofs.doubles.gate_memory import MemoryGate, numbered
from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.provider_scripted import ScriptedProvider
from proofs.doubles.time_manual import ManualClock
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.gate import Slots
from veo4k.domain.job import Job, Key, ProviderApi
from veo4k.domain.log_events import LogEntry
from veo4k.domain.response import Response
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import Dispatcher
from veo4k.services.health import Health
from veo4k.services.submit import Received, Submitter
from veo4k.services.sweep import Sweeper

T = TypeVar("T")
TASK = "veo_task_abcdef123456"
KEY = Key(TASK, 1)
URL = "https://file.example/v/a.mp4?secret=1"
ELSEWHERE = "https://evil.example/v/a.mp4"
HOSTS = ResultHosts.parse("file.example", "https://api.example")
WIDTH = 20
LIFE = 60.0  # seconds until the deadline of an invocation


class CountingGate(MemoryGate):
    """A gate that records every reserved instant."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[float] = []

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        slots = super().reserve(wanted, now, last=last, counted=counted)
        self.given += slots.instants
        return slots


class KilledError(BaseException):
    """A function is killed from outside: nothing of ours gets to see it."""


class RecordingQueue:
    """A job queue that records what became of its messages."""

    def __init__(self) -> None:
        self.rejected: list[tuple[str, str]] = []
        self.backed_off: list[tuple[str, float]] = []

    def reject(self, body: str, reason: str) -> None:
        self.rejected.append((body, reason))

    def deliver_again(self, receipt: str, seconds: float) -> None:
        self.backed_off.append((receipt, seconds))


def made(service: Callable[..., T], ports: Mapping[str, Any], **more: object) -> T:
    """Make a service of those ports and settings that its fields name."""
    names = {field.name for field in fields(cast("Any", service))}
    return service(**{name: value for name, value in (*ports.items(), *more.items()) if name in names})


class Stage:
    """The services over one set of doubles. `receive` and `sweep` invoke them.

    `faulty_jobs`, `faulty_gate` and `faulty_queue` stand between the product and the doubles.
    """

    def __init__(
        self,
        *script: Response,
        provider_api: ProviderApi = ProviderApi.VEO,
        unset_secret: WaitReason | None = None,
        **times: Any,
    ) -> None:
        self.jobs, self.gate, self.queue = MemoryJobs(), CountingGate(), RecordingQueue()
        self.faulty_jobs = FaultInjector(self.jobs)
        self.faulty_gate = FaultInjector(self.gate)
        self.faulty_queue = FaultInjector(self.queue)
        self.clock, self.executor = ManualClock(), cast("Executor", ImmediateExecutor())
        self.provider = ScriptedProvider(*script, unset=unset_secret)
        self.new_id, self.times, self.provider_api = numbered(), Times(**times), provider_api
        self.width, self.hosts = WIDTH, HOSTS
        self.unstored: list[str] = []
        self.chance = 0.0
        self._messages = numbered("message")

    def made(self, service: Callable[..., T], **more: object) -> T:
        """Make a service of the doubles, and of these parts that the stage does not have."""
        ports = vars(self) | {"jobs": self.faulty_jobs, "gate": self.faulty_gate, "queue": self.faulty_queue}
        return made(service, ports | {"chance": lambda: self.chance}, **more)

    def dispatcher(self, deadline: float) -> Dispatcher:
        return self.made(Dispatcher, deadline=deadline)

    def submitter(self, deadline: float) -> Submitter:
        return self.made(Submitter, dispatcher=self.dispatcher(deadline))

    def sweeper(self, deadline: float) -> Sweeper:
        return self.made(Sweeper, dispatcher=self.dispatcher(deadline))

    def health(self) -> Health:
        return self.made(Health)

    def receive(self, *bodies: str, again: str = "", receives: int = 1) -> list[LogEntry]:
        """Deliver messages as one batch; `again`: the id of a message that is delivered once more."""
        ids = [again or self._messages() for _ in bodies]
        batch = [
            Received(one, body, f"receipt{n}", receives) for n, (one, body) in enumerate(zip(ids, bodies, strict=True))
        ]
        submitter = self.submitter(self.clock.now() + LIFE)
        entries, self.unstored = submitter.submit(batch), submitter.unstored
        return entries

    def ask(self, task_id: str = TASK, **fields: Any) -> list[str]:
        """Deliver one message. Return the names of the log events."""
        return words(self.receive(json.dumps({"taskId": task_id} | fields)))

    def swept(self, *, after: float = 0.0, life: float = 2 * LIFE) -> list[LogEntry]:
        """Sweep, some seconds later, for `life` seconds. Return the log entries."""
        self.clock.advance(after)
        return self.sweeper(self.clock.now() + life).sweep()

    def sweep(self, *, after: float = 0.0) -> list[str]:
        """Sweep, some seconds later. Return the names of the log events."""
        return words(self.swept(after=after))

    def job(self, run: int = 1, task_id: str = TASK) -> Job:
        """Return a job that must exist."""
        job = self.jobs.get(Key(task_id, run))
        assert job is not None
        return job

    def change(self, **fields: object) -> None:
        """Change fields of the row directly."""
        job = self.job()
        self.jobs.write(ConditionalUpdate(key=job.key, when=(is_("state", job.state),), put=fields))

    def seen_by_provider(self) -> list[Job]:
        """Collect the rows as the provider's requests find them."""
        seen: list[Job] = []
        self.provider.meanwhile = lambda job: seen.append(self.job(job.run))
        return seen


def words(entries: list[LogEntry]) -> list[str]:
    return [entry.event for entry in entries]
