"""HTTP connections to exactly the address that was checked."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from veo4k.adapters.deadline import shut_down_after
from veo4k.adapters.tls import shared_context
from veo4k.domain.errors import DownloadError
from veo4k.domain.result_url import Target

CONNECT_SECONDS = 3.0  # a round trip and one retransmission of the first packet
ADDRESSES_TRIED = 3  # each for that long
READ_SECONDS = 10.0  # without a single byte

Resolver = Callable[[str, int], Sequence[str]]
Connector = Callable[[tuple[str, int], float], socket.socket]


def addresses(host: str, port: int) -> Sequence[str]:
    """Return every address of a host, IPv4 and IPv6, the system's first choice first. OSError where it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class PinnedConnector:
    """Connects to an address of a link's host. The host is resolved once, and every address must be admitted.

    requests and urllib3 are not used. They resolve the host a second time when they connect, and they log the link with
    its query when the headers of a response are malformed. `http.client` accepts any connected socket.
    """

    resolve: Resolver = addresses
    connect: Connector = socket.create_connection
    tls: ssl.SSLContext = field(default_factory=shared_context)

    @contextmanager
    def open(self, target: Target, seconds: float) -> Iterator[tuple[http.client.HTTPConnection, Event]]:
        """Open a connection that is shut down after these seconds.

        Yields:
            The connection, and an event that is set when it is shut down.

        Raises:
            DownloadError: An address of the host is not admitted.
            OSError: No address can be reached, or the host cannot be trusted.
        """
        with ExitStack() as stack:
            sock = stack.enter_context(self._socket(target))
            over = stack.enter_context(shut_down_after(seconds, partial(sock.shutdown, socket.SHUT_RDWR)))
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection = http.client.HTTPConnection(target.host)
            connection.sock = sock
            yield connection, over

    def _socket(self, target: Target) -> socket.socket:
        """Return a connected socket. The TLS handshake, which checks the certificate, is still to come."""
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
