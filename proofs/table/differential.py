"""Write a random history and simulated jobs to memory and to a table. Both must return the same at every step.

As a program: `python -m proofs.table.differential 50000` does that many writes to DynamoDB Local, and more.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.updates import apply
from proofs.table.dynamodb_local import dynamodb_local
from proofs.table.histories import history
from proofs.table.in_use import condition, write_sequences
from proofs.table.rows import NOW
from proofs.table.tables import connect, create_table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.job import Partition
from veo4k.domain.ports import Jobs

FOR_EVER = NOW * 2
SEEDS = 50  # of the simulation, whose writes are done as well


@dataclass
class Tally:
    """The totals. `written` and `refused`: how often each transition was.

    `passed` and `failed`: the conditions that passed and that failed; `used`: those that the services write.
    """

    written: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    mismatches: list[tuple[str, Any, Any]] = field(default_factory=list)

    def compare(self, what: str, expected: Any, found: Any) -> None:
        if expected != found:
            self.mismatches.append((what, expected, found))

    @property
    def unseen(self) -> set[str]:
        """Return the conditions in use that did not both pass and fail."""
        return self.used - (self.passed & self.failed)


def compare(table: Jobs, operations: int, seed: int, seeds: Iterable[int]) -> Tally:
    """Apply that many random writes to memory and to a table, both empty, then the writes of these seeds twice."""
    memory, tally = MemoryJobs(), Tally()
    for name, write in history(Random(seed), memory.get, operations):  # noqa: S311  no secret
        _do(memory, table, tally, name, write)
    for writes in write_sequences(seeds):
        for write in writes:
            tally.used.add(condition(write))
            _do(memory, table, tally, "of a simulated job", write)
            _do(memory, table, tally, "of a simulated job, again", write)
    for task_id in memory.tasks:
        tally.compare("runs", memory.runs(task_id), table.runs(task_id))
    for partition in Partition:
        tally.compare("due", set(memory.due(partition, FOR_EVER)), set(table.due(partition, FOR_EVER)))
    return tally


def _do(memory: MemoryJobs, table: Jobs, tally: Tally, name: str, write: ConditionalUpdate) -> None:
    passes = isinstance(apply(write, memory.get(write.key)), Updated)
    (tally.passed if passes else tally.failed).add(condition(write))
    expected = memory.write(write)
    tally.compare(name, expected, table.write(write))
    (tally.written if isinstance(expected, Updated) else tally.refused)[name] += 1


def main(operations: int) -> None:
    """Compare memory with DynamoDB Local, and print the totals."""
    with dynamodb_local() as endpoint:
        table = create_table(connect(endpoint))
        tally = compare(DynamoJobs(table.client, table.name), operations, operations, range(SEEDS))
    totals = f"{tally.written.total()} written, {tally.refused.total()} refused, {len(tally.mismatches)} different"
    print(f"{operations} random writes and those of {SEEDS} seeds: {totals}")
    print(f"{len(tally.used)} conditions in use, {len(tally.unseen)} that did not both pass and fail")
    sys.exit(bool(tally.mismatches or tally.unseen))


if __name__ == "__main__":
    main(int(sys.argv[1]))
