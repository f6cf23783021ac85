"""The callback of a generation: its path, its tags, its body, and the queue messages that follow from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from veo4k.domain.callback import agreed_task_id, parse_strictly
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.message import are_tags
from veo4k.domain.payload import LIST_NAMES, data_of, whole
from veo4k.domain.response import OK, Meaning, read_flag, read_state

MOST_VIDEOS = 4  # that one callback may request
_PARTS = ("info", "response", "resultJson", "result_json")  # of `data`, where the list may stand
_FAILURES = (400, 500, 501)

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation as its callback reports it. `videos`: how many are requested in 4K, none without a result."""

    task_id: str
    code: int
    videos: int


def generated_path(token: str, tags: Tags | None = None) -> str:
    """Return path and query of the URL to which the provider reports generations."""
    return f"/generated/{token}" + (f"?{urlencode(tags, quote_via=quote)}" if tags else "")


def parse_tags(query: str) -> tuple[Tags, int]:
    """Read the pairs of a query string as the tags of jobs. Return the usable ones, and how many are not usable."""
    # A byte that is no UTF-8 becomes a lone surrogate, which no tag may hold.
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    tags: dict[str, str] = {}
    for name, value in pairs:
        if name not in tags and are_tags(tags | {name: value}):
            tags[name] = value
    return tags, len(pairs) - len(tags)


def parse_signed(body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return the one task id that a body names, and the body's object. Raise InvalidBodyError."""
    envelope = parse_strictly(body)
    task_id = agreed_task_id(envelope)
    if task_id is None:
        raise InvalidBodyError("it names no task")
    return task_id, envelope


def read_generation(task_id: str, envelope: Mapping[str, Any]) -> Generation:
    """Read what a callback reports about this task. Raise InvalidBodyError."""
    code, data = whole(envelope.get("code")), data_of(envelope)
    if code is None:
        raise InvalidBodyError("code is not a whole number")
    places, status = _places_of(data), read_flag(data) or read_state(data)
    may_be_done = status is None or status.meaning not in (Meaning.WORKING, Meaning.FAILED)
    # Links under an unknown code are a result: no later event would bring these videos back.
    succeeded = may_be_done and (code == OK or (places > 0 and code not in _FAILURES))
    return Generation(task_id, code, min(places or 1, MOST_VIDEOS) if succeeded else 0)


def _places_of(data: Mapping[str, Any]) -> int:
    """Return how many places the first list of results has that is not empty, readable or not; 0 without any."""
    parts = (data, *(_parsed(data.get(name)) for name in _PARTS))
    lists = (_parsed(part.get(name)) for part in parts if isinstance(part, dict) for name in LIST_NAMES)
    return next((len(found) for found in lists if isinstance(found, list) and found), 0)


def _parsed(value: Any) -> Any:
    """Return what a JSON text holds, a list of one for any other text, and any other value as it is."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith(("[", "{")):
        return [value] if value.strip() else []
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def messages_of(generation: Generation, tags: Tags) -> list[str]:
    """Return the bodies of the queue messages: one for each video, in ASCII, which SQS takes whole."""
    tagged = {"tags": dict(tags)} if tags else {}
    return [json.dumps({"taskId": generation.task_id, "index": n} | tagged) for n in range(generation.videos)]
