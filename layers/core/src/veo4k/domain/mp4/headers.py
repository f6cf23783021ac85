"""The `moov` and `moof` boxes of a file, kept while they stream by without the boxes that the proof does not read."""

import struct
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from veo4k.domain.mp4.boxes import HEAD_SIZE, BrokenBoxError, every, head_size, header

HEADERS_LIMIT = 4 << 20
"""Bytes kept of all `moov` and `moof` boxes. A sample takes at most 44 of them, so they index 26 minutes at 60 pictures
a second; the provider's longest video lasts two and a half."""
BOXES_LIMIT = 1_000_000
"""Boxes in a file, on all levels together: bounds the work on a file of empty ones."""

_READ: dict[bytes, set[bytes]] = {
    b"moov": {b"mvhd", b"trak", b"mvex"},
    b"trak": {b"tkhd", b"mdia"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"stbl"},
    b"stbl": {b"stsd", b"stts", b"stsc", b"stsz", b"stz2", b"stco", b"co64"},
    b"mvex": {b"trex"},
    b"moof": {b"traf"},
    b"traf": {b"tfhd", b"trun"},
}
"""Boxes that are read, by the box they lie in."""


class _Container(NamedTuple):
    kind: bytes
    end: int  # in the stream of header bytes
    place: int  # of its head among the bytes kept


class Headers:
    """Header boxes of a file. What is not read inside them is skipped and counts towards no limit but BOXES_LIMIT."""

    def __init__(self) -> None:
        self._moofs = array("Q")  # their positions in the file
        self._kept = bytearray()
        self._boxes = 0
        self._open: list[_Container] = []
        self._at = 0  # bytes received
        self._front = bytearray()  # the head of a child, while incomplete
        self._left = 0  # bytes to come of a child that contains no boxes
        self._copying = False  # whether these are kept

    def moov(self) -> memoryview:
        """Return the body of the first `moov`."""
        return next(every(memoryview(bytes(self._kept)), b"moov"))

    def moofs(self) -> Iterator[tuple[int, memoryview]]:
        """Yield position in the file and body of each `moof`."""
        return zip(self._moofs, every(memoryview(bytes(self._kept)), b"moof"), strict=True)

    def count(self) -> None:
        """Count a box."""
        self._boxes += 1
        if self._boxes > BOXES_LIMIT:
            raise BrokenBoxError("too many boxes")

    def begin(self, kind: bytes, length: int, position: int) -> None:
        """Begin a `moov` or `moof` of `length` bytes behind its head, which is at `position` in the file."""
        if kind == b"moof":
            self._moofs.append(position)
        self._enter(kind, length)
        self._close()

    def feed(self, part: memoryview) -> None:
        """Take the next bytes of the box begun last."""
        while part:
            taken = self._child(part) if self._left else self._head(part)
            part = part[taken:]
            self._close()

    def _child(self, part: memoryview) -> int:
        part = part[: self._left]
        if self._copying:
            self._kept += part
        self._left -= len(part)
        self._at += len(part)
        return len(part)

    def _head(self, part: memoryview) -> int:
        parent = self._open[-1]
        room = parent.end - self._at + len(self._front)
        part = part[: min(room, head_size(self._front)) - len(self._front)]
        self._front += part
        self._at += len(part)
        if head := header(self._front):
            self.count()
            self._front.clear()
            size = min(head.size or room, room)
            if size < head.length:  # broken: what follows in this container is skipped, as players do
                self._skip(room - head.length)
            elif head.kind in _READ[parent.kind]:
                self._enter(head.kind, size - head.length)
            else:
                self._skip(size - head.length)
        return len(part)

    def _skip(self, length: int) -> None:
        self._left, self._copying = length, False

    def _enter(self, kind: bytes, length: int) -> None:
        is_container = kind in _READ
        if len(self._kept) + HEAD_SIZE + (0 if is_container else length) > HEADERS_LIMIT:
            raise BrokenBoxError("headers of more than 4 MiB")
        place = len(self._kept)
        if is_container:
            self._kept += bytes(HEAD_SIZE)
            self._open.append(_Container(kind, self._at + length, place))
        else:
            self._kept += struct.pack(">I4s", HEAD_SIZE + length, kind)
            self._left, self._copying = length, True

    def _close(self) -> None:
        while self._open and not self._left and self._open[-1].end == self._at:
            kind, _, place = self._open.pop()
            struct.pack_into(">I4s", self._kept, place, len(self._kept) - place, kind)
            self._front.clear()
