"""MP4 files for the tests: short films, encoded once, muxed in every way, their boxes changed.

Encoded films are kept in `.local/media/corpus`, each under a name that says how it was made.
"""

import io
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from secrets import token_hex
from typing import Any

os.environ.setdefault("SVT_LOG", "1")  # read by the AV1 encoder, which prints its whole configuration otherwise

import av

CACHE = Path(__file__).parents[2] / ".local" / "media" / "corpus"
NESTED = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf"})
VIDEO_ENTRIES = {b"avc1", b"avc3", b"hvc1", b"hev1", b"av01"}
FRONTS = dict.fromkeys(NESTED | {b"dinf", b"mfra"}, 0) | {b"stsd": 8} | dict.fromkeys(VIDEO_ENTRIES, 78)
"""Types of the boxes that contain boxes, and the number of bytes in front of those."""
TRACK_HEADER, SAMPLE_ENTRIES = (b"tkhd",), (b"stsd",)

_SPEED = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "12"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}

Kinds = tuple[bytes, ...]
"""A path: types of boxes, each somewhere inside the one before."""
Box = tuple[bytes, int, int, int]
"""Type of a box, and the positions of its head, its body and its end."""


@dataclass(frozen=True)
class Film:
    """What is encoded: size in pixels, encoder, format, length, shape of a pixel, the encoder's options."""

    width: int
    height: int
    encoder: str = "libx264"
    pixels: str = "yuv420p"
    frames: int = 3
    aspect: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        shape = self.aspect.replace("/", "to")
        options = [value for _, value in self.options]
        return "-".join([self.encoder, f"{self.width}x{self.height}", self.pixels, f"{self.frames}{shape}", *options])


UHD, UHD_TALL, HD = Film(3840, 2160), Film(2160, 3840), Film(1280, 720)


@cache
def encoded(film: Film) -> bytes:
    """Return the film in a plain file, from which `muxed` takes its packets."""
    path = CACHE / f"{film.name}.mp4"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{token_hex(4)}")
        _encode(film, part)
        part.replace(path)
    return path.read_bytes()


def _encode(film: Film, path: Path) -> None:
    with av.open(str(path), "w", format="mov" if film.encoder == "prores_ks" else "mp4") as file:
        options = {**_SPEED.get(film.encoder, {}), **dict(film.options)}
        stream: Any = file.add_stream(film.encoder, rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, film.pixels
        if film.aspect:
            stream.sample_aspect_ratio = Fraction(film.aspect)
        for number in range(film.frames):
            file.mux(stream.encode(_frame(film, number)))
        file.mux(stream.encode())


def _frame(film: Film, number: int) -> av.VideoFrame:
    frame = av.VideoFrame(film.width, film.height, film.pixels)
    for position, plane in enumerate(frame.planes):
        value = 16 + (40 * position + 30 * number) % 200
        sample = (4 * value).to_bytes(2, "little") if film.pixels.endswith("10le") else bytes([value])
        plane.update(sample * (plane.buffer_size // len(sample)))
    frame.pts = number
    return frame


@cache
def silence() -> bytes:
    """Return a second of silence as an audio track in a file of its own."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream: Any = file.add_stream("aac", rate=48000)
        for number in range(48):
            frame = av.AudioFrame("fltp", "stereo", 1024)
            frame.sample_rate, frame.pts = 48000, 1024 * number
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return out.getvalue()


@cache
def muxed(*sources: bytes | Film, muxer: str = "mp4", timecode: str = "", **options: str) -> bytes:
    """Return one file with a track for each source, by FFmpeg's muxer of that name with these options."""
    timed: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        with av.open(str(path), "w", format=muxer, options=options) as out:
            if timecode:
                out.metadata["timecode"] = timecode
            for source in sources:
                file: Any = av.open(io.BytesIO(encoded(source) if isinstance(source, Film) else source))
                track = out.add_stream_from_template(file.streams[0], opaque=True)
                timed += [(packet.dts * packet.time_base, packet, track) for packet in file.demux() if packet.size]
            for _, packet, track in sorted(timed, key=itemgetter(0)):
                packet.stream = track
                out.mux(packet)
        return path.read_bytes()


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes of an intact file between two positions."""
    end = len(data) if end is None else end
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 16 if size == 1 else 8
        size = struct.unpack_from(">Q", data, start + 8)[0] if size == 1 else size or end - start
        yield kind, start, start + head, start + size
        start += size


def found(data: bytes, *path: bytes, nth: int = 0) -> Box:
    """Return the `nth` box at a path."""
    return list(_at(data, 0, len(data), path))[nth]


def _at(data: bytes, start: int, end: int, path: Kinds) -> Iterator[Box]:
    for item in boxes(data, start, end):
        kind, _, body, stop = item
        rest = path[1:] if kind == path[0] else path
        if not rest:
            yield item
        elif kind in FRONTS:
            yield from _at(data, body + FRONTS[kind], stop, rest)


def whole(data: bytes, *path: bytes) -> bytes:
    """Return the first box at a path, with its head."""
    return data[slice(*found(data, *path)[1::2])]


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def edited(data: bytes, path: Kinds, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with the boxes at `path` replaced by what `change` makes of each whole box, and sizes corrected.

    Positions of samples are not corrected: edit files whose `moov` comes last, or keep the length.
    """
    parts = []
    for kind, head, body, end in boxes(data):
        rest = path[1:] if kind == path[0] else path
        if not rest:
            parts.append(change(data[head:end]))
        elif kind in FRONTS:
            inside = body + FRONTS[kind]
            parts.append(box(kind, data[body:inside] + edited(data[inside:end], rest, change)))
        else:
            parts.append(data[head:end])
    return b"".join(parts)


def without(data: bytes, *path: bytes) -> bytes:
    return edited(data, path, lambda _: b"")


def body_edited(data: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return edited(data, (kind,), lambda old: box(kind, change(old[8:])))


def extended(data: bytes, path: Kinds, extra: bytes) -> bytes:
    return edited(data, path, lambda old: box(old[4:8], old[8:] + extra))


def patched(data: bytes, path: Kinds, at: int, new: bytes, nth: int = 0) -> bytes:
    """Return the file with bytes at position `at` of one box's body overwritten."""
    start = found(data, *path, nth=nth)[2] + at
    return data[:start] + new + data[start + len(new) :]


def resized(data: bytes, size: int, *path: bytes) -> bytes:
    """Return the file with another size in the head of a box."""
    return patched(data, path, -8, size.to_bytes(4))


def fixed(*numbers: float) -> bytes:
    """Return numbers in 16.16 format."""
    return b"".join(struct.pack(">i", int(number * 65536)) for number in numbers)


def matrix(a: float, b: float, c: float, d: float) -> bytes:
    return fixed(a, b, 0, c, d, 0, 0, 0) + struct.pack(">i", 1 << 30)


def turned(data: bytes, a: float, b: float, c: float, d: float) -> bytes:
    return patched(data, TRACK_HEADER, 40, matrix(a, b, c, d))


def claiming(data: bytes, width: float, height: float) -> bytes:
    return patched(data, TRACK_HEADER, 76, fixed(width, height))


def entry_claiming(data: bytes, width: int, height: int) -> bytes:
    return patched(data, SAMPLE_ENTRIES, 8 + 8 + 24, struct.pack(">HH", width, height))


def inband(data: bytes) -> bytes:
    """Return the file with the parameter sets of its `avcC` or `hvcC` in front of the first sample instead."""
    kind = b"avcC" if b"avcC" in whole(data, b"stsd") else b"hvcC"
    config = whole(data, kind)[8:]
    if kind == b"avcC":
        at, arrays, head, bare = 5, 2, 1, config[:5] + b"\xe0\0"
    else:
        at, arrays, head, bare = 23, config[22], 3, config[:22] + b"\0"
    front = b""
    for _ in range(arrays):
        count, at = config[at + head - 1] & 31, at + head
        for _ in range(count):
            size = int.from_bytes(config[at : at + 2])
            front += size.to_bytes(4) + config[at + 2 : at + 2 + size]
            at += 2 + size
    data = edited(data, (kind,), lambda _: box(kind, bare))
    data = edited(data, (b"mdat",), lambda old: box(b"mdat", front + old[8:]))
    first = int.from_bytes(whole(data, b"stsz")[20:24])
    return patched(data, (b"stsz",), 12, (first + len(front)).to_bytes(4))


def version_1(data: bytes) -> bytes:
    for kind, narrow, wide in ((b"mvhd", ">IIII", ">QQIQ"), (b"mdhd", ">IIII", ">QQIQ"), (b"tkhd", ">IIIII", ">QQIIQ")):
        data = edited(data, (kind,), partial(_widened, narrow=narrow, wide=wide))
    return data


def _widened(old: bytes, narrow: str, wide: str) -> bytes:
    times = struct.unpack_from(narrow, old, 12)
    return box(old[4:8], b"\1" + old[9:12] + struct.pack(wide, *times) + old[12 + struct.calcsize(narrow) :])


def co64(data: bytes) -> bytes:
    def widened(old: bytes) -> bytes:
        offsets = struct.unpack_from(f">{(len(old) - 16) // 4}I", old, 16)
        return box(b"co64", old[8:16] + struct.pack(f">{len(offsets)}Q", *offsets))

    return edited(data, (b"stco",), widened)


def moved(data: bytes, shift: int) -> bytes:
    """Return the file with the first track's chunk offsets moved by `shift` bytes."""
    table = whole(data, b"stco")
    offsets = [int.from_bytes(table[at : at + 4]) + shift for at in range(16, len(table), 4)]
    return patched(data, (b"stco",), 8, struct.pack(f">{len(offsets)}I", *offsets))
