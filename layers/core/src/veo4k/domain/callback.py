"""The provider's callback: the path we gave it, and the body it sends ("Get 4K Video Callbacks")."""

import re
from dataclasses import dataclass
from typing import Any

from veo4k.domain.answer import OK, UNPROCESSABLE, Answer, Meaning, failure_of, state_of
from veo4k.domain.bodies import (
    IMAGE_NAMES,
    RESULT_NAMES,
    TASK_ID_NAMES,
    credits_of,
    data_of,
    text_of,
    urls_of,
)
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import Code, Key
from veo4k.domain.message import TASK_ID, is_task_id
from veo4k.domain.strict_json import NotStrictError, parse_object

LONGEST_BODY = 64 * 1024
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_INDEX = re.compile(r"0|[1-9][0-9]?", re.ASCII)
_RUN = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """The job that a callback's path names, and the token that came with it."""

    task_id: str
    index: int
    run: int
    token: str

    @property
    def key(self) -> Key:
        """Key of the job's row."""
        return Key(self.task_id, self.run)


def callback_path(task_id: str, index: int, run: int, token: str) -> str:
    """Path of a job's callback."""
    return f"/callbacks/{task_id}/{index}/{run}/{token}"


def parse_address(task_id: str, index: str, run: str, token: str) -> Address | None:
    """Read the four parts of the path; None unless each has exactly the shape we write."""
    shapes = ((TASK_ID, task_id), (_INDEX, index), (_RUN, run), (TOKEN, token))
    if not all(shape.fullmatch(part) for shape, part in shapes):
        return None
    return Address(task_id, int(index), int(run), token)


@dataclass(frozen=True, slots=True)
class News:
    """What a body says: an answer like any other, and the task id it names, if that is not the path's."""

    answer: Answer
    task_id: str | None


def parse_news(body: bytes) -> News:
    """Read a callback's body, or raise InvalidBodyError."""
    try:
        envelope = parse_object(body)
    except NotStrictError as error:
        raise InvalidBodyError(str(error)) from None
    if type(envelope.get("code")) is not int:
        raise InvalidBodyError("code is no whole number")
    return News(_read(envelope), _named(envelope))


def _named(envelope: dict[str, Any]) -> str | None:
    places = (envelope, data_of(envelope))
    named = [place[name] for place in places for name in TASK_ID_NAMES if place.get(name) is not None]
    if not named:
        return None
    if not is_task_id(named[0]) or any(other != named[0] for other in named):
        raise InvalidBodyError("its task ids are malformed or disagree")
    return str(named[0])


def _read(envelope: dict[str, Any]) -> Answer:
    code, text, data = envelope["code"], text_of(envelope), data_of(envelope)
    if told := state_of(data):
        return told
    urls = urls_of(data, RESULT_NAMES)
    # A 422 is a status here too: one with the result in it is no failure, whatever it says beside.
    if code == OK or (code == UNPROCESSABLE and (urls or "processing" in text)):
        meaning = Meaning.DONE if urls else Meaning.WORKING
        return Answer(meaning=meaning, urls=urls, image_urls=urls_of(data, IMAGE_NAMES), credits=credits_of(data))
    return Answer(meaning=Meaning.FAILED, code=_failure(code, text), credits=credits_of(data))


def _failure(code: int, text: str) -> Code:
    told = failure_of(code, text)
    return told.code if told else Code.PROVIDER_FAILED
