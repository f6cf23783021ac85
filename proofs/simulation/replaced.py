"""Replaces a part of the product for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def replaced(place: Any, name: str, other: Any) -> Iterator[Any]:
    """Replace an attribute of a module or a class. Yield the original."""
    real = place.__dict__[name]
    setattr(place, name, other)
    try:
        yield real
    finally:
        setattr(place, name, real)
