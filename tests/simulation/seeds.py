"""Many seeds, on every core: what did not hold, and how fast it went."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.oracles import Violation
from tests.simulation.weather import Weather, draw_weather
from tests.simulation.world import Simulation


class Report(NamedTuple):
    """What one seed came to."""

    seed: int
    jobs: int
    violations: tuple[Violation, ...]
    digest: str
    requests: int
    refused_429: int


def simulate(seed: int, jobs: int, weather: Callable[[int, int], Weather] = draw_weather) -> Report:
    """Run one seed."""
    world = Simulation(seed, weather(seed, jobs)).run()
    violations = tuple(world.oracles.violations)
    return Report(seed, jobs, violations, digest(world), len(world.provider.sent), world.model.refused_429)


def digest(world: Simulation) -> str:
    """Give a fingerprint of everything that came of a seed: two runs of it agree bit for bit."""
    rows = sorted(json.dumps(job.row(), default=sorted, sort_keys=True) for job in world.memory.all())
    requests = [(sent.key, sent.left_at, sent.meaning) for sent in world.provider.sent]
    told = [rows, requests, world.announcements.told, world.kernel.now]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _one(task: tuple[int, int]) -> Report:
    return simulate(*task)


def simulate_all(seeds: Iterable[int], jobs: int, hears: Callable[[Report], object]) -> tuple[int, float]:
    """Run many seeds side by side; gives how many jobs that were, and the seconds it took."""
    begun, count = time.perf_counter(), 0
    with ProcessPoolExecutor() as pool:
        for report in pool.map(_one, ((seed, jobs) for seed in seeds), chunksize=4):
            hears(report)
            count += report.jobs
    return count, time.perf_counter() - begun
