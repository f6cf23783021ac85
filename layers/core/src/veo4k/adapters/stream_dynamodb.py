"""The table's stream: records as changes of jobs."""

from collections.abc import Mapping, Sequence
from typing import Any

from veo4k.adapters.dynamodb_types import from_item
from veo4k.domain.job import Job
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change


def read_changes(records: Sequence[Mapping[str, Any]]) -> tuple[list[Change], list[LogEntry]]:
    """Read stream records. A record that cannot be read becomes a log event."""
    changes, unreadable = [], []
    for record in records:
        try:
            image = record["dynamodb"]
            if "NewImage" in image:
                changes.append(Change(_job(image.get("OldImage")), Job.from_row(from_item(image["NewImage"]))))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            unreadable.append(LogEntry(LogEvent.RECORD_UNREADABLE, None, {"sequenceNumber": _number(record)}))
    return changes, unreadable


def _number(record: Any) -> str:
    image = record.get("dynamodb") if isinstance(record, Mapping) else None
    return str(image.get("SequenceNumber")) if isinstance(image, Mapping) else "None"


def _job(image: Mapping[str, Any] | None) -> Job | None:
    return Job.from_row(from_item(image)) if image else None
