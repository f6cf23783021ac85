"""KIE.AI over HTTP: the paid request and the probe. Whatever comes back, or does not, is an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import requests

from veo4k.adapters.callback_auth import make_token
from veo4k.adapters.kie_session import NotSentError, make_session, read_body
from veo4k.adapters.secrets import Secret
from veo4k.domain.answer import (
    PATH_GONE,
    Answer,
    Meaning,
    NoReply,
    Reply,
    read_balance,
    read_job_record,
    read_job_submission,
    read_record,
    read_submission,
)
from veo4k.domain.callback import callback_path
from veo4k.domain.errors import StorageError
from veo4k.domain.job import JOBS, VEO, Job
from veo4k.domain.rules import probes_by_post

CONNECT_SECONDS = 3.05
SECONDS = 20.0  # for the way to the first byte of an answer, and for a request with its whole answer
CONNECTIONS = 20
NO_CALLBACK = "none"


class Contract(NamedTuple):
    """How the provider is spoken to: the paths, the body of the paid request, and how its answers are read.

    `gone`: what an operator can do when a path is not there any more.
    """

    submission: str
    request: Callable[[Job], dict[str, Any]]
    read_submission: Callable[[Reply | NoReply], Answer]
    record: str
    read_record: Callable[[Reply | NoReply], Answer]
    gone: str


CONTRACTS = {
    VEO: Contract(
        submission="/api/v1/veo/get-4k-video",
        request=lambda job: {"taskId": job.task_id, "index": job.index},
        read_submission=read_submission,
        record="/api/v1/veo/record-info",
        read_record=read_record,
        gone="set the stack's ProviderContract to jobs",
    ),
    JOBS: Contract(
        submission="/api/v1/jobs/createTask",
        request=lambda job: {"model": "veo/get-4k-video", "input": {"task_id": job.task_id, "index": job.index}},
        read_submission=read_job_submission,
        record="/api/v1/jobs/recordInfo",
        read_record=read_job_record,
        gone="look at the stack's KieBaseUrl and the provider's pages",
    ),
}
"""Pages: "Get 4K Video", "Get Veo3.1 Video Details"; of the unified task API "Create Task", "Get Task Details"."""

BALANCE = "/api/v1/chat/credit"


@dataclass(frozen=True)
class Kie:
    """The account at KIE.AI. `callback_base`: scheme and host of the callback URL, or `none` to send no URL."""

    base_url: str
    callback_base: str
    api_key: Secret
    token_key: Secret
    session: requests.Session = field(default_factory=partial(make_session, CONNECTIONS))
    seconds: float = SECONDS

    def unready(self) -> str:
        """Give why nothing can be asked at all, or an empty string."""
        if not self.api_key.in_use():
            return "API_KEY_UNSET"
        return "TOKEN_KEY_UNSET" if self.callback_base != NO_CALLBACK and not self.token_key.in_use() else ""

    def ask(self, job: Job) -> Answer:
        """Send the paid request; under `veo` it is, sent again, the documented way to ask how it stands."""
        contract = CONTRACTS[job.contract]
        try:
            body = contract.request(job) | self._callback(job)
        except StorageError as error:
            return Answer(meaning=Meaning.NEVER_SENT, reason=str(error))
        reply = self._send("POST", contract.submission, json=body)
        return self._heard(contract, contract.read_submission(reply))

    def probe(self, job: Job) -> Answer:
        """Ask how an accepted job stands: under its own id where it has one."""
        if probes_by_post(job):
            return self.ask(job)
        contract = CONTRACTS[job.contract]
        reply = self._send("GET", contract.record, params={"taskId": job.own_id})
        return self._heard(contract, contract.read_record(reply))

    def balance(self) -> float | None:
        """Ask for the credits left; None where nothing usable came back."""
        return read_balance(self._send("GET", BALANCE))

    def _callback(self, job: Job) -> dict[str, str]:
        if self.callback_base == NO_CALLBACK:
            return {}
        token = make_token(_current(self.token_key), job.task_id, job.index, job.run)
        return {"callBackUrl": self.callback_base + callback_path(job.task_id, job.index, job.run, token)}

    def _heard(self, contract: Contract, answer: Answer) -> Answer:
        if answer.reason == "API_KEY_REFUSED":
            self.api_key.forget()
        return replace(answer, reason=f"{PATH_GONE}: {contract.gone}") if answer.reason == PATH_GONE else answer

    def _send(self, method: str, path: str, **parts: Any) -> Reply | NoReply:
        stop = monotonic() + self.seconds
        try:
            request = requests.Request(method, self.base_url + path, headers=self._authorization(), **parts)
            prepared = self.session.prepare_request(request)
        except (StorageError, ValueError) as error:
            return NoReply(sent=False, why=str(error) if isinstance(error, StorageError) else type(error).__name__)
        return self._exchange(prepared, stop)

    def _authorization(self) -> dict[str, str | bytes]:
        # As bytes: text that is not Latin-1 would fail only once the connection stands.
        return {"Authorization": b"Bearer " + _current(self.api_key)}

    def _exchange(self, request: requests.PreparedRequest, stop: float) -> Reply | NoReply:
        waits = (min(CONNECT_SECONDS, self.seconds), self.seconds)
        try:
            with self.session.send(request, timeout=waits, stream=True) as response:
                return Reply(response.status_code, read_body(response, stop))
        except NotSentError as error:
            return NoReply(sent=False, why=str(error))
        except Exception as error:  # noqa: BLE001 - an answer that cannot be read is unknown, never an exception
            return NoReply(sent=True, why=type(error).__name__)


def _current(secret: Secret) -> bytes:
    """Give the key to sign with, or raise StorageError: it may be unset again since somebody looked."""
    keys = secret.in_use()
    if not keys:
        raise StorageError("SECRET_UNSET")
    return keys[0]
