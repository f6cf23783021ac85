"""The table and the gate's row: conditional writes, a stale index, lost responses and the SDK's own repeats."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from proofs.simulation.kernel import Process
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.gate import Gate, Pace, Slots
from veo4k.domain.job import Job, Key, Partition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 100
STALE_PART = 0.3  # of the entries that a stale index shows as they were, or not at all


class SimulatedJobs:
    """The Jobs port."""

    def __init__(self, effects: Effects, memory: MemoryJobs) -> None:
        self.effects, self.memory = effects, memory
        self.unsent: set[tuple[Process, Key]] = set()  # claims that were released because their request never left

    def write(self, write: ConditionalUpdate) -> Outcome:
        """Do one conditional write."""
        if write.add.get("requests_sent", 0) < 0:
            self.unsent.add((self.effects.running(), write.key))
        outcome = self.effects.do("write", write.key.task_id, lambda: self.memory.write(write))
        if self.effects.timeline.is_traced:
            changed = ", ".join(f"{name}={value}" for name, value in {**write.put, **write.add}.items() if value)
            self.effects.timeline.add(
                write.key.task_id, self.effects.running().name, type(outcome).__name__, changed[:150]
            )
        return outcome

    def get(self, key: Key) -> Job | None:
        """Read one row."""
        return self.effects.do("get", key.task_id, lambda: self.memory.get(key))

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task."""
        return self.effects.do("runs", task_id, lambda: self.memory.runs(task_id))

    def newest(self, task_id: str, count: int) -> Sequence[Job]:
        """Read the newest runs of a task."""
        return self.effects.do("runs", task_id, lambda: self.memory.newest(task_id, count))

    def due(self, partition: Partition, until: float) -> Iterator[Key]:
        """Return the due keys page by page; a stale index misses some and shows others that are no longer due."""
        fault = self.effects.draw("due", str(partition))
        stale = fault is Fault.STALE
        self.effects.kernel.pause(0.005)
        keys = self.effects.suffer(fault, lambda: self._due(partition, until)) if fault else self._due(partition, until)
        random = self.effects.random
        if stale:
            shown = [key for key in keys if random.random() > STALE_PART]
            keys = shown + [job.key for job in self.memory.all() if random.random() < STALE_PART]
        for place, key in enumerate(keys):
            if place and place % PAGE == 0:
                self.effects.do("due", str(partition), lambda: None)
            yield key

    def _due(self, partition: Partition, until: float) -> list[Key]:
        return list(self.memory.due(partition, until))


class GateRow:
    """The gate's row in the table."""

    def __init__(self, on_change: Callable[[Gate, Gate], None]) -> None:
        self.row = Gate()
        self.granted: list[float] = []
        self._on_change = on_change

    def write(self, version: int, planned: Gate) -> Gate | None:
        """Compare and swap. Return the row that refused the write."""
        if self.row.version != version:
            return self.row
        self._on_change(self.row, planned)
        self.row = planned
        return None


class SimulatedGate(DynamoGate):
    """The product's own gate keeper, its two calls to DynamoDB done by the simulated table."""

    def __init__(self, effects: Effects, row: GateRow, pace: Pace, new_id: Callable[[], str]) -> None:
        super().__init__(cast("DynamoDBClient", None), "", pace, new_id)
        self._effects, self._row = effects, row

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants, as the product does."""
        slots = super().reserve(wanted, now, last=last, counted=counted)
        self._row.granted += slots.instants
        return slots

    def read(self) -> Gate:
        """Read the gate's row."""
        self._copy = self._effects.do("gate read", "#gate", lambda: self._row.row)
        return self._copy

    def _write(self, version: int, planned: Gate) -> Gate | None:
        return self._effects.do("gate write", "#gate", lambda: self._row.write(version, planned))
