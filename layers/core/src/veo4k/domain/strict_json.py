"""Strict JSON for untrusted input: UTF-8, no duplicate names, no NaN, bounded depth, an object at the root."""

import json
from typing import Any, NoReturn

DEPTH = 16


class NotStrictError(ValueError):
    """The bytes are not a strict JSON object; the text says why."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a strict JSON object. Raise NotStrictError."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotStrictError(f"not strict JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise NotStrictError("not a JSON object")
    if _is_too_deep(value):
        raise NotStrictError(f"nested deeper than {DEPTH}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise NotStrictError("duplicate name in an object")
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise NotStrictError(f"{constant} is not a JSON number")


def _reason(error: Exception) -> str:
    # A decoder's own message quotes what it read; only ours and the position are repeated.
    if isinstance(error, NotStrictError):
        return str(error)
    return f"{error.msg} at {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH):
        parts = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
        level = [part for part in parts if isinstance(part, dict | list)]
    return bool(level)
