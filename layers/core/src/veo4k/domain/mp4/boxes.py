"""Boxes of an ISO base media file (ISO/IEC 14496-12 §4.2): a size, a type of four letters, a body."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from veo4k.domain.errors import Veo4kError

_SHORT, _LONG = struct.Struct(">I4s"), struct.Struct(">Q")
HEAD_SIZE, LONG_HEAD_SIZE = _SHORT.size, _SHORT.size + _LONG.size


class BrokenBoxError(Veo4kError):
    """The bytes are no usable movie; the message is the reason. The error never leaves the package."""


BROKEN = (BrokenBoxError, struct.error, IndexError)
"""What reading a broken box raises."""


def reason(broken: Exception) -> str:
    """Return why a box cannot be read; every error but a BrokenBoxError comes from reading beyond its end."""
    return str(broken) if isinstance(broken, BrokenBoxError) else "a box shorter than its fields"


class Header(NamedTuple):
    """Head of a box: its type, the bytes of the head (8 or 16) and of the whole box; size 0: up to the end."""

    kind: bytes
    length: int
    size: int


def header(front: bytes | bytearray | memoryview) -> Header | None:
    """Return the head of the box that begins with `front`; None if `front` is too short for one."""
    if len(front) < HEAD_SIZE:
        return None
    size, kind = _SHORT.unpack_from(front)
    if size != 1:
        return Header(kind, HEAD_SIZE, size)
    if len(front) < LONG_HEAD_SIZE:
        return None
    return Header(kind, LONG_HEAD_SIZE, *_LONG.unpack_from(front, HEAD_SIZE))


def head_size(front: bytes | bytearray) -> int:
    """Return how many bytes of an incomplete head to collect: once those of a short one are there, it is a long one."""
    return HEAD_SIZE if len(front) < HEAD_SIZE else LONG_HEAD_SIZE


def letters(kind: bytes) -> str:
    """Return the type of a box as printable text."""
    return ascii(kind.decode("latin-1"))[1:-1]


def children(body: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield type and body of each box in `body`; as in players, a broken box ends the list without an error.

    A box of size 0, or of more bytes than `body` has, reaches to the end of `body`.
    """
    while head := header(body):
        size = min(head.size or len(body), len(body))
        if size < head.length:
            return
        yield head.kind, body[head.length : size]
        body = body[size:]


def every(body: memoryview, kind: bytes) -> Iterator[memoryview]:
    """Yield the bodies of the boxes of this type directly in `body`."""
    return (child for found, child in children(body) if found == kind)


def only(body: memoryview, *path: bytes) -> memoryview:
    """Return the body of the box at `path` below `body`, where the standard allows exactly one on each level."""
    for kind in path:
        found = list(islice(every(body, kind), 2))
        if len(found) != 1:
            raise BrokenBoxError(f"{'more than one' if found else 'no'} {letters(kind)}")
        body = found[0]
    return body


def versioned(body: memoryview, formats: dict[int, str]) -> tuple[int, ...]:
    """Return the fields of a box whose first byte selects the layout."""
    if body[0] not in formats:
        raise BrokenBoxError(f"unknown box version {body[0]}")
    return struct.unpack_from(formats[body[0]], body)


def table(body: memoryview, start: int, count: int, record: str) -> Iterator[tuple[Any, ...]]:
    """Yield `count` records from byte `start` on: a table is never held as Python objects."""
    end = start + count * struct.calcsize(record)
    if end > len(body):
        raise BrokenBoxError("a table longer than its box")
    return struct.iter_unpack(record, body[start:end])
