"""The verdict on a file from its bytes as they come by: one pass, and nothing kept but `moov` and `moof` boxes.

The verdict is on the structure: whether the boxes add up to the bytes received, and what they say about the video. It
does not prove that pictures decode, and believes headers that are forged throughout. A body that ends exactly between
two fragments looks like a whole one: the caller compares the length that the transport announced.
"""

import struct
from dataclasses import dataclass

from veo4k.domain.mp4.boxes import BrokenBoxError, Header, header, letters
from veo4k.domain.mp4.movie import Video, movie
from veo4k.domain.mp4.samples import Samples

HEADERS_LIMIT = 4 << 20
"""Bytes of `moov` and `moof` boxes kept. A sample takes at most 44 of them, so they index 26 minutes at 60 pictures a
second; the provider's longest video lasts two and a half."""
BOXES_LIMIT = 100_000
"""Boxes at the top level: bounds the work on a file made of empty ones."""
_KEPT = frozenset({b"moov", b"moof"})
_ENDLESS = 1 << 65  # twice what a box can declare: not to be taken for that, however much of it comes


@dataclass(frozen=True, slots=True)
class EndsEarly:
    """The front of what may be an MP4: to be fetched again."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotMp4:
    """No usable MP4, however often it is fetched."""

    reason: str


Verdict = Video | EndsEarly | NotMp4


class Mp4Proof:
    """Reads a file in chunks of any size; neither method ever raises, whatever the bytes are."""

    def __init__(self) -> None:
        self._at = 0  # position in the file
        self._front = bytearray()  # the head of a box, while it is not there whole
        self._box = b""  # letters of the box that is arriving, or came last
        self._left = 0  # bytes of it still to come
        self._boxes = 0
        self._seen: set[bytes] = set()
        self._headers: list[tuple[bytes, bytearray]] = []
        self._headers_size = 0
        self._media = range(0)  # from the first byte inside an `mdat` to the last
        self._media_size = 0
        self._fault = ""

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Read the next bytes of the file."""
        rest = memoryview(chunk)
        try:
            while rest and not self._fault:
                rest = rest[self._body(rest) if self._left else self._head(rest) :]
        except BrokenBoxError as broken:
            self._fault = str(broken)

    def verdict(self) -> Verdict:
        """Return the verdict on the bytes received, as on a whole file."""
        if self._fault:
            return NotMp4(self._fault)
        if self._front or 0 < self._left < _ENDLESS // 2:
            return EndsEarly("ends inside a box")
        for kind in (b"moov", b"mdat"):
            if kind not in self._seen:
                return EndsEarly(f"ends before any {letters(kind)}")
        try:
            return self._checked(*movie(self._kept(b"moov"), self._kept(b"moof")))
        except (BrokenBoxError, struct.error, IndexError) as broken:
            return NotMp4(str(broken))

    def _checked(self, video: Video, samples: Samples) -> Verdict:
        if samples.size <= self._media_size and all(chunk in self._media for chunk in samples.chunks):
            return video
        if self._left or self._box == b"moof":
            return EndsEarly("ends before the last sample")
        return NotMp4("samples that are not in the file")

    def _kept(self, kind: bytes) -> list[memoryview]:
        return [memoryview(bytes(body)) for found, body in self._headers if found == kind]

    def _head(self, rest: memoryview) -> int:
        part = rest[: (8 if len(self._front) < 8 else 16) - len(self._front)]  # noqa: PLR2004 - the heads' two lengths
        self._at += len(part)
        self._front += part
        if head := header(self._front):
            self._front.clear()
            self._begin(head)
        return len(part)

    def _begin(self, head: Header) -> None:
        if not self._seen and head.kind != b"ftyp":
            raise BrokenBoxError(f"begins with {letters(head.kind)}, not with ftyp")
        if not head.kind.isascii() or not head.kind.decode().isprintable():
            raise BrokenBoxError("something between boxes that is no box")
        endless = head.size == 0 and head.kind == b"mdat"
        if head.size < head.length and not endless:
            raise BrokenBoxError(f"broken box {letters(head.kind)}")
        self._boxes += 1
        if self._boxes > BOXES_LIMIT:
            raise BrokenBoxError("too many boxes")
        self._seen.add(head.kind)
        self._box, self._left = head.kind, _ENDLESS if endless else head.size - head.length
        if head.kind in _KEPT:
            self._keep()

    def _keep(self) -> None:
        self._headers_size += self._left
        if self._headers_size > HEADERS_LIMIT:
            raise BrokenBoxError("headers of more than 4 MiB")
        self._headers.append((self._box, bytearray()))

    def _body(self, rest: memoryview) -> int:
        part = rest[: self._left]
        if self._box in _KEPT:
            self._headers[-1][1].extend(part)
        elif self._box == b"mdat":
            self._media = range(self._media.start if self._media else self._at, self._at + len(part))
            self._media_size += len(part)
        self._at += len(part)
        self._left -= len(part)
        return len(part)
