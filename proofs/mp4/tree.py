"""An MP4 as a tree of boxes that can be changed: written again, its samples are found where they are then."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from proofs.mp4.forge import NESTED, box, boxes

CONTAINERS = NESTED | {b"dinf", b"mfra"}
VIDEO_ENTRIES = {b"avc1", b"avc3", b"hvc1", b"hev1", b"av01"}
_ENTRY_FRONT, _TABLE_FRONT = 78, 8
_BASE_OFFSET, _DATA_OFFSET = 1, 1


@dataclass
class Node:
    """A box: its type, bytes, boxes behind them, bytes behind those.

    `start` and `end`: where it was read; `place`: where it was written. `long`: with a size of 64 bits.
    """

    kind: bytes
    body: bytes = b""
    children: list["Node"] | None = None
    start: int = -1
    end: int = -1
    place: tuple[int, int] = (-1, -1)
    tail: bytes = b""
    long: bool = False

    def written(self, at: int) -> bytes:
        """Return the box, to be placed at this position of the file."""
        head = 16 if self.long else 8
        body = self.body + written(self.children or [], at + head + len(self.body)) + self.tail
        self.place = at, at + head + len(body)
        return struct.pack(">I4sQ", 1, self.kind, head + len(body)) + body if self.long else box(self.kind, body)

    def moved(self, position: int) -> int:
        """Return where a byte of this box is that was at `position`; heads may have changed their length."""
        return self.place[0] if position == self.start else self.place[1] - (self.end - position)

    def walk(self) -> Iterator["Node"]:
        """Yield this box and all inside it."""
        yield self
        for child in self.children or []:
            yield from child.walk()


def parsed(data: bytes, start: int = 0, end: int | None = None) -> list[Node]:
    """Return the boxes of a file, or of a part of it."""
    return [_parsed(data, *item) for item in boxes(data, start, end)]


def _parsed(data: bytes, kind: bytes, start: int, body: int, end: int) -> Node:
    front = _TABLE_FRONT if kind == b"stsd" else _ENTRY_FRONT if kind in VIDEO_ENTRIES else 0
    if not front and kind not in CONTAINERS:
        return Node(kind, data[body:end], None, start, end)
    return Node(kind, data[body : body + front], parsed(data, body + front, end), start, end)


def written(nodes: list[Node], at: int = 0) -> bytes:
    """Return boxes one behind the other, the first at this position."""
    parts = []
    for node in nodes:
        parts.append(node.written(at))
        at += len(parts[-1])
    return b"".join(parts)


def relocated(nodes: list[Node]) -> bytes:
    """Return the file with the positions of its samples corrected by as much as their media data has moved."""
    written(nodes)
    for node in nodes:
        for inner in node.walk():
            if inner.kind in {b"stco", b"co64"}:
                inner.body = _chunks_moved(inner.body, "I" if inner.kind == b"stco" else "Q", nodes)
            elif inner.kind == b"moof":
                _move_runs(inner, nodes)
    return written(nodes)


def _moved(position: int, nodes: list[Node]) -> int:
    """Return where a byte of the file read is in the file written; where it was, if its box is gone."""
    return next((node.moved(position) for node in nodes if node.start <= position < node.end), position)


def _chunks_moved(table: bytes, size: str, nodes: list[Node]) -> bytes:
    count = max(0, len(table) - 8) // struct.calcsize(size)
    if not count:
        return table
    positions = struct.unpack_from(f">{count}{size}", table, 8)
    return table[:8] + struct.pack(f">{count}{size}", *(_moved(position, nodes) for position in positions))


def _move_runs(moof: Node, nodes: list[Node]) -> None:
    """Correct the offsets of a fragment's runs, which are counted from the fragment or from a position in the file."""
    if moof.start < 0:
        return
    for traf in (child for child in moof.children or [] if child.kind == b"traf"):
        for child in traf.children or []:
            flags = int.from_bytes(child.body[1:4]) if len(child.body) >= 12 else 0
            if child.kind == b"tfhd" and flags & _BASE_OFFSET and len(child.body) >= 16:
                (base,) = struct.unpack_from(">Q", child.body, 8)
                child.body = child.body[:8] + struct.pack(">Q", _moved(base, nodes)) + child.body[16:]
            elif child.kind == b"trun" and flags & _DATA_OFFSET:
                (offset,) = struct.unpack_from(">i", child.body, 8)
                new = _moved(moof.start + offset, nodes) - moof.place[0]
                child.body = child.body[:8] + struct.pack(">i", new) + child.body[12:]
