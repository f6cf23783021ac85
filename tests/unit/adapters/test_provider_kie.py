import socket
import time
from dataclasses import replace

import pytest

from tests.unit.adapters.kie_account import (
    ACCEPTED,
    CALLBACKS,
    JOB,
    KEY,
    OWN,
    PROCESSING,
    TASK,
    TOKEN,
    URL,
    account,
    ask,
    holding,
    probe,
    secret,
)
from tests.unit.adapters.provider_server import hang_up, provider_saying, reply, reply_json
from veo4k.domain.job import Code, ProviderApi
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response

# What is sent


def test_the_paid_request_is_a_post_of_task_index_and_callback() -> None:
    _, provider = ask(reply_json(ACCEPTED))
    (sent,) = provider.received
    assert (sent.method, sent.path) == ("POST", "/api/v1/veo/get-4k-video")
    assert sent.json == {"taskId": TASK, "index": 0, "callBackUrl": f"{CALLBACKS}/callbacks/{TASK}/0/1/{TOKEN}"}
    assert sent.headers["content-type"] == "application/json"


def test_every_request_bears_the_key_and_an_agent_of_our_own() -> None:
    for sent in (ask(reply_json(ACCEPTED))[1], probe(reply_json(ACCEPTED), replace(JOB, provider_task_id=OWN))[1]):
        assert sent.received[0].headers["authorization"] == f"Bearer {KEY}"
        assert sent.received[0].headers["user-agent"] == "veo4k"


def test_without_a_callback_base_no_url_is_sent() -> None:
    with provider_saying(reply_json(ACCEPTED)) as provider:
        account(provider.url, base="none", token_key=holding("")).submit(JOB)
    assert provider.received[0].json == {"taskId": TASK, "index": 0}


def test_the_callback_names_index_and_run() -> None:
    _, provider = ask(reply_json(ACCEPTED), job=replace(JOB, index=7, run=12))
    assert provider.received[0].json["index"] == 7
    assert provider.received[0].json["callBackUrl"].startswith(f"{CALLBACKS}/callbacks/{TASK}/7/12/")


def test_the_current_key_of_a_rotation_signs_and_pays() -> None:
    key, token_key = (
        holding('{"current": "new", "previous": "a"}'),
        holding('{"current": "token-key", "previous": "b"}'),
    )
    with provider_saying(reply_json(ACCEPTED)) as provider:
        account(provider.url, api_key=key, token_key=token_key).submit(JOB)
    assert provider.received[0].headers["authorization"] == "Bearer new"
    assert provider.received[0].json["callBackUrl"].endswith(TOKEN)


def test_the_newer_api_has_its_own_path_and_field_names() -> None:
    _, provider = ask(reply_json(ACCEPTED), job=replace(JOB, provider_api=ProviderApi.JOBS))
    (sent,) = provider.received
    assert sent.path == "/api/v1/jobs/createTask"
    assert sent.json["model"] == "veo/get-4k-video"
    assert sent.json["input"] == {"task_id": TASK, "index": 0}
    assert sent.json["callBackUrl"].endswith(TOKEN)


def test_a_job_without_an_id_of_its_own_is_polled_by_the_repeated_post() -> None:
    _, provider = probe(reply_json(ACCEPTED), replace(PROCESSING, provider_task_id=TASK))
    assert provider.received[0].path == "/api/v1/veo/get-4k-video"


@pytest.mark.parametrize(
    ("contract", "path"), [(ProviderApi.VEO, "/api/v1/veo/record-info"), (ProviderApi.JOBS, "/api/v1/jobs/recordInfo")]
)
def test_a_job_with_an_id_of_its_own_is_polled_under_that_id(contract: ProviderApi, path: str) -> None:
    job = replace(PROCESSING, provider_task_id=OWN, provider_api=contract)
    _, provider = probe(reply_json({"code": 200, "data": {}}), job)
    (sent,) = provider.received
    assert (sent.method, sent.path, sent.body) == ("GET", f"{path}?taskId={OWN}", b"")


def test_the_balance_is_requested_with_the_key_and_read() -> None:
    with provider_saying(reply_json({"code": 200, "msg": "success", "data": 100})) as provider:
        assert account(provider.url).balance() == 100
    (sent,) = provider.received
    assert (sent.method, sent.path, sent.headers["authorization"]) == ("GET", "/api/v1/chat/credit", f"Bearer {KEY}")


def test_a_balance_that_cannot_be_had_is_none() -> None:
    with provider_saying(hang_up) as provider:
        assert account(provider.url).balance() is None


# What comes back


def test_an_acceptance_is_read() -> None:
    answer, _ = ask(reply_json(ACCEPTED))
    assert answer == Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK, words=Words(200, "success"))


def test_a_record_is_read() -> None:
    record = {"successFlag": 1, "response": {"taskId": OWN, "resultUrls": [URL], "resolution": "4k"}}
    answer, _ = probe(reply_json({"code": 200, "data": record}), replace(PROCESSING, provider_task_id=OWN))
    assert (answer.meaning, answer.urls) == (Meaning.DONE, (URL,))


def test_the_body_is_read_before_the_status() -> None:
    answer, _ = ask(reply_json({"code": 402, "msg": "no credits"}, status="500 Oops"))
    assert (answer.meaning, answer.reason) == (Meaning.ACCOUNT_REFUSED, "NO_CREDITS")


def test_a_missing_content_type_is_no_obstacle() -> None:
    answer, _ = ask(reply(b'{"code": 200, "data": {"taskId": "veo_task_abcdef123456"}}'))
    assert answer.meaning is Meaning.WORKING


def test_a_content_type_that_lies_is_no_obstacle() -> None:
    answer, _ = ask(reply(b'{"code": 422, "msg": "record is null."}', "Content-Type: text/html; charset=utf-16"))
    assert (answer.meaning, answer.code) == (Meaning.REFUSED, Code.INVALID_TASK)


# Connections


def test_a_connection_is_kept_for_the_next_request() -> None:
    with provider_saying(reply_json(ACCEPTED)) as provider:
        kie = account(provider.url)
        assert [kie.submit(JOB).meaning for _ in range(3)] == [Meaning.WORKING] * 3
        assert provider.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    def say(connection: socket.socket) -> None:
        reply_json(ACCEPTED)(connection)
        connection.shutdown(socket.SHUT_RDWR)

    with provider_saying(say) as provider:
        kie = account(provider.url)
        for asked in range(3):
            assert kie.submit(JOB).meaning is Meaning.WORKING
            assert provider.connections == asked + 1
            time.sleep(0.02)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert ask(reply_json(ACCEPTED))[0].meaning is Meaning.WORKING


def test_nothing_is_repeated_by_itself() -> None:
    _, provider = ask(hang_up)
    assert len(provider.received) == 1


# Keys


def test_it_is_ready_with_both_keys() -> None:
    assert account("http://a").unset_secret() is None


def test_an_unset_secret_is_named() -> None:
    assert account("http://a", api_key=holding(" ")).unset_secret() == "API_KEY_UNSET"
    assert account("http://a", token_key=holding("")).unset_secret() == "TOKEN_KEY_UNSET"


def test_without_callbacks_no_token_key_is_needed() -> None:
    assert account("http://a", token_key=holding(""), base="none").unset_secret() is None


def test_a_refused_key_is_looked_up_again() -> None:
    key = secret({"SecretString": "old"}, {"SecretString": "new"})
    with provider_saying(reply_json({"code": 401})) as provider:
        kie = account(provider.url, api_key=key)
        kie.submit(JOB)
        kie.submit(JOB)
    assert [sent.headers["authorization"] for sent in provider.received] == ["Bearer old", "Bearer new"]


def test_no_text_of_it_shows_a_key_or_a_token() -> None:
    with provider_saying(reply_json({"code": 401, "msg": KEY})) as provider:
        kie = account(provider.url)
        texts = [repr(kie.submit(JOB)), repr(kie), repr(kie.session), str(kie.session.headers)]
    assert not any(word in text for text in texts for word in (KEY, "token-key", TOKEN))
