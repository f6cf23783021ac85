"""Handle the provider's callback: every check in its order, then one conditional write.

path shape and token → 404 · size → 413 · timestamp and signature → 401 · body → 400 · write → 200, no row → 404 ·
table or keys cannot be reached → 503, so that the provider tries again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload, parse_address, parse_payload
from veo4k.domain.callback_auth import Keys, verify_signature, verify_token
from veo4k.domain.conditional_update import ConditionalUpdate, Refused
from veo4k.domain.decisions import fetchable, with_fetchable_poster
from veo4k.domain.errors import InvalidBodyError, StorageError
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Jobs
from veo4k.domain.response import Meaning
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.signed_request import (
    BAD_REQUEST,
    NOT_FOUND,
    OK,
    UNAUTHORIZED,
    UNAVAILABLE,
    RejectedError,
    Request,
    body_of,
    timestamp_and_signature,
)


@dataclass(frozen=True, slots=True)
class CallbackHandler:
    """Handles callbacks. `is_signature_optional`: the token alone decides where a callback has no signature.

    The keys in use are read for every callback. Reading them raises StorageError.
    """

    jobs: Jobs
    token_keys: Callable[[], Keys]
    webhook_keys: Callable[[], Keys]
    times: Times
    hosts: ResultHosts
    is_signature_optional: bool

    def handle(self, request: Request, now: float) -> tuple[int, LogEntry]:
        """Handle one callback. Return the HTTP status, and what happened."""
        try:
            address = self._address(request)
            payload = self._authenticated(request, address, now)
            return self._write(address, payload, now)
        except RejectedError as rejected:
            return rejected.status, rejected.entry()
        except StorageError as error:
            return UNAVAILABLE, LogEntry(
                LogEvent.CALLBACK_UNANSWERED, None, {"status": UNAVAILABLE, "error": str(error)}
            )

    def _address(self, request: Request) -> Address:
        address = parse_address(*request.parts)
        if address is None:
            raise RejectedError(NOT_FOUND, "path")
        if not verify_token(self.token_keys(), address.task_id, address.index, address.run, address.token):
            raise RejectedError(NOT_FOUND, "token")
        return address

    def _authenticated(self, request: Request, address: Address, now: float) -> CallbackPayload:
        body = body_of(request)
        if self.is_signature_optional and self._is_unsigned(request):
            return _payload(body, address)
        timestamp, signature = timestamp_and_signature(request, now)
        if not verify_signature(self.webhook_keys(), address.task_id, timestamp, signature):
            self._check_other_id(body, timestamp, signature)
        return _payload(body, address)

    def _is_unsigned(self, request: Request) -> bool:
        """Return whether no signature is to be verified: there is none, or no key to verify it."""
        has_signature = "x-webhook-signature" in request.headers
        return not self.webhook_keys() if has_signature else "x-webhook-timestamp" not in request.headers

    def _check_other_id(self, body: bytes, timestamp: str, signature: str) -> None:
        """Check the signature over the task id in the body: the provider may sign the id that it gave the job."""
        try:
            task_id = parse_payload(body).task_id
        except InvalidBodyError:
            task_id = None
        if task_id is None or not verify_signature(self.webhook_keys(), task_id, timestamp, signature):
            unset = () if self.webhook_keys() else (LogEvent.WEBHOOK_KEY_UNSET,)
            raise RejectedError(UNAUTHORIZED, "signature", *unset)

    def _write(self, address: Address, payload: CallbackPayload, now: float) -> tuple[int, LogEntry]:
        event, update = self._transition(address, payload, now)
        outcome = self.jobs.write(update)
        if isinstance(outcome, Refused):
            return _refused(address, payload, outcome.job)
        return OK, LogEntry(event, outcome.job, {"meaning": payload.response.meaning})

    def _transition(self, address: Address, payload: CallbackPayload, now: float) -> tuple[LogEvent, ConditionalUpdate]:
        if payload.response.meaning is Meaning.FAILED:
            return LogEvent.JOB_FAILED, transitions.callback_failed(address, payload, now, self.times)
        if payload.response.meaning is Meaning.WORKING:
            return LogEvent.CALLBACK_WITHOUT_RESULT, transitions.callback_working(address, payload, now, self.times)
        if urls := fetchable(payload.response.urls, self.hosts):
            shown = replace(payload, response=with_fetchable_poster(payload.response, self.hosts))
            return LogEvent.RESULT_RECEIVED, transitions.callback_ready(address, shown, urls, now)
        return LogEvent.RESULT_HOST_BLOCKED, transitions.callback_blocked(address, payload, now, self.times)


def _payload(body: bytes, address: Address) -> CallbackPayload:
    try:
        payload = parse_payload(body)
    except InvalidBodyError as error:
        raise RejectedError(BAD_REQUEST, str(error)) from None
    return CallbackPayload(payload.response, None) if payload.task_id == address.task_id else payload


def _refused(address: Address, payload: CallbackPayload, job: Job | None) -> tuple[int, LogEntry]:
    """Answer a callback that changes nothing: no such job, the id of another task, or a late or repeated one."""
    if job is None or job.index != address.index:
        return NOT_FOUND, LogEntry(LogEvent.CALLBACK_REJECTED, None, {"status": NOT_FOUND, "reason": "no such job"})
    if payload.task_id is not None and payload.task_id != job.provider_task_id:
        return BAD_REQUEST, LogEntry(
            LogEvent.CALLBACK_REJECTED, job, {"status": BAD_REQUEST, "reason": "another task's id"}
        )
    is_late = payload.response.meaning is Meaning.DONE and job.state in ENDED - {State.SUCCEEDED}
    event = LogEvent.LATE_SUCCESS if is_late else LogEvent.CALLBACK_IGNORED
    return OK, LogEntry(event, job, {"meaning": payload.response.meaning})
