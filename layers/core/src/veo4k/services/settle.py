"""Settle a job by the provider's callback: every check in its order, then one conditional write.

path shape and token → 404 · size → 413 · timestamp and signature → 401 · body → 400 · write → 200, no row → 404 ·
table or keys out of reach → 503, so that the provider tries again.
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
    """A callback as the HTTP API delivered it; header names in lower case, `parts` the four parts of the path."""

    parts: tuple[str, str, str, str]
    headers: Mapping[str, str]
    body: str
    is_base64: bool


@dataclass(frozen=True, slots=True)
class Office:
    """What settling needs; `optional`: a missing signature is allowed, and the token decides alone."""

    jobs: Jobs
    auth: CallbackAuth
    times: Times
    hosts: ResultHosts
    optional: bool


class _RejectedError(Exception):
    def __init__(self, status: int, reason: str, action: str = "callback_rejected") -> None:
        super().__init__(reason)
        self.status, self.action = status, action


def settle(office: Office, request: Request, now: float) -> tuple[int, Note]:
    """Answer one callback: the HTTP status, and what happened."""
    try:
        address = _addressed(office, request)
        news = _authenticated(office, request, address, now)
        return _write_down(office, address, news, now)
    except _RejectedError as rejected:
        return rejected.status, Note(rejected.action, None, {"status": rejected.status, "reason": str(rejected)})
    except StorageError as error:
        return UNAVAILABLE, Note("callback_unanswered", None, {"status": UNAVAILABLE, "error": str(error)})


def _addressed(office: Office, request: Request) -> Address:
    address = parse_address(*request.parts)
    if address is None:
        raise _RejectedError(NOT_FOUND, "path")
    if not office.auth.token_holds(address.task_id, address.index, address.run, address.token):
        raise _RejectedError(NOT_FOUND, "token")
    return address


def _authenticated(office: Office, request: Request, address: Address, now: float) -> News:
    body = _body(request)
    timestamp = request.headers.get("x-webhook-timestamp")
    signature = request.headers.get("x-webhook-signature")
    if timestamp is None and signature is None and office.optional:
        return _news(body, address)
    if signature is not None and office.optional and not office.auth.has_key():
        return _news(body, address)
    if timestamp is None or not _is_fresh(timestamp, now):
        raise _RejectedError(UNAUTHORIZED, "timestamp")
    if signature is None or not _SIGNATURE.fullmatch(signature):
        raise _RejectedError(UNAUTHORIZED, "signature")
    if not office.auth.signature_holds(address.task_id, timestamp, signature):
        _check_other_id(office, body, timestamp, signature)
    return _news(body, address)


def _body(request: Request) -> bytes:
    try:
        body = base64.b64decode(request.body, validate=True) if request.is_base64 else request.body.encode()
    except ValueError:
        # Not even bytes; the signature, which the body is no part of, decides what is answered.
        body = b""
    if len(body) > LONGEST_BODY:
        raise _RejectedError(TOO_LARGE, "size")
    return body


def _is_fresh(timestamp: str, now: float) -> bool:
    return _TIMESTAMP.fullmatch(timestamp) is not None and abs(now - int(timestamp)) <= TOLERANCE


def _check_other_id(office: Office, body: bytes, timestamp: str, signature: str) -> None:
    """Check the signature over the id the body names: the provider may sign the one it gave the job."""
    try:
        named = parse_news(body).task_id
    except InvalidBodyError:
        named = None
    if named is None or not office.auth.signature_holds(named, timestamp, signature):
        unset = () if office.auth.has_key() else ("webhook_key_unset",)
        raise _RejectedError(UNAUTHORIZED, "signature", *unset)


def _news(body: bytes, address: Address) -> News:
    try:
        news = parse_news(body)
    except InvalidBodyError as error:
        raise _RejectedError(BAD_REQUEST, str(error)) from None
    return News(news.answer, None) if news.task_id == address.task_id else news


def _write_down(office: Office, address: Address, news: News, now: float) -> tuple[int, Note]:
    action, write = _transition(office, address, news, now)
    outcome = office.jobs.write(write)
    if not isinstance(outcome, Refused):
        return OK, Note(action, outcome.job, {"meaning": news.answer.meaning.value})
    return _refused(address, news, outcome.job)


def _transition(office: Office, address: Address, news: News, now: float) -> tuple[str, Write]:
    if news.answer.meaning is Meaning.FAILED:
        return "job_failed", transitions.called_back_failed(address, news, now, office.times)
    if news.answer.meaning is Meaning.WORKING:
        return "callback_without_result", transitions.called_back_working(address, news, now, office.times)
    if urls := fetchable(news.answer.urls, office.hosts):
        shown = replace(news, answer=with_fetchable_poster(news.answer, office.hosts))
        return "result_ready", transitions.called_back_ready(address, shown, urls, now)
    return "result_host_blocked", transitions.called_back_blocked(address, news, now, office.times)


def _refused(address: Address, news: News, job: Job | None) -> tuple[int, Note]:
    """Answer what changes nothing: no such job, somebody else's id, or news that comes after better news."""
    if job is None or job.index != address.index:
        return NOT_FOUND, Note("callback_rejected", None, {"status": NOT_FOUND, "reason": "no such job"})
    if news.task_id is not None and news.task_id != job.provider_task_id:
        return BAD_REQUEST, Note("callback_rejected", job, {"status": BAD_REQUEST, "reason": "another task's id"})
    return OK, Note(_late(news.answer, job), job, {"meaning": news.answer.meaning.value})


def _late(answer: Answer, job: Job) -> str:
    if answer.meaning is Meaning.DONE and job.state in ENDED - {State.SUCCEEDED}:
        return "late_success"
    return "callback_ignored"
