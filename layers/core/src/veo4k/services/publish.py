"""Publish what follows from a state: READY jobs to the archive, ends to the event bus and to their task tokens.

Reads the table's stream, and never fails a record: the sweep re-triggers what could not be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from veo4k.domain import transitions
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import Announcements, Change, Jobs
from veo4k.domain.write import Written

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes changes of rows. A row is deleted `retention_days` after its announcement."""

    jobs: Jobs
    announcements: Announcements
    retention_days: int

    def publish(self, changes: Sequence[Change], now: float) -> list[Note]:
        """Publish these changes. Return what happened."""
        triggered = [change.new for change in changes if _is_trigger(change)]
        ready = [job for job in triggered if job.state is State.READY]
        ended = [job for job in triggered if job.state in ENDED]
        return self._request_archive(ready) + self._announce(ended, now)

    def _request_archive(self, jobs: list[Job]) -> list[Note]:
        failures = self.announcements.to_archive(jobs) if jobs else {}
        return [_requested(job, failures.get(job.key)) for job in jobs]

    def _announce(self, jobs: list[Job], now: float) -> list[Note]:
        failures = self.announcements.to_bus(jobs) if jobs else {}
        return [self._announce_one(job, now, failures.get(job.key, "")) for job in jobs]

    def _announce_one(self, job: Job, now: float, bus_failure: str) -> Note:
        answers = [self.announcements.to_task(job, token) for token in sorted(job.tokens)]
        if failures := [failure for failure in (bus_failure, *answers) if failure]:
            return Note("announcement_failed", job, {"error": "; ".join(failures)})
        try:
            outcome = self.jobs.write(transitions.announced(job, ttl=int(now) + self.retention_days * DAY))
        except StorageError as error:
            return Note("announcement_unmarked", job, {"error": str(error)})
        if isinstance(outcome, Written):
            return Note("end_announced", outcome.job)
        # Another message has requested the announcement again: the stream has a record of its own for it.
        return Note("announcement_superseded", outcome.job or job)


def _is_trigger(change: Change) -> bool:
    old, new = change
    return old is None or old.state != new.state or old.nudge != new.nudge


def _requested(job: Job, failure: str | None) -> Note:
    if failure is None:
        return Note("archive_requested", job)
    return Note("archive_request_failed", job, {"error": failure})
