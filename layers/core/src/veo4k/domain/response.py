"""What the provider's responses mean: one table for both of its APIs, for responses as for callbacks.

The `code` in the body is decisive. The HTTP status is read only where there is no usable body. Only known words and
codes are a verdict: whatever else comes is UNCLEAR, and ends nothing by itself.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from veo4k.domain.job import Code
from veo4k.domain.payload import (
    FAIL_CODE_NAMES,
    FAIL_TEXT_NAMES,
    IMAGE_NAMES,
    RESULT_NAMES,
    credits_of,
    data_of,
    first_of,
    has_result,
    shape_of,
    task_id_of,
    urls_of,
    whole,
)
from veo4k.domain.provider_words import NO_WORDS, Known, Words, clean, known, words_of
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
    UNREADABLE = "unreadable"  # accepted and finished, but no link can be read
    BASE_NOT_FINISHED = "base_not_finished"  # not accepted: the base video is not finished
    REFUSED = "refused"  # not accepted: the request is wrong for good
    FAILED = "failed"  # the generation failed
    ACCOUNT_REFUSED = "account_refused"  # not accepted: the account may not send requests now
    NOT_FOUND = "not_found"  # not accepted: the provider's own 404, for the task or for the path
    UNCLEAR = "unclear"  # unknown words or an unknown code: accepted or not
    LOST = "lost"  # unknown: the request may have been accepted and charged
    NOT_SENT = "not_sent"  # surely not accepted


ACCEPTED = frozenset({Meaning.DONE, Meaning.WORKING, Meaning.UNREADABLE})
UNDERSTOOD = ACCEPTED | {Meaning.BASE_NOT_FINISHED, Meaning.REFUSED, Meaning.FAILED}
"""Responses about a video, in words that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response of the provider, read.

    `code`: why the job ends (REFUSED, FAILED); `words`: what the provider said; `wait_reason`: why the gate pauses, or
    the job waits; `cause`: what was lost, or the shape of what could not be read, for the log; `accepted_anew`:
    accepted like a first request, so that a repeat accepted so is a second acceptance; `is_generated`: the file exists,
    but the response has no link.
    """

    meaning: Meaning
    code: Code = Code.PROVIDER_FAILED
    words: Words = NO_WORDS
    wait_reason: WaitReason | None = None
    cause: str = ""
    urls: tuple[str, ...] = ()
    image_urls: tuple[str, ...] = ()
    task_id: str | None = None
    credits: float | None = None
    accepted_anew: bool = False
    is_generated: bool = False

    @property
    def reason(self) -> str:
        """Return the wait reason, or else the cause: text for logs, and for the row of a job that waits."""
        return self.wait_reason or self.cause


OK, UNPROCESSABLE, NOT_FOUND, LEGAL, SERVER_ERROR, NOT_IMPLEMENTED = 200, 422, 404, 451, 500, 501

PAUSING: Mapping[int, WaitReason] = {
    401: WaitReason.API_KEY_REFUSED,
    402: WaitReason.NO_CREDITS,
    403: WaitReason.API_KEY_REFUSED,
    429: WaitReason.RATE_LIMITED,
    430: WaitReason.RATE_LIMITED,
    433: WaitReason.KEY_LIMIT_REACHED,
    455: WaitReason.MAINTENANCE,
    505: WaitReason.FEATURE_OFF,
}
"""Codes that concern the account, not the video, and the reason for the gate's pause."""

_GONE = frozenset({404, 405})
_PROXY_REFUSAL = b"error code: 1010"


def read_submission(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `POST /api/v1/veo/get-4k-video` (provider: "Get 4K Video")."""
    return _read(response, lambda _: None, is_submission=True)


def read_record(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `GET /api/v1/veo/record-info` under an id of the job's own ("Get Veo3.1 Details").

    Under the base video's id the record would show the base video, so that id is never requested.
    """
    return _read(response, lambda data: read_flag(data) or _unclear_record(data))


def read_job_submission(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `POST /api/v1/jobs/createTask`, where the id of a new task identifies the job.

    An acceptance without an id counts as lost: the job cannot be polled, and only the callback can deliver its result.
    """
    read = read_submission(response)
    if read.words.code == OK and read.meaning in (Meaning.WORKING, Meaning.UNREADABLE) and read.task_id is None:
        return Response(meaning=Meaning.LOST, cause="accepted without a task id")
    if read.meaning is Meaning.UNCLEAR and read.task_id is not None:
        return replace(read, meaning=Meaning.WORKING)  # there is a task, and its record can be read for free
    return read


def read_job_record(response: HttpResponse | NoResponse) -> Response:
    """Read the response to `GET /api/v1/jobs/recordInfo`, the status of a task of the unified task API."""
    return _read(response, lambda data: read_state(data) or _unclear_record(data))


def read_balance(response: HttpResponse | NoResponse) -> float | None:
    """Read the response to `GET /api/v1/chat/credit` ("Get Remaining Credits"); None where it holds no number."""
    envelope = envelope_of(response.body) if isinstance(response, HttpResponse) else None
    if envelope is None or whole(envelope["code"]) != OK:
        return None
    left: Any = envelope.get("data")
    return left if type(left) in (int, float) and 0 <= left < math.inf else None


ReadData = Callable[[Mapping[str, Any]], Response | None]


def _read(response: HttpResponse | NoResponse, read_data: ReadData, *, is_submission: bool = False) -> Response:
    """Read a response; `read_data` reads the data of a successful one first, or returns None."""
    if isinstance(response, NoResponse):
        return Response(meaning=Meaning.LOST if response.is_sent else Meaning.NOT_SENT, cause=response.cause)
    envelope = envelope_of(response.body)
    if envelope is None:
        return _read_status(response)
    if whole(envelope["code"]) == OK and (read := read_data(data_of(envelope))):
        return replace(read, words=words_of(envelope, OK)) if read.words == NO_WORDS else read
    return read_envelope(envelope, is_submission=is_submission)


def envelope_of(body: bytes) -> dict[str, Any] | None:
    """Return the provider's envelope, or None where the body is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and whole(value.get("code")) is not None else None


def _read_status(response: HttpResponse) -> Response:
    reason = WaitReason.PATH_GONE if response.status in _GONE else PAUSING.get(response.status)
    if reason is WaitReason.API_KEY_REFUSED and _PROXY_REFUSAL in response.body.lower():
        reason = WaitReason.BLOCKED_BY_PROXY
    if reason is None:
        return Response(meaning=Meaning.LOST, cause=f"HTTP {response.status} without the provider's envelope")
    return Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=reason)


def read_envelope(envelope: Mapping[str, Any], *, is_submission: bool) -> Response:
    """Read code, words and data of an envelope. `is_submission`: it answers a request for the video.

    The order: links; account; known words; a result that cannot be read; the task id of a 422; codes. Only the first
    one that applies is read.
    """
    code, data = whole(envelope["code"]) or 0, data_of(envelope)
    said = words_of(envelope, code)
    if code in (OK, UNPROCESSABLE) and (urls := urls_of(data, RESULT_NAMES)):
        return replace(_done(data, urls), words=said)
    says = known(str(envelope.get("msg")))
    read = _by_account(code, says) or (_accepted(data, says) if code == OK else _MEANINGS.get(says))
    if code == UNPROCESSABLE and (read is None or read.is_generated) and has_result(data):
        read = _unreadable(data)
    if read is None and code == UNPROCESSABLE and is_submission and task_id_of(data):
        read = Response(meaning=Meaning.WORKING)
    read = read or _BY_CODE.get(code, Response(meaning=Meaning.UNCLEAR))
    return replace(read, words=said, task_id=task_id_of(data), credits=credits_of(data))


def _by_account(code: int, says: Known | None) -> Response | None:
    reason = PAUSING.get(code)
    if reason is None and code != OK:
        reason = _ACCOUNT_WORDS.get(says)
    return Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=reason) if reason else None


_ACCOUNT_WORDS: Mapping[Known | None, WaitReason] = {
    Known.RATE_LIMITED: WaitReason.RATE_LIMITED,
    Known.NO_CREDITS: WaitReason.NO_CREDITS,
}


def _done(data: Mapping[str, Any], urls: tuple[str, ...]) -> Response:
    images, task_id, spent = urls_of(data, IMAGE_NAMES), task_id_of(data), credits_of(data)
    return Response(meaning=Meaning.DONE, urls=urls, image_urls=images, task_id=task_id, credits=spent)


def _accepted(data: Mapping[str, Any], says: Known | None) -> Response:
    """Read a 200 without links. Its words may say that it is the status of an earlier request, and nothing else."""
    if has_result(data):
        return _unreadable(data)
    status = _MEANINGS.get(says)
    if status is not None and status.meaning is Meaning.WORKING:
        return status
    return Response(meaning=Meaning.WORKING, accepted_anew=True)


def _unreadable(data: Mapping[str, Any]) -> Response:
    return Response(meaning=Meaning.UNREADABLE, code=Code.RESULT_UNREADABLE, cause=shape_of(data))


_MEANINGS: Mapping[Known | None, Response] = {
    Known.TOO_OLD: Response(meaning=Meaning.REFUSED, code=Code.BASE_EXPIRED),
    Known.NOT_FINISHED: Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED),
    Known.NO_SUCH_TASK: Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK),
    Known.NO_RESULT: Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK),
    Known.GENERATED: Response(meaning=Meaning.WORKING, is_generated=True),
    Known.PROCESSING: Response(meaning=Meaning.WORKING),
    Known.NO_4K: Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K),
}
"""What known words of a failure, or of a status that is no success, mean."""

_BY_CODE: Mapping[int, Response] = {
    LEGAL: Response(meaning=Meaning.REFUSED),
    NOT_IMPLEMENTED: Response(meaning=Meaning.FAILED),
    NOT_FOUND: Response(meaning=Meaning.NOT_FOUND, wait_reason=WaitReason.NOT_FOUND),
}


_SUCCESS = 1
_FLAGS = {0: Meaning.WORKING, _SUCCESS: Meaning.DONE, 2: Meaning.FAILED, 3: Meaning.FAILED}


def read_flag(data: Mapping[str, Any]) -> Response | None:
    """Read `data.successFlag` of the Veo API, in a record as in a callback; None where there is none that is known."""
    flag = whole(data.get("successFlag", data.get("success_flag")))
    return _by_status(data, _FLAGS.get(flag)) if flag is not None else None


_STATES = {
    "waiting": Meaning.WORKING,
    "queuing": Meaning.WORKING,
    "generating": Meaning.WORKING,
    "success": Meaning.DONE,
    "fail": Meaning.FAILED,
}


def read_state(data: Mapping[str, Any]) -> Response | None:
    """Read `data.state` of the unified task API, in a record as in a callback; None where there is none."""
    return _by_status(data, _STATES.get(str(data.get("state")).lower()))


def _by_status(data: Mapping[str, Any], status: Meaning | None) -> Response | None:
    if status is Meaning.DONE:
        urls = urls_of(data, RESULT_NAMES)
        return _done(data, urls) if urls else replace(_unreadable(data), task_id=task_id_of(data))
    if status is Meaning.FAILED:
        return _failed_record(data)
    return Response(meaning=status, task_id=task_id_of(data), credits=credits_of(data)) if status else None


def _failed_record(data: Mapping[str, Any]) -> Response:
    """Read a failure that the record itself states: its words choose the code, and change nothing about the failure."""
    text = str(first_of(data, FAIL_TEXT_NAMES))
    code = whole(first_of(data, FAIL_CODE_NAMES))
    read = _MEANINGS.get(known(text))
    is_verdict = read is not None and read.meaning in (Meaning.REFUSED, Meaning.FAILED)
    why = read.code if read is not None and is_verdict else Code.PROVIDER_FAILED
    words = Words(code, clean(text))
    return Response(meaning=Meaning.FAILED, code=why, words=words, task_id=task_id_of(data), credits=credits_of(data))


def _unclear_record(data: Mapping[str, Any]) -> Response:
    return Response(meaning=Meaning.UNCLEAR, cause=shape_of(data))
