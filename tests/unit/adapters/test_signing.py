import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from veo4k.adapters import aws
from veo4k.adapters.signing import LeanSigner

NOW = dt.datetime(2026, 9, 1, 12, 30, 45)  # noqa: DTZ001  as the SDK has it
URL = "https://dynamodb.eu-central-1.amazonaws.com/"
TARGET = {"X-Amz-Target": "DynamoDB_20120810.UpdateItem", "User-Agent": "veo4k"}
TOKENS = [None, "session-token"]
ASKED: list[dict[str, Any]] = [
    {"method": "POST", "url": URL, "headers": TARGET, "data": b'{"TableName": "jobs"}'},
    {"method": "POST", "url": URL, "headers": TARGET, "data": b""},
    {"method": "POST", "url": URL, "headers": {"X-Amz-Meta": "two  spaces ", "x-amz-target": "b"}, "data": "text: é"},
    {"method": "GET", "url": URL + "a%20path/?b=2&a=1"},
    {"method": "POST", "url": URL, "headers": {"Date": "now", "Authorization": "old"}, "data": {"field": "value"}},
]


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "get_current_datetime", lambda: NOW)
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def signed(signer: type[SigV4Auth], asked: dict[str, Any], token: str | None) -> list[tuple[str, str]]:
    request = AWSRequest(**asked)
    signer(Credentials("an-id", "a-secret", token), "dynamodb", "eu-central-1").add_auth(request)
    return [(name, str(value)) for name, value in request.headers.items()]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("asked", ASKED)
def test_a_request_is_signed_as_the_sdk_signs_it(asked: dict[str, Any], token: str | None) -> None:
    ours = signed(LeanSigner, asked, token)
    assert ours == signed(SigV4Auth, asked, token)
    assert "Signature=" in dict(ours)["Authorization"]


def test_another_key_makes_another_signature() -> None:
    request = AWSRequest(**ASKED[0])
    LeanSigner(Credentials("an-id", "another"), "dynamodb", "eu-central-1").add_auth(request)
    assert request.headers["Authorization"] != dict(signed(LeanSigner, ASKED[0], None))["Authorization"]


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "events", "lambda", "stepfunctions", "secretsmanager"])
def test_each_request_of_a_client_has_a_signer_of_its_own(service: str) -> None:
    signer = aws.client(service)._request_signer
    first, second = (signer.get_auth_instance(service, "eu-central-1") for _ in range(2))
    assert isinstance(first, LeanSigner)
    assert first is not second


class Kept:
    """Keeps each request of a client and answers it, with 500 the first time."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def answer(self, request: Any, **_: object) -> AWSResponse:
        self.requests.append(request)
        status, raw = 500 if len(self.requests) == 1 else 200, SimpleNamespace(stream=lambda: iter([b"{}"]))
        return AWSResponse(request.url, status, HTTPHeaders(), raw)


@pytest.fixture
def kept() -> Kept:
    client, kept = aws.client.__wrapped__("dynamodb"), Kept()
    client.meta.events.register("before-send", kept.answer)
    client.get_item(TableName="jobs", Key={"taskId": {"S": "a"}})
    return kept


def test_a_request_names_itself_and_tells_nothing_of_its_attempts(kept: Kept) -> None:
    assert {name.lower() for name in kept.requests[0].headers} == {
        "authorization",
        "content-length",
        "content-type",
        "user-agent",
        "x-amz-date",
        "x-amz-target",
    }
    assert kept.requests[0].headers["User-Agent"].startswith(b"veo4k")


def test_a_request_without_success_is_repeated_and_signed_again(kept: Kept) -> None:
    assert len(kept.requests) == 2
    assert all(b"Signature=" in request.headers["Authorization"] for request in kept.requests)
