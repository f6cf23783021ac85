"""Takes READY jobs and base videos from ArchiveQueue and stores their files."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k import bootstrap
from veo4k.bootstrap.archive import archiver, base_keeper, redelivery
from veo4k.domain.job import Key
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.observability import emit, logger, metrics
from veo4k.services.keep_base import RETRY

archiver()  # builds the clients while the function starts, when Lambda gives it a whole processor


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Archive an SQS batch. Return the messages whose job could not be claimed or written, for SQS to deliver again."""
    deadline = bootstrap.deadline(context.get_remaining_time_in_millis())
    failed = [record["messageId"] for record in event["Records"] if not _archived(record, deadline)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _archived(record: dict[str, Any], deadline: float) -> bool:
    """Archive the job that one message names. Return whether SQS may delete the message."""
    message = json.loads(record["body"])
    key = Key(message["taskId"], message["run"])
    try:
        if message.get("kind") == "base":
            return _kept(record, key, deadline)
        emit([archiver().store(key, deadline)])
    except Exception as error:  # noqa: BLE001 - the message is delivered again, whatever went wrong
        # Only the name: the error's text may quote a link.
        emit([LogEntry(LogEvent.ARCHIVE_CRASHED, None, {"taskId": key.task_id, "error": type(error).__name__})])
        return False
    return True


def _kept(record: dict[str, Any], key: Key, deadline: float) -> bool:
    """Keep a base video. Return whether SQS may delete the message; it comes back after a minute where not."""
    entry = base_keeper().keep(key, deadline, int(record["attributes"]["ApproximateReceiveCount"]))
    emit([entry])
    if entry.event is LogEvent.BASE_POSTPONED:
        redelivery().deliver_again(record["receiptHandle"], RETRY)
    return entry.event is not LogEvent.BASE_POSTPONED
