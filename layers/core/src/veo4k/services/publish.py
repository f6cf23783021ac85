"""Publish what follows from a state: READY jobs to the archive, ends to the event bus and to their task tokens.

Reads the table's stream, and never fails a record: the sweep re-triggers what could not be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Refused
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change, EventPublisher, Jobs
from veo4k.domain.schedule import LONGEST_ANNOUNCEMENT, Times

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes changes of rows. A row is deleted `retention_days` after its announcement."""

    jobs: Jobs
    events: EventPublisher
    retention_days: int
    times: Times

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
        untold = [job for job in jobs if not job.on_bus]
        failures = self.events.send_to_bus(untold) if untold else {}
        return [self._announce_one(job, now, failures.get(job.key, "")) for job in jobs]

    def _announce_one(self, job: Job, now: float, bus_failure: str) -> LogEntry:
        replies = {token: self.events.send_to_task(job, token) for token in sorted(job.task_tokens)}
        waiting = frozenset(token for token, failure in replies.items() if failure)
        error = "; ".join(filter(None, (bus_failure, *replies.values())))
        is_over = now - (job.announcing_since or now) >= LONGEST_ANNOUNCEMENT
        if bus_failure or (waiting and not is_over):
            update = transitions.postpone_announcement(job, now, self.times, on_bus=not bus_failure, tokens=waiting)
            return self._write(LogEvent.ANNOUNCEMENT_FAILED, job, update, error)
        update = transitions.mark_announced(job, int(now) + self.retention_days * DAY)
        return self._write(LogEvent.TASK_TOKEN_ABANDONED if waiting else LogEvent.ANNOUNCEMENT_SENT, job, update, error)

    def _write(self, event: LogEvent, job: Job, update: ConditionalUpdate, error: str) -> LogEntry:
        detail: dict[str, str | int | float] = {"error": error} if error else {}
        try:
            outcome = self.jobs.write(update)
        except StorageError as failure:
            why = f"{error}; {failure}" if error else str(failure)
            return LogEntry(LogEvent.ANNOUNCEMENT_MARK_FAILED, job, {"error": why})
        if isinstance(outcome, Refused):
            # Another message has requested the announcement again: the stream has a record of its own for it.
            return LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, outcome.job or job, detail)
        return LogEntry(event, outcome.job, detail)


def _is_trigger(change: Change) -> bool:
    old, new = change
    return old is None or old.state != new.state or old.retrigger_id != new.retrigger_id
