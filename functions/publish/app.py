"""Reads the table's stream: sends READY jobs to the archive and announces ends."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.publish import publisher, read_changes
from veo4k.observability import emit, logger, metrics

publisher()  # builds the clients while the function starts, when Lambda gives it a whole processor


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[Any]]:
    """Publish a batch of the stream. No record ever fails: the sweep re-triggers what could not be done."""
    changes, unreadable = read_changes(event["Records"])
    emit(unreadable)
    emit(publisher().publish(changes, clock().now()))
    return {"batchItemFailures": []}
