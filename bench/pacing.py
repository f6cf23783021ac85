"""How near the pacing comes to what the provider allows, in virtual time; and how near a sweep comes to its crew."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tests.doubles.gate_memory import MemoryGate
from tests.doubles.stage import Stage
from tests.doubles.time_manual import NOON
from veo4k.adapters.clock import SystemClock
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.gate import Pace, Slots
from veo4k.domain.job import Job, Key, Lane, State
from veo4k.domain.write import Write
from veo4k.services.submit import Received, submit
from veo4k.services.sweep import sweep

BATCH, LIFE_OF_SUBMIT, LIFE_OF_SWEEP, MINUTE = 10, 60.0, 120.0, 60.0


@dataclass(frozen=True)
class Paced:
    """`over`: requests that were the 21st in 10 s; `last`, `best`: when the last one left, and could have at best."""

    sent: int
    over: int
    last: float
    best: float


def burst(messages: int) -> Paced:
    """Deliver so many messages at once, in batches one after the other, then sweep every minute until all is asked."""
    stage = _Timed()
    bodies = [json.dumps({"taskId": f"veo_task_{n:08}"}) for n in range(messages)]
    for start in range(0, messages, BATCH):
        batch = [Received(f"m{start + n}", body, "r", 1) for n, body in enumerate(bodies[start : start + BATCH])]
        submit(stage.world, stage.queue, batch, stage.clock.now() + LIFE_OF_SUBMIT)
    _sweep_until(stage, messages)
    return stage.paced(messages)


def paced_sweep(jobs: int, life: float = LIFE_OF_SWEEP) -> Paced:
    """Sweep so many jobs that are all due for a probe, at the provider's limit; `life`: seconds that one sweep has."""
    stage = _Timed()
    for n in range(jobs):
        _put(stage, _due(n, NOON))
    _sweep_until(stage, jobs, life)
    return stage.paced(jobs)


def free_sweep(jobs: int, latency: float, width: int) -> float:
    """Share of N x latency / width that a sweep reaches which no limit holds back.

    N is what was asked: on a busy machine a request may miss its instant, and its job waits for the next sweep.
    """
    stage = Stage(Answer(meaning=Meaning.WORKING))
    clock = SystemClock()
    for n in range(jobs):
        _put(stage, _due(n, clock.now() - MINUTE))
    stage.provider.meanwhile = lambda _: time.sleep(latency)
    world = replace(stage.world, clock=clock, gate=_Open(), crew=lambda: ThreadPoolExecutor(width))
    begun = time.perf_counter()
    sweep(world, clock.now() + 10 * LIFE_OF_SWEEP)
    seconds, asked = time.perf_counter() - begun, len(stage.provider.probed) + len(stage.provider.asked)
    return asked * latency / width / seconds


class _Open(MemoryGate):
    """A gate that is never full."""

    def reserve(self, wanted: int, now: float, *, counted: bool = False) -> Slots:
        """Give every slot at once."""
        del counted
        return Slots((now,) * wanted, now, "")


@dataclass
class _Timed(Stage):
    """A stage that knows when each request left."""

    sent: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(Answer(meaning=Meaning.WORKING, first=True))
        self.provider.meanwhile = lambda _: self.sent.append(self.clock.now())

    def paced(self, wanted: int) -> Paced:
        pace = Pace()
        left = sorted(self.sent)
        pairs = zip(left, left[pace.requests :], strict=False)
        over = sum(later - earlier < pace.window for earlier, later in pairs)
        best = (wanted - 1) // pace.requests * pace.window
        return Paced(len(left), over, left[-1] - left[0], best)


def _sweep_until(stage: _Timed, wanted: int, life: float = LIFE_OF_SWEEP) -> None:
    """Sweep at each full minute, or when the last sweep is over."""
    while len(stage.sent) < wanted:
        began = stage.clock.now()
        sweep(stage.world, began + life)
        stage.clock.sleep_until(began + MINUTE)


def _due(number: int, now: float) -> Job:
    return Job(
        task_id=f"veo_task_{number:08}",
        run=1,
        index=0,
        state=State.PROCESSING,
        created_at=now - MINUTE,
        asked_at=now - 15 * MINUTE,
        first_asked_at=now - 15 * MINUTE,
        accepted_at=now - 15 * MINUTE,
        attempts=1,
        contract="veo",
        lane=Lane.LIVE,
        due=now,
    )


def _put(stage: Stage, job: Job) -> None:
    given = {name: getattr(job, name) for name in Job.__dataclass_fields__}
    stage.jobs.write(Write(key=Key(job.task_id, job.run), put=given))
