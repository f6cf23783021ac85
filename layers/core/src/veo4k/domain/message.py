"""The queue message: `{"taskId": …}` and its optional fields (docs/interface.md)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.strict_json import NotStrictError, parse_object

TASK_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST_BODY = 8 * 1024
HIGHEST_INDEX = 99
MOST_TAGS = 10
LONGEST_TAGS = 1024
MOST_TASK_TOKENS = 20  # that wait on one job: a row has room for them, and for all else
LONGEST_TASK_TOKEN = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A valid message: which video, what to do about it, and the id that SQS gave it."""

    task_id: str
    index: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    force: bool = False
    task_token: str | None = None
    message_id: str = ""


def parse_message(body: str, message_id: str = "") -> Message:
    """Read the body of an SQS message. Raise InvalidMessageError with the reason."""
    if len(body.encode("utf-8", "surrogatepass")) > LONGEST_BODY:
        raise InvalidMessageError(f"the body is longer than {LONGEST_BODY} bytes")
    try:
        fields = parse_object(body.encode("utf-8"))
    except (NotStrictError, UnicodeEncodeError) as error:
        raise InvalidMessageError(str(error)) from None
    return Message(message_id=message_id, **{_FIELDS[name][0]: value for name, value in _checked(fields).items()})


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if "taskId" not in fields:
        raise InvalidMessageError("taskId is missing")
    for name, value in fields.items():
        if name not in _FIELDS:
            raise InvalidMessageError(f"unknown field {name[:40]!r}")
        _, is_valid, rule = _FIELDS[name]
        if not is_valid(value):
            raise InvalidMessageError(f"{name} must be {rule}")
    return fields


def is_task_id(value: object) -> bool:
    """Return whether this is a task id as the provider makes them."""
    return isinstance(value, str) and TASK_ID.fullmatch(value) is not None


def _is_index(value: object) -> bool:
    return type(value) is int and 0 <= value <= HIGHEST_INDEX


def are_tags(value: object) -> bool:
    """Return whether a job may have these tags."""
    if not isinstance(value, dict) or len(value) > MOST_TAGS:
        return False
    if not all(name and isinstance(text, str) and _is_text(name) and _is_text(text) for name, text in value.items()):
        return False
    return len(json.dumps(value, ensure_ascii=False).encode()) <= LONGEST_TAGS


def _is_text(value: str) -> bool:
    # Control and direction characters change what a terminal or a page shows. A lone surrogate cannot be stored.
    return not _NO_TEXT.search(value)


def _is_task_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TASK_TOKEN and value.isascii()


_TAGS_RULE = f"at most {MOST_TAGS} pairs of strings without control characters, {LONGEST_TAGS} bytes as JSON"
_FIELDS: dict[str, tuple[str, Callable[[Any], bool], str]] = {
    "taskId": ("task_id", is_task_id, "8 to 64 letters, digits, _ or -"),
    "index": ("index", _is_index, f"a whole number from 0 to {HIGHEST_INDEX}"),
    "tags": ("tags", are_tags, _TAGS_RULE),
    "force": ("force", lambda value: type(value) is bool, "true or false"),
    "taskToken": ("task_token", _is_task_token, f"a string of 1 to {LONGEST_TASK_TOKEN} ASCII characters"),
}
"""For each field: its name in `Message`, its rule, and the rule in words."""
