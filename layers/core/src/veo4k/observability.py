"""Logs and metrics: every log event becomes one log line, and is counted in a metric."""

import warnings
from collections.abc import Callable, Iterable, Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from veo4k.domain.job import utc
from veo4k.domain.log_events import LogEntry, LogEvent

# A function that counted nothing has nothing to say, and need not be warned of it.
warnings.filterwarnings("ignore", "No application metrics to publish")

UNSAID = ("location", "function_arn", "function_memory_size")
"""The same in each of a function's lines, and each line is paid for."""


class LeanFormatter(LambdaPowertoolsFormatter):
    """Powertools' lines without what the name of their log group says."""

    def serialize(self, log: LogRecord) -> str:
        """Return a line's JSON."""
        return super().serialize({key: value for key, value in log.items() if key not in UNSAID})


# A message is the name of a log event, and no JSON to be tried.
logger = Logger(logger_formatter=LeanFormatter(json_deserializer=str))
metrics = EphemeralMetrics()

WARNINGS = frozenset(
    {
        LogEvent.ARCHIVE_ABANDONED,
        LogEvent.SECRET_UNSET,
        LogEvent.RESPONSE_WRITE_FAILED,
        LogEvent.ANNOUNCEMENT_FAILED,
        LogEvent.API_REQUEST_UNANSWERED,
        LogEvent.ARCHIVE_REQUEST_FAILED,
        LogEvent.BASE_ABANDONED,
        LogEvent.BASE_REQUEST_FAILED,
        LogEvent.CALLBACK_UNANSWERED,
        LogEvent.CALLBACK_UNCLEAR,
        LogEvent.DOUBLE_CHARGE_SUSPECTED,
        LogEvent.GATE_PAUSED,
        LogEvent.GATE_UNREACHABLE,
        LogEvent.JOB_SKIPPED,
        LogEvent.LATE_SUCCESS,
        LogEvent.MESSAGE_STORE_FAILED,
        LogEvent.RECORD_UNREADABLE,
        LogEvent.RESPONSE_UNCLEAR,
        LogEvent.RESULT_HOST_BLOCKED,
        LogEvent.RESULT_UNREADABLE,
        LogEvent.SWEEP_INTERRUPTED,
        LogEvent.TASK_TOKEN_ABANDONED,
        LogEvent.TAGS_DROPPED,
        LogEvent.WEBHOOK_KEY_UNSET,
    }
)
"""Logged as warnings: an operator may have to act."""
ERRORS = frozenset({LogEvent.API_CRASHED, LogEvent.ARCHIVE_CRASHED})
"""Logged as errors: the code failed, and its handler answered nevertheless, so that Lambda counts no error."""


def emit(entries: Iterable[LogEntry]) -> Mapping[str, int]:
    """Log each entry, and count them in metrics. Return the counts by log event."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.event] = counts.get(entry.event, 0) + 1
        _level(entry.event)(entry.event, extra=_about(entry) | entry.detail)
    for event, count in counts.items():
        metrics.add_metric(metric_name(event), MetricUnit.Count, count)
    return counts


def _level(event: LogEvent) -> Callable[..., None]:
    if event in ERRORS:
        return logger.error
    return logger.warning if event in WARNINGS else logger.info


def _about(entry: LogEntry) -> dict[str, object]:
    if entry.job is None:
        return {}
    about: dict[str, object] = {"jobId": entry.job.job_id, "state": entry.job.state.value}
    about |= {"at": utc(entry.at)} if entry.at is not None else {}
    return about | ({"errorCode": entry.job.error.code.value} if entry.job.error else {})


def metric_name(event: str) -> str:
    """Return the name of the metric that counts a log event: `JobCreated` for `job_created`."""
    return "".join(word.capitalize() for word in event.split("_"))
