"""Time and bytes of a track's samples: from the tables of `stbl` and from the runs of movie fragments."""

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from veo4k.domain.mp4.boxes import every, only, table

_DURATION, _SIZE = 0x100, 0x200  # columns of a run's table, by their flag
_COLUMNS = (_DURATION, _SIZE, 0x400, 0x800)


class Samples(NamedTuple):
    """Their time in units of the track, their bytes, and the file positions of the first and last chunk, if any."""

    time: int
    size: int
    chunks: tuple[int, ...] = ()


def indexed(stbl: memoryview) -> Samples:
    """Return the samples of a track's own tables; a fragmented file may have none there."""
    stsz, stts = only(stbl, b"stsz"), only(stbl, b"stts")
    all_alike, count = struct.unpack_from(">4xII", stsz)
    size = all_alike * count or sum(size for (size,) in table(stsz, 12, count, ">I"))
    (pairs,) = struct.unpack_from(">4xI", stts)
    time = sum(samples * delta for samples, delta in table(stts, 8, pairs, ">II"))
    return Samples(time, size, _chunks(stbl))


def _chunks(stbl: memoryview) -> tuple[int, ...]:
    kind, record = (b"co64", ">Q") if every(stbl, b"co64") else (b"stco", ">I")
    box = only(stbl, kind)
    (count,) = struct.unpack_from(">4xI", box)
    return (*min(table(box, 8, count, record)), *max(table(box, 8, count, record))) if count else ()


def fragments(moov: memoryview, moofs: Sequence[memoryview]) -> Mapping[int, list[Samples]]:
    """Return the runs of samples in movie fragments, by track."""
    trexes = [struct.unpack_from(">4xI4xII", trex) for mvex in every(moov, b"mvex") for trex in every(mvex, b"trex")]
    defaults = {track: (time, size) for track, time, size in trexes}
    runs: dict[int, list[Samples]] = defaultdict(list)
    for moof in moofs:
        for traf in every(moof, b"traf"):
            track, time, size = _header(only(traf, b"tfhd"), defaults)
            runs[track] += [_run(trun, time, size) for trun in every(traf, b"trun")]
    return runs


def _header(tfhd: memoryview, defaults: Mapping[int, tuple[int, int]]) -> tuple[int, int, int]:
    flags, track = struct.unpack_from(">II", tfhd)
    fields = "".join(field for flag, field in ((1, "8x"), (2, "4x"), (8, "I"), (16, "I")) if flags & flag)
    values = iter(struct.unpack_from(">8x" + fields, tfhd))
    time, size = defaults.get(track, (0, 0))
    return track, next(values) if flags & 8 else time, next(values) if flags & 16 else size


def _run(trun: memoryview, time: int, size: int) -> Samples:
    return Samples(_total(trun, _DURATION, time), _total(trun, _SIZE, size))


def _total(trun: memoryview, wanted: int, default: int) -> int:
    """Return the sum of one column of a run's table, or of its default where the table lacks the column."""
    flags, count = struct.unpack_from(">II", trun)
    if not flags & wanted:
        return int(count * default)
    start = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    record = "".join("I" if column == wanted else "4x" for column in _COLUMNS if flags & column)
    return sum(value for (value,) in table(trun, start, count, ">" + record))
