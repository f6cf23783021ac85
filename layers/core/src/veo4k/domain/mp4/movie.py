"""What `moov` and `moof` boxes say of the video (ISO/IEC 14496-12 §8): its size, its time, its samples.

The video is the enabled `vide` track that carries the most data: the picture people came for, not its thumbnail. A
track that is not enabled is not there, as the standard says.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from veo4k.domain.mp4 import coded_size
from veo4k.domain.mp4.boxes import BrokenBoxError, children, every, letters, only, versioned
from veo4k.domain.mp4.coded_size import Size
from veo4k.domain.mp4.samples import Samples, fragments, indexed

_UHD = frozenset({Size(3840, 2160), Size(2160, 3840)})
_MVHD = {0: ">12xII16x2i4x2i", 1: ">20xIQ16x2i4x2i"}  # timescale, duration, matrix
_TKHD = {0: ">12xI4xI16x2i4x2i16x2I", 1: ">20xI4xQ16x2i4x2i16x2I"}  # track, duration, matrix, width, height
_MDHD = {0: ">12xI", 1: ">20xI"}  # timescale
_ONE = 1 << 16  # matrices and sizes are fixed-point numbers, 16.16
_CODECS: dict[bytes, tuple[bytes, Callable[[bytes], set[Size]]]] = {
    b"avc1": (b"avcC", coded_size.h264),
    b"avc3": (b"avcC", coded_size.h264),
    b"hvc1": (b"hvcC", coded_size.hevc),
    b"hev1": (b"hvcC", coded_size.hevc),
    b"av01": (b"av1C", coded_size.av1),
}


@dataclass(frozen=True, slots=True)
class Video:
    """Width and height in pixels as displayed: the track's size put through the matrices of track and movie.

    The coded size is what the codec's own header states, turned as the picture is turned. The codec is the sample
    entry's four letters. The duration is that of the samples, less what an edit list leaves out.
    """

    width: int
    height: int
    coded_width: int
    coded_height: int
    duration_seconds: float
    codec: str


def is_4k(video: Video) -> bool:
    """Return whether the displayed picture is 3840x2160 or 2160x3840, and has as many coded pixels.

    Equality is safe: 3840 and 2160 are multiples of 16, so no codec has to code more than it shows.
    """
    shown = Size(video.width, video.height)
    return shown in _UHD and shown == Size(video.coded_width, video.coded_height)


class _Matrix(NamedTuple):
    """The part of a transformation that turns and scales: x' = ax + cy, y' = bx + dy."""

    a: int
    b: int
    c: int
    d: int


class _Track(NamedTuple):
    duration: int
    matrix: _Matrix
    size: Size
    timescale: int
    samples: Samples
    entries: memoryview


def movie(moovs: Sequence[memoryview], moofs: Sequence[memoryview]) -> tuple[Video, Samples]:
    """Return the video of a movie with exactly one `moov`, and its samples."""
    if len(moovs) != 1:
        raise BrokenBoxError(f"{len(moovs)} moov")
    moov = moovs[0]
    timescale, _, *turn = versioned(only(moov, b"mvhd"), _MVHD)
    runs = fragments(moov, moofs)
    tracks = [_track(trak, runs) for trak in every(moov, b"trak") if _is_enabled_video(trak)]
    if not any(track.samples.size for track in tracks):
        raise BrokenBoxError("no enabled video track with samples")
    track = max(tracks, key=lambda track: track.samples.size)
    codec, coded = _coded(track.entries)
    matrix = _product(track.matrix, _Matrix(*turn))
    shown, pixels = _displayed(matrix, track.size), _turned(matrix, coded)
    seconds = _seconds(track.samples.time, track.timescale)
    if not moofs:
        seconds = min(seconds, _seconds(track.duration, timescale))
    return Video(*shown, *pixels, seconds, codec), track.samples


def _is_enabled_video(trak: memoryview) -> bool:
    return bool(only(trak, b"tkhd")[3] & 1) and only(trak, b"mdia", b"hdlr")[8:12].tobytes() == b"vide"


def _track(trak: memoryview, runs: Mapping[int, list[Samples]]) -> _Track:
    ident, duration, *matrix, width, height = versioned(only(trak, b"tkhd"), _TKHD)
    (timescale,) = versioned(only(trak, b"mdia", b"mdhd"), _MDHD)
    stbl = only(trak, b"mdia", b"minf", b"stbl")
    first = indexed(stbl)
    parts = [first, *runs.get(ident, [])]
    samples = Samples(sum(part.time for part in parts), sum(part.size for part in parts), first.chunks)
    return _Track(duration, _Matrix(*matrix), Size(width, height), timescale, samples, only(stbl, b"stsd"))


def _seconds(time: int, timescale: int) -> float:
    if not time or not timescale:
        raise BrokenBoxError("zero duration")
    return time / timescale


def _product(first: _Matrix, then: _Matrix) -> _Matrix:
    return _Matrix(
        first.a * then.a + first.b * then.c,
        first.a * then.b + first.b * then.d,
        first.c * then.a + first.d * then.c,
        first.c * then.b + first.d * then.d,
    )


def _displayed(matrix: _Matrix, size: Size) -> Size:
    a, b, c, d = (abs(number) for number in matrix)
    if (a or d) and (b or c):
        raise BrokenBoxError("a picture turned by no multiple of 90 degrees")
    width, height = a * size.width + c * size.height, b * size.width + d * size.height
    return Size(round(width / _ONE**3), round(height / _ONE**3))


def _turned(matrix: _Matrix, size: Size) -> Size:
    return size if matrix.a else Size(size.height, size.width)


def _coded(stsd: memoryview) -> tuple[str, Size]:
    entries = {_sample_entry(kind, entry) for kind, entry in children(stsd[8:])}
    if len(entries) != 1:
        raise BrokenBoxError(f"{len(entries)} different sample entries")
    return entries.pop()


def _sample_entry(kind: bytes, entry: memoryview) -> tuple[str, Size]:
    if kind not in _CODECS:
        raise BrokenBoxError(f"codec {letters(kind)}")
    config, sizes = _CODECS[kind]
    claimed = Size(*struct.unpack_from(">24xHH", entry))
    for pasp in every(entry[78:], b"pasp"):
        across, down = struct.unpack_from(">II", pasp)
        if across != down:
            raise BrokenBoxError("pixels that are not square")
    if sizes(bytes(only(entry[78:], config))) != {claimed}:
        raise BrokenBoxError("sample entry and codec contradict each other about the size")
    return letters(kind), claimed
