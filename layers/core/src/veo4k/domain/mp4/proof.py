"""The verdict on a file from its bytes as they stream by: one pass that keeps headers and the front of the media.

Judged is the structure: whether the boxes add up to the bytes received, and what they state of the video. That pictures
decode is not proven, and headers forged throughout are believed. What players ignore is ignored: bytes behind a
complete movie, and every box that states neither size nor samples. A body that ends just between two fragments looks
whole: where the transport announced a length, comparing it is the caller's task.
"""

import re
from dataclasses import dataclass

from veo4k.domain.mp4.boxes import BROKEN, BrokenBoxError, Header, children, head_size, header, letters, reason
from veo4k.domain.mp4.headers import Headers
from veo4k.domain.mp4.movie import Movie, Video, movie
from veo4k.domain.mp4.samples import Place, Samples

MEDIA_FRONT = 64 << 10
"""Bytes kept of the media data, in which the first sample's own sequence header is looked for."""
SAMPLE_FRONT = 4 << 10
"""Bytes read of a sample: behind its sequence header come pictures."""
_HEADERS = {b"moov", b"moof"}
_STANDARD = _HEADERS | {
    *(b"ftyp", b"mdat", b"free", b"skip", b"wide", b"uuid", b"pdin", b"pnot", b"styp"),
    *(b"mfra", b"sidx", b"ssix", b"prft", b"emsg", b"imda", b"meta", b"meco", b"udta"),
}
"""Boxes that the standards know at the top level of a file. It begins with one of them."""
_KIND = re.compile(rb"[ -~\xa9][ -~]{3}")  # QuickTime writes some types with a copyright sign
_ENDLESS = 1 << 65  # twice what a box can declare: not to be taken for that, however much of it comes


@dataclass(frozen=True, slots=True)
class EndsEarly:
    """The front of what may be an MP4: to be fetched again."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotMp4:
    """No usable MP4, however often it is fetched."""

    reason: str


@dataclass(frozen=True, slots=True)
class OtherContent:
    """No file of this kind at all, such as a page or JSON: the host may send the file later."""

    reason: str


Verdict = Video | EndsEarly | NotMp4 | OtherContent


class Mp4Proof:
    """Read a file in chunks of any size; neither method ever raises, whatever the bytes are."""

    def __init__(self, *, any_codec: bool = False) -> None:
        """Begin. `any_codec`: a video whose coded size cannot be read is one too, at its displayed size."""
        self._any_codec = any_codec
        self._at = 0  # position in the file
        self._front = bytearray()  # the head of a box, while incomplete
        self._box = b""  # type of the box that is arriving, or came last
        self._left = 0  # bytes of it still to come
        self._seen: set[bytes] = set()
        self._movies = 0
        self._headers = Headers()
        self._is_header = False  # whether the box that is arriving is one of these
        self._media = _Media()
        self._fault: NotMp4 | OtherContent | None = None  # the verdict, whatever follows
        self._stray = ""  # why from here on there are no boxes, and nothing is read

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the file."""
        rest = memoryview(chunk)
        try:
            while rest and not self._fault and not self._stray:
                rest = rest[self._body(rest) if self._left else self._head(rest) :]
        except BrokenBoxError as broken:
            self._fault = NotMp4(str(broken))

    def verdict(self) -> Verdict:
        """Return what the bytes received are, taken for the whole file."""
        if self._fault:
            return self._fault
        missing = next((kind for kind in (b"moov", b"mdat") if kind not in self._seen), b"")
        if self._is_loose() and (missing or self._may_be_cut_off()):
            return NotMp4(self._stray) if self._stray else EndsEarly("ends inside a box")
        if missing:
            return EndsEarly(f"ends before any {letters(missing)}")
        try:
            return self._checked(self._movie())
        except BROKEN as broken:
            return NotMp4(reason(broken))

    def _is_loose(self) -> bool:
        """Return whether bytes follow the last whole box."""
        return bool(self._stray or self._front or self._is_inside_a_box())

    def _is_inside_a_box(self) -> bool:
        return 0 < self._left < _ENDLESS // 2

    def _may_be_cut_off(self) -> bool:
        """Return whether the bytes behind the last whole box may be the start of a part of the movie.

        A box of the standards may; in a file of fragments, until its index has closed it, any bytes may.
        """
        if self._is_inside_a_box() and self._box in _STANDARD:
            return True
        is_fragmented = any(kind == b"mvex" for kind, _ in children(self._headers.moov()))
        return is_fragmented and b"mfra" not in self._seen

    def _movie(self) -> Movie:
        if self._movies > 1 and b"moof" in self._seen:
            raise BrokenBoxError("more than one moov")
        return movie(self._headers.moov(), self._headers.moofs(), self._media.front, any_codec=self._any_codec)

    def _checked(self, film: Movie) -> Verdict:
        if all(map(self._media.contains, film.samples)):
            return film.video
        if self._left or self._front or self._box in {b"moof", b"mdat"}:
            return EndsEarly("ends before the last sample")
        return NotMp4(self._stray or "samples that are not in the file")

    def _head(self, rest: memoryview) -> int:
        part = rest[: head_size(self._front) - len(self._front)]
        self._at += len(part)
        self._front += part
        if head := header(self._front):
            self._front.clear()
            self._begin(head)
        return len(part)

    def _begin(self, head: Header) -> None:
        self._headers.count()
        if not self._seen and head.kind not in _STANDARD:
            self._fault = OtherContent(f"begins with {letters(head.kind)}, not with ftyp")
            return
        if not _KIND.fullmatch(head.kind):
            self._stray = "bytes that are no box"
            return
        # Nothing can follow a box up to the end of the file, so only media or what is no part of the movie may be one.
        may_be_last = head.kind == b"mdat" or ({b"moov", b"mdat"} <= self._seen and head.kind not in _HEADERS)
        if head.size < head.length and (head.size or not may_be_last):
            self._stray = f"broken box {letters(head.kind)}"
            return
        self._movies += head.kind == b"moov"
        self._box, self._left = head.kind, head.size - head.length if head.size else _ENDLESS
        self._is_header = head.kind == b"moof" or (head.kind == b"moov" and self._movies == 1)
        self._seen |= {head.kind} & _STANDARD
        if self._is_header:
            self._headers.begin(head.kind, self._left, self._at - head.length)

    def _body(self, rest: memoryview) -> int:
        part = rest[: self._left]
        if self._is_header:
            self._headers.feed(part)
        elif self._box == b"mdat":
            self._media.take(self._at, part)
        self._at += len(part)
        self._left -= len(part)
        return len(part)


class _Media:
    """The media data of a file: where it lies, and its first bytes."""

    def __init__(self) -> None:
        self._size = 0
        self._place = Place(0, 0)
        self._pieces: list[tuple[int, bytearray]] = []  # by their positions in the file

    def take(self, at: int, part: memoryview) -> None:
        """Take bytes that are at this position in the file."""
        if self._size < MEDIA_FRONT:
            if not self._size or self._place.end != at:
                self._pieces.append((at, bytearray()))
            self._pieces[-1][1].extend(part[: MEDIA_FRONT - self._size])
        self._place = Place(self._place.start if self._size else at, at + len(part))
        self._size += len(part)

    def contains(self, samples: Samples) -> bool:
        """Return whether samples lie inside the media data."""
        is_inside = self._place.start <= samples.place.start and samples.place.end <= self._place.end
        return not samples.size or (is_inside and samples.size <= self._size)

    def front(self, place: Place) -> bytes:
        """Return the first bytes of a sample, as far as they have been kept."""
        for start, piece in self._pieces:
            if start <= place.start < start + len(piece):
                return bytes(piece[place.start - start : place.end - start][:SAMPLE_FRONT])
        return b""
