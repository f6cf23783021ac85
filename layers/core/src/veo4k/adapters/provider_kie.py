"""KIE.AI over HTTP: paid request, poll, look and balance. Whatever comes back, or does not, is a response."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import requests

from veo4k.adapters.kie_session import FreshSession, NotSentError, make_session, read_body
from veo4k.adapters.secrets import Secret
from veo4k.domain.callback import callback_path
from veo4k.domain.callback_auth import make_token
from veo4k.domain.decisions import polls_by_post
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Job, ProviderApi
from veo4k.domain.look import BaseRecord, Look, Unanswered, read_base_record
from veo4k.domain.response import (
    HttpResponse,
    Meaning,
    NoResponse,
    Response,
    read_balance,
    read_job_record,
    read_job_submission,
    read_record,
    read_submission,
)
from veo4k.domain.wait_reason import WaitReason

CONNECT_SECONDS = 3.05
SECONDS = 20.0  # until the first byte of a response, and for a request with its whole response
LOOK_SECONDS = 3.0  # for a look, with both of its requests
CONNECTIONS = 20
NO_CALLBACK = "none"


class Api(NamedTuple):
    """One of the provider's APIs: its paths, the body of the paid request, and how its responses are read."""

    submission: str
    request: Callable[[Job], dict[str, Any]]
    read_submission: Callable[[HttpResponse | NoResponse], Response]
    record: str
    read_record: Callable[[HttpResponse | NoResponse], Response]


APIS = {
    ProviderApi.VEO: Api(
        submission="/api/v1/veo/get-4k-video",
        request=lambda job: {"taskId": job.task_id, "index": job.index},
        read_submission=read_submission,
        record="/api/v1/veo/record-info",
        read_record=read_record,
    ),
    ProviderApi.JOBS: Api(
        submission="/api/v1/jobs/createTask",
        request=lambda job: {"model": "veo/get-4k-video", "input": {"task_id": job.task_id, "index": job.index}},
        read_submission=read_job_submission,
        record="/api/v1/jobs/recordInfo",
        read_record=read_job_record,
    ),
}
"""Pages: "Get 4K Video", "Get Veo3.1 Video Details"; of the unified task API "Create Task", "Get Task Details"."""

BALANCE = "/api/v1/chat/credit"


@dataclass(frozen=True)
class KieProvider:
    """The account at KIE.AI. `callback_base`: scheme and host of the callback URL, or `none` to send no URL."""

    base_url: str
    callback_base: str
    api_key: Secret
    token_key: Secret
    session: requests.Session = field(default_factory=partial(make_session, CONNECTIONS))
    fresh: FreshSession = field(default_factory=partial(FreshSession, CONNECTIONS))  # for what cannot be repeated
    seconds: float = SECONDS
    provider_api: ProviderApi = ProviderApi.VEO

    def unset_secret(self) -> WaitReason | None:
        """Return which secret is unset, so that no request can be sent; None where all are set."""
        if not self.api_key.in_use():
            return WaitReason.API_KEY_UNSET
        if self.callback_base != NO_CALLBACK and not self.token_key.in_use():
            return WaitReason.TOKEN_KEY_UNSET
        return None

    def submit(self, job: Job) -> Response:
        """Send the paid request; under `veo` its repetition is the documented way to poll the status."""
        api = APIS[job.provider_api]
        try:
            body = api.request(job) | self._callback(job)
        except StorageError as error:
            return Response(meaning=Meaning.NOT_SENT, cause=str(error))
        session = self.session if job.provider_api == ProviderApi.VEO else self.fresh.current()
        return self._checked(api.read_submission(self._send("POST", api.submission, session, json=body)))

    def poll(self, job: Job) -> Response:
        """Request the status of an accepted job: under its own id where it has one."""
        if polls_by_post(job):
            return self.submit(job)
        api = APIS[job.provider_api]
        return self._checked(
            api.read_record(self._send("GET", api.record, self.session, params={"taskId": job.own_id}))
        )

    def look(self, task_id: str) -> Look:
        """Read the base task's own record; under `jobs` where the record of the unified task API knows nothing."""
        stop = monotonic() + LOOK_SECONDS
        paths = [api.record for name, api in APIS.items() if name in (ProviderApi.VEO, self.provider_api)]
        look: Look = Unanswered.NOTHING
        for path in reversed(paths):
            seconds = min(self.seconds, stop - monotonic())
            look = read_base_record(self._send("GET", path, self.session, seconds, params={"taskId": task_id}), task_id)
            if isinstance(look, BaseRecord) or look is Unanswered.LATER:
                break
        return look

    def balance(self) -> float | None:
        """Return the credits that are left; None where the response holds no usable number."""
        return read_balance(self._send("GET", BALANCE, self.session))

    def _callback(self, job: Job) -> dict[str, str]:
        if self.callback_base == NO_CALLBACK:
            return {}
        token = make_token(_current(self.token_key), job.task_id, job.index, job.run)
        return {"callBackUrl": self.callback_base + callback_path(job.task_id, job.index, job.run, token)}

    def _checked(self, response: Response) -> Response:
        if response.wait_reason is WaitReason.API_KEY_REFUSED:
            self.api_key.forget()
        return response

    def _send(
        self, method: str, path: str, session: requests.Session, seconds: float | None = None, **parts: Any
    ) -> HttpResponse | NoResponse:
        stop = monotonic() + (self.seconds if seconds is None else seconds)
        try:
            key = _current(self.api_key)
            # As bytes: text that is not Latin-1 would fail only once the connection stands.
            headers = {"Authorization": b"Bearer " + key}
            request = requests.Request(method, self.base_url + path, headers=headers, **parts)
            prepared = session.prepare_request(request)
        except StorageError as error:
            return NoResponse(is_sent=False, cause=str(error))
        except ValueError as error:
            return NoResponse(is_sent=False, cause=type(error).__name__)
        return self._exchange(session, prepared, stop, key)

    def _exchange(
        self, session: requests.Session, request: requests.PreparedRequest, stop: float, key: bytes
    ) -> HttpResponse | NoResponse:
        seconds = max(stop - monotonic(), 0.001)
        timeouts = (min(CONNECT_SECONDS, seconds), seconds)
        try:
            with session.send(request, timeout=timeouts, stream=True) as response:
                # The provider's words are kept for people, and they may quote the key.
                return HttpResponse(response.status_code, read_body(response, stop).replace(key, b"(key)"))
        except NotSentError as error:
            return NoResponse(is_sent=False, cause=str(error))
        except Exception as error:  # noqa: BLE001 - a response that cannot be read is unknown, never an exception
            return NoResponse(is_sent=True, cause=type(error).__name__)


def _current(secret: Secret) -> bytes:
    """Return the key to sign with. Raise StorageError: the secret may have been unset since the last check."""
    keys = secret.in_use()
    if not keys:
        raise StorageError(WaitReason.SECRET_UNSET)
    return keys[0]
