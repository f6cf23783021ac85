"""The table and the gate's row: conditional writes, a stale index, lost responses and the SDK's own repeats."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from proofs.simulation.kernel import Process
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.gate import Gate, Pace, Slots
from veo4k.domain.job import DEFAULTS, Job, Key, Partition, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 100
STALE_PART = 0.3  # of the entries that a stale index shows as they were, or not at all
NEWER = (
    *("credits_consumed", "first_requested_at", "wait_reason"),
    *("link_refusals", "tried_links", "failure_reported", "on_bus", "announcing_since"),
    *("looked_at", "looks", "passes_label", "wait_text", "day", "codec"),
    *("unclear_responses", "unclear_since", "words"),
)
"""The fields that the older version did not have: no promise depends on them, but that of `day` itself.

Those of the base video are missing here: that it is kept, the newer version alone promises.
"""
LATER = {"later": "x", "#later": 1}
"""The attributes that a later version has put into each row."""


class SimulatedJobs:
    """The Jobs port."""

    def __init__(self, effects: Effects, memory: MemoryJobs) -> None:
        self.effects, self.memory = effects, memory
        self.unsent: set[tuple[Process, Key]] = set()  # claims that were released because their request never left

    def write(self, write: ConditionalUpdate) -> Outcome:
        if write.add.get("requests_sent", 0) < 0:
            self.unsent.add((self.effects.kernel.running(), write.key))
        outcome = self.effects.do("write", write.key.task_id, lambda: self.memory.write(write))
        if write.put.get("state") is State.SUBMITTING and outcome.job and outcome.job.state is not State.SUBMITTING:
            self.unsent.add(
                (self.effects.kernel.running(), write.key)
            )  # a callback was faster than the claim's response
        if self.effects.timeline.is_traced:
            changed = ", ".join(f"{name}={value}" for name, value in {**write.put, **write.add}.items() if value)
            self.effects.note(write.key.task_id, type(outcome).__name__, changed[:150])
        return outcome

    def get(self, key: Key) -> Job | None:
        return self.effects.do("get", key.task_id, lambda: self.memory.get(key))

    def runs(self, task_id: str) -> Sequence[Job]:
        return self.effects.do("runs", task_id, lambda: self.memory.runs(task_id))

    def newest(self, task_id: str, count: int) -> Sequence[Job]:
        return self.effects.do("runs", task_id, lambda: self.memory.newest(task_id, count))

    def due(self, partition: Partition, until: float) -> Iterator[Key]:
        """Return the due keys page by page; a stale index misses some and shows others that are no longer due."""
        fault, random = self.effects.draw("due", str(partition)), self.effects.random
        self.effects.kernel.pause(0.005)
        keys = self.effects.suffer(fault, lambda: list(self.memory.due(partition, until)))
        if fault is Fault.STALE:
            shown = [key for key in keys if random.random() > STALE_PART]
            keys = shown + [job.key for job in self.memory.all() if random.random() < STALE_PART]
        for place, key in enumerate(keys):
            if place and place % PAGE == 0:
                self.effects.do("due", str(partition), lambda: None)
            yield key


class MixedJobs(SimulatedJobs):
    """The Jobs port in a gradual deployment: every other invocation runs an older version of the code.

    The older one does not know the newer attributes: it does not read them, does not write them, and leaves them alone.
    To the newer one its own rows are the older one's, and to both of them there are attributes that neither knows.
    """

    def write(self, write: ConditionalUpdate) -> Outcome:
        if not self._is_older():
            return super().write(write)
        known = replace(write, put=_older(write.put), set_if_absent=_older(write.set_if_absent), add=_older(write.add))
        outcome = super().write(known)
        return outcome if outcome.job is None else replace(outcome, job=self._seen(outcome.job))

    def get(self, key: Key) -> Job | None:
        job = super().get(key)
        return None if job is None else self._seen(job)

    def runs(self, task_id: str) -> Sequence[Job]:
        return [self._seen(job) for job in super().runs(task_id)]

    def _is_older(self) -> bool:
        return self.effects.kernel.running().number % 2 == 1

    def _seen(self, job: Job) -> Job:
        read = Job.from_row(job.row() | LATER)
        return replace(read, **{name: DEFAULTS[name] for name in NEWER}) if self._is_older() else read


def _older(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in NEWER}


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
        slots = super().reserve(wanted, now, last=last, counted=counted)
        self._row.granted += slots.instants
        return slots

    def read(self) -> Gate:
        self._copy = self._effects.do("gate read", "#gate", lambda: self._row.row)
        return self._copy

    def _write(self, version: int, planned: Gate) -> Gate | None:
        return self._effects.do("gate write", "#gate", lambda: self._row.write(version, planned))
