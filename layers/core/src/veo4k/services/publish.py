"""Publish what follows from a state: READY jobs and base videos to the archive, ends to the bus and their task tokens.

Reads the table's stream, and never fails a record: the sweep re-triggers what could not be done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Refused
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ENDED, Job, Key, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.ports import Change, EventPublisher, Jobs
from veo4k.domain.schedule import DAY, LONGEST_ANNOUNCEMENT, Times

BASE_DELAY = 60  # seconds; a repeated request finds the base video kept by the first, and costs no second download


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes changes of rows. A row is deleted `retention_days` after its announcement."""

    jobs: Jobs
    events: EventPublisher
    retention_days: int
    keep_base: bool
    times: Times

    def publish(self, changes: Sequence[Change], now: float) -> list[LogEntry]:
        """Publish these changes. Return what happened."""
        triggered = [change.new for change in changes if is_trigger(change)]
        ready = [job for job in triggered if job.state is State.READY]
        ended = [job for job in triggered if job.state in ENDED]
        requested, unsent = self._request_bases(changes)
        return requested + self._request_archive(ready) + self._announce(ended, now, unsent)

    def _request_bases(self, changes: Sequence[Change]) -> tuple[list[LogEntry], Mapping[Key, str]]:
        """Request the base videos that are not kept. Return what happened, and why a request could not be sent."""
        wanted: dict[Key, Change] = {}
        for change in changes:
            if self.keep_base and requests_base(change):
                wanted.setdefault(change.new.key, change)
        new = [change.new for change in wanted.values() if _brings_base(change)]
        old = [change.new for change in wanted.values() if not _brings_base(change)]
        unsent: dict[Key, str] = {}
        for jobs, delay in ((new, 0), (old, BASE_DELAY)):
            unsent |= self.events.send_bases_to_archive(jobs, delay) if jobs else {}
        return _entries([*new, *old], unsent, LogEvent.BASE_REQUESTED, LogEvent.BASE_REQUEST_FAILED), unsent

    def _request_archive(self, jobs: list[Job]) -> list[LogEntry]:
        failures = self.events.send_to_archive(jobs) if jobs else {}
        return _entries(jobs, failures, LogEvent.ARCHIVE_REQUESTED, LogEvent.ARCHIVE_REQUEST_FAILED)

    def _announce(self, jobs: list[Job], now: float, unsent: Mapping[Key, str]) -> list[LogEntry]:
        unsent_ends = [job for job in jobs if not job.on_bus]
        failures = self.events.send_to_bus(unsent_ends) if unsent_ends else {}
        return [self._announce_one(job, now, failures.get(job.key, ""), unsent.get(job.key, "")) for job in jobs]

    def _announce_one(self, job: Job, now: float, bus_failure: str, base_failure: str) -> LogEntry:
        replies = {token: self.events.send_to_task(job, token) for token in sorted(job.task_tokens)}
        waiting = frozenset(token for token, failure in replies.items() if failure)
        error = "; ".join(filter(None, (bus_failure, base_failure, *replies.values())))
        is_over = now - (job.announcing_since or now) >= LONGEST_ANNOUNCEMENT
        if bus_failure or ((waiting or base_failure) and not is_over):
            update = transitions.postpone_announcement(job, now, self.times, on_bus=not bus_failure, tokens=waiting)
            return self._write(LogEvent.ANNOUNCEMENT_FAILED, job, update, error)
        keeps_base = self.keep_base and job.lacks_base and not base_failure
        update = transitions.mark_announced(job, int(now) + self.retention_days * DAY, keeps_base=keeps_base)
        return self._write(LogEvent.TASK_TOKEN_ABANDONED if waiting else LogEvent.ANNOUNCEMENT_SENT, job, update, error)

    def _write(self, event: LogEvent, job: Job, update: ConditionalUpdate, error: str) -> LogEntry:
        detail: Detail = {"error": error} if error else {}
        try:
            outcome = self.jobs.write(update)
        except StorageError as failure:
            why = f"{error}; {failure}" if error else str(failure)
            return LogEntry(LogEvent.ANNOUNCEMENT_MARK_FAILED, job, {"error": why})
        if isinstance(outcome, Refused):
            # Another message has requested the announcement again: the stream has a record of its own for it.
            return LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, outcome.job or job, detail)
        return LogEntry(event, outcome.job, detail)


def is_trigger(change: Change) -> bool:
    """Return whether a change calls for an action: a new row, a new state, or a re-trigger."""
    old, new = change
    return old is None or old.state != new.state or old.retrigger_id != new.retrigger_id


def requests_base(change: Change) -> bool:
    """Return whether a change calls for the base video: its link appears, or the job moves on without the file."""
    return change.new.lacks_base and (_brings_base(change) or is_trigger(change))


def _brings_base(change: Change) -> bool:
    return change.old is None or change.old.base_url is None


def _entries(jobs: Sequence[Job], failures: Mapping[Key, str], sent: LogEvent, failed: LogEvent) -> list[LogEntry]:
    return [
        LogEntry(failed, job, {"error": failures[job.key]}) if job.key in failures else LogEntry(sent, job)
        for job in jobs
    ]
