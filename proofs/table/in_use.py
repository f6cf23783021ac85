"""The writes that the services send for simulated jobs, and their conditions."""

import re
from collections.abc import Iterable, Iterator

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.replaced import replaced
from proofs.table.rows import moved
from veo4k.adapters.jobs_dynamodb import request
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome, Updated

JOBS = 100
Seen = tuple[str, bool]
"""A condition, and whether it held."""


def condition(write: ConditionalUpdate) -> str:
    """Return the condition of a write as the table reads it, without its values."""
    expression: str = request("", write)["ConditionExpression"]
    return re.sub(r":\d+", ":", expression)


def write_sequences(seeds: Iterable[int]) -> Iterator[list[ConditionalUpdate]]:
    """Return the writes to the rows of each task of these seeds of the simulation, task by task, the shortest first.

    A task ends with its last condition of which the tasks before do not show whether it holds, or does not. A task
    without any is left out.
    """
    known = set[Seen]()
    for writes in (writes for seed in seeds for writes in sorted(_sequences_of(seed), key=len)):
        seen = [seen for _, seen in writes]
        length = max((seen.index(each) + 1 for each in {*seen} - known), default=0)
        known |= {*seen[:length]}
        if length:
            yield [update for update, _ in writes[:length]]


def _sequences_of(seed: int) -> Iterable[list[tuple[ConditionalUpdate, Seen]]]:
    taken, real = dict[str, list[tuple[ConditionalUpdate, Seen]]](), MemoryJobs.write

    def write(jobs: MemoryJobs, update: ConditionalUpdate) -> Outcome:
        outcome, task_id = real(jobs, update), update.key.task_id
        seen = condition(update), isinstance(outcome, Updated)
        taken.setdefault(task_id, []).append((moved(update, f"{task_id}-of-seed-{seed}"), seen))
        return outcome

    with replaced(MemoryJobs, "write", write):
        Simulation(seed, draw_profile(seed, JOBS)).run()
    return taken.values()
