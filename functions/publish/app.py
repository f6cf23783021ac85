"""Reads the table's stream: hands READY jobs to the archive and announces ends."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.publishing import desk, read_changes
from veo4k.observability import logger, metrics, narrate
from veo4k.services.publish import publish


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[Any]]:
    """Draw the consequences of a stream batch; no record ever fails, the sweep's nudge is the retry."""
    changes, unreadable = read_changes(event["Records"])
    narrate(unreadable)
    narrate(publish(desk(), changes, clock().now()))
    return {"batchItemFailures": []}
