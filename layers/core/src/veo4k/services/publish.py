"""Draw the consequences of a state: READY goes to the archive, an end to the event bus and to its task tokens.

Reads the table's stream. Never fails a record: what could not be done is nudged by the sweep.
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
class Desk:
    """What publishing needs; rows live `retention_days` after their announcement."""

    jobs: Jobs
    announcements: Announcements
    retention_days: int


def publish(desk: Desk, changes: Sequence[Change], now: float) -> list[Note]:
    """Draw the consequences of these changes; gives what happened."""
    asking = [change.new for change in changes if _asks_for_action(change)]
    notes = _hand_to_archive(desk, [job for job in asking if job.state is State.READY])
    return notes + _announce(desk, [job for job in asking if job.state in ENDED], now)


def _asks_for_action(change: Change) -> bool:
    old, new = change
    return old is None or old.state != new.state or old.nudge != new.nudge


def _hand_to_archive(desk: Desk, jobs: list[Job]) -> list[Note]:
    missing = desk.announcements.to_archive(jobs) if jobs else {}
    return [_handed(job, missing.get(job.key)) for job in jobs]


def _handed(job: Job, why: str | None) -> Note:
    return Note("archive_requested", job) if why is None else Note("archive_request_failed", job, {"error": why})


def _announce(desk: Desk, jobs: list[Job], now: float) -> list[Note]:
    missing = desk.announcements.to_bus(jobs) if jobs else {}
    return [_announce_one(desk, job, now, missing.get(job.key, "")) for job in jobs]


def _announce_one(desk: Desk, job: Job, now: float, missing: str) -> Note:
    untold = [why for token in sorted(job.tokens) if (why := desk.announcements.to_task(job, token))]
    if missing or untold:
        return Note("announcement_failed", job, {"error": "; ".join(filter(None, [missing, *untold]))})
    try:
        outcome = desk.jobs.write(transitions.announced(job, ttl=int(now) + desk.retention_days * DAY))
    except StorageError as error:
        return Note("announcement_unmarked", job, {"error": str(error)})
    # Refused: another message asks for the announcement, and a record of its own is on its way.
    return Note("end_announced" if isinstance(outcome, Written) else "announcement_superseded", outcome.job or job)
