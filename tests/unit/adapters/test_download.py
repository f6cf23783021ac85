import itertools
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.unit.adapters.hostile_server import HostileServer, file_of, saying, serving
from tests.unit.adapters.hostile_urls import ALLOWED, HOSTILE_URLS
from veo4k.adapters import download
from veo4k.adapters.download import GuardedDownloads
from veo4k.adapters.pinned_connection import PinnedConnector
from veo4k.adapters.tls import shared_context
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.result_url import ResultHosts

HOST = "file.aiquickdraw.com"
LINK = f"https://{HOST}/v/a.mp4?token=secret"
PUBLIC = "93.184.216.34"
HOSTS = ResultHosts.parse(ALLOWED, "https://api.kie.ai")
LOCAL = ResultHosts.parse("127.0.0.1,localhost", "http://127.0.0.1:8080")
LATER = 60.0


class Network:
    """Resolver and connector of a fictional network that records its calls."""

    def __init__(self, *answers: list[str], port: int | None = None) -> None:
        self.answers, self.port = iter(answers), port
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str, _: int) -> list[str]:
        """Return the next prepared response."""
        self.looked_up.append(host)
        return next(self.answers)

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """Lead every address to the server on `port`, or nowhere."""
        self.connected.append(address)
        if self.port is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def downloads(self, tls: ssl.SSLContext | None = None) -> GuardedDownloads:
        """Downloads that see nothing but this network."""
        return GuardedDownloads(HOSTS, time.time, PinnedConnector(self.resolve, self.connect, tls or shared_context()))


def fetch(server: HostileServer, clock: Callable[[], float] = time.time, seconds: float = LATER) -> bytes:
    """Download the server's file over plain http, as the local cloud does."""
    with GuardedDownloads(LOCAL, clock).open(server.url, clock() + seconds) as body:
        return b"".join(body)


def refusal(server: HostileServer, clock: Callable[[], float] = time.time, seconds: float = LATER) -> DownloadError:
    with pytest.raises(DownloadError) as raised:
        fetch(server, clock, seconds)
    return raised.value


# The file


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_001])
def test_a_file_arrives_whole(size: int) -> None:
    file = bytes(size)
    with (
        serving(file_of(file)) as server,
        GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60) as body,
    ):
        assert body.length == size
        assert b"".join(body) == file


def test_a_file_in_http_chunks_arrives_whole_without_a_length() -> None:
    answer = saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n")
    with serving(answer) as server, GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60) as body:
        assert body.length is None
        assert b"".join(body) == b"abcdefg"


def test_a_file_that_ends_with_the_connection_arrives_whole() -> None:
    with serving(saying(b"HTTP/1.1 200 OK\r\n\r\nabc")) as server:
        assert fetch(server) == b"abc"


def test_an_error_page_with_200_is_handed_over_for_the_reader_to_judge() -> None:
    with serving(file_of(b"<html>gone</html>", "Content-Type: text/html")) as server:
        assert fetch(server) == b"<html>gone</html>"


def test_the_request_is_plain_and_names_no_library() -> None:
    with serving(file_of(b"")) as server:
        fetch(server)
        lines = server.heads[0].split("\r\n")
    assert lines[0] == "GET /v/a.mp4?token=secret HTTP/1.1"
    assert set(lines[1:-2]) == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "User-Agent: veo4k-archive",
    }


def test_neither_proxies_nor_passwords_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(file_of(b"abc")) as server:
        assert fetch(server) == b"abc"
        assert "authorization" not in server.heads[0].lower()


# What is no file


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_means_the_link_is_dead(status: int) -> None:
    with serving(saying(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())) as server:
        assert isinstance(refusal(server), DeadLinkError)


@pytest.mark.parametrize(
    "status", [204, 205, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 402, 405, 408, 416, 429, 500, 502, 503]
)
def test_any_other_response_means_a_retry(status: int) -> None:
    with serving(saying(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())) as server:
        error = refusal(server)
    assert not isinstance(error, DeadLinkError)
    assert str(status) in str(error)


def test_a_redirect_is_not_followed() -> None:
    with serving(file_of(b"prey")) as prey:
        location = f"HTTP/1.1 302 Found\r\nLocation: {prey.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(saying(location)) as server:
            refusal(server)
        assert prey.heads == []


@pytest.mark.parametrize(
    "header",
    [
        *(f"Content-Encoding: {coding}" for coding in ("gzip", "br", "deflate", "compress", "zstd", "GZip", " Br ")),
        "Content-Encoding: aws-chunked, gzip",
        "Content-Encoding: gzip ,identity",
        "Content-Encoding: identity\r\ncontent-encoding: zstd",
    ],
)
def test_a_compressed_file_is_refused(header: str) -> None:
    with serving(file_of(b"abc", header)) as server:
        assert "encoded" in str(refusal(server))


@pytest.mark.parametrize(
    "header",
    [
        *(
            f"Content-Encoding: {value}"
            for value in ("", "  ", "aws-chunked", "identity", "utf-8", "UTF-8,", "x", "none")
        ),
        "Content-Encoding: aws-chunked,\r\nContent-Encoding: ",
        "Content-Encoding: gzipped, brotli",
    ],
)
def test_other_content_encodings_say_nothing_about_the_bytes(header: str) -> None:
    with serving(file_of(b"abc", header)) as server:
        assert fetch(server) == b"abc"


@pytest.mark.parametrize(
    "head",
    [
        "203 Non-Authoritative Information\r\nContent-Length: 3",
        "206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3",
        "206 Partial Content\r\nContent-Range:  Bytes  0-2/3 ",
        "200 OK\r\nContent-Length: 3, 3",
        "200 OK\r\nContent-Length: 3\r\nContent-Length: 3",
        "200 OK\r\nContent-Length: ,3 ,",
        "200 OK\r\nContent-Length: ",
    ],
)
def test_a_whole_file_may_be_announced_in_several_ways(head: str) -> None:
    with serving(saying(f"HTTP/1.1 {head}\r\n\r\nabc".encode())) as server:
        assert fetch(server) == b"abc"


def test_a_repeated_length_ends_a_file_on_an_open_connection() -> None:
    def keep_open(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc")
        with suppress(OSError):
            connection.recv(1)

    with serving(keep_open) as server:
        assert fetch(server, seconds=5.0) == b"abc"


def test_a_whole_range_in_chunks_is_counted() -> None:
    head = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/4\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(saying(head + b"3\r\nabc\r\n0\r\n\r\n")) as server:
        assert "3 of 4 bytes" in str(refusal(server))


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 0-2/4",
        "bytes 1-2/3",
        "bytes 0-2/*",
        "bytes */3",
        "items 0-2/3",
        "bytes 0-2/3, bytes 0-2/3",
        "bytes 0-2/3\r\nContent-Range: bytes 0-2/3",
        f"bytes 0-2/{'3' * 5000}",
    ],
)
def test_a_part_of_the_file_is_refused(content_range: str) -> None:
    answer = f"HTTP/1.1 206 P\r\nContent-Range: {content_range}\r\nContent-Length: 3\r\n\r\nabc"
    with serving(saying(answer.encode())) as server:
        error = refusal(server)
    assert not isinstance(error, DeadLinkError)
    assert "206 with a part" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
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
    ],
)
def test_a_response_that_is_no_http_is_a_download_error(answer: bytes) -> None:
    with serving(saying(answer)) as server:
        refusal(server)


def test_a_server_that_is_not_there_is_a_download_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        pytest.raises(DownloadError, match="refused"),
        GuardedDownloads(LOCAL, time.time).open(f"http://127.0.0.1:{port}/?secret", time.time() + 60),
    ):
        pass


# Limits


@pytest.mark.parametrize("missing", [1, 1000])
def test_a_file_that_ends_early_is_a_download_error(missing: int) -> None:
    with serving(file_of(b"abc", length=3 + missing)) as server:
        assert f"3 of {3 + missing} bytes" in str(refusal(server))


def test_nothing_is_read_beyond_the_announced_length() -> None:
    with serving(file_of(b"abcd", length=3)) as server:
        assert fetch(server) == b"abc"


def test_a_file_announced_too_long_is_refused_unread() -> None:
    with serving(file_of(b"abc", length=download.MAX_BYTES + 1)) as server:
        assert "offered more" in str(refusal(server))


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(bytes(65_536))


def test_an_endless_file_is_left_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 1_000_000)
    received: list[int] = []
    with serving(endless) as server, GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60) as body:
        with pytest.raises(DownloadError, match="more than"):
            received.extend(map(len, body))
        assert 900_000 < sum(received) <= 1_000_000


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b"a")
            time.sleep(0.001)


def seconds_apart() -> Callable[[], float]:
    """Return a clock that moves on by a second whenever it is read."""
    ticks = itertools.count(1_000_000.0)
    return lambda: next(ticks)


def test_a_byte_a_second_is_too_slow() -> None:
    with serving(drip) as server:
        assert "too slow" in str(refusal(server, seconds_apart(), seconds=10_000))


def test_a_slow_reader_does_not_make_the_server_slow() -> None:
    now = 0.0
    with (
        serving(file_of(bytes(1_000_000))) as server,
        GuardedDownloads(LOCAL, lambda: now).open(server.url, 1e9) as body,
    ):
        for _ in body:
            now += 1000


def test_a_fast_file_may_take_longer_than_the_rate_is_averaged() -> None:
    rate = 2 * download.MIN_RATE
    with serving(file_of(bytes(100 * rate))) as server:
        ticking = itertools.count(0.0, download.READ_BYTES / rate)
        assert len(fetch(server, lambda: next(ticking), seconds=10_000)) == 100 * rate


def test_a_file_that_is_not_whole_in_time_is_a_download_error() -> None:
    with serving(file_of(bytes(10_000_000))) as server:
        assert "too long" in str(refusal(server, seconds_apart(), seconds=20))


def test_after_the_deadline_nothing_is_requested() -> None:
    network = Network([PUBLIC])
    with pytest.raises(DownloadError, match="no time"), network.downloads().open(LINK, time.time() - 1):
        pass
    assert network.looked_up == []


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nA: ")
    with suppress(OSError):
        while True:
            connection.sendall(b"a")
            time.sleep(0.01)


def drip_continues(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)


def drip_chunk_sizes(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    with suppress(OSError):
        while True:
            connection.sendall(b"a")
            time.sleep(0.01)


@pytest.mark.parametrize("answer", [drip_headers, drip_continues, drip_chunk_sizes])
def test_bytes_that_drip_into_one_read_end_with_the_time(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as server:
        began = time.monotonic()
        refusal(server, seconds=0.3)
        assert time.monotonic() - began < 3


def half_and_silence(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    with suppress(OSError):
        connection.recv(1)


def test_a_connection_cut_off_near_the_end_is_not_the_end_of_the_file() -> None:
    with serving(half_and_silence) as server:
        assert "too long" in str(refusal(server, lambda: 1_000_000.0, seconds=0.3))  # by a clock that stands still


# Where it connects to


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_for_a_hostile_link_no_name_is_looked_up_and_no_socket_opened(url: str) -> None:
    network = Network([PUBLIC])
    with pytest.raises(DownloadError), network.downloads().open(url, time.time() + 60):
        pass
    assert (network.looked_up, network.connected) == ([], [])


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:93.184.216.34"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["2001::7f00:1"],
        ["fd00:ec2::254"],
        ["fe80::1%eth0"],
        ["224.0.0.1"],
        ["192.0.0.8"],
        ["0.0.0.1"],
        ["not an address"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "2606:4700::1111", "fe80::1"],
    ],
)
def test_a_name_that_leads_anywhere_private_is_not_connected_to(addresses: list[str]) -> None:
    network = Network(addresses)
    with pytest.raises(DownloadError, match="public"), network.downloads().open(LINK, time.time() + 60):
        pass
    assert network.connected == []


def test_a_name_is_looked_up_once_so_a_second_answer_cannot_lie() -> None:
    network = Network([PUBLIC], ["127.0.0.1"])
    with pytest.raises(DownloadError), network.downloads().open(LINK, time.time() + 60):
        pass
    assert network.looked_up == [HOST]
    assert network.connected == [(PUBLIC, 443)]


def test_up_to_three_addresses_are_tried_until_one_answers() -> None:
    network = Network(["2606:4700::1111", PUBLIC, "8.8.8.8", "8.8.4.4"])
    with pytest.raises(DownloadError, match="refused"), network.downloads().open(LINK, time.time() + 60):
        pass
    assert network.connected == [("2606:4700::1111", 443), (PUBLIC, 443), ("8.8.8.8", 443)]


def test_a_name_without_address_is_a_download_error() -> None:
    def resolve(_: str, __: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    downloads = GuardedDownloads(HOSTS, time.time, PinnedConnector(resolve))
    with pytest.raises(DownloadError, match="not known"), downloads.open(LINK, time.time() + 60):
        pass


def test_localhost_leads_to_this_machine_through_the_real_resolver() -> None:
    with serving(file_of(b"abc")) as server:
        downloads = GuardedDownloads(LOCAL, time.time)
        with downloads.open(f"http://localhost:{server.port}/a", time.time() + 60) as body:
            assert b"".join(body) == b"abc"


# Whom it trusts


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a key and its certificate for HOST, and the authority that signed it."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    authority = trustme.CA()
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(path)
    authority.cert_pem.write_to_path(path, append=True)
    return path


@pytest.fixture
def identity(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def test_the_certificate_is_checked_against_the_name_not_the_address(
    identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    names: list[str | None] = []
    identity.sni_callback = lambda _, name, __: names.append(name)
    with serving(file_of(bytes(100_000)), identity) as server:
        network = Network([PUBLIC], port=server.port)
        with network.downloads(trust).open(LINK, time.time() + 60) as body:
            assert b"".join(body) == bytes(100_000)
        assert f"\r\nHost: {HOST}\r\n" in server.heads[0]
    assert names == [HOST]
    assert network.connected == [(PUBLIC, 443)]


def test_a_certificate_of_another_name_is_refused(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    with serving(file_of(b"abc"), identity) as server:
        network = Network([PUBLIC], port=server.port)
        with (
            pytest.raises(DownloadError, match="Hostname mismatch"),
            network.downloads(trust).open("https://tempfile.aiquickdraw.com/a?secret", time.time() + 60),
        ):
            pass
        assert server.heads == []


def test_an_untrusted_certificate_is_refused(identity: ssl.SSLContext) -> None:
    with serving(file_of(b"abc"), identity) as server:
        network = Network([PUBLIC], port=server.port)
        with (
            pytest.raises(DownloadError, match="CERTIFICATE_VERIFY_FAILED"),
            network.downloads().open(LINK, time.time() + 60),
        ):
            pass
        assert server.heads == []


def drip_handshake(connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")  # a ServerHello of 16 KiB begins
    with suppress(OSError):
        while True:
            connection.sendall(b"\x00")
            time.sleep(0.01)


def test_a_handshake_that_never_ends_ends_with_the_time(trust: ssl.SSLContext) -> None:
    with serving(drip_handshake) as server:
        network = Network([PUBLIC], port=server.port)
        began = time.monotonic()
        with pytest.raises(DownloadError), network.downloads(trust).open(LINK, time.time() + 0.3):
            pass
        assert time.monotonic() - began < 3


# What its errors say


@pytest.mark.parametrize(
    "answer",
    [
        saying(b"/v/a.mp4?token=secret HTTP/1.1\r\n\r\n"),
        saying(b"HTTP/1.1 302 secret\r\nLocation: /?token=secret\r\nContent-Length: 0\r\n\r\n"),
        saying(b"HTTP/1.1 403 secret\r\nContent-Length: 0\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nbroken header secret\r\n\r\n"),
        file_of(b"abc", length=4),
    ],
)
def test_no_error_and_no_log_line_shows_the_query(
    answer: Callable[[socket.socket], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with serving(answer) as server:
        shown = ""
        try:
            fetch(server)
        except DownloadError as error:
            shown = f"{error!r} {error.__cause__!r} {error.__suppress_context__ or error.__context__!r}"
    assert "secret" not in shown + caplog.text


def test_what_the_reader_raises_passes_unchanged() -> None:
    with (
        serving(file_of(b"abc")) as server,
        pytest.raises(OSError, match="the reader's own"),
        GuardedDownloads(LOCAL, time.time).open(server.url, time.time() + 60),
    ):
        raise OSError("the reader's own")
