"""Publish what follows from a state: READY jobs to the archive, ends to the event bus and to their task tokens.

Reads the table's stream, and never fails a record: the sweep re-triggers what could not be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change, EventPublisher, Jobs

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes changes of rows. A row is deleted `retention_days` after its announcement."""

    jobs: Jobs
    events: EventPublisher
    retention_days: int

    def publish(self, changes: Sequence[Change], now: float) -> list[LogEntry]:
        """Publish these changes. Return what happened."""
        triggered = [change.new for change in changes if _is_trigger(change)]
        ready = [job for job in triggered if job.state is State.READY]
        ended = [job for job in triggered if job.state in ENDED]
        return self._request_archive(ready) + self._announce(ended, now)

    def _request_archive(self, jobs: list[Job]) -> list[LogEntry]:
        failures = self.events.send_to_archive(jobs) if jobs else {}
        return [
            LogEntry(LogEvent.ARCHIVE_REQUEST_FAILED, job, {"error": failures[job.key]})
            if job.key in failures
            else LogEntry(LogEvent.ARCHIVE_REQUESTED, job)
            for job in jobs
        ]

    def _announce(self, jobs: list[Job], now: float) -> list[LogEntry]:
        failures = self.events.send_to_bus(jobs) if jobs else {}
        return [self._announce_one(job, now, failures.get(job.key, "")) for job in jobs]

    def _announce_one(self, job: Job, now: float, bus_failure: str) -> LogEntry:
        answers = [self.events.send_to_task(job, token) for token in sorted(job.task_tokens)]
        if failures := [failure for failure in (bus_failure, *answers) if failure]:
            return LogEntry(LogEvent.ANNOUNCEMENT_FAILED, job, {"error": "; ".join(failures)})
        try:
            ttl = int(now) + self.retention_days * DAY
            outcome = self.jobs.write(transitions.mark_announced(job, ttl))
        except StorageError as error:
            return LogEntry(LogEvent.ANNOUNCEMENT_MARK_FAILED, job, {"error": str(error)})
        if isinstance(outcome, Updated):
            return LogEntry(LogEvent.ANNOUNCEMENT_SENT, outcome.job)
        # Another message has requested the announcement again: the stream has a record of its own for it.
        return LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, outcome.job or job)


def _is_trigger(change: Change) -> bool:
    old, new = change
    return old is None or old.state != new.state or old.retrigger_id != new.retrigger_id
