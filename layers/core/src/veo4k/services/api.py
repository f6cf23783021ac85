"""The HTTP API for jobs: send a job, read its runs, cancel it.

The caller's route is known. The other checks follow in this order: token → 401 · size → 413 · message → 400. The table,
the queue or the token cannot be reached → 503.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from veo4k.domain import transitions
from veo4k.domain.callback import RUN
from veo4k.domain.callback_auth import verify_bearer
from veo4k.domain.conditional_update import Updated
from veo4k.domain.errors import InvalidMessageError, StorageError
from veo4k.domain.file_links import file_keys
from veo4k.domain.job import Job, Key, utc
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.message import LONGEST_BODY, Message, is_task_id, parse_message
from veo4k.domain.ports import Clock, Jobs, JobSender, Links
from veo4k.domain.schedule import Times

MOST_RUNS = 20  # of one response
LINK_SECONDS = 3600
_RETRY = {"Retry-After": "2"}  # seconds in which a message becomes a job


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the HTTP API delivered it: `authorization` is that header."""

    authorization: str = ""
    body: str = ""
    is_base64: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The response: its status, its JSON, its headers, and what to log."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    entries: Sequence[LogEntry] = ()


class _RefusedError(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    entry = LogEntry(LogEvent.API_REQUEST_REJECTED, None, {"status": status, "reason": code})
    return Reply(status, {"error": {"code": code, "message": message}}, headers or {}, (entry,))


def no_route() -> Reply:
    """Return the response to a path that the API does not have."""
    return _refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is no such path.")


def wrong_method(allowed: str) -> Reply:
    """Return the response to a method that the path does not take."""
    text = f"This path takes {allowed} only."
    return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text, {"Allow": allowed})


def internal_error() -> Reply:
    """Return the response to a request on which the code failed."""
    text = "The request failed. See the log of the function."
    return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsApi:
    """Answers requests about jobs. `url`: base URL of the API; `tokens`: the bearer tokens in use.

    The tokens are read for every request. Reading them raises StorageError.
    """

    jobs: Jobs
    job_sender: JobSender
    links: Links
    clock: Clock
    new_id: Callable[[], str]
    tokens: Callable[[], Sequence[bytes]]
    times: Times
    url: str

    def submit(self, call: Call) -> Reply:
        """Put a job's message on the queue. Return which run it will be, as far as that is known."""
        return self._answer(call, lambda: self._submit(_message(_body(call))))

    def read(self, call: Call, task_id: str) -> Reply:
        """Return the newest runs of a task, with links to their files."""
        return self._answer(call, lambda: self._read(task_id))

    def cancel(self, call: Call, task_id: str, run: str) -> Reply:
        """Cancel a run that is QUEUED."""
        return self._answer(call, lambda: self._cancel(task_id, run))

    def _answer(self, call: Call, answer: Callable[[], Reply]) -> Reply:
        try:
            return answer() if verify_bearer(self.tokens(), call.authorization) else _unauthorized()
        except _RefusedError as refusal:
            return refusal.reply
        except StorageError as error:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            entry = LogEntry(LogEvent.API_REQUEST_UNANSWERED, None, {"status": status, "error": str(error)})
            text = "The table, the queue or the token cannot be reached. Send the request again."
            return Reply(status, {"error": {"code": "UNAVAILABLE", "message": text}}, {}, (entry,))

    def _submit(self, message: Message) -> Reply:
        newest = self.jobs.newest(message.task_id, 1)
        self.job_sender.send_jobs([_text(message)])
        video: Detail = {"taskId": message.task_id, "index": message.index}
        after = {"statusUrl": f"{self.url}/jobs/{message.task_id}", "afterRun": newest[0].run if newest else 0}
        return Reply(HTTPStatus.ACCEPTED, video | after, entries=(LogEntry(LogEvent.JOB_REQUESTED, None, video),))

    def _read(self, task_id: str) -> Reply:
        runs = self.jobs.newest(task_id, MOST_RUNS + 1) if is_task_id(task_id) else ()
        if not runs:
            raise _unknown(f"There is no job of {task_id[:64]} (yet).")
        more = {"more": True} if len(runs) > MOST_RUNS else {}
        return Reply(HTTPStatus.OK, {"taskId": task_id, "runs": [self._shown(job) for job in runs[:MOST_RUNS]]} | more)

    def _shown(self, job: Job) -> dict[str, Any]:
        row = job.public()
        links = {name: self.links.sign(key, LINK_SECONDS) for name, key in file_keys(row, self.links.bucket).items()}
        expiry = {"urlsExpireAt": utc(self.clock.now() + LINK_SECONDS)} if links else {}
        return row | links | expiry

    def _cancel(self, task_id: str, run: str) -> Reply:
        if not (is_task_id(task_id) and RUN.fullmatch(run)):
            raise _unknown(f"There is no run {run[:9]} of {task_id[:64]}.")
        key = Key(task_id, int(run))
        outcome = self.jobs.write(transitions.cancel(key, self.new_id(), self.clock.now(), self.times))
        if isinstance(outcome, Updated):
            return Reply(HTTPStatus.OK, outcome.job.public(), {}, (LogEntry(LogEvent.JOB_CANCELLED, outcome.job),))
        if outcome.job is None:
            raise _unknown(f"There is no run {run} of {task_id} (yet). Its message may still be on the queue.")
        reason = f"{outcome.job.job_id} is {outcome.job.state}. Only a QUEUED job can be cancelled."
        raise _RefusedError(_refused(HTTPStatus.CONFLICT, "NOT_QUEUED", reason))


def _unauthorized() -> Reply:
    scheme = {"WWW-Authenticate": "Bearer"}
    return _refused(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", "The bearer token is not valid.", scheme)


def _unknown(message: str) -> _RefusedError:
    return _RefusedError(_refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", message, _RETRY))


def _body(call: Call) -> bytes:
    try:
        body = base64.b64decode(call.body, validate=True) if call.is_base64 else call.body.encode("utf-8", "replace")
    except ValueError:
        body = b""
    if len(body) > LONGEST_BODY:
        reason = f"the body is longer than {LONGEST_BODY} bytes"
        raise _RefusedError(_refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE", reason))
    return body


def _message(body: bytes) -> Message:
    """Parse the body as the queue's messages are parsed. A task token is for the queue alone."""
    try:
        message = parse_message(body.decode())
    except UnicodeDecodeError:
        raise _invalid("not strict JSON: UnicodeDecodeError") from None
    except InvalidMessageError as error:
        raise _invalid(str(error)) from None
    if message.task_token is not None:
        raise _invalid("unknown field 'taskToken'")
    return message


def _text(message: Message) -> str:
    """Return the queue's message in ASCII: SQS does not take every character of Unicode."""
    fields = {"taskId": message.task_id, "index": message.index, "tags": dict(message.tags), "force": message.force}
    return json.dumps(fields)


def _invalid(reason: str) -> _RefusedError:
    return _RefusedError(_refused(HTTPStatus.BAD_REQUEST, "INVALID_MESSAGE", reason))
