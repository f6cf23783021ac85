"""What `moov` and `moof` boxes state of the video (ISO/IEC 14496-12 §8): its size, its time, its samples.

The video is the `vide` track that carries the most data: the picture people came for, not its thumbnail. A track that
is not enabled counts only where no video track is enabled. A track that cannot be read is not there, as in players.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from veo4k.domain.mp4 import coded_size
from veo4k.domain.mp4.boxes import BROKEN, BrokenBoxError, children, every, letters, only, reason, versioned
from veo4k.domain.mp4.coded_size import Size
from veo4k.domain.mp4.samples import Place, Samples, fragments, indexed

_UHD = frozenset({Size(3840, 2160), Size(2160, 3840)})
_MVHD = {0: ">12xI20x2i4x2i", 1: ">20xI24x2i4x2i"}  # timescale, matrix
_TKHD = {0: ">3xB8xI4xI16x2i4x2i16x2I", 1: ">3xB16xI4xQ16x2i4x2i16x2I"}  # flags, track, duration, matrix, size
_MDHD = {0: ">12xI", 1: ">20xI"}  # timescale
_PLAYED = {b"vide", b"soun"}
_ONE = 1 << 16  # matrices and sizes are fixed-point numbers, 16.16
_ROUNDED = 1 << 12  # part of a matrix's largest number that is no turn: it moves no line by a pixel
_H264, _HEVC, _AV1 = (b"avcC", coded_size.h264), (b"hvcC", coded_size.hevc), (b"av1C", coded_size.av1)
_CODECS: dict[bytes, tuple[bytes, Callable[[bytes, bytes], set[Size]]]] = {
    b"avc1": _H264,
    b"avc3": _H264,
    b"dva1": _H264,  # Dolby Vision: dva1, dvav, dvh1, dvhe, dav1
    b"dvav": _H264,
    b"hvc1": _HEVC,
    b"hev1": _HEVC,
    b"dvh1": _HEVC,
    b"dvhe": _HEVC,
    b"av01": _AV1,
    b"dav1": _AV1,
}
"""Configuration box and reader of its sequence headers, by the type of the sample entry."""


@dataclass(frozen=True, slots=True)
class Video:
    """Width and height in pixels as displayed: the track's size put through the matrices of track and movie.

    Where the header gives 0, the displayed size is the coded one. The coded size is what the codec's own sequence
    header states, turned as the picture is turned. The codec is the type of the sample entry. The duration is that of
    the samples, less what an edit list leaves out.
    """

    width: int
    height: int
    coded_width: int
    coded_height: int
    duration_seconds: float
    codec: str


def is_4k(video: Video) -> bool:
    """Return whether the picture shown is 3840x2160 or 2160x3840, and has as many pixels.

    Equality is safe: 3840 and 2160 are multiples of 16, so no codec has to code more than it shows.
    """
    shown = Size(video.width, video.height)
    return shown in _UHD and shown == Size(video.coded_width, video.coded_height)


class Movie(NamedTuple):
    """The video, and the samples of every video and audio track that can be read."""

    video: Video
    samples: list[Samples]


class _Matrix(NamedTuple):
    """The part of a transformation that turns and scales: x' = ax + cy, y' = bx + dy."""

    a: int
    b: int
    c: int
    d: int


class _Track(NamedTuple):
    enabled: bool
    handler: bytes
    duration: int
    matrix: _Matrix
    size: Size
    timescale: int
    samples: Samples
    entries: memoryview


def movie(
    moov: memoryview,
    moofs: Iterable[tuple[int, memoryview]],
    media: Callable[[Place], bytes],
    *,
    any_codec: bool = False,
) -> Movie:
    """Return what a movie states of its video.

    `moov`: body of the box; `moofs`: position in the file and body of each `moof`; `media`: returns the front of the
    media data at a place in the file, as far as it is known; `any_codec`: a video counts whose coded size cannot be
    read, but whose header gives its displayed size.
    """
    timescale, *turn = versioned(only(moov, b"mvhd"), _MVHD)
    runs = fragments(moov, moofs)
    tracks, fault = _tracks(moov, runs)
    track = _shown(tracks)
    if not track:
        raise BrokenBoxError(fault or "no video track with samples")
    codec, coded = _stated(track, media(track.samples.first), any_codec=any_codec)
    matrix = _straight(_product(track.matrix, _Matrix(*turn)))
    pixels = _turned(matrix, coded)
    shown = _displayed(matrix, track.size)
    if 0 in shown:
        shown = pixels
    seconds = _seconds(track.samples.time, track.timescale)
    if track.duration and timescale and not runs:
        seconds = min(seconds, track.duration / timescale)
    whole = [other.samples for other in tracks if other is track or other.handler in _PLAYED]
    return Movie(Video(*shown, *pixels, seconds, codec), whole)


def _tracks(moov: memoryview, runs: Mapping[int, Samples]) -> tuple[list[_Track], str]:
    """Return the tracks that can be read, and why the first other one cannot."""
    tracks, fault = [], ""
    for trak in every(moov, b"trak"):
        try:
            tracks.append(_track(trak, runs))
        except BROKEN as broken:
            fault = fault or reason(broken)
    return tracks, fault


def _track(trak: memoryview, runs: Mapping[int, Samples]) -> _Track:
    flags, ident, duration, *matrix, width, height = versioned(only(trak, b"tkhd"), _TKHD)
    mdia = only(trak, b"mdia")
    (timescale,) = versioned(only(mdia, b"mdhd"), _MDHD)
    handler = next((bytes(hdlr[8:12]) for hdlr in every(mdia, b"hdlr")), b"")
    stbl = only(mdia, b"minf", b"stbl")
    samples = indexed(stbl).joined(runs.get(ident, Samples()))
    shape = _Matrix(*matrix), Size(width, height)
    return _Track(bool(flags & 1), handler, duration, *shape, timescale, samples, only(stbl, b"stsd"))


def _shown(tracks: Iterable[_Track]) -> _Track | None:
    """Return the track that is the video; where no handler says `vide`, one without a handler may be."""
    filled = [track for track in tracks if track.samples.size]
    videos = [track for track in filled if track.handler == b"vide"]
    videos = videos or [track for track in filled if not any(track.handler)]
    enabled = [track for track in videos if track.enabled]
    return max(enabled or videos, key=lambda track: track.samples.size, default=None)


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


def _straight(matrix: _Matrix) -> _Matrix:
    """Return a matrix of quarter turns, without the rounding errors of the program that computed it."""
    least = max(map(abs, matrix)) / _ROUNDED
    exact = _Matrix(*(number if abs(number) > least else 0 for number in matrix))
    if (exact.a or exact.d) and (exact.b or exact.c):
        raise BrokenBoxError("a picture turned by no multiple of 90 degrees")
    return exact


def _displayed(matrix: _Matrix, size: Size) -> Size:
    a, b, c, d = map(abs, matrix)
    width, height = a * size.width + c * size.height, b * size.width + d * size.height
    return Size(round(width / _ONE**3), round(height / _ONE**3))


def _turned(matrix: _Matrix, size: Size) -> Size:
    return Size(size.height, size.width) if matrix.b else size


def _stated(track: _Track, sample: bytes, *, any_codec: bool) -> tuple[str, Size]:
    try:
        return _coded(track, sample)
    except BROKEN:
        if any_codec and all(track.size):
            return "", Size(track.size.width // _ONE, track.size.height // _ONE)
        raise


def _coded(track: _Track, sample: bytes) -> tuple[str, Size]:
    """Return codec and coded size as the sample entries state them, of which only those in use have to be readable."""
    (count,) = struct.unpack_from(">4xI", track.entries)
    total = sum(1 for _ in islice(children(track.entries[8:]), count))
    used = track.samples.descriptions
    if not all(1 <= number <= total for number in used):
        used = frozenset()
    entries = enumerate(islice(children(track.entries[8:]), count), 1)
    stated = {_sample_entry(*entry, sample) for number, entry in entries if not used or number in used}
    if len(stated) != 1:
        raise BrokenBoxError(f"{len(stated) or 'no'} {'different ' if stated else ''}sample entries")
    return stated.pop()


def _sample_entry(kind: bytes, entry: memoryview, sample: bytes) -> tuple[str, Size]:
    if kind not in _CODECS:
        raise BrokenBoxError(f"codec {letters(kind)}")
    claimed = Size(*struct.unpack_from(">24xHH", entry))
    extensions = entry[78:]
    for pasp in every(extensions, b"pasp"):
        across, down = struct.unpack_from(">II", bytes(pasp).ljust(8, b"\0"))
        if across != down and across and down:  # a ratio with a 0 is none
            raise BrokenBoxError("pixels that are not square")
    box, read = _CODECS[kind]
    sizes = read(_config(extensions, box), sample)
    if not sizes:
        raise BrokenBoxError("no sequence header")
    if len(sizes) > 1 or (all(claimed) and claimed not in sizes):
        raise BrokenBoxError("sample entry and codec contradict each other about the size")
    return letters(kind), sizes.pop()


def _config(extensions: memoryview, box: bytes) -> bytes:
    if box == b"av1C" and all(kind != box for kind, _ in children(extensions)):
        return b""  # its samples decode without it
    return bytes(only(extensions, box))
