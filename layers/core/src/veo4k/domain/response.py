"""What the provider's responses mean: the table of its documentation, and of its clients' experience.

The `code` in the body is decisive. The HTTP status is read only where there is no usable body. A refusal ends a job
only in the provider's own envelope: a 400 written by a proxy says nothing about the video.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from veo4k.domain import payload
from veo4k.domain.job import Code
from veo4k.domain.payload import IMAGE_NAMES, RESULT_NAMES, credits_of, data_of, task_id_of, text_of, urls_of
from veo4k.domain.wait_reason import WaitReason


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response over HTTP."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No response came. `is_sent`: False only where the request surely never left; `cause`: the kind of failure."""

    is_sent: bool
    cause: str


class Meaning(StrEnum):
    """What a response says about the job."""

    DONE = "done"  # accepted, and the result is in it
    WORKING = "working"  # accepted
    BASE_NOT_FINISHED = "base_not_finished"  # not accepted: the base video is not finished
    REFUSED = "refused"  # not accepted: the request is wrong for good
    FAILED = "failed"  # the generation failed
    ACCOUNT_REFUSED = "account_refused"  # not accepted: the account may not send requests now
    LOST = "lost"  # unknown: the request may have been accepted and charged
    NOT_SENT = "not_sent"  # surely not accepted


ACCEPTED = frozenset({Meaning.DONE, Meaning.WORKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response of the provider, read.

    `code`: why the job ends (REFUSED, FAILED); `wait_reason`: why the gate pauses, or the job waits; `cause`: the
    provider's known words, or what was lost, for the log; `accepted_anew`: accepted like a first request, so that a
    repeat accepted so is a second acceptance; `is_generated`: the file exists, but the response has no link.
    """

    meaning: Meaning
    code: Code = Code.PROVIDER_FAILED
    wait_reason: WaitReason | None = None
    cause: str = ""
    urls: tuple[str, ...] = ()
    image_urls: tuple[str, ...] = ()
    task_id: str | None = None
    credits: int | None = None
    accepted_anew: bool = False
    is_generated: bool = False

    @property
    def reason(self) -> str:
        """Return the wait reason, or else the cause: text for logs, and for the row of a job that waits."""
        return self.wait_reason or self.cause


def read_submission(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `POST /api/v1/veo/get-4k-video` (provider: "Get 4K Video")."""
    return _read(response, lambda _: None)


def read_record(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `GET /api/v1/veo/record-info` under an id of the job's own ("Get Veo3.1 Details").

    Under the base video's id the record would show the base video, so that id is never requested.
    """
    return _read(response, _read_flag)


def read_job_submission(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `POST /api/v1/jobs/createTask`, where the id of a new task identifies the job.

    An acceptance without an id counts as lost: the job cannot be polled, and only the callback can deliver its result.
    """
    read = read_submission(response)
    if read.meaning is Meaning.WORKING and read.task_id is None:
        return Response(meaning=Meaning.LOST, cause="accepted without a task id")
    return read


def read_job_record(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `GET /api/v1/jobs/recordInfo`, the status of a task of the unified task API."""
    return _read(response, read_state)


def read_balance(response: HttpResponse | NoResponse) -> float | None:
    """Read the response to `GET /api/v1/chat/credit` ("Get Remaining Credits"); None where it holds no number."""
    envelope = _envelope(response.body) if isinstance(response, HttpResponse) else None
    if envelope is None or envelope["code"] != OK:
        return None
    left: Any = envelope.get("data")
    return left if type(left) in (int, float) and 0 <= left < math.inf else None


OK, UNPROCESSABLE, NOT_FOUND, SERVER_ERROR, NOT_IMPLEMENTED = 200, 422, 404, 500, 501

PAUSING: Mapping[int, WaitReason] = {
    401: WaitReason.API_KEY_REFUSED,
    402: WaitReason.NO_CREDITS,
    403: WaitReason.API_KEY_REFUSED,
    429: WaitReason.RATE_LIMITED,
    433: WaitReason.KEY_LIMIT_REACHED,
    455: WaitReason.MAINTENANCE,
    505: WaitReason.FEATURE_OFF,
}
"""Codes that concern the account, not the video, and the reason for the gate's pause."""

_GONE = frozenset({404, 405})
_REFUSING = frozenset({400, 404, 451})
_GENERATED = "generated successfully"

_UNPROCESSABLE: tuple[tuple[str, Meaning, Code], ...] = (
    (_GENERATED, Meaning.WORKING, Code.NO_ANSWER),
    ("processing", Meaning.WORKING, Code.NO_ANSWER),
    ("check back", Meaning.WORKING, Code.NO_ANSWER),
    ("not ready", Meaning.WORKING, Code.NO_ANSWER),
    ("not success", Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
    ("14 days", Meaning.REFUSED, Code.BASE_EXPIRED),
    ("record is null", Meaning.REFUSED, Code.INVALID_TASK),
    ("record result data", Meaning.REFUSED, Code.INVALID_TASK),
)
"""422 is a status: the words of its message, in the order in which they are looked up."""


def _read(response: HttpResponse | NoResponse, read_data: Callable[[Mapping[str, Any]], Response | None]) -> Response:
    """Read a response; `read_data` reads the data of a successful one first, or returns None."""
    if isinstance(response, NoResponse):
        return Response(meaning=Meaning.LOST if response.is_sent else Meaning.NOT_SENT, cause=response.cause)
    envelope = _envelope(response.body)
    if envelope is None:
        return _read_status(response.status)
    return (envelope["code"] == OK and read_data(data_of(envelope))) or _read_code(envelope)


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and type(value.get("code")) is int else None


def _read_status(status: int) -> Response:
    reason = WaitReason.PATH_GONE if status in _GONE else PAUSING.get(status)
    if reason is None:
        return Response(meaning=Meaning.LOST, cause=f"HTTP {status} without the provider's envelope")
    return Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=reason)


def _read_code(envelope: dict[str, Any]) -> Response:
    code, text, data = envelope["code"], text_of(envelope), data_of(envelope)
    if code in (OK, UNPROCESSABLE) and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    if code == OK:
        return _working(data, accepted_anew=True)
    if code == UNPROCESSABLE:
        return _read_unprocessable(text, data)
    if code in PAUSING:
        return Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=PAUSING[code])
    return read_failure(code, text) or Response(meaning=Meaning.LOST, cause=f"code {code}")


def _done(data: Mapping[str, Any], urls: tuple[str, ...]) -> Response:
    images, task_id, spent = urls_of(data, IMAGE_NAMES), task_id_of(data), credits_of(data)
    return Response(meaning=Meaning.DONE, urls=urls, image_urls=images, task_id=task_id, credits=spent)


def _working(data: Mapping[str, Any], *, accepted_anew: bool = False) -> Response:
    task_id, spent = task_id_of(data), credits_of(data)
    return Response(meaning=Meaning.WORKING, task_id=task_id, credits=spent, accepted_anew=accepted_anew)


def _read_unprocessable(text: str, data: dict[str, Any]) -> Response:
    for words, meaning, code in _UNPROCESSABLE:
        if words in text:
            read = Response(meaning=meaning, code=code, cause=words, is_generated=words == _GENERATED)
            return replace(read, task_id=task_id_of(data), credits=credits_of(data))
    return Response(meaning=Meaning.REFUSED, code=_kind(text, Code.PROVIDER_FAILED))


def read_failure(code: int, text: str) -> Response | None:
    """Read the codes that end a job, in a response as in a callback; None for a code that ends no job."""
    if code in _REFUSING:
        plain = Code.INVALID_TASK if code == NOT_FOUND else Code.PROVIDER_FAILED
        return Response(meaning=Meaning.REFUSED, code=_kind(text, plain))
    if code == NOT_IMPLEMENTED or (code == SERVER_ERROR and _is_unavailable(text)):
        return Response(meaning=Meaning.FAILED, code=_kind(text, Code.PROVIDER_FAILED))
    return None


def _kind(text: str, otherwise: Code) -> Code:
    return Code.NOT_AVAILABLE_IN_4K if _is_unavailable(text) else otherwise


def _is_unavailable(text: str) -> bool:
    return "fallback" in text or ("4k" in text and "unavailable" in text)


_SUCCESS = 1
_FLAGS_FAILED = (2, 3)  # 0: still generating


def _read_flag(data: Mapping[str, Any]) -> Response:
    flag = data["successFlag"] if type(data.get("successFlag")) is int else None
    if flag == _SUCCESS and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    if flag in _FLAGS_FAILED:
        return Response(meaning=Meaning.FAILED, code=_kind(str(data.get("errorMessage")).lower(), Code.PROVIDER_FAILED))
    return _working(data)


def read_state(data: Mapping[str, Any]) -> Response | None:
    """Read `data.state` of the unified task API, in a record as in a callback; None where there is none."""
    state = data.get("state")
    if state == "fail":
        return Response(meaning=Meaning.FAILED, code=_failure_code(data), credits=credits_of(data))
    if state == "success" and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    return _working(data) if state == "success" or state in _STATES_WORKING else None


_STATES_WORKING = ("waiting", "queuing", "generating")


def _failure_code(data: Mapping[str, Any]) -> Code:
    """Return the code for `failMsg`, where its words are known, else for `failCode`, a number or its digits."""
    text = str(payload.first_of(data, payload.FAIL_TEXT_NAMES)).lower()
    by_text = next((code for words, _, code in _UNPROCESSABLE if words in text), Code.NO_ANSWER)
    if by_text is not Code.NO_ANSWER:
        return by_text
    failure = read_failure(_whole(payload.first_of(data, payload.FAIL_CODE_NAMES)), text)
    return failure.code if failure else _kind(text, Code.PROVIDER_FAILED)


DIGITS = 3  # of a known code


def _whole(value: Any) -> int:
    digits = str(value)
    return int(digits) if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else 0
