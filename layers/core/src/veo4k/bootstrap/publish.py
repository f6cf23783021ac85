"""What publish needs: the table's stream, the archive queue, the event bus, and Step Functions."""

from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.adapters.stream_dynamodb import read_changes
from veo4k.bootstrap import jobs, settings, times
from veo4k.services.publish import Publisher

__all__ = ["publisher", "read_changes"]


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
        retention_days=settings().number("RETENTION_DAYS"),
        keep_base=settings().chosen("KEEP_BASE", "on", "off") == "on",
        times=times(),
    )
