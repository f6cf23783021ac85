"""Boxes, what an ISO base media file is made of (ISO/IEC 14496-12 §4.2): a size, four letters, a body."""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from veo4k.domain.errors import Veo4kError

_SHORT, _LONG = struct.Struct(">I4s"), struct.Struct(">Q")


class BrokenBoxError(Veo4kError):
    """These bytes are no movie; the message says why. This error never leaves the package."""


class Header(NamedTuple):
    """Head of a box: its four letters, the bytes the head takes (8 or 16) and those of the whole box."""

    kind: bytes
    length: int
    size: int


def header(front: bytes | bytearray | memoryview) -> Header | None:
    """Return the head of the box that begins with `front`; None while too few of its bytes have come."""
    if len(front) < _SHORT.size:
        return None
    size, kind = _SHORT.unpack_from(front)
    if size != 1:
        return Header(kind, _SHORT.size, size)
    if len(front) < _SHORT.size + _LONG.size:
        return None
    return Header(kind, _SHORT.size + _LONG.size, *_LONG.unpack_from(front, _SHORT.size))


def letters(kind: bytes) -> str:
    """Return the four letters of a box in printable form."""
    return ascii(kind.decode("latin-1"))[1:-1]


def children(body: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Return kind and body of each box in `body`. QuickTime may end the list with zeros."""
    while len(body) >= _SHORT.size:
        head = header(body)
        if head is None or not head.length <= head.size <= len(body):
            raise BrokenBoxError(f"broken box {letters(bytes(body[4:8]))}")
        yield head.kind, body[head.length : head.size]
        body = body[head.size :]
    if any(body):
        raise BrokenBoxError("stray bytes after a box")


def every(body: memoryview, kind: bytes) -> list[memoryview]:
    """Return the bodies of the boxes of this kind directly in `body`."""
    return [child for found, child in children(body) if found == kind]


def only(body: memoryview, *path: bytes) -> memoryview:
    """Return the body of the box at `path` below `body`, where the standard allows exactly one on each level."""
    for kind in path:
        found = every(body, kind)
        if len(found) != 1:
            raise BrokenBoxError(f"{len(found) or 'no'} {letters(kind)}")
        body = found[0]
    return body


def versioned(body: memoryview, formats: dict[int, str]) -> tuple[int, ...]:
    """Return the fields of a box whose first byte is the version of its layout."""
    version = body[0] if body else -1
    if version not in formats:
        raise BrokenBoxError(f"unknown box version {version}")
    return struct.unpack_from(formats[version], body)


def table(body: memoryview, start: int, count: int, record: str) -> Iterator[tuple[Any, ...]]:
    """Return `count` records from byte `start` on, one by one: a table is never held as Python objects."""
    end = start + count * struct.calcsize(record)
    if end > len(body):
        raise BrokenBoxError("a table longer than its box")
    return struct.iter_unpack(record, body[start:end])
