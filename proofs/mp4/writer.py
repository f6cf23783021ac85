"""An MP4 writer of its own: the samples of a film in layouts that FFmpeg's muxers do not choose."""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

import av

from proofs.mp4.forge import SAMPLE_ENTRIES, Film, box, fixed, found, matrix, muxed

LABEL = box(b"ftyp", b"isom\0\0\2\0isomiso6mp41")
TIMESCALE, DELTA = 24_000, 1_000
BASE_OFFSET, DEFAULT_TIME, DEFAULT_SIZE, BASE_IS_MOOF = 0x1, 0x8, 0x10, 0x20000  # of a `tfhd`
DATA_OFFSET, TIMES, SIZES = 0x1, 0x100, 0x200  # of a `trun`


@dataclass(frozen=True)
class _Layout:
    film: Film
    entry: bytes  # the sample entry, with its head
    chunks: Sequence[Sequence[bytes]]
    version: int  # of the headers
    extras: frozenset[str]

    def times(self, *times: int) -> bytes:
        """Return creation and modification time, and fields of the width that the version gives a duration."""
        return struct.pack(f">{len(times)}{'Q' if self.version else 'I'}", *times)


@cache
def _content(film: Film) -> tuple[bytes, tuple[bytes, ...]]:
    data = muxed(film)
    with av.open(io.BytesIO(data), "r", format="mov") as file:
        samples = tuple(bytes(packet) for packet in file.demux(video=0) if packet.size)
    return data[slice(*found(data, *SAMPLE_ENTRIES)[2:])][8:], samples


EXTRAS = (
    "udta",
    "edts",
    "dinf",
    "vmhd",
    "free",
    "co64",
    "moov first",
    "long mdat",
    "endless mdat",
    "audio handler name",
)


def composed(film: Film, random: Random) -> bytes:
    """Return the film in a layout drawn at random: whole or in fragments, `moov` first or last, tables of any kind."""
    entry, samples = _content(film)
    size = random.randint(1, len(samples))
    chunks = [samples[start : start + size] for start in range(0, len(samples), size)]
    extras = frozenset(extra for extra in EXTRAS if random.random() < 0.5)
    layout = _Layout(film, entry, chunks, random.randint(0, 1), extras)
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
    elif {"endless mdat", "moov first"} <= layout.extras:
        head = struct.pack(">I4s", 0, b"mdat")
    else:
        head = struct.pack(">I4s", 8 + size, b"mdat")
    return head + b"".join(chunks), list(accumulate(map(len, chunks[:-1]), initial=at + len(head)))


def _moov(layout: _Layout, positions: list[int], extends: bytes = b"") -> bytes:
    samples = sum(map(len, layout.chunks)) if positions else 0
    film, duration, unit = layout.film, samples * DELTA, matrix(1, 0, 0, 1)
    version = bytes([layout.version, 0, 0])
    mvhd = version + b"\0" + layout.times(0, 0) + struct.pack(">I", TIMESCALE) + layout.times(duration)
    tkhd = version + b"\3" + layout.times(0, 0) + struct.pack(">II", 1, 0) + layout.times(duration)
    mdhd = version + b"\0" + layout.times(0, 0) + struct.pack(">I", TIMESCALE) + layout.times(duration)
    track = [
        box(b"tkhd", tkhd + bytes(16) + unit + fixed(film.width, film.height)),
        box(b"edts", box(b"elst", struct.pack(">IIIii", 0, 1, duration, 0, 1 << 16)))
        if "edts" in layout.extras
        else b"",
        box(
            b"mdia",
            box(b"mdhd", mdhd + b"\x55\xc4\0\0")
            + box(b"hdlr", bytes(8) + b"vide" + bytes(12) + b"writer\0")
            + box(b"minf", _minf(layout, positions)),
        ),
    ]
    udta = box(b"udta", box(b"\xa9nam", b"\0\4\x55\xc4name")) if "udta" in layout.extras else b""
    return box(
        b"moov",
        box(b"mvhd", mvhd + b"\0\1\0\0\1\0" + bytes(10) + unit + bytes(24) + b"\0\0\0\2")
        + box(b"trak", b"".join(track))
        + extends
        + udta,
    )


def _minf(layout: _Layout, positions: list[int]) -> bytes:
    chunks = layout.chunks if positions else []
    sizes = [len(sample) for chunk in chunks for sample in chunk]
    runs = [(number, len(chunk), 1) for number, chunk in enumerate(chunks, 1)]
    wide = "co64" in layout.extras
    tables = (
        box(b"stsd", struct.pack(">II", 0, 1) + layout.entry),
        box(b"stts", struct.pack(">II", 0, bool(sizes)) + (struct.pack(">II", len(sizes), DELTA) if sizes else b"")),
        box(b"stsc", struct.pack(">II", 0, len(runs)) + b"".join(struct.pack(">III", *run) for run in runs)),
        box(b"stsz", struct.pack(f">III{len(sizes)}I", 0, 0, len(sizes), *sizes)),
        box(
            b"co64" if wide else b"stco",
            struct.pack(f">II{len(positions)}{'Q' if wide else 'I'}", 0, len(positions), *positions),
        ),
    )
    vmhd = box(b"vmhd", b"\0\0\0\1" + bytes(8)) if "vmhd" in layout.extras else b""
    dinf = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", b"\0\0\0\1")))
    return vmhd + (dinf if "dinf" in layout.extras else b"") + box(b"stbl", b"".join(tables))


def _fragmented(layout: _Layout, random: Random) -> bytes:
    size = len(layout.chunks[0][0])
    trex = box(b"mvex", box(b"trex", struct.pack(">6I", 0, 1, 1, DELTA, size, 0)))
    parts = [_moov(layout, [], trex)]
    at = len(LABEL) + len(parts[0])
    for number, chunk in enumerate(layout.chunks, 1):
        parts.append(_fragment(chunk, number, at, random))
        at += len(parts[-1])
    if "free" in layout.extras:
        parts.append(box(b"mfra", box(b"mfro", struct.pack(">II", 0, 24))))
    return b"".join(parts)


def _fragment(chunk: Sequence[bytes], number: int, at: int, random: Random) -> bytes:
    """Return a fragment of one run; its fields say where its bytes are in one of the ways there are."""
    base = random.choice((0, BASE_OFFSET, BASE_IS_MOOF))
    tfhd = struct.pack(">II", base | DEFAULT_TIME, 1) + (struct.pack(">Q", at) if base == BASE_OFFSET else b"")
    times = random.random() < 0.5
    records = [(DELTA, len(sample)) if times else (len(sample),) for sample in chunk]
    flags = DATA_OFFSET | SIZES | (TIMES if times else 0)
    run = b"".join(struct.pack(f">{len(record)}I", *record) for record in records)

    def moof(offset: int) -> bytes:
        trun = box(b"trun", struct.pack(">IIi", flags, len(chunk), offset) + run)
        traf = box(b"traf", box(b"tfhd", tfhd + struct.pack(">I", DELTA)) + trun)
        return box(b"moof", box(b"mfhd", struct.pack(">II", 0, number)) + traf)

    return moof(len(moof(0)) + 8) + box(b"mdat", b"".join(chunk))
