import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.adapters import kie_account
from tests.unit.adapters.kie_account import ACCEPTED, JOB, JOBS, KEY, OWN, TASK, TOKEN, account, holding, submitted
from tests.unit.adapters.raw_server import Answer, hang_up, reply, reply_json, serving
from veo4k.adapters.provider_kie import KieProvider
from veo4k.domain.job import Code, ProviderApi, State
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response

YES = reply_json(ACCEPTED)
URL = "https://file.aiquickdraw.com/v/1.mp4"

# What is sent


CALLBACK = {"callBackUrl": f"{kie_account.CALLBACKS}/callbacks/{TASK}/0/1/{TOKEN}"}
PAID = {"taskId": TASK, "index": 0} | CALLBACK
PAID_ANEW = {"model": "veo/get-4k-video", "input": {"task_id": TASK, "index": 0}} | CALLBACK
WITHOUT_ID, WITH_ID = (replace(JOB, state=State.PROCESSING, provider_task_id=own) for own in (TASK, OWN))
WITH_ID_ANEW = replace(WITH_ID, provider_api=ProviderApi.JOBS)
SENT: dict[str, tuple[Callable[[KieProvider], object], str, Any]] = {
    "the paid request": (lambda kie: kie.submit(JOB), "POST /api/v1/veo/get-4k-video", PAID),
    "that of the newer API": (lambda kie: kie.submit(JOBS), "POST /api/v1/jobs/createTask", PAID_ANEW),
    "a poll of a job without an id": (lambda kie: kie.poll(WITHOUT_ID), "POST /api/v1/veo/get-4k-video", PAID),
    "a poll of one with an id": (lambda kie: kie.poll(WITH_ID), f"GET /api/v1/veo/record-info?taskId={OWN}", None),
    "that of the newer API too": (
        lambda kie: kie.poll(WITH_ID_ANEW),
        f"GET /api/v1/jobs/recordInfo?taskId={OWN}",
        None,
    ),
    "the balance": (lambda kie: kie.balance(), "GET /api/v1/chat/credit", None),
}


@pytest.mark.parametrize(("send", "line", "body"), SENT.values(), ids=SENT)
def test_each_request_has_its_path_and_body_and_bears_the_key(
    send: Callable[[KieProvider], object], line: str, body: Any
) -> None:
    with serving(YES) as provider:
        send(account(provider.url))
    (sent,) = provider.received
    assert (f"{sent.method} {sent.path}", json.loads(sent.body or b"null")) == (line, body)
    assert (sent.headers["authorization"], sent.headers["user-agent"]) == (f"Bearer {KEY}", "veo4k")
    assert sent.headers.get("content-type") == ("application/json" if body else None)


def test_the_callback_names_index_and_run() -> None:
    _, provider = submitted(YES, replace(JOB, index=7, run=12))
    assert provider.received[0].json["index"] == 7
    assert provider.received[0].json["callBackUrl"].startswith(f"{kie_account.CALLBACKS}/callbacks/{TASK}/7/12/")


def test_without_a_callback_base_no_url_is_sent() -> None:
    _, provider = submitted(YES, callback_base="none", token_key=holding(""))
    assert provider.received[0].json == {"taskId": TASK, "index": 0}


def test_the_current_key_of_a_rotation_signs_and_pays() -> None:
    key = holding('{"current": "new", "previous": "a"}')
    token_key = holding('{"current": "token-key", "previous": "b"}')
    _, provider = submitted(YES, api_key=key, token_key=token_key)
    assert provider.received[0].headers["authorization"] == "Bearer new"
    assert provider.received[0].json["callBackUrl"].endswith(TOKEN)


# What comes back


@pytest.mark.parametrize(
    ("answer", "credits_left"), [(reply_json({"code": 200, "msg": "success", "data": 100}), 100), (hang_up, None)]
)
def test_a_balance_is_read_or_none(answer: Answer, credits_left: float | None) -> None:
    with serving(answer) as provider:
        assert account(provider.url).balance() == credits_left


def test_an_acceptance_is_read() -> None:
    answer, _ = submitted(YES)
    assert answer == Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK, words=Words(200, "success"))


def test_a_record_is_read() -> None:
    record = {"successFlag": 1, "response": {"taskId": OWN, "resultUrls": [URL], "resolution": "4k"}}
    answer, _ = kie_account.polled(reply_json({"code": 200, "data": record}), WITH_ID)
    assert (answer.meaning, answer.urls) == (Meaning.DONE, (URL,))


@pytest.mark.parametrize("headers", [[], ["Content-Type: text/html; charset=utf-16"]])
def test_a_content_type_that_lacks_or_lies_is_no_obstacle(headers: list[str]) -> None:
    answer, _ = submitted(reply(b'{"code": 422, "msg": "record is null."}', *headers))
    assert (answer.meaning, answer.code) == (Meaning.REFUSED, Code.INVALID_TASK)


# Connections


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    def say(connection: socket.socket) -> None:
        YES(connection)
        hang_up(connection)

    with serving(say) as provider:
        kie = account(provider.url)
        for asked in range(3):
            assert kie.submit(JOB).meaning is Meaning.WORKING
            assert provider.connections == asked + 1
            time.sleep(0.02)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert submitted(YES)[0].meaning is Meaning.WORKING


# Keys


def test_an_unset_secret_is_named() -> None:
    assert account("http://a").unset_secret() is None
    assert account("http://a", api_key=holding(" ")).unset_secret() == "API_KEY_UNSET"
    assert account("http://a", token_key=holding("")).unset_secret() == "TOKEN_KEY_UNSET"
    assert account("http://a", token_key=holding(""), callback_base="none").unset_secret() is None


def test_a_refused_key_is_looked_up_again() -> None:
    key = kie_account.secret({"SecretString": "old"}, {"SecretString": "new"})
    with serving(reply_json({"code": 401})) as provider:
        kie = account(provider.url, api_key=key)
        kie.submit(JOB)
        kie.submit(JOB)
    assert [sent.headers["authorization"] for sent in provider.received] == ["Bearer old", "Bearer new"]


def test_no_text_of_it_shows_a_key_or_a_token() -> None:
    with serving(reply_json({"code": 401, "msg": KEY})) as provider:
        kie = account(provider.url)
        texts = [repr(kie.submit(JOB)), repr(kie), repr(kie.session), str(kie.session.headers)]
    assert not any(word in text for text in texts for word in (KEY, "token-key", TOKEN))
