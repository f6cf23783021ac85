"""The fields of the provider's payloads, in all spellings seen, in responses and in callbacks."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from veo4k.domain.message import is_task_id

LIST_NAMES = ("resultUrls", "result_urls")
RESULT_NAMES = (*LIST_NAMES, "resultUrl", "result_url", "fullResultUrls", "full_result_urls")
IMAGE_NAMES = ("imageUrls", "image_urls", "imageUrl", "image_url")
TASK_ID_NAMES = ("taskId", "task_id")
FAIL_TEXT_NAMES = ("failMsg", "fail_msg", "errorMessage", "error_message")
FAIL_CODE_NAMES = ("failCode", "fail_code", "errorCode", "error_code")
CREDITS_NAMES = ("creditsConsumed", "credits_consumed", "consumeCredits", "consume_credits")
MOST_CREDITS = 1_000_000  # a larger number is no price of one video
_REQUEST_NAMES = frozenset({"paramjson", "promptjson", "param", "params", "input", "callbackurl"})
"""Parts of a record that repeat the request, as `_plain` writes them: a link there is none of a result."""
_NO_RESULT_NAMES = _REQUEST_NAMES | {"imageurls", "imageurl", "originurls"}
_LINK_NAMES = ("url", "videoUrl", "video_url", *RESULT_NAMES)  # of a link that is an object
_DEEPEST = 4
_DIGITS = 9
LONGEST_SHAPE, LONGEST_NAME = 400, 40
_LINK = re.compile(r"(?i)\s*https?://(?:[^\s/?#@]*@)?([a-z0-9.-]{1,80})(?![^\s/?#:])")
_MOST_CODE = 1_000_000  # a larger number that is written as a float is no code

Object = Mapping[str, Any]


def whole(value: object) -> int | None:
    """Return a whole number, also where it is written as `200.0` or as text; None for anything else."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_CODE:
        return int(value)
    if isinstance(value, str) and len(value) <= _DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return value if type(value) is int else None


def data_of(envelope: Object) -> dict[str, Any]:
    """Return `data` as an object, also where it is JSON text; links that stand there alone become its `resultUrls`."""
    data = _parsed(envelope.get("data"))
    if isinstance(data, list) or (isinstance(data, str) and _is_link(data)):
        return {"resultUrls": data}
    return data if isinstance(data, dict) else {}


def task_id_of(data: Object) -> str | None:
    """Return the first task id of `data`."""
    return next((data[name] for name in TASK_ID_NAMES if is_task_id(data.get(name))), None)


def credits_of(data: Object) -> float | None:
    """Return the credits consumed, which may have a fraction; a whole number is an int."""
    numbers = (number for name in CREDITS_NAMES if (number := _number(data.get(name))) is not None)
    return next((number for number in numbers if 0 <= number <= MOST_CREDITS), None)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() else round(number, 3) if abs(number) <= MOST_CREDITS else None


def urls_of(data: Object, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the links under the first of the names in `data`, or in its nested parts, objects or JSON texts.

    Of a list there is one for each entry, empty where that is unreadable: the place of a link says whose it is.
    """
    for place in places_of(data):
        for name in names:
            if any(urls := _urls(place.get(name))):
                return urls
    return ()


def links_of(data: Object) -> tuple[str, ...]:
    """Return the links of a base task's videos, one for each place of `resultUrls`; empty where one is unreadable."""
    for place in places_of(data):
        for name in LIST_NAMES:
            entries = _parsed(place.get(name))
            if isinstance(entries, list) and entries:
                return tuple(map(_link_in, entries))
    return ()


def has_result(data: Object) -> bool:
    """Return whether a result field holds something, or a text is a link, though it may be unreadable."""
    return any(
        (_name(path) in RESULT_NAMES and value not in (None, "", [], {}))
        or (isinstance(value, str) and "https://" in value.lower())
        for path, value in _walk(data, _NO_RESULT_NAMES)
    )


def shape_of(data: Object) -> str:
    """Return names, types and lengths of the fields, and the hosts of links, for the log: never a value."""
    shapes = {f"{path}: {_kind(value)}" for path, value in _walk(data) if _is_name(path)}
    return ", ".join(sorted(shapes, key=lambda shape: (": link" not in shape, shape)))[:LONGEST_SHAPE]


def _is_name(path: str) -> bool:
    """Return whether a path consists of names: whatever else a provider uses as a name may be a value."""
    return all(name.isidentifier() and len(name) <= LONGEST_NAME for name in path.replace("[]", "").split("."))


def first_of(data: Object, names: tuple[str, ...]) -> Any:
    """Return the value of the first of the names that is not null; an empty string where none is."""
    return next((data[name] for name in names if data.get(name) is not None), "")


def places_of(data: Object) -> Iterator[Object]:
    """Yield an object, then the objects in it, level by level, without what repeats the request."""
    level = [data]
    for _ in range(_DEEPEST):
        yield from level
        values = ((name, _parsed(value)) for place in level for name, value in place.items())
        level = [value for name, value in values if isinstance(value, dict) and _plain(name) not in _REQUEST_NAMES]


def _walk(data: Object, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Yield the fields and the entries of lists, level by level, each with its path: `info.files[].src`."""
    level: list[tuple[str, Any]] = list(data.items())
    for _ in range(2 * _DEEPEST):
        level = [(path, _parsed(value)) for path, value in level if _plain(_name(path)) not in without]
        yield from level
        level = [part for path, value in level for part in _parts(path, value)]


def _parts(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((f"{path}.{name}", part) for name, part in value.items())
    return ((f"{path}[]", part) for part in value) if isinstance(value, list) else ()


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _urls(value: Any) -> tuple[str, ...]:
    entries = _parsed(value)
    return tuple(map(_link_in, entries if isinstance(entries, list) else [entries]))


def _link_in(entry: Any) -> str:
    """Return the text of one entry of a list of links: the text itself, or that of an object's link; else nothing."""
    if isinstance(entry, dict):
        entry = next((entry[name] for name in _LINK_NAMES if isinstance(entry.get(name), str)), None)
    return entry if isinstance(entry, str) and entry.strip() else ""


def _is_link(text: str) -> bool:
    return text.strip().lower().startswith("https://")


def _kind(value: Any) -> str:
    if isinstance(value, str) and (link := _LINK.match(value)):
        return f"link to {link[1].lower()}"
    if isinstance(value, str) and _is_link(value):
        return "link"
    size = f"({len(value)})" if isinstance(value, (str, list, dict)) else ""
    return type(value).__name__ + size


def _parsed(value: Any) -> Any:
    """Return what a JSON text holds, whatever follows behind it; any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.JSONDecoder().raw_decode(value.lstrip())[0]
    except (ValueError, RecursionError):
        return value
