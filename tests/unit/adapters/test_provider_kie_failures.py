import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme

from tests.unit.adapters.fake_aws import refusal
from tests.unit.adapters.kie_account import ACCEPTED, JOB, KEY, SECONDS, TOKEN, account, ask, holding, secret
from tests.unit.adapters.provider_server import (
    Say,
    drip,
    flood,
    hang_up,
    provider_saying,
    raw,
    reply,
    reply_json,
    reset,
    stay_silent,
)
from veo4k.domain.job import ProviderApi
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

# What was sent, and has no answer that can be read

LOST: dict[str, Say] = {
    "nothing in time": stay_silent,
    "an end without a word": hang_up,
    "a reset": reset,
    "a body byte by byte": drip,
    "a body without end": flood,
    "a body of more than a mebibyte": reply(b" " * (2 << 20)),
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
    "an empty body": reply(b""),
    "JSON that is no object": reply(b"[1, 2]"),
    "JSON without a code": reply(b"{}"),
    "JSON cut off": reply(b'{"code": 200, "data": {"taskId"'),
    "bytes that are no text": reply(bytes(range(128, 256))),
    "JSON too deep": reply(b'{"a":' * 100_000),
    "a 400 of a proxy": reply(b"Bad Request", status="400 Bad Request"),
    "a redirect": reply(b"", "Location: https://elsewhere.example/", status="302 Found"),
    "a redirect to nowhere": reply(b"", "Location: http://[::1", status="307 Temporary Redirect"),
    "a redirect in bytes": reply(b"", "Location: \xff\xfe", status="301 Moved Permanently"),
}


@pytest.mark.parametrize("say", LOST.values(), ids=LOST)
def test_after_the_request_was_sent_whatever_cannot_be_read_is_unknown(say: Say) -> None:
    answer, provider = ask(say)
    assert answer.meaning is Meaning.LOST
    assert answer.reason
    assert not any(word in repr(answer) for word in (KEY, TOKEN, "http://"))
    assert len(provider.received) == 1


@pytest.mark.parametrize("say", [stay_silent, drip, flood], ids=["silent", "dripping", "flooding"])
def test_a_response_that_takes_too_long_is_not_waited_for(say: Say) -> None:
    before = time.monotonic()
    ask(say)
    assert time.monotonic() - before < SECONDS + 1


@pytest.mark.parametrize(("padding", "meaning"), [(1_000_000, Meaning.WORKING), (1_048_577, Meaning.LOST)])
def test_a_body_of_more_than_a_mebibyte_is_not_read_whatever_it_says(padding: int, meaning: Meaning) -> None:
    assert ask(reply(b'{"code": 200}' + b" " * padding))[0].meaning is meaning


def test_a_redirect_is_not_followed_nor_read_to_its_end() -> None:
    def say(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    answer, provider = ask(say)
    assert answer.meaning is Meaning.LOST
    assert [sent.path for sent in provider.received] == ["/api/v1/veo/get-4k-video"]


SHUT = {
    "401 Unauthorized": "API_KEY_REFUSED",
    "402 Payment Required": "NO_CREDITS",
    "403 Forbidden": "API_KEY_REFUSED",
    "429 Too Many Requests": "RATE_LIMITED",
    "433 Key Limit": "KEY_LIMIT_REACHED",
    "455 Maintenance": "MAINTENANCE",
    "505 HTTP Version Not Supported": "FEATURE_OFF",
}


@pytest.mark.parametrize(("status", "reason"), SHUT.items())
def test_without_a_body_the_status_shows_what_concerns_the_account(status: str, reason: str) -> None:
    answer, _ = ask(reply(b"<html>", status=status))
    assert (answer.meaning, answer.reason) == (Meaning.ACCOUNT_REFUSED, reason)


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
@pytest.mark.parametrize("contract", [ProviderApi.VEO, ProviderApi.JOBS])
def test_a_path_that_is_gone_concerns_the_account(status: str, contract: ProviderApi) -> None:
    answer, _ = ask(reply(b"<html>", status=status), job=replace(JOB, provider_api=contract))
    assert answer.meaning is Meaning.ACCOUNT_REFUSED
    assert answer.wait_reason is WaitReason.PATH_GONE


def test_an_acceptance_without_an_id_is_lost_where_polls_need_one() -> None:
    say = reply_json({"code": 200, "msg": "success", "data": {}})
    assert [ask(say, replace(JOB, provider_api=name))[0].meaning for name in (ProviderApi.VEO, ProviderApi.JOBS)] == [
        Meaning.WORKING,
        Meaning.LOST,
    ]


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
def tls_url(certificate: Path) -> Iterator[str]:
    """Return the URL of a server with a certificate of an unknown authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection, pytest.raises(OSError, match="alert"):
                context.wrap_socket(connection, server_side=True)

        thread = Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_nothing_is_sent_to_a_server_with_an_untrusted_certificate(tls_url: str) -> None:
    answer = account(tls_url).submit(JOB)
    assert answer == Response(meaning=Meaning.NOT_SENT, cause="SSLCertVerificationError")


HANDSHAKES: dict[str, Callable[[socket.socket], None]] = {
    "ended": lambda connection: connection.shutdown(socket.SHUT_RDWR),
    "garbage": lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "silence": lambda _: time.sleep(SECONDS * 1.5),
}


@pytest.mark.parametrize("shake", HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake_that_fails_sent_nothing(shake: Callable[[socket.socket], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.recv(4096)
                shake(connection)

        thread = Thread(target=serve)
        thread.start()
        answer = account(f"https://127.0.0.1:{listener.getsockname()[1]}").submit(JOB)
        thread.join()
    assert answer.meaning is Meaning.NOT_SENT


def test_a_key_that_fits_into_no_header_is_not_sent() -> None:
    with provider_saying(reply_json(ACCEPTED)) as provider:
        answer = account(provider.url, api_key=holding("sk\r\nX-Evil: 1")).submit(JOB)
    assert answer == Response(meaning=Meaning.NOT_SENT, cause="InvalidHeader")
    assert provider.received == []


UNSET: dict[str, dict[str, Any]] = {
    "an API key that cannot be read": {"api_key": secret(refusal("ThrottlingException"))},
    "an API key unset meanwhile": {"api_key": holding("")},
    "a token key that cannot be read": {"token_key": secret(refusal("ThrottlingException"))},
    "a token key unset meanwhile": {"token_key": holding(" ")},
}


@pytest.mark.parametrize("parts", UNSET.values(), ids=UNSET)
def test_without_its_keys_nothing_is_sent(parts: dict[str, Any]) -> None:
    with provider_saying(reply_json(ACCEPTED)) as provider:
        answer = account(provider.url, **parts).submit(JOB)
    assert answer.meaning is Meaning.NOT_SENT
    assert provider.received == []
