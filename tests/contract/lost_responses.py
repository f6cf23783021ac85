"""A network that loses responses, below the real SDK, which then repeats the call as it does in production."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError

from proofs.table.tables import Table, connect

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def losing(table: Table, *, meanwhile: Callable[[], object] = lambda: None) -> "DynamoDBClient":
    """Return a client that loses the response to its first write; `meanwhile` runs before the SDK repeats it."""
    client = connect(table.client.meta.endpoint_url)
    session: Any = client._endpoint.http_session  # type: ignore[attr-defined]  # no public place to lose a response in
    send = session.send

    def lose(request: Any) -> Any:
        response = send(request)
        if request.headers["X-Amz-Target"].endswith(b"UpdateItem"):
            session.send = send
            meanwhile()
            raise ConnectionClosedError(endpoint_url=request.url)
        return response

    session.send = lose
    return client
