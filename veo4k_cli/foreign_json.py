"""JSON of another origin: whoever wrote it may have broken it, or nested it too deep to be read or shown."""

import json
from typing import Any

DEPTH = 50


def json_object(text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object that a text is. Return None for any other text, and for an object nested too deep."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and not _is_deeper(value, DEPTH) else None


def _is_deeper(value: Any, depth: int) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not depth or any(_is_deeper(child, depth - 1) for child in children)
