"""The provider's callback: the path that the stack chose, and the body that comes ("Get 4K Video Callbacks")."""

import re
from dataclasses import dataclass
from typing import Any

from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import Code, Key
from veo4k.domain.message import TASK_ID, is_task_id
from veo4k.domain.payload import IMAGE_NAMES, RESULT_NAMES, TASK_ID_NAMES, credits_of, data_of, text_of, urls_of
from veo4k.domain.response import OK, UNPROCESSABLE, Meaning, Response, read_failure, read_state
from veo4k.domain.strict_json import NotStrictError, parse_object

LONGEST_BODY = 64 * 1024
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_INDEX = re.compile(r"0|[1-9][0-9]?", re.ASCII)
_RUN = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """The path of a callback: the job, and the token."""

    task_id: str
    index: int
    run: int
    token: str

    @property
    def key(self) -> Key:
        """Return the key of the job's row."""
        return Key(self.task_id, self.run)


def callback_path(task_id: str, index: int, run: int, token: str) -> str:
    """Return the path of a job's callback."""
    return f"/callbacks/{task_id}/{index}/{run}/{token}"


def parse_address(task_id: str, index: str, run: str, token: str) -> Address | None:
    """Read the four parts of the path; None unless each has exactly the shape that `callback_path` writes."""
    shapes = ((TASK_ID, task_id), (_INDEX, index), (_RUN, run), (TOKEN, token))
    if not all(shape.fullmatch(part) for shape, part in shapes):
        return None
    return Address(task_id, int(index), int(run), token)


@dataclass(frozen=True, slots=True)
class CallbackPayload:
    """The body of a callback: a response like any other, and its task id, if that is not the path's."""

    response: Response
    task_id: str | None


def parse_payload(body: bytes) -> CallbackPayload:
    """Read the body of a callback. Raise InvalidBodyError."""
    envelope = parse_strictly(body)
    if type(envelope.get("code")) is not int:
        raise InvalidBodyError("code is not a whole number")
    return CallbackPayload(_read(envelope), agreed_task_id(envelope))


def parse_strictly(body: bytes) -> dict[str, Any]:
    """Read a body as a strict JSON object. Raise InvalidBodyError."""
    try:
        return parse_object(body)
    except NotStrictError as error:
        raise InvalidBodyError(str(error)) from None


def agreed_task_id(envelope: dict[str, Any]) -> str | None:
    """Return the one task id that a body names, in whichever places; None without any. Raise InvalidBodyError."""
    places = (envelope, data_of(envelope))
    ids = [place[name] for place in places for name in TASK_ID_NAMES if place.get(name) is not None]
    if not ids:
        return None
    if not is_task_id(ids[0]) or any(other != ids[0] for other in ids):
        raise InvalidBodyError("its task ids are malformed or disagree")
    return str(ids[0])


def _read(envelope: dict[str, Any]) -> Response:
    code, text, data = envelope["code"], text_of(envelope), data_of(envelope)
    if by_state := read_state(data):
        return by_state
    urls = urls_of(data, RESULT_NAMES)
    # 422 is a status here too: a 422 with the result is no failure, whatever its message says.
    if code == OK or (code == UNPROCESSABLE and (urls or "processing" in text)):
        meaning = Meaning.DONE if urls else Meaning.WORKING
        return Response(meaning=meaning, urls=urls, image_urls=urls_of(data, IMAGE_NAMES), credits=credits_of(data))
    failure = read_failure(code, text)
    return Response(
        meaning=Meaning.FAILED, code=failure.code if failure else Code.PROVIDER_FAILED, credits=credits_of(data)
    )
