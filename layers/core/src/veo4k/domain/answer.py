"""What the provider's words mean: the answer table of its documentation, and of its clients' experience.

The body's `code` carries the truth; the HTTP status is read only where there is no usable body. A refusal that ends
a job is believed only in the provider's own envelope: a 400 written by a proxy says nothing about the video.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from veo4k.domain.bodies import (
    FAIL_CODE_NAMES,
    FAIL_TEXT_NAMES,
    IMAGE_NAMES,
    RESULT_NAMES,
    credits_of,
    data_of,
    first_of,
    task_id_of,
    text_of,
    urls_of,
)
from veo4k.domain.job import Code


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing came back; `sent` is false only where the request surely never left."""

    sent: bool
    why: str


class Meaning(StrEnum):
    """What an answer says about the job."""

    DONE = "done"  # accepted, and the result is in it
    WORKING = "working"  # accepted
    NOT_YET = "not_yet"  # not accepted: the base video is not finished
    REFUSED = "refused"  # not accepted: the request is wrong for good
    FAILED = "failed"  # the generation failed
    SHUT = "shut"  # not accepted: the account may not ask now
    LOST = "lost"  # unknown: it may have been accepted and charged
    NEVER_SENT = "never_sent"  # surely not accepted


ACCEPTED = frozenset({Meaning.DONE, Meaning.WORKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply, read. `code`: why a job ends (REFUSED, FAILED); `reason`: why the gate shuts, or what was lost."""

    meaning: Meaning
    code: Code = Code.PROVIDER_FAILED
    reason: str = ""
    urls: tuple[str, ...] = ()
    image_urls: tuple[str, ...] = ()
    task_id: str | None = None
    credits: int | None = None
    first: bool = False  # answered like a first request: a repeat answered so is a second acceptance


def read_submission(reply: Reply | NoReply) -> Answer:
    """Read the answer to `POST /api/v1/veo/get-4k-video` (provider: "Get 4K Video")."""
    if isinstance(reply, NoReply):
        return _unheard(reply)
    envelope = _envelope(reply.body)
    return _without_envelope(reply) if envelope is None else _read(envelope)


def read_record(reply: Reply | NoReply) -> Answer:
    """Read the answer to `GET /api/v1/veo/record-info` asked under an id of the job's own ("Get Veo3.1 Details").

    Under the base video's id it would show the base video, so nobody asks that.
    """
    if isinstance(reply, NoReply):
        return _unheard(reply)
    envelope = _envelope(reply.body)
    if envelope is None:
        return _without_envelope(reply)
    return _read_flag(envelope) if envelope["code"] == OK else _read(envelope)


def read_job_submission(reply: Reply | NoReply) -> Answer:
    """Read the answer to `POST /api/v1/jobs/createTask`, where a job is known by the id of a task of its own.

    An acceptance that names none is as good as lost: nobody could ask under it, and only the callback can bring it.
    """
    answer = read_submission(reply)
    if answer.meaning is Meaning.WORKING and answer.task_id is None:
        return Answer(meaning=Meaning.LOST, reason="accepted without a task id")
    return answer


def read_job_record(reply: Reply | NoReply) -> Answer:
    """Read the answer to `GET /api/v1/jobs/recordInfo`, the status of a task of the unified task API."""
    if isinstance(reply, NoReply):
        return _unheard(reply)
    envelope = _envelope(reply.body)
    if envelope is None:
        return _without_envelope(reply)
    told = state_of(data_of(envelope)) if envelope["code"] == OK else None
    return told or _read(envelope)


def read_balance(reply: Reply | NoReply) -> float | None:
    """Read the answer to `GET /api/v1/chat/credit` ("Get Remaining Credits"); None where it tells no number."""
    envelope = _envelope(reply.body) if isinstance(reply, Reply) else None
    if envelope is None or envelope["code"] != OK:
        return None
    left: Any = envelope.get("data")
    return left if type(left) in (int, float) and 0 <= left < math.inf else None


OK, UNPROCESSABLE, NOT_FOUND, SERVER_ERROR, NOT_IMPLEMENTED = 200, 422, 404, 500, 501

SHUTTING: Mapping[int, str] = {
    401: "API_KEY_REFUSED",
    402: "NO_CREDITS",
    403: "API_KEY_REFUSED",
    429: "RATE_LIMITED",
    433: "KEY_LIMIT_REACHED",
    455: "MAINTENANCE",
    505: "FEATURE_OFF",
}
"""Codes that concern the account, not the video; the text is the gate's reason."""

PATH_GONE = "PATH_GONE"
_GONE = frozenset({404, 405})
_REFUSING = frozenset({400, 404, 451})
_STATUSES_BELIEVED = SHUTTING.keys()

_UNPROCESSABLE: tuple[tuple[str, Meaning, Code], ...] = (
    ("generated successfully", Meaning.WORKING, Code.NO_ANSWER),
    ("processing", Meaning.WORKING, Code.NO_ANSWER),
    ("check back", Meaning.WORKING, Code.NO_ANSWER),
    ("not ready", Meaning.WORKING, Code.NO_ANSWER),
    ("not success", Meaning.NOT_YET, Code.BASE_NOT_FINISHED),
    ("14 days", Meaning.REFUSED, Code.BASE_EXPIRED),
    ("record is null", Meaning.REFUSED, Code.INVALID_TASK),
    ("record result data", Meaning.REFUSED, Code.INVALID_TASK),
)
"""422 is a status: what its message says, in the order in which it is looked for."""


def _unheard(reply: NoReply) -> Answer:
    return Answer(meaning=Meaning.LOST if reply.sent else Meaning.NEVER_SENT, reason=reply.why)


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and type(value.get("code")) is int else None


def _without_envelope(reply: Reply) -> Answer:
    if reply.status in _GONE:
        return Answer(meaning=Meaning.SHUT, reason=PATH_GONE)
    if reply.status in _STATUSES_BELIEVED:
        return Answer(meaning=Meaning.SHUT, reason=SHUTTING[reply.status])
    return Answer(meaning=Meaning.LOST, reason=f"HTTP {reply.status} without the provider's envelope")


def _read(envelope: dict[str, Any]) -> Answer:
    code, text, data = envelope["code"], text_of(envelope), data_of(envelope)
    if code in (OK, UNPROCESSABLE) and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    if code == OK:
        return Answer(meaning=Meaning.WORKING, first=True, task_id=task_id_of(data), credits=credits_of(data))
    if code == UNPROCESSABLE:
        return _read_unprocessable(text, data)
    if code in SHUTTING:
        return Answer(meaning=Meaning.SHUT, reason=SHUTTING[code])
    return failure_of(code, text) or Answer(meaning=Meaning.LOST, reason=f"code {code}")


def _done(data: Mapping[str, Any], urls: tuple[str, ...]) -> Answer:
    return Answer(
        meaning=Meaning.DONE,
        urls=urls,
        image_urls=urls_of(data, IMAGE_NAMES),
        task_id=task_id_of(data),
        credits=credits_of(data),
    )


def _read_unprocessable(text: str, data: dict[str, Any]) -> Answer:
    for words, meaning, code in _UNPROCESSABLE:
        if words in text:
            return Answer(meaning=meaning, code=code, reason=words, task_id=task_id_of(data), credits=credits_of(data))
    return Answer(meaning=Meaning.REFUSED, code=_kind(text, Code.PROVIDER_FAILED))


def failure_of(code: int, text: str) -> Answer | None:
    """Read the codes that end a job, in an answer as in a callback; None where the code ends nothing."""
    if code in _REFUSING:
        plain = Code.INVALID_TASK if code == NOT_FOUND else Code.PROVIDER_FAILED
        return Answer(meaning=Meaning.REFUSED, code=_kind(text, plain))
    if code == NOT_IMPLEMENTED or (code == SERVER_ERROR and _is_unavailable(text)):
        return Answer(meaning=Meaning.FAILED, code=_kind(text, Code.PROVIDER_FAILED))
    return None


def _kind(text: str, otherwise: Code) -> Code:
    return Code.NOT_AVAILABLE_IN_4K if _is_unavailable(text) else otherwise


def _is_unavailable(text: str) -> bool:
    return "fallback" in text or ("4k" in text and "unavailable" in text)


_GENERATING, _SUCCESS = 0, 1
_FLAGS_FAILED = (2, 3)


def _read_flag(envelope: dict[str, Any]) -> Answer:
    data = data_of(envelope)
    flag = data["successFlag"] if type(data.get("successFlag")) is int else None
    if flag == _SUCCESS and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    if flag in _FLAGS_FAILED:
        return Answer(meaning=Meaning.FAILED, code=_kind(str(data.get("errorMessage")).lower(), Code.PROVIDER_FAILED))
    return Answer(meaning=Meaning.WORKING, task_id=task_id_of(data), credits=credits_of(data))


def state_of(data: Mapping[str, Any]) -> Answer | None:
    """Read `data.state` of the unified task API, in a record as in a callback; None where there is none."""
    state = data.get("state")
    if state == "fail":
        return Answer(meaning=Meaning.FAILED, code=_why_failed(data), credits=credits_of(data))
    if state == "success" and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    working = state == "success" or state in _STATES_WORKING
    return Answer(meaning=Meaning.WORKING, task_id=task_id_of(data), credits=credits_of(data)) if working else None


_STATES_WORKING = ("waiting", "queuing", "generating")


def _why_failed(data: Mapping[str, Any]) -> Code:
    """Tell why from `failMsg`, where its words are known, else from `failCode`, a number or its digits."""
    text = str(first_of(data, FAIL_TEXT_NAMES)).lower()
    told = next((code for words, _, code in _UNPROCESSABLE if words in text), Code.NO_ANSWER)
    if told is not Code.NO_ANSWER:
        return told
    ended = failure_of(_whole(first_of(data, FAIL_CODE_NAMES)), text)
    return ended.code if ended else _kind(text, Code.PROVIDER_FAILED)


DIGITS = 3  # of a code that means something


def _whole(given: Any) -> int:
    digits = str(given)
    return int(digits) if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else 0
