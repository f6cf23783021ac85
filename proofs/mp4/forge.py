"""MP4 files for the tests: short films, encoded once, muxed in every way, their boxes changed.

Encoded films are kept in `.local/media/corpus`, each under a name that says how it was made.
"""

import io
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any

os.environ.setdefault("SVT_LOG", "1")  # read by the AV1 encoder, which prints its whole configuration otherwise

import av

CACHE = Path(__file__).parents[2] / ".local" / "media" / "corpus"
FRAMES, RATE = 3, 24
NESTED = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf"})

_SPEED = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "12"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}

Box = tuple[bytes, int, int, int]
"""Type of a box, and the positions of its head, its body and its end."""


@dataclass(frozen=True)
class Film:
    """What is encoded: size in pixels, encoder, format, length, shape of a pixel, the encoder's options."""

    width: int
    height: int
    encoder: str = "libx264"
    pixels: str = "yuv420p"
    frames: int = FRAMES
    aspect: str = ""
    options: tuple[tuple[str, str], ...] = field(default=())

    @property
    def name(self) -> str:
        """Return the name of the file in the cache."""
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
        stream: Any = file.add_stream(film.encoder, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, film.pixels
        if film.aspect:
            stream.sample_aspect_ratio = Fraction(film.aspect)
        for frame in _frames(film):
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def _frames(film: Film) -> Iterator[av.VideoFrame]:
    for number in range(film.frames):
        frame = av.VideoFrame(film.width, film.height, film.pixels)
        for position, plane in enumerate(frame.planes):
            value = 16 + (40 * position + 30 * number) % 200
            sample = (4 * value).to_bytes(2, "little") if film.pixels.endswith("10le") else bytes([value])
            plane.update(sample * (plane.buffer_size // len(sample)))
        frame.pts = number
        yield frame


@cache
def silence(seconds: int = 1) -> bytes:
    """Return an audio track of silence in a file of its own."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream: Any = file.add_stream("aac", rate=48000)
        for number in range(48 * seconds):
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
    inputs = [av.open(io.BytesIO(encoded(source) if isinstance(source, Film) else source)) for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        with av.open(str(path), "w", format=muxer, options=options) as out:
            if timecode:
                out.metadata["timecode"] = timecode
            for packet in _packets(inputs, out):
                out.mux(packet)
        return path.read_bytes()


def _packets(inputs: list[Any], out: Any) -> list[Any]:
    timed = []
    for file in inputs:
        stream = file.streams[0]
        track = out.add_stream_from_template(stream, opaque=True)
        for packet in file.demux(stream):
            if packet.size:
                timed.append((packet.dts * packet.time_base, packet))
                packet.stream = track
    return [packet for _, packet in sorted(timed, key=lambda pair: pair[0])]


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
    """Return the `nth` box at a path of types."""
    return list(_at(data, 0, len(data), path))[nth]


def _at(data: bytes, start: int, end: int, path: tuple[bytes, ...]) -> Iterator[Box]:
    for box in boxes(data, start, end):
        if box[0] == path[0]:
            if len(path) == 1:
                yield box
            else:
                yield from _at(data, box[2], box[3], path[1:])


def box(kind: bytes, body: bytes = b"") -> bytes:
    """Return a box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def edited(data: bytes, path: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with the boxes at `path` replaced by what `change` makes of each whole box, and sizes corrected.

    Positions of samples are not corrected: edit files whose `moov` comes last, or keep the length.
    """
    parts = []
    for kind, head, body, end in boxes(data):
        if kind != path[0]:
            parts.append(data[head:end])
        elif len(path) == 1:
            parts.append(change(data[head:end]))
        else:
            parts.append(box(kind, edited(data[body:end], path[1:], change)))
    return b"".join(parts)


def patched(data: bytes, path: tuple[bytes, ...], at: int, new: bytes, nth: int = 0) -> bytes:
    """Return the file with bytes at position `at` of one box's body overwritten."""
    start = found(data, *path, nth=nth)[2] + at
    return data[:start] + new + data[start + len(new) :]


TRACK_HEADER = (b"moov", b"trak", b"tkhd")
SAMPLE_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
SAMPLE_ENTRIES = (*SAMPLE_TABLES, b"stsd")


def fixed(*numbers: float) -> bytes:
    """Return numbers in 16.16 format."""
    return b"".join(struct.pack(">i", int(number * 65536)) for number in numbers)


def matrix(a: float, b: float, c: float, d: float) -> bytes:
    """Return the transformation matrix of a track or movie header."""
    unit = struct.pack(">i", 1 << 30)
    return fixed(a, b, 0, c, d, 0, 0, 0) + unit


def turned(data: bytes, a: float, b: float, c: float, d: float) -> bytes:
    """Return the file with this matrix in the first track's header."""
    return patched(data, TRACK_HEADER, 40, matrix(a, b, c, d))


def claiming(data: bytes, width: float, height: float) -> bytes:
    """Return the file with this size in the first track's header."""
    return patched(data, TRACK_HEADER, 76, fixed(width, height))


def entry_claiming(data: bytes, width: int, height: int) -> bytes:
    """Return the file with this size in its sample entry."""
    return patched(data, SAMPLE_ENTRIES, 8 + 8 + 24, struct.pack(">HH", width, height))


def extended(data: bytes, path: tuple[bytes, ...], extra: bytes) -> bytes:
    """Return the file with bytes added at the end of the boxes at `path`."""
    return edited(data, path, lambda old: box(old[4:8], old[8:] + extra))


def entry_edited(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with the body of the first sample entry changed."""

    def edit(stsd: bytes) -> bytes:
        size = int.from_bytes(stsd[16:20])
        return box(b"stsd", stsd[8:16] + box(stsd[20:24], change(stsd[24 : 16 + size])) + stsd[16 + size :])

    return edited(data, SAMPLE_ENTRIES, edit)


def entry_extended(data: bytes, extra: bytes) -> bytes:
    """Return the file with bytes added at the end of the first sample entry."""
    return entry_edited(data, lambda body: body + extra)


def config_edited(data: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with the body of the codec's configuration box changed."""

    def edit(body: bytes) -> bytes:
        return body[:78] + edited(body[78:], (kind,), lambda old: box(kind, change(old[8:]))) if kind in body else body

    return entry_edited(data, edit)


def parameter_sets_in_samples(data: bytes) -> bytes:
    """Return the file with the parameter sets of its `avcC` or `hvcC` in front of the first sample instead."""
    entry = data[slice(*found(data, *SAMPLE_ENTRIES)[2:])][16:]
    kind, _, start, end = next(item for item in boxes(entry, 78) if item[0] in {b"avcC", b"hvcC"})
    units, bare = (_avcc_units if kind == b"avcC" else _hvcc_units)(entry[start:end])
    front = b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
    data = config_edited(data, kind, lambda _: bare)
    data = edited(data, (b"mdat",), lambda old: box(b"mdat", front + old[8:]))
    first = found(data, *SAMPLE_TABLES, b"stsz")[2] + 12
    size = int.from_bytes(data[first : first + 4]) + len(front)
    return data[:first] + size.to_bytes(4) + data[first + 4 :]


def _avcc_units(config: bytes) -> tuple[list[bytes], bytes]:
    units, at = [], 6
    for count in (config[5] & 31, 1):
        for _ in range(count):
            end = at + 2 + int.from_bytes(config[at : at + 2])
            units.append(config[at + 2 : end])
            at = end
        at += 1
    return units, config[:5] + b"\xe0\0"


def _hvcc_units(config: bytes) -> tuple[list[bytes], bytes]:
    units, at = [], 23
    for _ in range(config[22]):
        count, at = int.from_bytes(config[at + 1 : at + 3]), at + 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(config[at : at + 2])
            units.append(config[at + 2 : end])
            at = end
    return units, config[:22] + b"\0"


def version_1(data: bytes) -> bytes:
    """Return the file with times of 64 bits in its headers."""
    data = edited(data, (b"moov", b"mvhd"), lambda old: _widened(old, ">IIII", ">QQIQ"))
    data = edited(data, (b"moov", b"trak", b"mdia", b"mdhd"), lambda old: _widened(old, ">IIII", ">QQIQ"))
    return edited(data, TRACK_HEADER, lambda old: _widened(old, ">IIIII", ">QQIIQ"))


def _widened(old: bytes, narrow: str, wide: str) -> bytes:
    kind, flags, body = old[4:8], old[9:12], old[12:]
    times = struct.unpack_from(narrow, body)
    return box(kind, b"\1" + flags + struct.pack(wide, *times) + body[struct.calcsize(narrow) :])


def co64(data: bytes) -> bytes:
    """Return the file with chunk offsets of 64 bits."""

    def widened(old: bytes) -> bytes:
        offsets = struct.unpack_from(f">{(len(old) - 16) // 4}I", old, 16)
        return box(b"co64", old[8:16] + struct.pack(f">{len(offsets)}Q", *offsets))

    return edited(data, (*SAMPLE_TABLES, b"stco"), widened)


def wide_mdat(data: bytes) -> bytes:
    """Return the file with a 64-bit size of `mdat`, for which FFmpeg leaves room in a `free` box in front."""
    _, head, body, end = found(data, b"mdat")
    return data[: head - 8] + struct.pack(">I4sQ", 1, b"mdat", end - head + 8) + data[body:]


def endless_mdat(data: bytes) -> bytes:
    """Return the file with a last `mdat` up to the end of the file."""
    _, head, _, end = found(data, b"mdat")
    return data[:head] + struct.pack(">I4s", 0, b"mdat") + data[head + 8 : end]


def without(data: bytes, *path: bytes) -> bytes:
    """Return the file without the boxes at `path`."""
    return edited(data, path, lambda _: b"")


def moved(data: bytes, shift: int) -> bytes:
    """Return the file with the first track's chunk offsets moved by `shift` bytes."""
    start, end = found(data, *SAMPLE_TABLES, b"stco")[2:]
    offsets = struct.unpack_from(f">{(end - start - 8) // 4}I", data, start + 8)
    return data[: start + 8] + struct.pack(f">{len(offsets)}I", *(o + shift for o in offsets)) + data[end:]
