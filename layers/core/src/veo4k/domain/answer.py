"""What the provider's words mean: the answer table of its documentation, and of its clients' experience.

The body's `code` carries the truth; the HTTP status is read only where there is no usable body. A refusal that ends
a job is believed only in the provider's own envelope: a 400 written by a proxy says nothing about the video.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from veo4k.domain.job import Code
from veo4k.domain.message import is_task_id


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
        return Answer(meaning=Meaning.FAILED, code=_why_failed(str(data.get("failMsg", "")).lower()))
    if state == "success" and (urls := urls_of(data, RESULT_NAMES)):
        return _done(data, urls)
    working = state == "success" or state in _STATES_WORKING
    return Answer(meaning=Meaning.WORKING, task_id=task_id_of(data), credits=credits_of(data)) if working else None


_STATES_WORKING = ("waiting", "queuing", "generating")


def _why_failed(text: str) -> Code:
    told = next((code for words, _, code in _UNPROCESSABLE if words in text), Code.NO_ANSWER)
    return _kind(text, Code.PROVIDER_FAILED) if told is Code.NO_ANSWER else told


# What stands where in the provider's bodies, in all the spellings seen.

RESULT_NAMES = ("resultUrls", "result_urls")
IMAGE_NAMES = ("imageUrls", "image_urls")
TASK_ID_NAMES = ("taskId", "task_id")
CREDITS_NAMES = ("creditsConsumed", "credits_consumed", "consumeCredits")
MOST_CREDITS = 1_000_000  # more is no number of credits for one video


def text_of(envelope: Mapping[str, Any]) -> str:
    """Give the message in lower case, for looking words up in."""
    return str(envelope.get("msg", "")).lower()


def data_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Give `data`, or an empty object where it is null or something else."""
    data = envelope.get("data")
    return data if isinstance(data, dict) else {}


def task_id_of(data: Mapping[str, Any]) -> str | None:
    """Give the first task id of `data`."""
    return next((data[name] for name in TASK_ID_NAMES if is_task_id(data.get(name))), None)


def credits_of(data: Mapping[str, Any]) -> int | None:
    """Give `creditsConsumed` where it is a whole number."""
    given = (data[name] for name in CREDITS_NAMES if type(data.get(name)) is int)
    return next((number for number in given if 0 <= number <= MOST_CREDITS), None)


def urls_of(data: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the URLs found under one of the names in `data`, its `info`, its `response` or its `resultJson`."""
    places = (data, data.get("info"), data.get("response"), _parsed(data.get("resultJson")))
    for place in (place for place in places if isinstance(place, dict)):
        for name in names:
            if urls := tuple(_urls(place.get(name))):
                return urls
    return ()


def _urls(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        given = _listed(given.strip())
    if isinstance(given, list):
        yield from (url for url in given if isinstance(url, str) and url)


def _listed(text: str) -> Any:
    # The list may come as a JSON string, or as one bare URL.
    return _parsed(text) if text.startswith("[") else [text]


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
