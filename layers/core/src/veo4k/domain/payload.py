"""The fields of the provider's payloads, in all spellings seen, in responses and in callbacks."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from veo4k.domain.message import is_task_id

RESULT_NAMES = ("resultUrls", "result_urls")
IMAGE_NAMES = ("imageUrls", "image_urls")
TASK_ID_NAMES = ("taskId", "task_id")
NESTED_NAMES = ("info", "response", "resultJson", "result_json")  # parts of `data` that may contain the links
FAIL_TEXT_NAMES = ("failMsg", "fail_msg")
FAIL_CODE_NAMES = ("failCode", "fail_code")
CREDITS_NAMES = ("creditsConsumed", "credits_consumed", "consumeCredits", "consume_credits")
MOST_CREDITS = 1_000_000  # a larger number is no price of one video


def text_of(envelope: Mapping[str, Any]) -> str:
    """Return the message in lower case, for a search for known words."""
    return str(envelope.get("msg", "")).lower()


def data_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data`, or an empty object where it is not an object."""
    data = envelope.get("data")
    return data if isinstance(data, dict) else {}


def task_id_of(data: Mapping[str, Any]) -> str | None:
    """Return the first task id of `data`."""
    return next((data[name] for name in TASK_ID_NAMES if is_task_id(data.get(name))), None)


def credits_of(data: Mapping[str, Any]) -> int | None:
    """Return `creditsConsumed` where it is a whole number."""
    numbers = (data[name] for name in CREDITS_NAMES if type(data.get(name)) is int)
    return next((number for number in numbers if 0 <= number <= MOST_CREDITS), None)


def urls_of(data: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs under the first of the names in `data`, or in its nested parts, objects or JSON texts."""
    places = (data, *(_object(data.get(name)) for name in NESTED_NAMES))
    for place in (place for place in places if isinstance(place, dict)):
        for name in names:
            if urls := tuple(_urls(place.get(name))):
                return urls
    return ()


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        text = value.strip()
        value = _parsed(text) if text.startswith("[") else [text]  # a list as JSON, or one bare URL
    if isinstance(value, list):
        yield from (url for url in value if isinstance(url, str) and url)


def _object(value: Any) -> Any:
    return _parsed(value) if isinstance(value, str) else value


def first_of(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the value of the first of the names that is not null; an empty string where none is."""
    return next((data[name] for name in names if data.get(name) is not None), "")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
