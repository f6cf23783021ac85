"""The way to the provider's API: connections are kept, and no failure leaves open whether a request was sent."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Thread
from time import monotonic, sleep
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from veo4k.adapters.tls import shared_context

USER_AGENT = "veo4k"  # a library's own has been refused with 403 "error code: 1010"
LONGEST_REPLY = 1 << 20
CHUNK = 16 * 1024
TICK = 0.25  # seconds between two looks at who reads too long


class NotSentError(Exception):
    """No connection came about, so nothing of the request can have left; the text is the kind of failure."""


def make_session(connections: int) -> requests.Session:
    """Give a session that keeps so many connections, asks no proxy of the environment and repeats nothing by itself."""
    session = _Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=connections, max_retries=0))
    return session


def read_body(response: requests.Response, stop: float) -> bytes:
    """Read a body of at most 1 MiB, or raise; soon after `stop` the connection is cut, whatever is dripping in.

    `stop`: as `time.monotonic` has it, in seconds.
    """
    body = b""
    with _cut_at(response, stop):
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > LONGEST_REPLY:
                raise requests.exceptions.ContentDecodingError("a body of more than 1 MiB")
    return body


@contextmanager
def _cut_at(response: requests.Response, stop: float) -> Iterator[None]:
    """Let the connection be shut when it is time: a read timeout counts anew with every byte."""
    _watching()
    _reading[id(response)] = (stop, response)
    try:
        yield
    finally:
        del _reading[id(response)]


_reading: dict[int, tuple[float, requests.Response]] = {}
"""Until when, as `time.monotonic` has it, and whose body."""


@cache
def _watching() -> None:
    """Start the process's only watcher: a timer for each body would be a thread for each."""
    Thread(target=_watch, name="bodies", daemon=True).start()


def _watch() -> None:
    while True:
        sleep(TICK)
        for stop, response in _reading.copy().values():
            if monotonic() >= stop:
                with suppress(Exception):  # it was over before; whatever it is, others are watched over too
                    response.raw.shutdown()


class _Session(requests.Session):
    """To requests, a redirect that is not followed is still one whose body is read to the end and whose URL counts."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  the name is the library's
        return None


@contextmanager
def _not_sent() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise NotSentError(type(error).__name__) from error


class _Connection(HTTPConnection):
    def connect(self) -> None:
        with _not_sent():
            super().connect()


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        with _not_sent():
            super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=shared_context(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
