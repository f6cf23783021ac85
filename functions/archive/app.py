"""Takes READY jobs from ArchiveQueue and stores their files."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.archiving import vault
from veo4k.domain.job import Key
from veo4k.observability import logger, metrics, narrate
from veo4k.services.archive import archive

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an SQS batch; named are only the messages whose job could not be claimed or written."""
    vault()  # wrong settings fail here, by name: in a record they would only be counted as a crash
    return dict(process_partial_response(event, record_handler, processor, context))


def record_handler(record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Archive the job that one message names."""
    named = json.loads(record.body)
    stop_at = clock().now() + lambda_context.get_remaining_time_in_millis() / 1000
    try:
        narrate([archive(vault(), Key(named["taskId"], named["run"]), stop_at)])
    except Exception as error:
        # The processor keeps it to itself; and its text may quote a link.
        logger.error("archive_crashed", extra={"taskId": named["taskId"], "error": type(error).__name__})
        raise
