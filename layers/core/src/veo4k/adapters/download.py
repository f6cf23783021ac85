"""Fetches result files: one guarded GET, with limits on bytes, time and rate."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse

from veo4k.adapters.pinned_connection import PinnedConnector
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.result_url import Refusal, ResultHosts

MAX_BYTES = 4 << 30  # twice the longest video there is (148 s at 100 Mbit/s), and under one upload's 10,000 parts
RATE_SECONDS = 30.0  # a connection that lost a whole window has recovered by then
MIN_RATE = 256 * 1024  # bytes per second: 225 MiB in a function's 15 minutes, several times a usual 4K clip
READ_BYTES = 64 * 1024  # four TLS records, and small enough that malloc need not map fresh pages for every read
DEAD = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
WHOLE = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION, HTTPStatus.PARTIAL_CONTENT})
COMPRESSED = frozenset({"gzip", "deflate", "br", "compress", "zstd"})
"""Content codings that change the bytes. Hosts send other values, and blanks, with files that are as they were."""
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes +0-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "veo4k-archive"}

Now = Callable[[], float]
"""Returns the time, in epoch seconds."""


@dataclass
class GuardedBody:
    """The file as it arrives; iterating raises DownloadError when it is short, too long, too slow or out of time."""

    length: int | None
    read: Callable[[], bytes]
    out_of_time: Callable[[], bool]
    now: Now
    host: str

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        with _failures(self.host):
            for read in _paced(self.read, self.now):
                chunk = read if self.length is None else read[: self.length - received]
                received += len(chunk)
                self._check(received)
                yield chunk
                if received == self.length:
                    return
        self._check(received)
        if received < (self.length or 0):
            raise DownloadError(f"{self.host} sent {received} of {self.length} bytes")

    def _check(self, received: int) -> None:
        if self.out_of_time():
            raise DownloadError(f"{self.host} took too long")
        if received > MAX_BYTES:
            raise DownloadError(f"{self.host} sent more than {MAX_BYTES} bytes")


@dataclass(frozen=True)
class GuardedDownloads:
    """Opens the links that ResultHosts allows, and only those."""

    hosts: ResultHosts
    now: Now
    connector: PinnedConnector = field(default_factory=PinnedConnector)

    @contextmanager
    def open(self, url: str, deadline: float) -> Iterator[GuardedBody]:
        """Open the body behind the link, to be read before `deadline` (epoch seconds).

        Raise DeadLinkError for 401, 403, 404 and 410, and DownloadError for every other status that brings no whole
        file, redirects included. No error carries the link.
        """
        target = self.hosts.target(url)
        if isinstance(target, Refusal):
            raise DownloadError(target.reason)
        seconds = deadline - self.now()
        if seconds <= 0:
            raise DownloadError("no time left to download")
        with ExitStack() as stack:
            with _failures(target.host):
                connection, cut = stack.enter_context(self.connector.open(target, seconds))
                connection.request("GET", target.path, headers={"Host": target.authority, **HEADERS})
                response = stack.enter_context(connection.getresponse())
            yield GuardedBody(
                length=_length(response, target.host),
                read=partial(response.read1, READ_BYTES),  # read() would wait until all 64 KiB have dripped in
                out_of_time=lambda: cut.is_set() or self.now() >= deadline,
                now=self.now,
                host=target.host,
            )


def _length(response: HTTPResponse, host: str) -> int | None:
    """Return the length of a response that is a file as it is. Raise DownloadError for any other response."""
    if response.status in DEAD:
        raise DeadLinkError(f"{host} answered {response.status}")
    if response.status not in WHOLE:
        raise DownloadError(f"{host} answered {response.status}")
    if COMPRESSED & {coding.lower() for coding in _values(response, "Content-Encoding")}:
        raise DownloadError(f"{host} sent the file encoded")
    lengths = set() if response.chunked else _values(response, "Content-Length")
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        lengths.add(_whole_range(response, host))
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise DownloadError(f"{host} gave no readable Content-Length")
    length = int(lengths.pop()) if lengths else None
    if (length or 0) > MAX_BYTES:
        raise DownloadError(f"{host} offered more than {MAX_BYTES} bytes")
    return length


def _values(response: HTTPResponse, name: str) -> set[str]:
    """Return the different members of a header that may be a list, or be repeated."""
    members = ",".join(response.headers.get_all(name, [])).split(",")
    return {member.strip() for member in members} - {""}


def _whole_range(response: HTTPResponse, host: str) -> str:
    """Return the length of the file, where its range is the whole of it."""
    found = _RANGE.fullmatch(" ".join(response.headers.get_all("Content-Range", [])).strip())
    if found is None or int(found[1]) + 1 != int(found[2]):
        raise DownloadError(f"{host} answered 206 with a part of the file")
    return found[2]


def _paced(read: Callable[[], bytes], now: Now) -> Iterator[bytes]:
    """Yield what is read, up to its end. Raise DownloadError where it comes too slowly.

    The time between reads is the reader's own, and does not count.
    """
    waited, arrived = 0.0, 0
    while True:
        began = now()
        chunk = read()
        waited += now() - began
        arrived += len(chunk)
        if waited >= RATE_SECONDS:
            if arrived < MIN_RATE * waited:
                raise DownloadError(f"{arrived / waited:.0f} bytes per second are too slow")
            waited, arrived = 0.0, 0
        if not chunk:
            return
        yield chunk


@contextmanager
def _failures(host: str) -> Iterator[None]:
    """Raise DownloadError for every failure of the network, without the failure's text, which may quote the link."""
    try:
        yield
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise DownloadError(f"{host}: {reason}") from None
