"""Receives the provider's callbacks behind the HTTP API: of 4K versions, and of generations."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap import clock
from veo4k.bootstrap.callback import callback_handler, generation_handler
from veo4k.observability import emit, logger, metrics
from veo4k.services.signed_request import Request

PARTS, GENERATED = ("taskId", "index", "run", "token"), "POST /generated/{token}"

callback_handler()  # builds the clients while the function starts, when Lambda gives it a whole processor


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return a status and an empty body (payload format 2.0 of the HTTP API)."""
    now = clock().now()
    if event.get("routeKey") == GENERATED:
        status, entries = generation_handler().handle(_request(event, PARTS[3:]), now)
    else:
        status, entries = callback_handler().handle(_request(event, PARTS), now)
    emit(entries)
    return {"statusCode": status, "body": ""}


def _request(event: dict[str, Any], names: tuple[str, ...]) -> Request:
    path = event.get("pathParameters") or {}
    return Request(
        parts=tuple(path.get(name) or "" for name in names),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
        query=event.get("rawQueryString") or "",
    )
