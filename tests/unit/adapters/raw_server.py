"""A server whose every answer is written by the test, byte by byte, and that keeps what it was sent."""

import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import parse_headers
from threading import Thread
from typing import Any

import trustme

AUTHORITY = trustme.CA()
HANDSHAKE = b"\x16"  # the first byte of what a client of TLS sends
ENDLESS_SECONDS = 5

Answer = Callable[[socket.socket], None]
"""What is done with a connection once a whole request has come in."""


@dataclass(frozen=True)
class Received:
    """A request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawServer:
    """Answers every request of every connection the same way."""

    def __init__(self, listener: socket.socket, answer: Answer, tls: ssl.SSLContext | None) -> None:
        self.port: int = listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.received: list[Received] = []
        self.connections = 0
        self._listener, self._answer, self._tls = listener, answer, tls

    def run(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                self.connections += 1
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError, ValueError), connection:
            if self._tls:
                with self._tls.wrap_socket(connection, server_side=True) as encrypted:
                    self._respond(encrypted)
            elif connection.recv(1, socket.MSG_PEEK) == HANDSHAKE:
                connection.recv(4096)
                self._answer(connection)
            else:
                self._respond(connection)

    def _respond(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as incoming:
            while line := incoming.readline():
                method, path, _ = line.decode().split()
                headers = {name.lower(): value for name, value in parse_headers(incoming).items()}
                body = incoming.read(int(headers.get("content-length", "0")))
                self.received.append(Received(method, path, headers, body))
                self._answer(connection)


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Run a server on a free port of this machine, for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener, answer, tls)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def certified(name: str) -> ssl.SSLContext:
    """Return what a server needs to be this name, by the certificate of an authority that only tests know."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Answer:
    """Send a body and keep the connection; after a Content-Length that lies, end it."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    whole = "\r\n".join(head).encode() + body
    return raw(whole) if length is not None else lambda connection: connection.sendall(whole)


def reply_json(value: Any) -> Answer:
    return reply(json.dumps(value).encode(), "Content-Type: application/json")


def raw(answer: bytes) -> Answer:
    """Send these bytes and end the connection."""

    def send(connection: socket.socket) -> None:
        connection.sendall(answer)
        hang_up(connection)

    return send


def silence(before: bytes = b"") -> Answer:
    """Send these bytes, and then nothing, until the client leaves."""

    def send(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.recv(1)

    return send


def endless(head: bytes, piece: bytes, seconds: float = 0.0) -> Answer:
    """Send a head, and then the same piece again and again, so many seconds apart, for longer than any test waits."""

    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        end = time.monotonic() + ENDLESS_SECONDS
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(seconds)

    return send


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionError
