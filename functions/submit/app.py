"""Takes messages from JobQueue and requests their 4K versions."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k import bootstrap
from veo4k.bootstrap.submit import submitter
from veo4k.observability import emit, logger, metrics
from veo4k.services.submit import Received

# Builds the clients of every batch while the function starts, when Lambda gives it a whole processor.
submitter(deadline=0)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Submit an SQS batch. Return the messages that could not be stored, for SQS to deliver again."""
    submit = submitter(bootstrap.deadline(context.get_remaining_time_in_millis()))
    emit(submit.submit([_received(record) for record in event["Records"]]))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in submit.unstored]}


def _received(record: dict[str, Any]) -> Received:
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return Received(record["messageId"], record["body"], record["receiptHandle"], receives)
