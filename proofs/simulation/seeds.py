"""One seed: its violations, its digest, and the command that replays it."""

import hashlib
import json
from typing import NamedTuple

from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.oracles import Violation
from veo4k.domain.job import ProviderApi

JOBS = 100  # messages of a seed


class Report(NamedTuple):
    """The results of one seed."""

    seed: int
    violations: list[Violation]
    digest: str
    accepted: int


def simulate(seed: int, jobs: int, provider_api: ProviderApi | None = None) -> Report:
    simulation = Simulation(seed, draw_profile(seed, jobs, provider_api)).run()
    accepted = sum(len(each) for each in simulation.model.makings.values())
    return Report(seed, simulation.oracles.violations, digest(simulation), accepted)


def replay(seed: int, jobs: int = JOBS, provider_api: ProviderApi | None = None) -> str:
    """Return the command that replays a seed and prints its timeline."""
    variables = {"SEED": seed, "JOBS": jobs if jobs != JOBS else "", "CONTRACT": provider_api or ""}
    return "make simulate " + " ".join(f"{name}={value}" for name, value in variables.items() if value != "")


def digest(simulation: Simulation) -> str:
    """Return a fingerprint of a seed's results. Two runs of a seed agree bit for bit."""
    rows = sorted(json.dumps(job.row(), default=sorted, sort_keys=True) for job in simulation.memory.all())
    requests = [(sent.key, sent.left_at, sent.meaning) for sent in simulation.provider.sent]
    parts = [rows, requests, simulation.event_publisher.completed_tasks, simulation.kernel.now]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
