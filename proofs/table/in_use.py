"""The writes that the services send for simulated jobs, and their conditions."""

import re
from collections.abc import Iterable, Iterator

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.replaced import replaced
from proofs.table.rows import moved
from veo4k.adapters.jobs_dynamodb import request
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome

JOBS = 100


def condition(write: ConditionalUpdate) -> str:
    """Return the condition of a write as the table reads it, without its values."""
    expression: str = request("", write)["ConditionExpression"]
    return re.sub(r":\d+", ":", expression)


def write_sequences(seeds: Iterable[int]) -> Iterator[list[ConditionalUpdate]]:
    """Return the writes to the rows of each task of these seeds of the simulation, task by task.

    A task is left out where all its conditions are known from the tasks before.
    """
    known = set[str]()
    for writes in (writes for seed in seeds for writes in _sequences_of(seed)):
        conditions = {condition(write) for write in writes}
        if conditions - known:
            known |= conditions
            yield writes


def _sequences_of(seed: int) -> Iterable[list[ConditionalUpdate]]:
    taken, real = dict[str, list[ConditionalUpdate]](), MemoryJobs.write

    def write(jobs: MemoryJobs, update: ConditionalUpdate) -> Outcome:
        task_id = update.key.task_id
        taken.setdefault(task_id, []).append(moved(update, f"{task_id}-of-seed-{seed}"))
        return real(jobs, update)

    with replaced(MemoryJobs, "write", write):
        Simulation(seed, draw_profile(seed, JOBS)).run()
    return taken.values()
