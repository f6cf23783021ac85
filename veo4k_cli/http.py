"""HTTP requests of the operator, and the parts of a response that matter here."""

from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

USER_AGENT = "veo4k"  # a library's own has been refused with 403 "error code: 1010"
TIMEOUT = (5.0, 20.0)  # seconds to connect, and to wait for bytes
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Response(NamedTuple):
    """A response: HTTP status, `code` and `data` of the provider's envelope, whether it has a body, its Date."""

    status: int
    code: int | None
    data: object
    is_empty: bool
    date: float | None  # epoch seconds


class BearerAuth(requests.auth.AuthBase):
    """Sends a key. A plain header would be replaced by an entry in the operator's .netrc."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        r.headers["Authorization"] = b"Bearer " + self._key  # type: ignore[assignment]  # text would have to be Latin-1
        return r


def send(method: str, url: str, **parts: Any) -> Response:
    """Send a request, through the operator's proxy if there is one. Raise RequestException without a response."""
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        session.headers["User-Agent"] = USER_AGENT
        return _parse(session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **parts))


def _parse(response: requests.Response) -> Response:
    try:
        content = response.json()
    except (ValueError, RecursionError):
        content = None
    envelope = content if isinstance(content, dict) and type(content.get("code")) is int else {}
    date = parse_date(response.headers.get("Date", ""))
    return Response(response.status_code, envelope.get("code"), envelope.get("data"), not response.content, date)


def parse_date(date: str) -> float | None:
    """Parse a Date header. Return epoch seconds, or None for another text."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
