"""AWS for tests: clients that record their calls, and return or raise what the test defines."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from veo4k.adapters.dynamodb_types import to_typed
from veo4k.domain.job import Job

UNREACHABLE = EndpointConnectionError(endpoint_url="https://aws.example")


def refusal(code: str, message: str = "no", operation: str = "Operation", **metadata: Any) -> ClientError:
    """Return an error as AWS answers it."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(response, operation)


class FakeClient:
    """Answers each call, whichever it is, with the next of its answers; the last one is given for ever."""

    def __init__(self, *answers: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answers: Sequence[Any] = answers or ({},)

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            answer = self._answers[min(len(self.calls), len(self._answers) - 1)]
            self.calls.append((operation, request))
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def typed_row(job: Job) -> dict[str, Any]:
    """Return a row as DynamoDB has it."""
    return {name: to_typed(value) for name, value in job.row().items()}


class ConditionRefusedError(ClientError):
    """A condition that did not hold, with the row that refused it, as DynamoDB answers it."""

    def __init__(self, item: Mapping[str, Any] | None) -> None:
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "no"}}
        super().__init__(response | ({"Item": item} if item else {}), "UpdateItem")


class DynamoErrors:
    """The errors of the service by their names, where the SDK's clients have them too."""

    ConditionalCheckFailedException = ConditionRefusedError


class FakeDynamoDB(FakeClient):
    """The same with the errors of DynamoDB."""

    exceptions = DynamoErrors
