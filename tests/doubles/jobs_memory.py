"""The table of jobs in memory: `updates.apply` defines what an update does."""

from collections.abc import Callable, Iterator, Sequence

from tests.doubles.updates import apply
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome, Updated, is_own
from veo4k.domain.job import Job, Key, Partition
from veo4k.domain.ports import Change

Listener = Callable[[Change], None]
"""Hears every change, in order, as the table's stream would tell it."""


def _unheard(_: Change) -> None:
    """Hear nothing."""


class MemoryJobs:
    """All rows, and the due index over them, never stale."""

    def __init__(self, heard: Listener = _unheard) -> None:
        self.tasks: dict[str, dict[int, Job]] = {}
        self.index: dict[Partition, dict[Key, float]] = {lane: {} for lane in Partition}
        self._heard = heard

    def write(self, write: ConditionalUpdate) -> Outcome:
        """Do the write; the image that refuses it may prove it ours, where it is a repeat of one that had landed."""
        old = self.get(write.key)
        outcome = apply(write, old)
        if isinstance(outcome, Updated):
            self._store(outcome.job)
            self._heard(Change(old, outcome.job))
        elif old is not None and is_own(write, old):
            return Updated(old)
        return outcome

    def get(self, key: Key) -> Job | None:
        """Read one row."""
        return self.tasks.get(key.task_id, {}).get(key.run)

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task, in the order of their numbers."""
        runs = self.tasks.get(task_id, {})
        return [runs[run] for run in sorted(runs)]

    def due(self, lane: Partition, until: float) -> Iterator[Key]:
        """Return the keys of a lane due by then, the longest due first, as the index stood when asked."""
        found = [(due, key) for key, due in self.index[lane].items() if due <= until]
        return iter([key for _, key in sorted(found)])

    def all(self) -> list[Job]:
        """Return every row, in the order of creation of its task."""
        return [job for runs in self.tasks.values() for job in runs.values()]

    def _store(self, job: Job) -> None:
        self.tasks.setdefault(job.task_id, {})[job.run] = job
        for lane, entries in self.index.items():
            if job.partition is lane and job.due is not None:
                entries[job.key] = job.due
            else:
                entries.pop(job.key, None)
