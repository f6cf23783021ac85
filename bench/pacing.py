"""How near the pacing comes to what the provider allows, as deployed: functions side by side, in virtual time."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.provider_scripted import ScriptedProvider
from proofs.doubles.stage import RecordingQueue
from proofs.doubles.time_manual import NOON
from proofs.simulation.effects import Effects
from proofs.simulation.faults import PlacedFaults
from proofs.simulation.functions import Machine
from proofs.simulation.kernel import Kernel, Process, SkewedClock
from proofs.simulation.table import GateRow, SimulatedGate, SimulatedJobs
from proofs.simulation.timeline import Timeline
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, Key, Partition, ProviderApi, State
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.submit import Received

BATCH, SUBMITS, LIFE_OF_SUBMIT, LIFE_OF_SWEEP, MINUTE = 10, 2, 60.0, 120.0, 60.0
WAY_THERE, WAY_BACK = (0.02, 0.1), (0.3, 2.0)  # seconds, drawn for each request
LONGEST = 60  # minutes


@dataclass(frozen=True)
class Paced:
    """When each job's first request came to the provider, in seconds after the very first.

    `over`: requests that were the 21st in 10 s; `last`, `best`: when the last job's came, and could have at best.
    """

    arrivals: tuple[float, ...]
    over: int
    best: float

    @property
    def last(self) -> float:
        """Return when the last one came."""
        return self.arrivals[-1]


def burst(messages: int) -> Paced:
    """Send so many messages at once: two submits at a time take batches of ten, and a sweep begins each minute."""
    cloud = _Cloud()
    bodies = [json.dumps({"taskId": f"veo_task_{n:08}"}) for n in range(messages)]
    received = [Received(f"m{n}", body, "r", 1) for n, body in enumerate(bodies)]
    cloud.waiting.extend(received[n : n + BATCH] for n in range(0, messages, BATCH))
    for _ in range(SUBMITS):
        cloud.submit()
    return cloud.run(messages)


def paced_sweep(jobs: int) -> Paced:
    """Let so many jobs be due for a poll, and a sweep begin each minute, whether or not the former is over."""
    cloud = _Cloud()
    for number in range(jobs):
        put_due_job(cloud.memory, number, NOON)
    return cloud.run(jobs)


class _Cloud:
    """What invokes submit and sweep: a queue with two pollers, and a schedule. Effects take 2 to 10 ms."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.asked: dict[Key, float] = {}
        self.waiting: deque[list[Received]] = deque()
        self.free: list[Machine] = []
        self.memory, self.kernel, self.random = MemoryJobs(), Kernel(NOON), Random("pacing")  # noqa: S311 - repeatable on purpose
        self.effects = Effects(self.kernel, self.random, PlacedFaults({}), Timeline(self.kernel, is_traced=False))
        self.row, self.ids = GateRow(lambda _old, _new: None), map(str, count())
        self.provider = ScriptedProvider()
        self.provider.meanwhile, self.provider.credits_left = self._take, None

    def run(self, wanted: int) -> Paced:
        """Let time pass until so many jobs have been requested."""
        self.kernel.at(NOON, self._tick)
        for minute in range(LONGEST):
            self.kernel.run(NOON + MINUTE * minute)
            if len(self.asked) == wanted:
                break
        pace, came = Pace(), sorted(self.arrivals)
        pairs = zip(came, came[pace.requests :], strict=False)
        over = sum(later - earlier < pace.window for earlier, later in pairs)
        best = (wanted - 1) // pace.requests * pace.window
        return Paced(tuple(arrival - came[0] for arrival in sorted(self.asked.values())), over, best)

    def submit(self) -> None:
        """Take the next batch from the queue, and so on."""
        if self.waiting:
            batch = self.waiting.popleft()
            self._invoke(LIFE_OF_SUBMIT, lambda machine, end: machine.submitter(end).submit(batch), self.submit)

    def _tick(self) -> None:
        self.kernel.after(MINUTE, self._tick)
        self._invoke(LIFE_OF_SWEEP, lambda machine, deadline: machine.sweeper(deadline).sweep(), lambda: None)

    def _invoke(self, life: float, call: Callable[[Machine, float], object], then: Callable[[], None]) -> None:
        machine = self.free.pop() if self.free else self._machine()
        deadline = self.kernel.now + life

        def done(_: object, error: BaseException | None) -> None:
            if error is not None:
                raise error
            self.free.append(machine)
            then()

        Process(self.kernel, "function", deadline).start(partial(call, machine, deadline), done)

    def _take(self, job: Job) -> None:
        """Take a request, and note when it came."""
        self.kernel.pause(self.random.uniform(*WAY_THERE))
        self.arrivals.append(self.kernel.now)
        self.asked.setdefault(job.key, self.kernel.now)
        self.kernel.pause(self.random.uniform(*WAY_BACK))

    def _machine(self) -> Machine:
        new_id, pace = partial(next, self.ids), Pace()
        return Machine(
            kernel=self.kernel,
            jobs=SimulatedJobs(self.effects, self.memory),
            gate=SimulatedGate(self.effects, self.row, pace, new_id),
            provider=self.provider,
            clock=SkewedClock(self.kernel),
            queue=RecordingQueue(),
            new_id=new_id,
            pace=pace,
            chance=self.random.random,
            times=Times(),
            hosts=ResultHosts.parse("file.example", "https://api.example"),
            provider_api=ProviderApi.VEO,
        )


def put_due_job(jobs: MemoryJobs, number: int, now: float) -> None:
    """Put a job that was requested a quarter of an hour ago."""
    key, requested = Key(f"veo_task_{number:08}", 1), now - 15 * MINUTE
    times = {"created_at": now - MINUTE, "first_requested_at": requested, "requested_at": requested}
    given = {"task_id": key.task_id, "run": 1, "index": 0, "state": State.PROCESSING, "accepted_at": requested}
    more = {"requests_sent": 1, "provider_api": ProviderApi.VEO, "partition": Partition.LIVE, "due": now}
    jobs.write(ConditionalUpdate(key=key, put=times | given | more))
