"""The table of jobs in memory: `updates.apply` defines what an update does."""

from collections.abc import Callable, Iterator, Sequence

from proofs.doubles.updates import apply
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome, Updated, is_own
from veo4k.domain.job import Job, Key, Partition
from veo4k.domain.ports import Change

Listener = Callable[[Change], None]
"""Called with every change, in order, as the table's stream would deliver it."""


class MemoryJobs:
    """All rows, and the due index over them, never stale."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.tasks: dict[str, dict[int, Job]] = {}
        self.index: dict[Partition, dict[Key, float]] = {partition: {} for partition in Partition}
        self._listener = listener

    def write(self, write: ConditionalUpdate) -> Outcome:
        """Apply the write. A refusing row may prove that the write is a repeat of one that had landed."""
        old = self.get(write.key)
        outcome = apply(write, old)
        if isinstance(outcome, Updated):
            self._store(outcome.job)
            if self._listener:
                self._listener(Change(old, outcome.job))
        elif old is not None and is_own(write, old):
            return Updated(old)
        return outcome

    def get(self, key: Key) -> Job | None:
        return self.tasks.get(key.task_id, {}).get(key.run)

    def runs(self, task_id: str) -> Sequence[Job]:
        runs = self.tasks.get(task_id, {})
        return [runs[run] for run in sorted(runs)]

    def newest(self, task_id: str, count: int) -> Sequence[Job]:
        return self.runs(task_id)[::-1][:count]

    def due(self, partition: Partition, until: float) -> Iterator[Key]:
        """Return the keys of a partition due by then, the longest due first, from a copy of the index."""
        found = [(due, key) for key, due in self.index[partition].items() if due <= until]
        return iter([key for _, key in sorted(found)])

    def all(self) -> list[Job]:
        """Return every row, in the order of creation of its task."""
        return [job for runs in self.tasks.values() for job in runs.values()]

    def _store(self, job: Job) -> None:
        self.tasks.setdefault(job.task_id, {})[job.run] = job
        for partition, entries in self.index.items():
            if job.partition is partition and job.due is not None:
                entries[job.key] = job.due
            else:
                entries.pop(job.key, None)
