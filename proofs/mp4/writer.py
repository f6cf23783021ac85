"""An MP4 writer of its own: the samples of a film in layouts that FFmpeg's muxers do not choose."""

import io
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

import av

from proofs.mp4.forge import Film, box, fixed, matrix, muxed, whole

LABEL = box(b"ftyp", b"isom\0\0\2\0isomiso6mp41")
TIMESCALE, DELTA = 24_000, 1_000
BASE_OFFSET, DEFAULT_TIME, BASE_IS_MOOF = 0x1, 0x8, 0x20000  # of a `tfhd`
DATA_OFFSET, TIMES, SIZES = 0x1, 0x100, 0x200  # of a `trun`
UNIT = matrix(1, 0, 0, 1)
EXTRAS = (
    *("udta", "edts", "dinf", "vmhd", "free", "co64", "moov first", "long mdat", "endless mdat"),
    "audio handler name",
)


@dataclass(frozen=True)
class _Layout:
    film: Film
    entries: bytes  # the `stsd`
    chunks: Sequence[Sequence[bytes]]
    version: int  # of the headers
    extras: frozenset[str]

    def chosen(self, name: str, written: bytes) -> bytes:
        return written if name in self.extras else b""

    def header(self, kind: bytes, flags: int, middle: bytes, duration: int, rest: bytes) -> bytes:
        """Return a header, whose version says how wide its times are."""
        wide = "Q" if self.version else "I"
        front = struct.pack(f">BxxB2{wide}", self.version, flags, 0, 0)
        return box(kind, front + middle + struct.pack(f">{wide}", duration) + rest)


@cache
def _content(film: Film) -> tuple[bytes, tuple[bytes, ...]]:
    data = muxed(film)
    with av.open(io.BytesIO(data), "r", format="mov") as file:
        return whole(data, b"stsd"), tuple(bytes(packet) for packet in file.demux(video=0) if packet.size)


def composed(film: Film, random: Random) -> bytes:
    """Return the film in a layout drawn at random: whole or in fragments, `moov` first or last, tables of any kind."""
    entries, samples = _content(film)
    size = random.randint(1, len(samples))
    chunks = [samples[start : start + size] for start in range(0, len(samples), size)]
    extras = frozenset(extra for extra in EXTRAS if random.random() < 0.5)
    layout = _Layout(film, entries, chunks, random.randint(0, 1), extras)
    if random.random() < 0.3:
        return LABEL + _fragmented(layout, random)
    if "moov first" not in extras:
        media, positions = _media(layout, len(LABEL))
        return LABEL + media + _moov(layout, positions)
    front = LABEL + _moov(layout, [0] * len(chunks))
    media, positions = _media(layout, len(front))
    return LABEL + _moov(layout, positions) + media


def _media(layout: _Layout, at: int) -> tuple[bytes, list[int]]:
    """Return the media data in one `mdat`, and the position of every chunk."""
    chunks = [b"".join(chunk) for chunk in layout.chunks]
    size = sum(map(len, chunks))
    if "long mdat" in layout.extras:
        head = struct.pack(">I4sQ", 1, b"mdat", 16 + size)
    else:
        head = struct.pack(">I4s", 0 if {"endless mdat", "moov first"} <= layout.extras else 8 + size, b"mdat")
    return head + b"".join(chunks), list(accumulate(map(len, chunks[:-1]), initial=at + len(head)))


def _moov(layout: _Layout, positions: list[int], extends: bytes = b"") -> bytes:
    chunks = layout.chunks if positions else []
    film, scale, duration = layout.film, struct.pack(">I", TIMESCALE), DELTA * sum(map(len, chunks))
    shape = bytes(16) + UNIT + fixed(film.width, film.height)
    edits = box(b"edts", box(b"elst", struct.pack(">IIIii", 0, 1, duration, 0, 1 << 16)))
    media = (
        layout.header(b"mdhd", 0, scale, duration, b"\x55\xc4\0\0"),
        box(b"hdlr", bytes(8) + b"vide" + bytes(12) + b"writer\0"),
        box(b"minf", _minf(layout, chunks, positions)),
    )
    track = layout.header(b"tkhd", 3, struct.pack(">II", 1, 0), duration, shape) + layout.chosen("edts", edits)
    movie = (
        layout.header(b"mvhd", 0, scale, duration, b"\0\1\0\0\1\0" + bytes(10) + UNIT + bytes(24) + b"\0\0\0\2"),
        box(b"trak", track + box(b"mdia", b"".join(media))),
        extends,
        layout.chosen("udta", box(b"udta", box(b"\xa9nam", b"\0\4\x55\xc4name"))),
    )
    return box(b"moov", b"".join(movie))


def _minf(layout: _Layout, chunks: Sequence[Sequence[bytes]], positions: list[int]) -> bytes:
    sizes = [(len(sample),) for chunk in chunks for sample in chunk]
    runs = [(number, len(chunk), 1) for number, chunk in enumerate(chunks, 1)]
    places, wide = [(position,) for position in positions], "co64" in layout.extras
    tables = (
        layout.entries,
        box(b"stts", _table([(len(sizes), DELTA)] if sizes else [])),
        box(b"stsc", _table(runs)),
        box(b"stsz", bytes(4) + _table(sizes)),
        box(b"co64", _table(places, "Q")) if wide else box(b"stco", _table(places)),
    )
    vmhd = layout.chosen("vmhd", box(b"vmhd", b"\0\0\0\1" + bytes(8)))
    dinf = layout.chosen("dinf", box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", b"\0\0\0\1"))))
    return vmhd + dinf + box(b"stbl", b"".join(tables))


def _table(rows: Sequence[tuple[int, ...]], width: str = "I") -> bytes:
    return struct.pack(">II", 0, len(rows)) + _rows(rows, width)


def _rows(rows: Iterable[tuple[int, ...]], width: str = "I") -> bytes:
    return b"".join(struct.pack(f">{len(row)}{width}", *row) for row in rows)


def _fragmented(layout: _Layout, random: Random) -> bytes:
    trex = box(b"mvex", box(b"trex", struct.pack(">6I", 0, 1, 1, DELTA, len(layout.chunks[0][0]), 0)))
    data = _moov(layout, [], trex)
    for number, chunk in enumerate(layout.chunks, 1):
        data += _fragment(chunk, number, len(LABEL) + len(data), random)
    return data + layout.chosen("free", box(b"mfra", box(b"mfro", struct.pack(">II", 0, 24))))


def _fragment(chunk: Sequence[bytes], number: int, at: int, random: Random) -> bytes:
    """Return a fragment of one run; its fields say where its bytes are in one of the ways there are."""
    base = random.choice((0, BASE_OFFSET, BASE_IS_MOOF))
    tfhd = struct.pack(">II", base | DEFAULT_TIME, 1) + (struct.pack(">Q", at) if base == BASE_OFFSET else b"")
    times = random.random() < 0.5
    run = _rows((DELTA, len(sample)) if times else (len(sample),) for sample in chunk)
    flags = DATA_OFFSET | SIZES | (TIMES if times else 0)

    def moof(offset: int) -> bytes:
        trun = box(b"trun", struct.pack(">IIi", flags, len(chunk), offset) + run)
        traf = box(b"traf", box(b"tfhd", tfhd + struct.pack(">I", DELTA)) + trun)
        return box(b"moof", box(b"mfhd", struct.pack(">II", 0, number)) + traf)

    return moof(len(moof(0)) + 8) + box(b"mdat", b"".join(chunk))
