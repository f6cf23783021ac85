"""Handle the provider's callback: every check in its order, then one conditional write.

path shape and token → 404 · size → 413 · timestamp and signature → 401 · body → 400 · write → 200, no row → 404 ·
table or keys cannot be reached → 503, so that the provider tries again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload, is_failure, parse_address, parse_payload
from veo4k.domain.callback_auth import Keys, verify_signature, verify_token
from veo4k.domain.conditional_update import ConditionalUpdate, Refused
from veo4k.domain.decisions import kept_link_of_callback, link_of_callback, own_link, with_fetchable_poster
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import ENDED, WAITING, Job, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent, response_in_log
from veo4k.domain.ports import Jobs
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import Refusal, ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.signed_request import Answer, RejectedError, Request, answered, body_of, timestamp_and_signature


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

    def handle(self, request: Request, now: float) -> Answer:
        """Handle one callback. Return the HTTP status, and what happened."""
        return answered(lambda: self._handle(request, now))

    def _handle(self, request: Request, now: float) -> Answer:
        address = self._address(request)
        status, entry = self._write(address, self._authenticated(request, address, now), now)
        return status, [entry]

    def _address(self, request: Request) -> Address:
        address = parse_address(*request.parts)
        if address is None:
            raise RejectedError(HTTPStatus.NOT_FOUND, "path")
        if not verify_token(self.token_keys(), address.task_id, address.index, address.run, address.token):
            raise RejectedError(HTTPStatus.NOT_FOUND, "token")
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
            raise RejectedError(HTTPStatus.UNAUTHORIZED, "signature", *unset)

    def _write(self, address: Address, payload: CallbackPayload, now: float) -> tuple[int, LogEntry]:
        link = own_link(payload.response.urls, address.index, self.hosts)
        event, update = self._transition(address, payload, link, now)
        outcome = self.jobs.write(update)
        if isinstance(outcome, Refused) and is_failure(payload.response) and _can_be_checked(outcome.job):
            event, update = self._unclear(LogEvent.CALLBACK_UNCLEAR, address, payload, now)
            outcome = self.jobs.write(update)
        if isinstance(outcome, Refused) and (fresh := self._fresh_link(address, payload, outcome.job, now)):
            event, outcome = LogEvent.LINK_REFRESHED, self.jobs.write(fresh)
        if isinstance(outcome, Refused):
            return _refused(address, payload, outcome.job)
        if event is LogEvent.RESULT_HOST_BLOCKED:
            self._keep_link(outcome.job, payload.response, now)
        return HTTPStatus.OK, LogEntry(event, outcome.job, _detail(payload.response, link))

    def _keep_link(self, job: Job, response: Response, now: float) -> None:
        if (update := kept_link_of_callback(job, response, self.hosts, now, self.times)) is not None:
            self.jobs.write(update)

    def _fresh_link(
        self, address: Address, payload: CallbackPayload, job: Job | None, now: float
    ) -> ConditionalUpdate | None:
        if job is None or job.index != address.index or payload.task_id not in (None, job.provider_task_id):
            return None
        return link_of_callback(job, payload.response, self.hosts, now + self.times.nudge)

    def _transition(
        self, address: Address, payload: CallbackPayload, link: str | Refusal, now: float
    ) -> tuple[LogEvent, ConditionalUpdate]:
        response = payload.response
        if response.meaning in (Meaning.FAILED, Meaning.REFUSED):
            return LogEvent.JOB_FAILED, transitions.callback_failed(address, payload, now, self.times)
        if is_failure(response) and payload.task_id is None:
            return LogEvent.JOB_FAILED, transitions.callback_failed_unchecked(address, payload, now, self.times)
        if response.meaning is Meaning.WORKING:
            return LogEvent.CALLBACK_WITHOUT_RESULT, transitions.callback_working(address, payload, now, self.times)
        if response.meaning is Meaning.UNREADABLE:
            return self._unclear(LogEvent.RESULT_UNREADABLE, address, payload, now)
        if response.meaning is Meaning.DONE:
            return self._done(address, payload, link, now)
        return self._unclear(LogEvent.CALLBACK_UNCLEAR, address, payload, now)

    def _done(
        self, address: Address, payload: CallbackPayload, link: str | Refusal, now: float
    ) -> tuple[LogEvent, ConditionalUpdate]:
        if isinstance(link, Refusal):
            event = LogEvent.RESULT_HOST_BLOCKED if link.host else LogEvent.RESULT_UNREADABLE
            return self._unclear(event, address, payload, now)
        shown = replace(payload, response=with_fetchable_poster(payload.response, address.index, self.hosts))
        return LogEvent.RESULT_RECEIVED, transitions.callback_ready(address, shown, link, now)

    def _unclear(
        self, event: LogEvent, address: Address, payload: CallbackPayload, now: float
    ) -> tuple[LogEvent, ConditionalUpdate]:
        """Make the job due for a poll. Only the id of a success or of a failure may be the job's own."""
        meaning = payload.response.meaning
        adopts = meaning in (Meaning.DONE, Meaning.UNREADABLE) or is_failure(payload.response)
        return event, transitions.callback_unclear(address, payload, now, self.times, adopts=adopts)


def _can_be_checked(job: Job | None) -> bool:
    """Return whether a failure in unknown words can be checked for free: under an id of the job's own."""
    return job is not None and job.state in WAITING and job.own_id is not None


def _detail(response: Response, link: str | Refusal) -> Detail:
    about = response.cause
    if response.meaning is Meaning.DONE and isinstance(link, Refusal):
        about = link.host or link.reason
    return response_in_log(response) | ({"about": about} if about else {})


def _payload(body: bytes, address: Address) -> CallbackPayload:
    try:
        payload = parse_payload(body)
    except InvalidBodyError as error:
        raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None
    return replace(payload, task_id=None) if payload.task_id == address.task_id else payload


def _refused(address: Address, payload: CallbackPayload, job: Job | None) -> tuple[int, LogEntry]:
    """Answer a callback that changes nothing: no such job, the id of another task, or a late or repeated one."""
    if job is None or job.index != address.index:
        return _rejected(HTTPStatus.NOT_FOUND, None, "no such job")
    if _names_another_task(job, payload.task_id):
        return _rejected(HTTPStatus.BAD_REQUEST, job, "another task's id")
    is_late = payload.response.meaning is Meaning.DONE and job.state in ENDED - {State.SUCCEEDED}
    event = LogEvent.LATE_SUCCESS if is_late else LogEvent.CALLBACK_IGNORED
    return HTTPStatus.OK, LogEntry(event, job, {"meaning": payload.response.meaning})


def _rejected(status: int, job: Job | None, reason: str) -> tuple[int, LogEntry]:
    return status, LogEntry(LogEvent.CALLBACK_REJECTED, job, {"status": status, "reason": reason})


def _names_another_task(job: Job, task_id: str | None) -> bool:
    """Return whether an id is not this job's.

    A callback may be the first to name the id of a job that ended without one, after a request that may have been
    accepted.
    """
    never_learnt = job.state in ENDED and job.own_id is None and (job.lost_responses or job.acceptances)
    return task_id not in (None, job.provider_task_id) and not never_learnt
