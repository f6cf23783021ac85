"""How results are written: the links of a result, and its credits."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TAIL = " #cached"

SHAPES: Mapping[str, Callable[[Sequence[str]], dict[str, Any]]] = {
    "documented": lambda urls: {"resultUrls": urls},
    "result_url": lambda urls: {"resultUrl": urls[0]},
    "full_urls": lambda urls: {"fullResultUrls": urls},
    "objects": lambda urls: {"resultUrls": [{"url": url, "type": "video"} for url in urls]},
    "text_with_tail": lambda urls: {"resultUrls": json.dumps(urls) + TAIL},
    "none": lambda _: {"resultUrls": []},
    "unreadable": lambda _: {"resultUrls": [{"fileId": "f-0001", "bucket": "videos"}]},
}

CREDITS: Mapping[str, Callable[[int], Any]] = {"integer": int, "double": float, "text": str}


def result_json(shape: str, urls: Sequence[str]) -> str:
    """Return `resultJson` of the newer API. Under `text_with_tail` the tail follows the whole text."""
    if shape == "text_with_tail":
        return json.dumps(SHAPES["documented"](urls)) + TAIL
    return json.dumps(SHAPES[shape](urls))
