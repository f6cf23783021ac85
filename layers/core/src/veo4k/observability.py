"""Logs and metrics: every note of a use case becomes one log line and, where somebody counts it, a metric."""

import warnings
from collections.abc import Iterable, Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.logging.types import LogRecord
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from veo4k.domain.job import utc
from veo4k.domain.notes import Note

# A function that counted nothing has nothing to say, and need not be warned of it.
warnings.filterwarnings("ignore", "No application metrics to publish")

UNSAID = ("location", "function_arn", "function_memory_size")
"""The same in each of a function's lines, and each line is paid for."""


class LeanFormatter(LambdaPowertoolsFormatter):
    """Powertools' lines without what the name of their log group says."""

    def serialize(self, log: LogRecord) -> str:
        """Give a line's JSON."""
        return super().serialize({key: value for key, value in log.items() if key not in UNSAID})


# A message is the name of an action, and no JSON to be tried.
logger = Logger(logger_formatter=LeanFormatter(json_deserializer=str))
metrics = EphemeralMetrics()

ALARMING = frozenset(
    {
        "account_unready",
        "answer_unwritten",
        "announcement_failed",
        "archive_request_failed",
        "callback_unanswered",
        "double_charge_suspected",
        "gate_shut",
        "gate_unreachable",
        "job_passed_over",
        "late_success",
        "message_unstored",
        "record_unreadable",
        "sweep_interrupted",
        "webhook_key_unset",
    }
)
"""Logged as warnings: somebody may want to look."""


def narrate(notes: Iterable[Note]) -> Mapping[str, int]:
    """Log each note and count them; gives the counts by action."""
    counts: dict[str, int] = {}
    for note in notes:
        counts[note.action] = counts.get(note.action, 0) + 1
        log = logger.warning if note.action in ALARMING else logger.info
        log(note.action, extra=_named(note) | note.detail)
    for action, count in counts.items():
        metrics.add_metric(_metric(action), MetricUnit.Count, count)
    return counts


def _named(note: Note) -> dict[str, object]:
    if note.job is None:
        return {}
    named: dict[str, object] = {"jobId": note.job.job_id, "state": note.job.state.value}
    named |= {"at": utc(note.at)} if note.at is not None else {}
    return named | ({"errorCode": note.job.error.code.value} if note.job.error else {})


def _metric(action: str) -> str:
    return "".join(word.capitalize() for word in action.split("_"))
