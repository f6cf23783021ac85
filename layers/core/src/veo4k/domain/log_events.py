"""Log events: what happened. Services return entries of the log, the functions emit them."""

from dataclasses import dataclass, field
from enum import StrEnum

from veo4k.domain.job import Job
from veo4k.domain.response import Meaning, Response


class LogEvent(StrEnum):
    """The names of all log events; docs/operations.md says what each means, and by which function it is emitted."""

    ANNOUNCEMENT_FAILED = "announcement_failed"
    ANNOUNCEMENT_MARK_FAILED = "announcement_mark_failed"
    ANNOUNCEMENT_REPEATED = "announcement_repeated"
    ANNOUNCEMENT_RETRIGGERED = "announcement_retriggered"
    ANNOUNCEMENT_SENT = "announcement_sent"
    ANNOUNCEMENT_SUPERSEDED = "announcement_superseded"
    API_CRASHED = "api_crashed"
    API_REQUEST_REJECTED = "api_request_rejected"
    API_REQUEST_UNANSWERED = "api_request_unanswered"
    ARCHIVE_ABANDONED = "archive_abandoned"
    ARCHIVE_CRASHED = "archive_crashed"
    ARCHIVE_FILE_NOT_4K = "archive_file_not_4k"
    ARCHIVE_LINK_EXPIRED = "archive_link_expired"
    ARCHIVE_POSTPONED = "archive_postponed"
    ARCHIVE_REQUESTED = "archive_requested"
    ARCHIVE_REQUEST_FAILED = "archive_request_failed"
    ARCHIVE_RETRIGGERED = "archive_retriggered"
    ARCHIVE_SKIPPED = "archive_skipped"
    ARCHIVE_SUPERSEDED = "archive_superseded"
    BACK_OFF_FAILED = "back_off_failed"
    BASE_ABANDONED = "base_abandoned"
    BASE_ARCHIVED = "base_archived"
    BASE_AWAITED = "base_awaited"
    BASE_FINISHED = "base_finished"
    BASE_POSTPONED = "base_postponed"
    BASE_REQUESTED = "base_requested"
    BASE_REQUEST_FAILED = "base_request_failed"
    BASE_SKIPPED = "base_skipped"
    CALLBACK_IGNORED = "callback_ignored"
    CALLBACK_REJECTED = "callback_rejected"
    CALLBACK_UNANSWERED = "callback_unanswered"
    CALLBACK_UNCLEAR = "callback_unclear"
    CALLBACK_WITHOUT_RESULT = "callback_without_result"
    DOUBLE_CHARGE_SUSPECTED = "double_charge_suspected"
    GATE_PAUSED = "gate_paused"
    GATE_UNREACHABLE = "gate_unreachable"
    GENERATION_RECEIVED = "generation_received"
    GENERATION_WITHOUT_RESULT = "generation_without_result"
    JOB_ARCHIVED = "job_archived"
    JOB_CANCELLED = "job_cancelled"
    JOB_CHECK_POSTPONED = "job_check_postponed"
    JOB_CREATED = "job_created"
    JOB_FAILED = "job_failed"
    JOB_JOINED = "job_joined"
    JOB_QUEUED = "job_queued"
    JOB_REQUESTED = "job_requested"
    JOB_SKIPPED = "job_skipped"
    JOB_STILL_PROCESSING = "job_still_processing"
    JOB_TIMED_OUT = "job_timed_out"
    LATE_SUCCESS = "late_success"
    LINK_REFRESHED = "link_refreshed"
    LINK_REFRESH_CLAIMED = "link_refresh_claimed"
    LOOK_CLAIMED = "look_claimed"
    LOOK_POSTPONED = "look_postponed"
    MESSAGE_REDELIVERED = "message_redelivered"
    MESSAGE_REJECTED = "message_rejected"
    MESSAGE_STORE_FAILED = "message_store_failed"
    POLL_CLAIMED = "poll_claimed"
    POLL_INCONCLUSIVE = "poll_inconclusive"
    RECORD_UNREADABLE = "record_unreadable"
    REQUEST_ACCEPTED = "request_accepted"
    REQUEST_CLAIMED = "request_claimed"
    REQUEST_DEFERRED = "request_deferred"
    REQUEST_POSTPONED = "request_postponed"
    RESPONSE_LOST = "response_lost"
    RESPONSE_SUPERSEDED = "response_superseded"
    RESPONSE_UNCLEAR = "response_unclear"
    RESPONSE_WRITE_FAILED = "response_write_failed"
    RESULT_HOST_BLOCKED = "result_host_blocked"
    RESULT_RECEIVED = "result_received"
    RESULT_UNREADABLE = "result_unreadable"
    SECRET_UNSET = "secret_unset"  # noqa: S105  # nosec B105 - the name of a log event
    SWEEP_INTERRUPTED = "sweep_interrupted"
    TAGS_DROPPED = "tags_dropped"
    TASK_TOKEN_ABANDONED = "task_token_abandoned"  # noqa: S105  # nosec B105 - the name of a log event
    WEBHOOK_KEY_UNSET = "webhook_key_unset"


Detail = dict[str, str | int | float]


def response_in_log(response: Response) -> Detail:
    """Return a response as details of a log entry: of one that says no more than "accepted", its meaning alone."""
    words = {} if response.meaning in (Meaning.DONE, Meaning.WORKING) else response.words.row()
    return {"meaning": response.meaning} | words


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log event: the job it happened to, and plain details without secrets.

    `at`: when it happened, in epoch seconds, where it may be emitted long after.
    """

    event: LogEvent
    job: Job | None = None
    detail: Detail = field(default_factory=dict)
    at: float | None = None
