"""What stands where in the provider's bodies, in all the spellings seen, in answers as in callbacks."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from veo4k.domain.message import is_task_id

RESULT_NAMES = ("resultUrls", "result_urls")
IMAGE_NAMES = ("imageUrls", "image_urls")
TASK_ID_NAMES = ("taskId", "task_id")
NESTED_NAMES = ("info", "response", "resultJson", "result_json")  # where in `data` the links may stand
FAIL_TEXT_NAMES = ("failMsg", "fail_msg")
FAIL_CODE_NAMES = ("failCode", "fail_code")
CREDITS_NAMES = ("creditsConsumed", "credits_consumed", "consumeCredits", "consume_credits")
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
    """Give the URLs found under one of the names in `data` or what is nested in it, as an object or as JSON."""
    places = (data, *(_opened(data.get(name)) for name in NESTED_NAMES))
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


def _opened(given: Any) -> Any:
    return _parsed(given) if isinstance(given, str) else given


def first_of(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Give what stands under the first of the names that holds anything; an empty string where none does."""
    return next((data[name] for name in names if data.get(name) is not None), "")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
