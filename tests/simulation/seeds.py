"""Many seeds, on every core: what did not hold, and how fast it went."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

from tests.simulation.environment import Simulation
from tests.simulation.fault_profile import draw_profile
from tests.simulation.oracles import Violation
from veo4k.domain.job import ProviderApi

JOBS = 100  # messages of a seed


class Report(NamedTuple):
    """What one seed came to."""

    seed: int
    jobs: int
    violations: tuple[Violation, ...]
    digest: str
    accepted: int


def simulate(seed: int, jobs: int = JOBS, provider_api: ProviderApi | None = None) -> Report:
    """Run one seed."""
    simulation = Simulation(seed, draw_profile(seed, jobs, provider_api)).run()
    accepted = sum(len(each) for each in simulation.model.makings.values())
    return Report(seed, jobs, tuple(simulation.oracles.violations), digest(simulation), accepted)


def replay(seed: int, jobs: int = JOBS, provider_api: ProviderApi | None = None) -> str:
    """Return the command that replays a seed and tells what happened."""
    given = {"SEED": seed, "JOBS": jobs if jobs != JOBS else "", "CONTRACT": provider_api or ""}
    return "make simulate " + " ".join(f"{name}={value}" for name, value in given.items() if value != "")


def digest(simulation: Simulation) -> str:
    """Return a fingerprint of everything that came of a seed: two runs of it agree bit for bit."""
    rows = sorted(json.dumps(job.row(), default=sorted, sort_keys=True) for job in simulation.memory.all())
    requests = [(sent.key, sent.left_at, sent.meaning) for sent in simulation.provider.sent]
    told = [rows, requests, simulation.announcements.told, simulation.kernel.now]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def simulate_all(
    seeds: Iterable[int], jobs: int, provider_api: ProviderApi | None, hears: Callable[[Report], object]
) -> tuple[int, float]:
    """Run many seeds side by side; gives how many jobs that were, and the seconds it took."""
    begun, count, one = time.perf_counter(), 0, partial(simulate, jobs=jobs, provider_api=provider_api)
    with ProcessPoolExecutor() as pool:
        for report in pool.map(one, seeds, chunksize=4):
            hears(report)
            count += report.jobs
    return count, time.perf_counter() - begun
