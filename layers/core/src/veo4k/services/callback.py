"""Handle the provider's callback: every check in its order, then one conditional write.

path shape and token → 404 · size → 413 · timestamp and signature → 401 · body → 400 · write → 200, no row → 404 ·
table or keys cannot be reached → 503, so that the provider tries again.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from veo4k.domain import transitions
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.callback import LONGEST_BODY, Address, News, parse_address, parse_news
from veo4k.domain.errors import InvalidBodyError, StorageError
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import CallbackAuth, Jobs
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.rules import fetchable, with_fetchable_poster
from veo4k.domain.schedule import Times
from veo4k.domain.write import Refused, Write

TOLERANCE = 300  # seconds a timestamp may be off, either way
OK, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, TOO_LARGE, UNAVAILABLE = 200, 400, 401, 404, 413, 503
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """A callback as the HTTP API delivered it. `parts`: the four parts of its path; header names are lower case."""

    parts: tuple[str, str, str, str]
    headers: Mapping[str, str]
    body: str
    is_base64: bool


class _RejectedError(Exception):
    def __init__(self, status: int, reason: str, action: str = "callback_rejected") -> None:
        super().__init__(reason)
        self.status, self.action = status, action


@dataclass(frozen=True, slots=True)
class CallbackHandler:
    """Handles callbacks. `is_signature_optional`: the token alone decides where a callback has no signature."""

    jobs: Jobs
    auth: CallbackAuth
    times: Times
    hosts: ResultHosts
    is_signature_optional: bool

    def handle(self, request: Request, now: float) -> tuple[int, Note]:
        """Handle one callback. Return the HTTP status, and what happened."""
        try:
            address = self._address(request)
            news = self._authenticated(request, address, now)
            return self._write(address, news, now)
        except _RejectedError as rejected:
            return rejected.status, Note(rejected.action, None, {"status": rejected.status, "reason": str(rejected)})
        except StorageError as error:
            return UNAVAILABLE, Note("callback_unanswered", None, {"status": UNAVAILABLE, "error": str(error)})

    def _address(self, request: Request) -> Address:
        address = parse_address(*request.parts)
        if address is None:
            raise _RejectedError(NOT_FOUND, "path")
        if not self.auth.token_holds(address.task_id, address.index, address.run, address.token):
            raise _RejectedError(NOT_FOUND, "token")
        return address

    def _authenticated(self, request: Request, address: Address, now: float) -> News:
        body = _body(request)
        timestamp = request.headers.get("x-webhook-timestamp")
        signature = request.headers.get("x-webhook-signature")
        is_unsigned = timestamp is None and signature is None
        if self.is_signature_optional and (is_unsigned or (signature is not None and not self.auth.has_key())):
            return _news(body, address)
        if timestamp is None or not _is_fresh(timestamp, now):
            raise _RejectedError(UNAUTHORIZED, "timestamp")
        if signature is None or not _SIGNATURE.fullmatch(signature):
            raise _RejectedError(UNAUTHORIZED, "signature")
        if not self.auth.signature_holds(address.task_id, timestamp, signature):
            self._check_other_id(body, timestamp, signature)
        return _news(body, address)

    def _check_other_id(self, body: bytes, timestamp: str, signature: str) -> None:
        """Check the signature over the task id in the body: the provider may sign the id that it gave the job."""
        try:
            task_id = parse_news(body).task_id
        except InvalidBodyError:
            task_id = None
        if task_id is None or not self.auth.signature_holds(task_id, timestamp, signature):
            unset = () if self.auth.has_key() else ("webhook_key_unset",)
            raise _RejectedError(UNAUTHORIZED, "signature", *unset)

    def _write(self, address: Address, news: News, now: float) -> tuple[int, Note]:
        action, write = self._transition(address, news, now)
        outcome = self.jobs.write(write)
        if isinstance(outcome, Refused):
            return _refused(address, news, outcome.job)
        return OK, Note(action, outcome.job, {"meaning": news.answer.meaning.value})

    def _transition(self, address: Address, news: News, now: float) -> tuple[str, Write]:
        if news.answer.meaning is Meaning.FAILED:
            return "job_failed", transitions.called_back_failed(address, news, now, self.times)
        if news.answer.meaning is Meaning.WORKING:
            return "callback_without_result", transitions.called_back_working(address, news, now, self.times)
        if urls := fetchable(news.answer.urls, self.hosts):
            shown = replace(news, answer=with_fetchable_poster(news.answer, self.hosts))
            return "result_ready", transitions.called_back_ready(address, shown, urls, now)
        return "result_host_blocked", transitions.called_back_blocked(address, news, now, self.times)


def _body(request: Request) -> bytes:
    try:
        body = base64.b64decode(request.body, validate=True) if request.is_base64 else request.body.encode()
    except ValueError:
        # Not even bytes. The signature does not cover the body, and decides the status.
        body = b""
    if len(body) > LONGEST_BODY:
        raise _RejectedError(TOO_LARGE, "size")
    return body


def _is_fresh(timestamp: str, now: float) -> bool:
    return _TIMESTAMP.fullmatch(timestamp) is not None and abs(now - int(timestamp)) <= TOLERANCE


def _news(body: bytes, address: Address) -> News:
    try:
        news = parse_news(body)
    except InvalidBodyError as error:
        raise _RejectedError(BAD_REQUEST, str(error)) from None
    return News(news.answer, None) if news.task_id == address.task_id else news


def _refused(address: Address, news: News, job: Job | None) -> tuple[int, Note]:
    """Answer a callback that changes nothing: no such job, the id of another task, or a late or repeated one."""
    if job is None or job.index != address.index:
        return NOT_FOUND, Note("callback_rejected", None, {"status": NOT_FOUND, "reason": "no such job"})
    if news.task_id is not None and news.task_id != job.provider_task_id:
        return BAD_REQUEST, Note("callback_rejected", job, {"status": BAD_REQUEST, "reason": "another task's id"})
    return OK, Note(_late(news.answer, job), job, {"meaning": news.answer.meaning.value})


def _late(answer: Answer, job: Job) -> str:
    if answer.meaning is Meaning.DONE and job.state in ENDED - {State.SUCCEEDED}:
        return "late_success"
    return "callback_ignored"
