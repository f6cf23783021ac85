"""An MP4 as a tree of boxes that can be changed: written again, its samples are found where they are then."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from proofs.mp4.forge import FRONTS, box, boxes

_BASE_OFFSET, _DATA_OFFSET = 1, 1  # flags of a `tfhd` and of a `trun`


@dataclass(eq=False)
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

    def put(self, at: int, new: bytes) -> None:
        """Overwrite bytes of the body."""
        self.body = self.body[:at] + new + self.body[at + len(new) :]

    def written(self, at: int) -> bytes:
        """Return the box, to be placed at this position of the file."""
        head = 16 if self.long else 8
        body = self.body + _written(self.children or [], at + head + len(self.body)) + self.tail
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


def _parsed(data: bytes, start: int, end: int) -> list[Node]:
    nodes = []
    for kind, head, body, stop in boxes(data, start, end):
        inside = body + FRONTS[kind] if kind in FRONTS else stop
        children = _parsed(data, inside, stop) if kind in FRONTS else None
        nodes.append(Node(kind, data[body:inside], children, head, stop))
    return nodes


def _written(nodes: list[Node], at: int) -> bytes:
    data = b""
    for node in nodes:
        data += node.written(at + len(data))
    return data


class Tree:
    """The boxes of a file."""

    def __init__(self, data: bytes) -> None:
        self.nodes = _parsed(data, 0, len(data))

    def walk(self) -> list[Node]:
        """Return all boxes but the media data."""
        return [inner for node in self.nodes for inner in node.walk() if inner.kind != b"mdat"]

    def of_kind(self, *kinds: bytes) -> list[Node]:
        return [node for node in self.walk() if node.kind in kinds]

    def drawn(self, random: Random) -> Node:
        """Return a box, each type of box as likely as any other."""
        kind = random.choice(sorted({node.kind for node in self.walk()}))
        return random.choice(self.of_kind(kind))

    def lists(self) -> list[list[Node]]:
        """Return the boxes of the top level, and those of each box that contains boxes."""
        return [self.nodes, *(node.children for node in self.walk() if node.children is not None)]

    def siblings(self, node: Node) -> list[Node]:
        return next(nodes for nodes in self.lists() if node in nodes)

    def written(self) -> bytes:
        return _written(self.nodes, 0)

    def relocated(self) -> bytes:
        """Return the file with the positions of its samples corrected by as much as their media data has moved."""
        self.written()
        for node in self.walk():
            if node.kind in {b"stco", b"co64"}:
                width = 4 if node.kind == b"stco" else 8
                for at in range(8, len(node.body) - width + 1, width):
                    self._move(node, at, width)
            elif node.kind == b"moof" and node.start >= 0:
                for run in [inner for inner in node.walk() if len(inner.body) >= 12]:
                    self._move_run(run, node)
        return self.written()

    def _move_run(self, run: Node, moof: Node) -> None:
        """Correct the offset of a fragment's run, which is counted from the fragment or from a position in the file."""
        flags = int.from_bytes(run.body[1:4])
        if run.kind == b"tfhd" and flags & _BASE_OFFSET and len(run.body) >= 16:
            self._move(run, 8, 8)
        elif run.kind == b"trun" and flags & _DATA_OFFSET:
            offset = int.from_bytes(run.body[8:12], signed=True)
            run.put(8, (self._moved(moof.start + offset) - moof.place[0]).to_bytes(4, signed=True))

    def _move(self, node: Node, at: int, width: int) -> None:
        position = int.from_bytes(node.body[at : at + width])
        node.put(at, self._moved(position).to_bytes(width))

    def _moved(self, position: int) -> int:
        """Return where a byte of the file read is in the file written; where it was, if its box is gone."""
        return next((node.moved(position) for node in self.nodes if node.start <= position < node.end), position)
