"""How near a sweep that no limit holds back comes to what its threads can do, in real time."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

from bench.pacing import MINUTE, put_due_job
from proofs.doubles.faults import FaultInjector
from proofs.doubles.gate_memory import MemoryGate
from proofs.doubles.stage import Stage
from veo4k.adapters.clock import SystemClock
from veo4k.domain.gate import Slots, Wait
from veo4k.domain.response import Meaning, Response

LIFE = 1200.0  # seconds


def free_sweep(jobs: int, latency: float, width: int) -> float:
    """Share of N x latency / width that a sweep reaches which no limit holds back.

    N is what was asked: on a busy machine a request may miss its instant, and its job waits for the next sweep.
    """
    stage = Stage(Response(meaning=Meaning.WORKING))
    clock = SystemClock()
    for n in range(jobs):
        put_due_job(stage.jobs, n, clock.now() - MINUTE)
    stage.provider.meanwhile = lambda _: time.sleep(latency)
    stage.clock, stage.faulty_gate, stage.width = clock, FaultInjector(_Open()), width  # type: ignore[assignment]
    with ThreadPoolExecutor(width) as stage.executor:
        begun = time.perf_counter()
        stage.sweeper(clock.now() + LIFE).sweep()
    seconds, asked = time.perf_counter() - begun, len(stage.provider.polled) + len(stage.provider.submitted)
    return asked * latency / width / seconds


class _Open(MemoryGate):
    """A gate that is never full."""

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Return every slot at once."""
        del last, counted
        return Slots((now,) * wanted, Wait(now, ""))
