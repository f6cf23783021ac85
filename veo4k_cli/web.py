"""HTTP requests of the operator's own, and what of their answers counts."""

from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

USER_AGENT = "veo4k"  # a library's own has been refused with 403 "error code: 1010"
TIMEOUT = (5.0, 20.0)  # seconds to connect, and to wait for bytes
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Heard(NamedTuple):
    """An answer: HTTP status, `code` and `data` of the provider's envelope, whether the body is empty, its Date."""

    status: int
    code: int | None
    data: object
    empty: bool
    date: float | None  # epoch seconds


class Bearer(requests.auth.AuthBase):
    """Sends a key; said so, and not as a header, a .netrc of the caller cannot replace it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        r.headers["Authorization"] = b"Bearer " + self._key  # type: ignore[assignment]  # text would have to be Latin-1
        return r


def ask(method: str, url: str, **parts: Any) -> Heard:
    """Send a request through the caller's proxy, if there is one; RequestException where nothing comes back."""
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        session.headers["User-Agent"] = USER_AGENT
        return heard(session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **parts))


def heard(answer: requests.Response) -> Heard:
    """Read an answer."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    envelope = told if isinstance(told, dict) and type(told.get("code")) is int else {}
    date = seconds_of(answer.headers.get("Date", ""))
    return Heard(answer.status_code, envelope.get("code"), envelope.get("data"), not answer.content, date)


def seconds_of(date: str) -> float | None:
    """Read a Date header; gives epoch seconds."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
