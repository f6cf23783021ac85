"""Time, bytes and place of a track's samples: from the tables of `stbl` and from the runs of movie fragments."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from veo4k.domain.mp4.boxes import BrokenBoxError, children, every, only, table

_BASE_OFFSET, _DESCRIPTION, _DEFAULT_TIME, _DEFAULT_SIZE, _BASE_IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000  # of a `tfhd`
_FIELDS = {_BASE_OFFSET: "Q", _DESCRIPTION: "I", _DEFAULT_TIME: "I", _DEFAULT_SIZE: "I"}
_DATA_OFFSET, _FIRST_FLAGS, _TIME, _SIZE = 0x1, 0x4, 0x100, 0x200  # of a `trun`
_COLUMNS = (_TIME, _SIZE, 0x400, 0x800)


class Place(NamedTuple):
    """Part of the file: position of the first byte, and of the first byte behind."""

    start: int
    end: int


_NOWHERE = Place(0, 0)
_RECORDS = {32: ">I", 16: ">H", 8: ">B"}  # of the sizes of samples; in 4 bits no picture fits


class Samples(NamedTuple):
    """Samples of a track: their time in units of the track, their bytes, their places in the file.

    `place` reaches over all of them, `first` over the first chunk. `descriptions` are the numbers of the sample entries
    that describe them; empty if unknown.
    """

    time: int = 0
    size: int = 0
    place: Place = _NOWHERE
    first: Place = _NOWHERE
    descriptions: frozenset[int] = frozenset()

    def joined(self, other: "Samples") -> "Samples":
        """Return these samples with the others behind them."""
        place, first = (self if self.size else other)[2:4]
        if self.size and other.size:
            place = Place(min(place.start, other.place.start), max(place.end, other.place.end))
        descriptions = self.descriptions | other.descriptions
        return Samples(self.time + other.time, self.size + other.size, place, first, descriptions)


class _Sizes:
    """Sizes of a track's samples in bytes, to be taken in their order."""

    def __init__(self, stbl: memoryview, kind: bytes) -> None:
        self._alike: int  # size of every sample; 0 where the table has one for each
        self.left: int
        box, bits = only(stbl, kind), 32
        self._alike, self.left = struct.unpack_from(">4xII", box)
        if kind == b"stz2":
            self._alike, bits = 0, self._alike & 0xFF
        if bits not in _RECORDS:
            raise BrokenBoxError(f"sizes of samples in {bits} bits")
        self._table = iter(()) if self._alike else table(box, 12, self.left, _RECORDS[bits])

    def take(self, count: int) -> int:
        """Return the bytes of the next `count` samples, as far as there are any."""
        count = min(count, self.left)
        self.left -= count
        return self._alike * count or sum(int(size) for (size,) in islice(self._table, count))


def indexed(stbl: memoryview) -> Samples:
    """Return the samples of a track's own tables. A fragmented file may have none there, and needs no tables then."""
    kinds = {kind for kind, _ in children(stbl)}
    if b"stts" not in kinds or not kinds & {b"stsz", b"stz2"} or not kinds & {b"stco", b"co64"}:
        return Samples()
    sizes, stts = _Sizes(stbl, b"stsz" if b"stsz" in kinds else b"stz2"), only(stbl, b"stts")
    (pairs,) = struct.unpack_from(">4xI", stts)
    time = sum(count * delta for count, delta in table(stts, 8, pairs, ">II"))
    samples = Samples(time, descriptions=frozenset(description for _, _, description in _runs(stbl)))
    for position, count, is_last in _chunks(stbl, wide=b"co64" in kinds):
        size = sizes.take(sizes.left if is_last else count)
        place = Place(position, position + size)
        samples = samples.joined(Samples(0, size, place, place))
    return samples


def _chunks(stbl: memoryview, *, wide: bool) -> Iterator[tuple[int, int, bool]]:
    """Yield position and number of samples of each chunk, and whether it is the last."""
    box = only(stbl, b"co64" if wide else b"stco")
    (chunks,) = struct.unpack_from(">4xI", box)
    runs, count = _runs(stbl), 0
    following = next(runs, None)
    for number, (position,) in enumerate(table(box, 8, chunks, ">Q" if wide else ">I"), 1):
        while following and following[0] <= number:
            count, following = following[1], next(runs, None)
        yield position, count, number == chunks


def _runs(stbl: memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield number of the first chunk, samples in each and sample entry of every run of chunks."""
    for stsc in every(stbl, b"stsc"):
        (runs,) = struct.unpack_from(">4xI", stsc)
        yield from table(stsc, 8, runs, ">III")


class _Fragment(NamedTuple):
    """What a `tfhd` sets for the runs of its fragment; `base`: where their bytes are counted from."""

    track: int
    base: int
    description: int
    time: int
    size: int


_Defaults = Mapping[int, tuple[int, int, int]]


def fragments(moov: memoryview, moofs: Iterable[tuple[int, memoryview]]) -> Mapping[int, Samples]:
    """Return the samples in movie fragments by track; each `moof` comes with its position in the file."""
    trexes = (struct.unpack_from(">4x4I", trex) for mvex in every(moov, b"mvex") for trex in every(mvex, b"trex"))
    defaults = {track: (description, time, size) for track, description, time, size in trexes}
    tracks: dict[int, Samples] = {}
    for position, moof in moofs:
        end = position
        for traf in every(moof, b"traf"):
            fragment = _fragment(only(traf, b"tfhd"), defaults, position, end)
            end = fragment.base
            for trun in every(traf, b"trun"):
                run = _run(trun, fragment, end)
                end = run.place.end
                tracks[fragment.track] = tracks.get(fragment.track, Samples()).joined(run)
    return tracks


def _fragment(tfhd: memoryview, defaults: _Defaults, moof: int, end: int) -> _Fragment:
    flags, track = struct.unpack_from(">II", tfhd)
    values = iter(struct.unpack_from(">8x" + "".join(field for flag, field in _FIELDS.items() if flags & flag), tfhd))
    base = next(values) if flags & _BASE_OFFSET else moof if flags & _BASE_IS_MOOF else end
    description, time, size = defaults.get(track, (0, 0, 0))
    description = next(values) if flags & _DESCRIPTION else description
    time = next(values) if flags & _DEFAULT_TIME else time
    size = next(values) if flags & _DEFAULT_SIZE else size
    return _Fragment(track, base, description, time, size)


def _run(trun: memoryview, fragment: _Fragment, end: int) -> Samples:
    (flags,) = struct.unpack_from(">I", trun)
    start = fragment.base + struct.unpack_from(">8xi", trun)[0] if flags & _DATA_OFFSET else end
    time, size = _total(trun, _TIME, fragment.time), _total(trun, _SIZE, fragment.size)
    place = Place(start, start + size)
    return Samples(time, size, place, place, frozenset({fragment.description}))


def _total(trun: memoryview, wanted: int, default: int) -> int:
    """Return the sum of one column of a run's table, or of its default where the table has no such column."""
    flags, count = struct.unpack_from(">II", trun)
    if not flags & wanted:
        return int(count * default)
    start = 8 + 4 * bool(flags & _DATA_OFFSET) + 4 * bool(flags & _FIRST_FLAGS)
    record = "".join("I" if column == wanted else "4x" for column in _COLUMNS if flags & column)
    return sum(value for (value,) in table(trun, start, count, ">" + record))
