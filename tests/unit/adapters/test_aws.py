import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from veo4k.adapters import aws
from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

SENT = "sk-secret-1234"
NOT_OF_A_CALL = {"MissingServiceIdError", "UndefinedModelAttributeError"}  # of a broken copy of the SDK's own data
KINDS: list[type[Exception]] = [
    kind
    for name, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, Exception) and not issubclass(kind, Warning) and name not in NOT_OF_A_CALL
]
"""Every error class of the SDK, but for its warnings."""


def raised(error: Exception) -> StorageError:
    with pytest.raises(StorageError) as caught, as_storage_error("UpdateItem"):
        raise error
    return caught.value


def quoting(kind: type[Exception]) -> Exception:
    """Return an error of that class, built without its arguments, that quotes what was sent."""
    error = kind.__new__(kind)
    error.args = (f"the request {SENT} failed",)
    error.__dict__["response"] = {"Error": {"Code": "SomeCode", "Message": SENT}}
    return error


@pytest.mark.parametrize("kind", [*KINDS, ResponseParserError], ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk_is_a_storage_error_without_what_was_sent(kind: type[Exception]) -> None:
    error = raised(quoting(kind))
    assert str(error) == f"UpdateItem: {'SomeCode' if issubclass(kind, ClientError) else kind.__name__}"
    assert error.__suppress_context__


@pytest.mark.parametrize("response", [{}, {"Error": {}}])
def test_an_error_without_a_code_is_a_storage_error(response: Any) -> None:
    assert str(raised(ClientError(response, "UpdateItem"))) == "UpdateItem: ClientError"


@pytest.mark.parametrize("error", [KeyError("a"), ValueError("a"), StorageError("a")])
def test_what_is_no_error_of_the_sdk_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, as_storage_error("UpdateItem"):
        raise error
    assert caught.value is error


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return aws.client


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "events", "stepfunctions", "secretsmanager", "s3"])
def test_every_service_has_one_client_with_timeouts_and_retries(client: Callable[[str], Any], service: str) -> None:
    config = client(service).meta.config
    assert config.connect_timeout <= 5
    assert config.read_timeout <= 20
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert client(service) is client(service)


def test_a_request_goes_to_the_region_and_is_retried_and_signed_again(client: Any) -> None:
    table, requests = client.__wrapped__("dynamodb"), list[Any]()

    def respond(request: Any, **_: object) -> AWSResponse:
        """Answer the first request with an error of the service."""
        requests.append(request)
        status, raw = 500 if len(requests) == 1 else 200, SimpleNamespace(stream=lambda: iter([b"{}"]))
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    table.meta.events.register("before-send", respond)
    table.get_item(TableName="jobs", Key={"taskId": {"S": "a"}})
    assert [request.url for request in requests] == ["https://dynamodb.eu-central-1.amazonaws.com/"] * 2
    assert all(request.headers["User-Agent"].startswith(b"veo4k") for request in requests)
    assert all(b"Signature=" in request.headers["Authorization"] for request in requests)
