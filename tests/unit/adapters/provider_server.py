"""A provider whose every answer is written by the test, byte by byte, and that keeps what it was sent."""

import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

Say = Callable[[socket.socket], None]
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
        """Return the body, parsed."""
        return json.loads(self.body)


class ProviderServer:
    """Answers every request of every connection the same way."""

    def __init__(self, listener: socket.socket, say: Say) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.received: list[Received] = []
        self.connections = 0
        self._listener, self._say = listener, say

    def run(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                self.connections += 1
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as incoming:
            while line := incoming.readline():
                method, path, _ = line.decode().split()
                headers = dict(_headers(incoming))
                body = incoming.read(int(headers.get("content-length", "0")))
                self.received.append(Received(method, path, headers, body))
                self._say(connection)


def _headers(incoming: Any) -> Iterator[tuple[str, str]]:
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


@contextmanager
def provider_saying(say: Say) -> Iterator[ProviderServer]:
    """Run a provider on a free port of this machine, for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ProviderServer(listener, say)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Say:
    """Answer with a body, and a Content-Length that may lie."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return raw("\r\n".join(head).encode() + body)


def reply_json(value: Any, status: str = "200 OK") -> Say:
    """Answer with JSON."""
    return reply(json.dumps(value).encode(), "Content-Type: application/json", status=status)


def raw(answer: bytes) -> Say:
    """Answer with these bytes and end the connection where they do not say their length."""

    def say(connection: socket.socket) -> None:
        connection.sendall(answer)
        if b"Content-Length" not in answer:
            connection.shutdown(socket.SHUT_RDWR)

    return say


def hang_up(connection: socket.socket) -> None:
    """End the connection without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionError


def stay_silent(_: socket.socket) -> None:
    """Say nothing, and keep the connection."""
    Event().wait(2)


def drip(connection: socket.socket) -> None:
    """Send a body byte by byte, each well within every timeout."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        Event().wait(0.05)


def flood(connection: socket.socket) -> None:
    """Send a body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)
