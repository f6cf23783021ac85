"""The provider's callback: the path that the stack chose, and the body that comes ("Get 4K Video Callbacks")."""

import re
from dataclasses import dataclass, replace
from typing import Any

from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import Code, Key
from veo4k.domain.message import TASK_ID, is_task_id
from veo4k.domain.payload import TASK_ID_NAMES, data_of, whole
from veo4k.domain.provider_words import NO_WORDS, words_of
from veo4k.domain.response import NOT_IMPLEMENTED, Meaning, Response, read_envelope, read_flag, read_state
from veo4k.domain.strict_json import NotStrictError, parse_object

LONGEST_CALLBACK = 64 * 1024
FAILURE_CODES = frozenset({400, 422, 500, 501})
"""The codes of a failed generation ("Get 4K Video Callbacks"); any other code, in unknown words, is no verdict."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
RUN = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_INDEX = re.compile(r"0|[1-9][0-9]?", re.ASCII)


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
    shapes = ((TASK_ID, task_id), (_INDEX, index), (RUN, run), (TOKEN, token))
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
    if whole(envelope.get("code")) is None:
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
    data, code = data_of(envelope), whole(envelope["code"]) or 0
    # A success is judged by its links, and a 422 with the result is one: whatever the code and the message say.
    if (read := read_state(data) or read_flag(data)) is not None:
        return replace(read, words=words_of(envelope, code)) if read.words == NO_WORDS else read
    read = read_envelope(envelope, is_submission=False)
    if read.meaning is Meaning.FAILED and code == NOT_IMPLEMENTED and read.code is Code.PROVIDER_FAILED:
        return replace(read, meaning=Meaning.UNCLEAR)  # as an answer it is a verdict; a callback may be checked
    return read


def is_failure(response: Response) -> bool:
    """Return whether a callback in unknown words says by its code that the generation failed."""
    return response.meaning is Meaning.UNCLEAR and response.words.code in FAILURE_CODES
