"""A web server whose every answer is written by the test, byte by byte."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

Response = Callable[[socket.socket], None]


class HostileServer:
    """Answers each connection on a thread of its own and keeps the requests' heads."""

    def __init__(self, listener: socket.socket, answer: Response, tls: ssl.SSLContext | None) -> None:
        self.port: int = listener.getsockname()[1]
        self.heads: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}/v/a.mp4?token=secret"
        self._listener, self._answer, self._tls = listener, answer, tls

    def run(self) -> None:
        """Serve until the listener is closed."""
        with suppress(OSError):
            while True:
                self._serve(self._listener.accept()[0])

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self.heads.append(_head(connection))
                self._answer(connection)


@contextmanager
def serving(answer: Response, tls: ssl.SSLContext | None = None) -> Iterator[HostileServer]:
    """Yield a server on a free port of this machine, for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = HostileServer(listener, answer, tls)
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def saying(*parts: bytes) -> Response:
    """Return a response that is sent unchanged and ends the connection."""

    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def file_of(body: bytes, *headers: str, length: int | None = None) -> Response:
    """Return a 200 with a body, and a Content-Length that may lie."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return saying("\r\n".join(lines).encode(), body)


def _head(connection: socket.socket) -> str:
    """Return the request's head, or the first bytes of a request that is not HTTP."""
    head = connection.recv(4096)
    while head.startswith(b"GET ") and not head.endswith(b"\r\n\r\n"):
        head += connection.recv(4096)
    return head.decode("latin-1")
