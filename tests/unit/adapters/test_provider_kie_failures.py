import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from proofs.doubles.fake_aws import refusal
from tests.unit.adapters import kie_account, raw_server
from tests.unit.adapters.kie_account import ACCEPTED, JOB, JOBS, KEY, TOKEN, account, holding, secret, submitted
from tests.unit.adapters.raw_server import Answer, endless, hang_up, raw, reply, reply_json, reset, serving, silence
from veo4k.adapters import provider_kie
from veo4k.domain.job import Job
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

# What was sent, and has no answer that can be read. What any body means is tested with the domain's responses.

SLOW: dict[str, Answer] = {
    "nothing in time": silence(),
    "a body byte by byte": endless(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ", 0.05),
    "a body without end": endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536),
    "a redirect without end": endless(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n", b" " * 65536),
}
LOST: dict[str, Answer] = SLOW | {
    "an end without a word": hang_up,
    "a reset": reset,
    "a body of more than a mebibyte": reply(b'{"code": 200}' + b" " * 1_048_577),
    "a body that ends early": reply(b'{"code": 200', length=1000),
    "what is no HTTP": raw(b"\x16\x03\x01\r\n\r\n"),
    "a head that does not end": raw(b"HTTP/1.1 200 OK\r\nContent-"),
    "too many headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n"),
    "a header without end": raw(b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-length: many\r\n\r\n<html>"),
    "chunks that are none": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    "gzip that is none": reply(b"no gzip", "Content-Encoding: gzip"),
    "a page": reply(b"<html><h1>Hello</h1></html>", "Content-Type: text/html"),
    "a page about an error": reply(b"<html>502 Bad Gateway</html>", status="502 Bad Gateway"),
    "a redirect": reply(b"", "Location: https://elsewhere.example/", status="302 Found"),
    "a redirect to nowhere": reply(b"", "Location: http://[::1", status="307 Temporary Redirect"),
    "a redirect in bytes": reply(b"", "Location: \xff\xfe", status="301 Moved Permanently"),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_after_the_request_was_sent_whatever_cannot_be_read_is_lost(answer: Answer) -> None:
    response, provider = submitted(answer)
    assert response.meaning is Meaning.LOST
    assert response.reason
    assert not any(word in repr(response) for word in (KEY, TOKEN, "http://"))
    assert [sent.path for sent in provider.received] == ["/api/v1/veo/get-4k-video"]


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_a_response_that_takes_too_long_is_not_waited_for(answer: Answer) -> None:
    before = time.monotonic()
    submitted(answer)
    assert time.monotonic() - before < kie_account.SECONDS + 1


class TimedOutSession(requests.Session):
    """A session whose every request times out at once; `timeouts`: those that were allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts: list[tuple[float, float]] = []

    def send(self, *_: Any, **parts: Any) -> requests.Response:
        self.timeouts.append(parts["timeout"])
        raise requests.ReadTimeout


def test_a_look_without_any_time_left_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_kie, "monotonic", lambda: 0.0)
    monkeypatch.setattr(provider_kie, "LOOK_SECONDS", 0.0)
    session = TimedOutSession()
    account("https://provider.invalid", session=session).look(kie_account.TASK)
    assert session.timeouts == [(0.001, 0.001)]


def test_a_body_of_almost_a_mebibyte_is_read() -> None:
    assert submitted(reply(b'{"code": 200}' + b" " * 1_000_000))[0].meaning is Meaning.WORKING


@pytest.mark.parametrize("job", [JOB, JOBS], ids=["veo", "jobs"])
def test_without_a_body_the_status_shows_what_concerns_the_account(job: Job) -> None:
    answer, _ = submitted(reply(b"<html>", status="404 Not Found"), job)
    assert (answer.meaning, answer.wait_reason) == (Meaning.ACCOUNT_REFUSED, WaitReason.PATH_GONE)


@pytest.mark.parametrize(("job", "meaning"), [(JOB, Meaning.WORKING), (JOBS, Meaning.LOST)], ids=["veo", "jobs"])
def test_an_acceptance_without_an_id_is_lost_where_polls_need_one(job: Job, meaning: Meaning) -> None:
    assert submitted(reply_json({"code": 200, "msg": "success", "data": {}}), job)[0].meaning is meaning


# What was never sent


def refused_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


UNREACHABLE: dict[str, Callable[[], str]] = {
    "a port without a listener": refused_url,
    "an unknown host name": lambda: "http://provider.invalid",
    "a name that is none": lambda: "http://a..b",
    "no address": lambda: "http://",
    "half an address": lambda: "http://[::1",
    "an address without a scheme": lambda: "api.example",
    "a port for TLS without a listener": lambda: refused_url().replace("http", "https"),
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE)
def test_without_a_connection_nothing_was_sent(url: Callable[[], str]) -> None:
    answer = account(url()).submit(JOB)
    assert answer.meaning is Meaning.NOT_SENT
    assert answer.reason.isalpha()


def test_a_connection_that_does_not_come_about_in_time_sent_nothing() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        answer = account(f"http://127.0.0.1:{full.getsockname()[1]}").submit(JOB)
        for one in waiting:
            one.close()
    assert answer == Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeoutError")


def test_nothing_is_sent_to_a_server_with_an_untrusted_certificate() -> None:
    with serving(reply_json(ACCEPTED), raw_server.certified("127.0.0.1")) as server:
        answer = account(server.url).submit(JOB)
    assert answer == Response(meaning=Meaning.NOT_SENT, cause="SSLCertVerificationError")
    assert server.received == []


HANDSHAKES: dict[str, Answer] = {
    "ended": hang_up,
    "garbage": raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "silence": silence(),
}


@pytest.mark.parametrize("answer", HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake_that_fails_sent_nothing(answer: Answer) -> None:
    with serving(answer) as server:
        assert account(server.url.replace("http", "https")).submit(JOB).meaning is Meaning.NOT_SENT


UNREADABLE = secret(refusal("ThrottlingException"))
UNSENDABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a key that fits into no header": ({"api_key": holding("sk\r\nX-Evil: 1")}, "InvalidHeader"),
    "an API key that cannot be read": ({"api_key": UNREADABLE}, "GetSecretValue: ThrottlingException"),
    "an API key unset meanwhile": ({"api_key": holding("")}, "SECRET_UNSET"),
    "a token key that cannot be read": ({"token_key": UNREADABLE}, "GetSecretValue: ThrottlingException"),
    "a token key unset meanwhile": ({"token_key": holding(" ")}, "SECRET_UNSET"),
}


@pytest.mark.parametrize(("parts", "cause"), UNSENDABLE.values(), ids=UNSENDABLE)
def test_without_its_keys_nothing_is_sent(parts: dict[str, Any], cause: str) -> None:
    answer, provider = submitted(reply_json(ACCEPTED), **parts)
    assert answer == Response(meaning=Meaning.NOT_SENT, cause=cause)
    assert provider.received == []
