"""The HTTP session with the provider's API: connections are kept, and a request that was not sent is known as such."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from time import time as wall_clock
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from veo4k.adapters.deadline import shut_down_after
from veo4k.adapters.tls import shared_context

USER_AGENT = "veo4k"  # a library's own has been refused with 403 "error code: 1010"
MAX_BODY_BYTES = 1 << 20
CHUNK_BYTES = 16 * 1024
FRESH_SECONDS = 5.0  # hosts and NAT gateways keep idle connections for longer; a frozen function does not see them go


class NotSentError(Exception):
    """No connection came about, so nothing of the request can have left; the text is the kind of failure."""


def make_session(connections: int) -> requests.Session:
    """Return a session that keeps so many connections, uses no proxy of the environment and never retries."""
    session = _Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=connections, max_retries=0))
    return session


class FreshSession:
    """Sessions for requests that cannot be repeated: no connection is older than FRESH_SECONDS when it is used.

    While a function is frozen, its connections die unnoticed. A request on such a connection has no response, and
    nothing tells whether it arrived. The age of the whole session counts, so that no connection is idle for longer.

    Args:
        connections: How many connections each session keeps.
        clock: Returns epoch seconds. A clock that stands still while a function is frozen would not do.
    """

    def __init__(self, connections: int, clock: Callable[[], float] = wall_clock) -> None:
        self._connections, self._clock, self._lock = connections, clock, Lock()
        self._session, self._made_at = make_session(connections), clock()

    def current(self) -> requests.Session:
        """Return the session for a request that is sent at once."""
        with self._lock:
            now = self._clock()
            if not 0 <= now - self._made_at < FRESH_SECONDS:
                # Requests may be under way on the former session, so it is not closed: it goes with the last of them.
                self._session, self._made_at = make_session(self._connections), now
            return self._session


def read_body(response: requests.Response, deadline: float) -> bytes:
    """Return the body of a response.

    Args:
        response: A streamed response.
        deadline: When its connection is cut, however the bytes arrive; seconds of `time.monotonic`.

    Raises:
        Exception: For a body that ends early, is malformed or larger than 1 MiB.
    """
    body = b""
    with shut_down_after(deadline - monotonic(), response.raw.shutdown):
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise requests.exceptions.ContentDecodingError("a body of more than 1 MiB")
    return body


class _Session(requests.Session):
    """A session that ignores redirects. One that is only not followed would still be read to the end, URL included."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  the name is the library's
        return None


@contextmanager
def _connecting() -> Iterator[None]:
    """Raise NotSentError for a failure of address, TCP or TLS handshake."""
    try:
        yield
    except Exception as error:
        raise NotSentError(type(error).__name__) from error


class _Connection(HTTPConnection):
    def connect(self) -> None:
        with _connecting():
            super().connect()


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        with _connecting():
            super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=shared_context(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
