"""A random history, done to memory and to a table at once: both must say the same at every step.

As a program: `python -m tests.contract.differential 50000` does that many writes to DynamoDB Local.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.contract.dynamodb_local import dynamodb_local
from tests.contract.histories import history
from tests.contract.rows import NOW
from tests.contract.tables import connect, create_table
from tests.doubles.jobs_memory import MemoryJobs
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.job import Lane
from veo4k.domain.ports import Jobs
from veo4k.domain.write import Written

FOR_EVER = NOW * 2


@dataclass
class Tally:
    """What a history came to. `written`: how often each transition was, `refused`: or was refused."""

    written: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    mismatches: list[tuple[str, Any, Any]] = field(default_factory=list)

    def compare(self, what: str, expected: Any, found: Any) -> None:
        """Note a difference."""
        if expected != found:
            self.mismatches.append((what, expected, found))


def compare(table: Jobs, operations: int, seed: int) -> Tally:
    """Do that many writes to a memory and to a table, both empty."""
    memory, tally = MemoryJobs(), Tally()
    for name, write in history(Random(seed), memory.get, operations):  # noqa: S311  no secret
        expected = memory.write(write)
        tally.compare(name, expected, table.write(write))
        (tally.written if isinstance(expected, Written) else tally.refused)[name] += 1
    for task_id in memory.tasks:
        tally.compare("runs", memory.runs(task_id), table.runs(task_id))
    for lane in Lane:
        tally.compare("due", set(memory.due(lane, FOR_EVER)), set(table.due(lane, FOR_EVER)))
    return tally


def main(operations: int) -> None:
    """Compare memory with DynamoDB Local, and tell what came of it."""
    with dynamodb_local() as endpoint:
        table = create_table(connect(endpoint))
        tally = compare(DynamoJobs(table.client, table.name), operations, seed=operations)
    told = f"{tally.written.total()} written, {tally.refused.total()} refused, {len(tally.mismatches)} different"
    sys.stdout.write(f"{operations} writes: {told}\n")
    sys.exit(bool(tally.mismatches))


if __name__ == "__main__":
    main(int(sys.argv[1]))
