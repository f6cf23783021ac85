"""A network that loses responses, below the real SDK, which then repeats the call as it does in production."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError

from proofs.table.tables import Table, connect

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _nothing() -> None:
    """Let nothing happen."""


class _LosesResponses:
    """A session of the SDK's: requests arrive, but the first responses are lost."""

    def __init__(self, session: Any, operation: str, lost: int, meanwhile: Callable[[], object]) -> None:
        self._session, self._operation, self._lost, self._meanwhile = session, operation, lost, meanwhile

    def send(self, request: Any) -> Any:
        """Send the request, and lose the response."""
        response = self._session.send(request)
        if self._lost and request.headers["X-Amz-Target"].endswith(self._operation.encode()):
            self._lost -= 1
            self._meanwhile()
            raise ConnectionClosedError(endpoint_url=request.url)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def losing(table: Table, *, lost: int = 1, meanwhile: Callable[[], object] = _nothing) -> "DynamoDBClient":
    """Return a client that loses the responses to its first writes; `meanwhile` runs before the SDK repeats one."""
    client = connect(table.client.meta.endpoint_url)
    endpoint: Any = client._endpoint  # type: ignore[attr-defined]  # the SDK has no public place to lose a response in
    endpoint.http_session = _LosesResponses(endpoint.http_session, "UpdateItem", lost, meanwhile)
    return client
