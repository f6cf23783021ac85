"""DynamoDB's typed JSON: plain values in and out.

The SDK's own two classes do the same through a decimal for every number, at several times the CPU.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_NUMBER = 45  # 38 digits, their sign and point, and an exponent


def to_typed(value: Any) -> Any:
    """Return a plain value in DynamoDB's form, a number as its shortest text. Raise TypeError for other types."""
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"not a value of a table: {type(value).__name__}")


def from_typed(value: Any) -> Any:
    """Return the plain value of a typed one."""
    ((kind, inner),) = value.items()
    return _READERS[kind](inner)


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values of a whole item."""
    return {name: from_typed(value) for name, value in item.items()}


def _number(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("more digits than a number of DynamoDB has")
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not math.isfinite(value):
            raise
        return int(value) if value.is_integer() else value


_WRITERS: dict[Any, Callable[[Any], dict[str, Any]]] = {
    str: lambda value: {"S": value},
    bool: lambda value: {"BOOL": value},
    int | float: lambda value: {"N": repr(value)},
    type(None): lambda _: {"NULL": True},
    Mapping: lambda value: {"M": {name: to_typed(inner) for name, inner in value.items()}},
    list | tuple: lambda value: {"L": [to_typed(inner) for inner in value]},
    set | frozenset: lambda value: {"SS": sorted(value)},
}
"""By type, the first that fits: a bool is an int too."""

_READERS: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": _number,
    "BOOL": bool,
    "NULL": lambda _: None,
    "M": from_item,
    "L": lambda values: [from_typed(value) for value in values],
    "SS": set,
    "NS": lambda texts: {_number(text) for text in texts},
    "B": lambda value: value,  # bytes from the SDK, Base64 from the stream
    "BS": set,
}
