import itertools
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from proofs.fuzz.hostile_urls import ALLOWED, HOSTILE_URLS
from tests.unit.adapters.raw_server import AUTHORITY, Answer, certified, endless, raw, reply, serving, silence
from veo4k.adapters import download
from veo4k.adapters.download import GuardedDownloads
from veo4k.adapters.pinned_connection import PinnedConnector
from veo4k.adapters.tls import shared_context
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.result_url import ResultHosts

HOST = "file.aiquickdraw.com"
PATH = "/v/a.mp4?token=secret"
LINK = f"https://{HOST}{PATH}"
PUBLIC = "93.184.216.34"
HOSTS = ResultHosts.parse(ALLOWED, "https://api.kie.ai")
LOCAL = ResultHosts.parse("127.0.0.1,localhost", "http://127.0.0.1:8080")
LATER = 60.0

Clock = Callable[[], float]


class Network:
    """Resolver and connector of a fictional network that records its calls."""

    def __init__(self, *answers: list[str] | OSError, port: int | None = None) -> None:
        self.answers, self.port = iter(answers), port
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str, _: int) -> list[str]:
        self.looked_up.append(host)
        answer = next(self.answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """Lead every address to the server on `port`, or nowhere."""
        self.connected.append(address)
        if self.port is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def fetched(self, url: str = LINK, *, seconds: float = LATER, tls: ssl.SSLContext | None = None) -> bytes:
        connector = PinnedConnector(self.resolve, self.connect, tls or shared_context())
        with GuardedDownloads(HOSTS, time.time, connector).open(url, time.time() + seconds) as body:
            return b"".join(body)


def fetched(answer: Answer, clock: Clock = time.time, seconds: float = LATER) -> tuple[int | None, bytes]:
    """Download a file over plain http, as the local cloud does. Return its announced length, and its bytes."""
    with serving(answer) as server, GuardedDownloads(LOCAL, clock).open(server.url + PATH, clock() + seconds) as body:
        return body.length, b"".join(body)


def refusal(answer: Answer, clock: Clock = time.time, seconds: float = LATER) -> DownloadError:
    with pytest.raises(DownloadError) as raised:
        fetched(answer, clock, seconds)
    return raised.value


# The file

ANNOUNCED = {
    "a status that names another source": "203 Non-Authoritative Information\r\nContent-Length: 3",
    "a range that is the whole file": "206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3",
    "a range without a length": "206 Partial Content\r\nContent-Range:  Bytes  0-2/3 ",
    "a length said twice": "200 OK\r\nContent-Length: 3, 3",
    "two headers of one length": "200 OK\r\nContent-Length: 3\r\nContent-Length: 3",
    "a length in a list with gaps": "200 OK\r\nContent-Length: ,3 ,",
}


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_001])
def test_a_file_arrives_whole(size: int) -> None:
    assert fetched(reply(bytes(size))) == (size, bytes(size))


def test_a_file_in_http_chunks_arrives_whole_without_a_length() -> None:
    answer = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n")
    assert fetched(answer) == (None, b"abcdefg")


@pytest.mark.parametrize("head", ["", "Content-Length: \r\n"])
def test_a_file_that_ends_with_the_connection_arrives_whole(head: str) -> None:
    assert fetched(raw(f"HTTP/1.1 200 OK\r\n{head}\r\nabc".encode())) == (None, b"abc")


@pytest.mark.parametrize("head", ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_length_however_announced_ends_a_file_on_an_open_connection(head: str) -> None:
    assert fetched(silence(f"HTTP/1.1 {head}\r\n\r\nabc".encode()), seconds=5.0) == (3, b"abc")


def test_an_error_page_with_200_is_handed_over_for_the_reader_to_judge() -> None:
    assert fetched(reply(b"<html>gone</html>", "Content-Type: text/html"))[1] == b"<html>gone</html>"


@pytest.mark.parametrize(
    "header",
    [
        *("Content-Encoding: ", "Content-Encoding:   ", "Content-Encoding: aws-chunked", "Content-Encoding: identity"),
        *("Content-Encoding: utf-8", "Content-Encoding: UTF-8,", "Content-Encoding: x", "Content-Encoding: none"),
        "Content-Encoding: aws-chunked,\r\nContent-Encoding: ",
        "Content-Encoding: gzipped, brotli",
    ],
)
def test_other_content_encodings_say_nothing_about_the_bytes(header: str) -> None:
    assert fetched(reply(b"abc", header))[1] == b"abc"


def test_the_request_is_plain_and_nothing_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(reply(b"")) as server, GuardedDownloads(LOCAL, time.time).open(server.url + PATH, time.time() + 60):
        (sent,) = server.received
    assert (sent.method, sent.path) == ("GET", PATH)
    assert sent.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "veo4k-archive",
    }


# What is no file

NO_HTTP = [
    b"",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 two hundred\r\n\r\n",
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nContent-Length: three\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nContent-Length: " + b"3" * 5000 + b"\r\n\r\nabc",
    b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/4\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_means_the_link_is_dead(status: int) -> None:
    assert isinstance(refusal(reply(b"", status=f"{status} No")), DeadLinkError)


@pytest.mark.parametrize(
    "status", [204, 205, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 402, 405, 408, 416, 429, 500, 502, 503]
)
def test_any_other_response_means_a_retry(status: int) -> None:
    error = refusal(reply(b"", status=f"{status} No"))
    assert type(error) is DownloadError
    assert str(status) in str(error)


def test_a_redirect_is_not_followed() -> None:
    with serving(reply(b"prey")) as prey:
        refusal(reply(b"", f"Location: {prey.url}{PATH}", status="302 Found"))
        assert prey.received == []


@pytest.mark.parametrize(
    "coding",
    [
        *("gzip", "br", "deflate", "compress", "zstd", "GZip", " Br "),
        *("aws-chunked, gzip", "gzip ,identity", "identity\r\ncontent-encoding: zstd"),
    ],
)
def test_a_compressed_file_is_refused(coding: str) -> None:
    assert "encoded" in str(refusal(reply(b"abc", f"Content-Encoding: {coding}")))


@pytest.mark.parametrize(
    "content_range",
    [
        *("bytes 0-2/4", "bytes 1-2/3", "bytes 0-2/*", "bytes */3", "items 0-2/3", f"bytes 0-2/{'3' * 5000}"),
        *("bytes 0-2/3, bytes 0-2/3", "bytes 0-2/3\r\nContent-Range: bytes 0-2/3"),
    ],
)
def test_a_part_of_the_file_is_refused(content_range: str) -> None:
    error = refusal(reply(b"abc", f"Content-Range: {content_range}", status="206 P"))
    assert type(error) is DownloadError
    assert "206 with a part" in str(error)


@pytest.mark.parametrize("answer", NO_HTTP)
def test_a_response_that_is_no_http_is_a_download_error(answer: bytes) -> None:
    refusal(raw(answer))


# Limits


CHUNKED = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/4\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "announced"), [(reply(b"abc", length=4), 4), (reply(b"abc", length=1003), 1003), (raw(CHUNKED), 4)]
)
def test_a_file_that_ends_early_is_a_download_error(answer: Answer, announced: int) -> None:
    assert f"3 of {announced} bytes" in str(refusal(answer))


def test_nothing_is_read_beyond_the_announced_length() -> None:
    assert fetched(reply(b"abcd", length=3)) == (3, b"abc")


def test_a_file_announced_too_long_is_refused_unread() -> None:
    assert "offered more" in str(refusal(reply(b"abc", length=download.MAX_BYTES + 1)))


def test_an_endless_file_is_left_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1_000_000)
    received: list[int] = []
    answer = endless(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65_536))
    with serving(answer) as server, GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60) as body:
        with pytest.raises(DownloadError, match="more than"):
            received.extend(map(len, body))
        assert 900_000 < sum(received) <= 1_000_000


def seconds_apart(seconds: float = 1.0) -> Clock:
    """Return a clock that moves on by these seconds whenever it is read."""
    ticks = itertools.count(1_000_000.0, seconds)
    return lambda: next(ticks)


def test_a_byte_a_second_is_too_slow() -> None:
    drip = endless(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"a", 0.001)
    assert "too slow" in str(refusal(drip, seconds_apart(), seconds=10_000))


def test_a_slow_reader_does_not_make_the_server_slow() -> None:
    now = 0.0
    with serving(reply(bytes(1_000_000))) as server, GuardedDownloads(LOCAL, lambda: now).open(server.url, 1e9) as body:
        length = 0
        for chunk in body:
            length, now = length + len(chunk), now + 1000
    assert length == 1_000_000


def test_a_fast_file_may_take_longer_than_the_rate_is_averaged() -> None:
    rate = 2 * download.MIN_RATE
    clock = seconds_apart(download.READ_BYTES / rate)
    assert fetched(reply(bytes(100 * rate)), clock, seconds=10_000)[0] == 100 * rate


def test_a_file_that_is_not_whole_in_time_is_a_download_error() -> None:
    assert "too long" in str(refusal(reply(bytes(10_000_000)), seconds_apart(), seconds=20))


def test_after_the_deadline_nothing_is_requested() -> None:
    network = Network([PUBLIC])
    with pytest.raises(DownloadError, match="no time"):
        network.fetched(seconds=-1)
    assert network.looked_up == []


DRIPS = {
    "headers": endless(b"HTTP/1.1 200 OK\r\nA: ", b"a", 0.01),
    "continues": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "chunk sizes": endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a", 0.01),
}


@pytest.mark.parametrize("answer", DRIPS.values(), ids=DRIPS)
def test_bytes_that_drip_into_one_read_end_with_the_time(answer: Answer) -> None:
    began = time.monotonic()
    refusal(answer, seconds=0.3)
    assert time.monotonic() - began < 3


def test_a_connection_cut_off_near_the_end_is_not_the_end_of_the_file() -> None:
    half = silence(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    assert "too long" in str(refusal(half, lambda: 1_000_000.0, seconds=0.3))  # by a clock that stands still


# Where it connects to


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_for_a_hostile_link_no_name_is_looked_up_and_no_socket_opened(url: str) -> None:
    network = Network([PUBLIC])
    with pytest.raises(DownloadError):
        network.fetched(url)
    assert (network.looked_up, network.connected) == ([], [])


@pytest.mark.parametrize(
    "addresses",
    [
        *([], ["127.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:93.184.216.34"], ["fe80::1%eth0"]),
        *(["not an address"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "2606:4700::1111", "fe80::1"]),
    ],
)
def test_a_name_that_leads_anywhere_private_is_not_connected_to(addresses: list[str]) -> None:
    """Test some private addresses: all kinds of them are tested with the links."""
    network = Network(addresses)
    with pytest.raises(DownloadError, match="public"):
        network.fetched()
    assert network.connected == []


def test_a_name_is_looked_up_once_so_a_second_answer_cannot_lie() -> None:
    network = Network([PUBLIC], ["127.0.0.1"])
    with pytest.raises(DownloadError, match="refused"):
        network.fetched()
    assert (network.looked_up, network.connected) == ([HOST], [(PUBLIC, 443)])


def test_up_to_three_addresses_are_tried_until_one_answers() -> None:
    network = Network(["2606:4700::1111", PUBLIC, "8.8.8.8", "8.8.4.4"])
    with pytest.raises(DownloadError, match="refused"):
        network.fetched()
    assert network.connected == [("2606:4700::1111", 443), (PUBLIC, 443), ("8.8.8.8", 443)]


def test_a_name_without_address_is_a_download_error() -> None:
    with pytest.raises(DownloadError, match="not known"):
        Network(socket.gaierror(-2, "Name or service not known")).fetched()


def test_localhost_leads_to_this_machine_through_the_real_resolver() -> None:
    with serving(reply(b"abc")) as server:
        downloads = GuardedDownloads(LOCAL, time.time)
        with downloads.open(f"http://localhost:{server.port}/a", time.time() + 60) as body:
            assert b"".join(body) == b"abc"


# Whom it trusts


@pytest.fixture(scope="module")
def trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def test_the_certificate_is_checked_against_the_name_not_the_address(trust: ssl.SSLContext) -> None:
    names, identity = list[str | None](), certified(HOST)
    identity.sni_callback = lambda _, name, __: names.append(name)
    with serving(reply(bytes(100_000)), identity) as server:
        network = Network([PUBLIC], port=server.port)
        assert network.fetched(tls=trust) == bytes(100_000)
    assert server.received[0].headers["host"] == HOST
    assert (names, network.connected) == ([HOST], [(PUBLIC, 443)])


@pytest.mark.parametrize(
    ("url", "trusted", "why"),
    [("https://tempfile.aiquickdraw.com/a", True, "Hostname mismatch"), (LINK, False, "CERTIFICATE_VERIFY_FAILED")],
)
def test_a_certificate_that_proves_nothing_is_refused(trust: ssl.SSLContext, url: str, trusted: bool, why: str) -> None:
    with serving(reply(b"abc"), certified(HOST)) as server:
        with pytest.raises(DownloadError, match=why):
            Network([PUBLIC], port=server.port).fetched(url, tls=trust if trusted else None)
        assert server.received == []


def test_a_handshake_that_never_ends_ends_with_the_time() -> None:
    hello = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"  # a ServerHello of 16 KiB begins
    with serving(endless(hello, b"\x00", 0.01)) as server:
        began = time.monotonic()
        with pytest.raises(DownloadError):
            Network([PUBLIC], port=server.port).fetched(seconds=0.3)
        assert time.monotonic() - began < 3


# What its errors say


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"/v/a.mp4?token=secret HTTP/1.1\r\n\r\n"),
        raw(b"HTTP/1.1 302 secret\r\nLocation: /?token=secret\r\nContent-Length: 0\r\n\r\n"),
        raw(b"HTTP/1.1 403 secret\r\nContent-Length: 0\r\n\r\n"),
        reply(b"abc", length=4),
    ],
)
def test_no_error_and_no_log_line_shows_the_query(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    error = refusal(answer)
    shown = f"{error!r} {error.__cause__!r} {error.__suppress_context__ or error.__context__!r}"
    assert "secret" not in shown + caplog.text


def test_a_broken_header_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    fetched(raw(b"HTTP/1.1 200 OK\r\nbroken header secret\r\n\r\n"))
    assert "secret" not in caplog.text


def test_what_the_reader_raises_passes_unchanged() -> None:
    with (
        serving(reply(b"abc")) as server,
        pytest.raises(OSError, match="the reader's own"),
        GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60),
    ):
        raise OSError("the reader's own")
