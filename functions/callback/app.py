"""Receives the provider's callback behind the HTTP API."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.callback import callback_handler
from veo4k.observability import emit, logger, metrics
from veo4k.services.signed_request import Request

PARTS = ("taskId", "index", "run", "token")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return a status and an empty body (payload format 2.0 of the HTTP API)."""
    status, entry = callback_handler().handle(_request(event), clock().now())
    emit([entry])
    return {"statusCode": status, "body": ""}


def _request(event: dict[str, Any]) -> Request:
    path = event.get("pathParameters") or {}
    task_id, index, run, token = (path.get(part) or "" for part in PARTS)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request((task_id, index, run, token), headers, event.get("body") or "", bool(event.get("isBase64Encoded")))
