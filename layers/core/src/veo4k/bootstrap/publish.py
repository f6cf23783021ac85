"""What publish needs: the table's stream, the archive queue, the event bus, and Step Functions."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from veo4k.adapters.aws import client
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.adapters.stream_dynamodb import read_changes as read_records
from veo4k.bootstrap import jobs, settings, times
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change
from veo4k.services.publish import Publisher


@cache
def publisher() -> Publisher:
    """Return the publisher of changes."""
    events = AwsEventPublisher(
        archive_queue_url=settings().text("ARCHIVE_QUEUE_URL"),
        event_bus=settings().text("EVENT_BUS_NAME"),
        sqs=client("sqs"),
        events=client("events"),
        sfn=client("stepfunctions"),
    )
    return Publisher(
        jobs=jobs(),
        events=events,
        retention_days=int(settings().number("RETENTION_DAYS")),
        keep_base=settings().chosen("KEEP_BASE", "on", "off") == "on",
        times=times(),
    )


def read_changes(records: Sequence[Mapping[str, Any]]) -> tuple[list[Change], list[LogEntry]]:
    """Read the records of the table's stream; a record that cannot be read becomes a log event."""
    changes, unreadable = read_records(records)
    return changes, [LogEntry(LogEvent.RECORD_UNREADABLE, None, {"sequenceNumber": number}) for number in unreadable]
