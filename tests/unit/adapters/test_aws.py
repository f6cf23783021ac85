import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from veo4k.adapters import aws
from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

SENT = "sk-secret-1234"
NOT_OF_A_CALL = {"MissingServiceIdError", "UndefinedModelAttributeError"}  # of a broken copy of the SDK's own data

SdkError = type[Exception]


def classes() -> list[SdkError]:
    """Return every error class of the SDK, but for its warnings."""
    found = [member for _, member in inspect.getmembers(exceptions, inspect.isclass)]
    errors = [member for member in found if issubclass(member, Exception) and not issubclass(member, Warning)]
    return [error for error in errors if error.__name__ not in NOT_OF_A_CALL]


def raised(error: Exception) -> StorageError:
    with pytest.raises(StorageError) as caught, as_storage_error("UpdateItem"):
        raise error
    return caught.value


def quoting(kind: SdkError) -> Exception:
    """Return an error of that class, built without its arguments, that quotes what was sent."""
    error = kind.__new__(kind)
    error.args = (f"the request {SENT} failed",)
    error.__dict__["response"] = {"Error": {"Code": "SomeCode", "Message": SENT}}
    return error


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk_is_a_storage_error_without_what_was_sent(kind: SdkError) -> None:
    error = raised(quoting(kind))
    assert str(error) == f"UpdateItem: {'SomeCode' if issubclass(kind, ClientError) else kind.__name__}"
    assert error.__suppress_context__


def test_a_response_that_cannot_be_parsed_is_a_storage_error() -> None:
    assert str(raised(ResponseParserError(SENT))) == "UpdateItem: ResponseParserError"


@pytest.mark.parametrize("response", [{}, {"Error": {}}])
def test_an_error_without_a_code_is_a_storage_error(response: Any) -> None:
    assert str(raised(ClientError(response, "UpdateItem"))) == "UpdateItem: ClientError"


def test_the_sdks_refusal_of_a_request_does_not_quote_it() -> None:
    error = raised(exceptions.ParamValidationError(report=SENT))
    assert SENT not in str(error)


@pytest.mark.parametrize("error", [KeyError("a"), ValueError("a"), StorageError("a")])
def test_what_is_no_error_of_the_sdk_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, as_storage_error("UpdateItem"):
        raise error
    assert caught.value is error


def test_there_are_two_roots_of_all_errors_of_the_sdk() -> None:
    assert all(issubclass(kind, BotoCoreError | ClientError) for kind in classes())


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return aws.client


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "events", "stepfunctions", "secretsmanager", "s3"])
def test_every_client_has_timeouts_and_retries_of_our_own(client: Callable[[str], Any], service: str) -> None:
    config = client(service).meta.config
    assert config.connect_timeout <= 5
    assert config.read_timeout <= 20
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_a_service_has_one_client(client: Callable[[str], Any]) -> None:
    assert client("sqs") is client("sqs")


@pytest.fixture
def sent(client: Any) -> list[Any]:
    """Return the HTTP requests of one GetItem whose first response is an error of the service."""
    table, requests = client.__wrapped__("dynamodb"), list[Any]()

    def respond(request: Any, **_: object) -> AWSResponse:
        requests.append(request)
        status, raw = 500 if len(requests) == 1 else 200, SimpleNamespace(stream=lambda: iter([b"{}"]))
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    table.meta.events.register("before-send", respond)
    table.get_item(TableName="jobs", Key={"taskId": {"S": "a"}})
    return requests


def test_a_request_goes_to_the_region_and_names_the_product(sent: list[Any]) -> None:
    assert sent[0].url == "https://dynamodb.eu-central-1.amazonaws.com/"
    assert sent[0].headers["User-Agent"].startswith(b"veo4k")


def test_a_request_that_fails_is_retried_and_signed_again(sent: list[Any]) -> None:
    assert len(sent) == 2
    assert all(b"Signature=" in request.headers["Authorization"] for request in sent)
