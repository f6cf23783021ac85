"""HTTP over a connection to exactly the address that was checked."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Event, Timer

import certifi

from veo4k.domain.errors import DownloadError
from veo4k.domain.result_url import Target

CONNECT_SECONDS = 3.0  # a round trip and one retransmission of the first packet
ADDRESSES_TRIED = 3  # each for that long
READ_SECONDS = 10.0  # without a single byte

Resolver = Callable[[str, int], Sequence[str]]
Connector = Callable[[tuple[str, int], float], socket.socket]


def addresses(host: str, port: int) -> Sequence[str]:
    """Every address of a host, IPv4 and IPv6, the system's first choice first. OSError where it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def trusted_roots() -> ssl.SSLContext:
    """The usual roots and checks, once per process: each reading of the roots costs 15 ms."""
    return ssl.create_default_context(cafile=certifi.where())


@dataclass(frozen=True)
class PinnedConnector:
    """Connects to what a link's host resolved to, once, if all of it is where the link may lead.

    requests and urllib3 are not used: they look the name up a second time when they connect, and when the headers of an
    answer are malformed they log the link with its query. `http.client` speaks over any connected socket.
    """

    resolve: Resolver = addresses
    connect: Connector = socket.create_connection
    tls: ssl.SSLContext = field(default_factory=trusted_roots)

    @contextmanager
    def open(self, target: Target, seconds: float) -> Iterator[tuple[http.client.HTTPConnection, Event]]:
        """A connection that lives for so many seconds at most, and the event that tells it was cut off then.

        DownloadError when an address is not where the link may lead; OSError when none can be reached or trusted.
        """
        with ExitStack() as stack:
            sock = stack.enter_context(self._socket(target))
            cut = stack.enter_context(_cut_after(sock, seconds))
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection = http.client.HTTPConnection(target.host)
            connection.sock = sock
            yield connection, cut

    def _socket(self, target: Target) -> socket.socket:
        """A connected socket, for https one that checks the certificate against the name but has not shaken hands."""
        host = target.host.strip("[]")
        sock = self._connected(host, target)
        sock.settimeout(READ_SECONDS)
        if target.scheme == "http":
            return sock
        return self.tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)

    def _connected(self, host: str, target: Target) -> socket.socket:
        found = self.resolve(host, target.port)
        if not found or not all(target.admits(address) for address in found):
            raise DownloadError(f"{target.host} does not resolve to public addresses alone")
        *others, last = found[:ADDRESSES_TRIED]
        for address in others:
            with suppress(OSError):
                return self.connect((address, target.port), CONNECT_SECONDS)
        return self.connect((last, target.port), CONNECT_SECONDS)


@contextmanager
def _cut_after(sock: socket.socket, seconds: float) -> Iterator[Event]:
    """Shut the socket down in time, whatever it is doing: a timeout counts anew with every byte that drips in."""
    over = Event()

    def cut() -> None:
        over.set()  # first, so that nobody takes the end of the connection for the end of the file
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
