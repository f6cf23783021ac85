"""The writes that the services really make, and their conditions: taken down while simulated jobs live."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.doubles.jobs_memory import MemoryJobs
from tests.simulation.environment import Simulation
from tests.simulation.fault_profile import draw_profile
from tests.simulation.replaced import replaced
from veo4k.adapters.jobs_dynamodb import request
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.job import Key

JOBS = 100


def condition(write: ConditionalUpdate) -> str:
    """Return the condition of a write as the table reads it, whatever the values in it."""
    told: str = request("", write)["ConditionExpression"]
    return re.sub(r":\d+", ":", told)


def lives(seeds: Iterable[int]) -> Iterator[list[ConditionalUpdate]]:
    """Return all writes to the rows of one task after the other, of tasks of these seeds of the simulation.

    Of all tasks those whose writes have a condition that no task before them had.
    """
    known = set[str]()
    for life in (life for seed in seeds for life in _lives_of(seed)):
        conditions = {condition(write) for write in life}
        if conditions - known:
            known |= conditions
            yield life


def _lives_of(seed: int) -> Iterable[list[ConditionalUpdate]]:
    taken, real = dict[str, list[ConditionalUpdate]](), MemoryJobs.write

    def write(jobs: MemoryJobs, told: ConditionalUpdate) -> Outcome:
        taken.setdefault(told.key.task_id, []).append(_of_its_own(seed, told))
        return real(jobs, told)

    with replaced(MemoryJobs, "write", write):
        Simulation(seed, draw_profile(seed, JOBS)).run()
    return taken.values()


def _of_its_own(seed: int, write: ConditionalUpdate) -> ConditionalUpdate:
    key = Key(f"{write.key.task_id}-of-seed-{seed}", write.key.run)
    named = {"task_id": key.task_id} if "task_id" in write.put else {}
    return replace(write, key=key, put={**write.put, **named})
