"""The writes that the services send for simulated jobs, and their conditions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.replaced import replaced
from veo4k.adapters.jobs_dynamodb import request
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.job import Key

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
        taken.setdefault(update.key.task_id, []).append(_of_its_own(seed, update))
        return real(jobs, update)

    with replaced(MemoryJobs, "write", write):
        Simulation(seed, draw_profile(seed, JOBS)).run()
    return taken.values()


def _of_its_own(seed: int, write: ConditionalUpdate) -> ConditionalUpdate:
    key = Key(f"{write.key.task_id}-of-seed-{seed}", write.key.run)
    named = {"task_id": key.task_id} if "task_id" in write.put else {}
    return replace(write, key=key, put={**write.put, **named})
