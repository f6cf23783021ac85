"""The command `test-callback`."""

from typing import Any

import pytest

from tests.unit.cli.operator import TASK, Operator
from veo4k.adapters.callback_auth import make_signature
from veo4k.domain.job import State
from veo4k_cli import callbacks
from veo4k_cli.callbacks import NOT_FOUND, OK, UNAUTHORIZED
from veo4k_cli.http import Response

KEYS = {"token": "a-token-key-of-some-length", "webhook": "a-webhook-key-of-some-length"}


@pytest.fixture
def operator(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator whose callbacks reach a function that has the stack's keys and knows the job of TASK."""

    def send(_method: str, url: str, *, json: dict[str, Any], headers: dict[str, str]) -> Response:
        task, timestamp, signature = (
            json["data"]["taskId"],
            headers["X-Webhook-Timestamp"],
            headers["X-Webhook-Signature"],
        )
        is_signed = signature == make_signature(KEYS["webhook"].encode(), task, timestamp)
        if url.endswith(callbacks.WRONG_TOKEN):
            status = NOT_FOUND
        elif operator.secrets.values["webhook"] and not is_signed:
            status = UNAUTHORIZED
        else:
            status = OK if task == TASK else NOT_FOUND
        return Response(status, None, None, is_empty=True, date=None)

    monkeypatch.setattr(callbacks, "send", send)
    operator.secrets.values |= KEYS
    return operator


@pytest.mark.parametrize(
    ("words", "webhook", "statuses"),
    [
        ([], KEYS["webhook"], [404, 401, 404]),
        ([], "", [404, 404, 404]),
        ([TASK], KEYS["webhook"], [404, 401, 404, 200]),
    ],
)
def test_each_callback_gets_the_expected_response(
    operator: Operator, words: list[str], webhook: str, statuses: list[int]
) -> None:
    operator.add_job(State.PROCESSING)
    operator.parameters["CallbackSignature"] = "required" if webhook else "optional"
    operator.secrets.values["webhook"] = webhook
    result = operator.run("test-callback", *words, "--json")
    assert (result.status, [sent["status"] for sent in result.json["callbacks"]]) == (0, statuses)


def test_a_wrong_response_is_status_1(operator: Operator) -> None:
    operator.secrets.values["webhook"] = "a-key-that-the-function-lacks"
    assert operator.run("test-callback").status == 1


@pytest.mark.parametrize(
    ("lacking", "words", "text"),
    [
        ("token", [], "Run veo4k rotate token."),
        ("webhook", [], "Run veo4k rotate webhook."),
        ("", [TASK], "A callback would count as its acceptance"),
        ("", ["veo_task_unknown"], "There is no such job"),
    ],
)
def test_nothing_is_sent_without_keys_or_an_accepted_job(
    operator: Operator, lacking: str, words: list[str], text: str
) -> None:
    operator.add_job(State.QUEUED)
    operator.secrets.values |= {lacking: ""}
    result = operator.run("test-callback", *words)
    assert (result.status, text in result.err) == (2, True)
