"""Takes messages from JobQueue and asks for their 4K versions."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap.asking import queue, world
from veo4k.observability import logger, metrics, narrate
from veo4k.services.submit import Received, submit


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an SQS batch; named are only the messages that could not be stored."""
    stop_at = world().clock.now() + context.get_remaining_time_in_millis() / 1000
    notes, unstored = submit(world(), queue(), [_received(record) for record in event["Records"]], stop_at)
    narrate(notes)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in unstored]}


def _received(record: dict[str, Any]) -> Received:
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return Received(record["messageId"], record["body"], record["receiptHandle"], receives)
