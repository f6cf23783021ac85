"""What every request of the provider must pass: its size, its timestamp, the shape of its signature."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from veo4k.domain.callback import LONGEST_CALLBACK
from veo4k.domain.errors import StorageError, Veo4kError
from veo4k.domain.log_events import Detail, LogEntry, LogEvent

TOLERANCE = 300  # seconds a timestamp may be off, either way
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the HTTP API delivered it. `parts`: the variable parts of its path; header names are lower case."""

    parts: tuple[str, ...]
    headers: Mapping[str, str]
    body: str
    is_base64: bool
    query: str = ""


class RejectedError(Veo4kError):
    """The request failed a check: the status of its response, the reason, and the log event."""

    def __init__(self, status: int, reason: str, event: LogEvent = LogEvent.CALLBACK_REJECTED) -> None:
        super().__init__(reason)
        self.status, self.event = status, event

    def entry(self) -> LogEntry:
        """Return the log entry of the rejection."""
        return LogEntry(self.event, None, {"status": self.status, "reason": str(self)})


Answer = tuple[int, list[LogEntry]]
"""The HTTP status that answers a request, and what happened."""


def answered(handle: Callable[[], Answer]) -> Answer:
    """Return the answer to a request, also where a check fails, or where table, queue or keys cannot be reached."""
    try:
        return handle()
    except RejectedError as rejected:
        return rejected.status, [rejected.entry()]
    except StorageError as error:
        detail: Detail = {"status": HTTPStatus.SERVICE_UNAVAILABLE, "error": str(error)}
        return HTTPStatus.SERVICE_UNAVAILABLE, [LogEntry(LogEvent.CALLBACK_UNANSWERED, None, detail)]


def body_of(request: Request) -> bytes:
    """Return the body. Raise RejectedError where it is too large."""
    try:
        body = base64.b64decode(request.body, validate=True) if request.is_base64 else request.body.encode()
    except ValueError:
        # Not even bytes. The signature does not cover the body, and decides the status.
        body = b""
    if len(body) > LONGEST_CALLBACK:
        raise RejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size")
    return body


def timestamp_and_signature(request: Request, now: float) -> tuple[str, str]:
    """Return a fresh timestamp, and a signature that is still to be verified. Raise RejectedError."""
    timestamp = request.headers.get("x-webhook-timestamp")
    signature = request.headers.get("x-webhook-signature")
    if timestamp is None or not _is_fresh(timestamp, now):
        raise RejectedError(HTTPStatus.UNAUTHORIZED, "timestamp")
    if signature is None or not _SIGNATURE.fullmatch(signature):
        raise RejectedError(HTTPStatus.UNAUTHORIZED, "signature")
    return timestamp, signature


def _is_fresh(timestamp: str, now: float) -> bool:
    return _TIMESTAMP.fullmatch(timestamp) is not None and abs(now - int(timestamp)) <= TOLERANCE
