"""Takes READY jobs from ArchiveQueue and stores their files."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.archive import archiver
from veo4k.domain.job import Key
from veo4k.observability import emit, logger, metrics


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an SQS batch with the messages whose job could not be claimed or written."""
    deadline = clock().now() + context.get_remaining_time_in_millis() / 1000
    failed = [record["messageId"] for record in event["Records"] if not _archived(record["body"], deadline)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _archived(body: str, deadline: float) -> bool:
    """Archive the job that one message names. Return whether SQS may delete the message."""
    message = json.loads(body)
    try:
        emit([archiver().store(Key(message["taskId"], message["run"]), deadline)])
    except Exception as error:  # noqa: BLE001 - the message is delivered again, whatever went wrong
        # Only the name: the error's text may quote a link.
        logger.error("archive_crashed", extra={"taskId": message["taskId"], "error": type(error).__name__})
        return False
    return True
