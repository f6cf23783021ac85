"""Sample tables and movie fragments that no muxer at hand writes, put together by hand."""

import struct

import pytest

from proofs.mp4.forge import box
from veo4k.domain.mp4.boxes import BrokenBoxError
from veo4k.domain.mp4.samples import Place, Samples, fragments, indexed

BASE_OFFSET, DESCRIPTION, DURATION, SIZE, FLAGS, BASE_IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20, 0x20000
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4
DURATIONS, SIZES, SAMPLE_FLAGS, COMPOSITION = 0x100, 0x200, 0x400, 0x800
MOOF = 1000  # position of the first fragment; a second one is twice as far
HIGH = 2**32 - 1


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def trex(track: int, time: int, size: int, description: int = 1) -> bytes:
    return box(b"trex", numbers(0, track, description, time, size, 0))


def tfhd(track: int, flags: int = 0, *fields: int) -> bytes:
    return box(b"tfhd", numbers(flags, track, *fields))


def trun(count: int, flags: int = 0, *fields: int) -> bytes:
    return box(b"trun", numbers(flags, count, *fields))


def traf(*boxes: bytes) -> bytes:
    return box(b"traf", b"".join(boxes))


def read(*moofs: bytes, extends: bytes = b"") -> dict[int, Samples]:
    moov = memoryview(box(b"mvex", extends))
    return dict(fragments(moov, [(MOOF * number, memoryview(moof)) for number, moof in enumerate(moofs, 1)]))


ALL_FIELDS = BASE_OFFSET | DESCRIPTION | DURATION | SIZE | FLAGS
ALL_COLUMNS = DATA_OFFSET | FIRST_FLAGS | DURATIONS | SIZES | SAMPLE_FLAGS | COMPOSITION
EVERY_COLUMN = trun(2, ALL_COLUMNS, 11, 12, 3, 30, 13, 14, 4, 40, 15, 16)
TWO_DEFAULTS = traf(tfhd(1, DURATION, 9), trun(3)) + traf(tfhd(2, SIZE, 9), trun(3))
TWO_RUNS = traf(tfhd(1), trun(1), trun(2)) + traf(tfhd(1), trun(3))
TIMES_AND_SIZES: dict[str, tuple[bytes, dict[int, tuple[int, int]]]] = {
    "defaults of the track": (traf(tfhd(1), trun(3)), {1: (21, 210)}),
    "defaults of another track": (traf(tfhd(2), trun(3)), {2: (15, 150)}),
    "defaults of the fragment": (traf(tfhd(1, DURATION | SIZE, 9, 90), trun(3)), {1: (27, 270)}),
    "one default of the fragment": (TWO_DEFAULTS, {1: (27, 210), 2: (15, 27)}),
    "all fields of the fragment": (traf(tfhd(1, ALL_FIELDS, 11, 12, 13, 9, 90, 14), trun(3)), {1: (27, 270)}),
    "other fields of the fragment": (traf(tfhd(1, BASE_OFFSET, 11, 12), trun(3)), {1: (21, 210)}),
    "columns of the run": (traf(tfhd(1), trun(2, DURATIONS | SIZES, 3, 30, 4, 40)), {1: (7, 70)}),
    "a column of durations": (traf(tfhd(1), trun(2, DURATIONS, 3, 4)), {1: (7, 140)}),
    "a column of sizes": (traf(tfhd(1), trun(2, SIZES, 3, 4)), {1: (14, 7)}),
    "all columns of the run": (traf(tfhd(1), EVERY_COLUMN), {1: (7, 70)}),
    "no defaults": (traf(tfhd(3), trun(3)), {3: (0, 0)}),
    "all runs and fragments of a track": (TWO_RUNS, {1: (42, 420)}),
    "no runs": (traf(tfhd(1)), {}),
    "no fragments": (b"", {}),
    "defaults have no sign": (traf(tfhd(HIGH, DURATION | SIZE, HIGH, HIGH - 1), trun(1)), {HIGH: (HIGH, HIGH - 1)}),
    "columns have no sign": (traf(tfhd(HIGH), trun(1, DURATIONS | SIZES, HIGH, HIGH - 1)), {HIGH: (HIGH, HIGH - 1)}),
    "counts have no sign": (traf(tfhd(HIGH), trun(HIGH)), {HIGH: (HIGH, 2 * HIGH)}),
}


@pytest.mark.parametrize(("fragment", "expected"), TIMES_AND_SIZES.values(), ids=TIMES_AND_SIZES)
def test_time_and_size_of_the_samples_in_fragments(fragment: bytes, expected: dict[int, tuple[int, int]]) -> None:
    tracks = read(fragment, extends=trex(1, 7, 70) + trex(2, 5, 50) + trex(HIGH, 1, 2))

    assert {track: (samples.time, samples.size) for track, samples in tracks.items()} == expected


def places(*moofs: bytes) -> tuple[Place, Place]:
    """Return the place of all samples of track 1, and of its first chunk."""
    samples = read(*moofs, extends=trex(1, 1, 10) + trex(2, 1, 10))[1]
    return samples.place, samples.first


RUN = trun(3, DATA_OFFSET, 100)
OTHER_TRACK = traf(tfhd(2), RUN)
ALONE = {
    "from the fragment on": (traf(tfhd(1), trun(3)), (1000, 1030)),
    "from an offset on": (traf(tfhd(1), RUN), (1100, 1130)),
    "from a negative offset on": (traf(tfhd(1), trun(3, DATA_OFFSET, 2**32 - 100)), (900, 930)),
    "from a base of 64 bits on": (traf(tfhd(1, BASE_OFFSET, 1, 0), RUN), (2**32 + 100, 2**32 + 130)),
    "from the greatest base on": (traf(tfhd(1, BASE_OFFSET, HIGH, HIGH), trun(3)), (2**64 - 1, 2**64 + 29)),
    "behind an empty run": (traf(tfhd(1), trun(0, DATA_OFFSET, 100), trun(2)), (1100, 1120)),
    "behind the last track": (OTHER_TRACK + traf(tfhd(1), trun(2)), (1130, 1150)),
    "where the flag demands": (OTHER_TRACK + traf(tfhd(1, BASE_IS_MOOF), trun(2)), (1000, 1020)),
}


@pytest.mark.parametrize(("moof", "place"), ALONE.values(), ids=ALONE)
def test_place_of_the_samples_in_one_run(moof: bytes, place: tuple[int, int]) -> None:
    assert places(moof) == (place, place)


def test_place_of_the_samples_in_several_runs() -> None:
    behind, in_front = traf(tfhd(1), RUN, trun(2)), traf(tfhd(1), trun(3, DATA_OFFSET, 900), trun(2, DATA_OFFSET, 100))

    assert places(behind) == ((1100, 1150), (1100, 1130))
    assert places(in_front) == ((1100, 1930), (1900, 1930))
    assert places(traf(tfhd(1), RUN), traf(tfhd(1), trun(2, DATA_OFFSET, 100))) == ((1100, 2120), (1100, 1130))


DESCRIBED = {
    "of the track": (traf(tfhd(1), trun(1)), {4}),
    "of the fragment": (traf(tfhd(1, DESCRIPTION, 2), trun(1)), {2}),
    "of both": (traf(tfhd(1, DESCRIPTION, 2), trun(1)) + traf(tfhd(1), trun(1)), {2, 4}),
    "of neither": (traf(tfhd(9), trun(1)), {0}),
    "the greatest number": (traf(tfhd(1, DESCRIPTION, HIGH), trun(1)), {HIGH}),
}


@pytest.mark.parametrize(("trafs", "descriptions"), DESCRIBED.values(), ids=DESCRIBED)
def test_sample_entries_of_the_samples_in_fragments(trafs: bytes, descriptions: set[int]) -> None:
    (samples,) = read(trafs, extends=trex(1, 1, 1, description=4)).values()

    assert samples.descriptions == descriptions


NONE = numbers(0, 0)


def tables(stsz: bytes = numbers(0, 0, 0), stts: bytes = NONE, stco: bytes = NONE, stsc: bytes = NONE) -> memoryview:
    return memoryview(box(b"stsz", stsz) + box(b"stts", stts) + box(b"stco", stco) + box(b"stsc", stsc))


def sizes(*values: int) -> bytes:
    return numbers(0, 0, len(values), *values)


def chunks(*positions: int) -> bytes:
    return numbers(0, len(positions), *positions)


def runs(*values: int) -> bytes:
    return numbers(0, len(values) // 3, *values)


ONE_TO_THREE = sizes(1, 2, 3)
MOST, LAST = (1, 1 + HIGH**2), (HIGH, 2 * HIGH + 1)
THREE_CHUNKS, EMPTY_SECOND = chunks(100, 200, 300), runs(1, 2, 1, 2, 0, 1, 3, 1, 1)
TABLES: dict[str, tuple[tuple[bytes, bytes, bytes], int, tuple[int, int], tuple[int, int]]] = {
    "one chunk": ((ONE_TO_THREE, chunks(100), runs(1, 3, 1)), 6, (100, 106), (100, 106)),
    "chunks in any order": ((ONE_TO_THREE, chunks(100, 50), runs(1, 1, 1)), 6, (50, 101), (100, 101)),
    "runs of chunks": ((ONE_TO_THREE, chunks(100, 200), runs(1, 2, 1, 2, 1, 1)), 6, (100, 203), (100, 103)),
    "an empty chunk": ((ONE_TO_THREE, THREE_CHUNKS, EMPTY_SECOND), 6, (100, 303), (100, 103)),
    "samples beyond the last run": ((ONE_TO_THREE, chunks(100, 200), runs(1, 1, 1)), 6, (100, 205), (100, 101)),
    "chunks beyond the last sample": ((sizes(1, 2), THREE_CHUNKS, runs(1, 2, 1)), 3, (100, 103), (100, 103)),
    "no runs": ((ONE_TO_THREE, chunks(100), NONE), 6, (100, 106), (100, 106)),
    "samples of one size": ((numbers(0, 4, 3), chunks(100, 200), runs(1, 2, 1)), 12, (100, 204), (100, 108)),
    "the greatest number of samples": ((numbers(0, HIGH, HIGH), chunks(1), runs(1, HIGH, 1)), HIGH**2, MOST, MOST),
    "the greatest size and position": ((sizes(HIGH, 1), chunks(HIGH), runs(1, 2, 1)), HIGH + 1, LAST, LAST),
    "no chunks": ((ONE_TO_THREE, NONE, NONE), 0, (0, 0), (0, 0)),
    "no samples": ((sizes(), chunks(100), runs(1, 1, 1)), 0, (100, 100), (100, 100)),
}


@pytest.mark.parametrize(("stbl", "size", "place", "first"), TABLES.values(), ids=TABLES)
def test_size_and_place_of_the_samples_in_tables(
    stbl: tuple[bytes, bytes, bytes], size: int, place: tuple[int, int], first: tuple[int, int]
) -> None:
    stsz, stco, stsc = stbl
    samples = indexed(tables(stsz, stco=stco, stsc=stsc))

    assert (samples.size, samples.place, samples.first) == (size, place, first)


@pytest.mark.parametrize(("bits", "sizes"), [(8, bytes([1, 2, 255])), (16, bytes([0, 1, 0, 2, 0, 255]))])
def test_sizes_of_samples_may_be_compact(bits: int, sizes: bytes) -> None:
    stz2 = box(b"stz2", bytes(7) + bytes([bits]) + numbers(3) + sizes)
    others = box(b"stts", NONE) + box(b"stco", chunks(100)) + box(b"stsc", runs(1, 3, 1))

    assert indexed(memoryview(stz2 + others)).place == Place(100, 358)


@pytest.mark.parametrize("bits", [0, 4, 64])
def test_sizes_of_samples_in_other_bits_are_refused(bits: int) -> None:
    stz2 = box(b"stz2", bytes(7) + bytes([bits]) + numbers(0))

    with pytest.raises(BrokenBoxError, match=rf"^sizes of samples in {bits} bits$"):
        indexed(memoryview(stz2 + box(b"stts", NONE) + box(b"stco", NONE)))


def test_chunks_may_have_positions_of_64_bits() -> None:
    stbl = bytes(tables(sizes(7))) + box(b"co64", numbers(0, 1, 1, 0))

    assert indexed(memoryview(stbl)).place == Place(2**32, 2**32 + 7)


@pytest.mark.parametrize(("table", "time"), [((2, 10, 3, 1), 23), ((HIGH, 2), 2 * HIGH), ((2, HIGH), 2 * HIGH)])
def test_time_of_the_samples_in_tables(table: tuple[int, ...], time: int) -> None:
    assert indexed(tables(stts=numbers(0, len(table) // 2, *table))).time == time


def test_sample_entries_of_the_samples_in_tables() -> None:
    assert indexed(tables(stsc=runs(1, 1, 3, 2, 1, 1))).descriptions == {1, 3}


TOO_LONG = {
    "sizes": tables(stsz=numbers(0, 0, HIGH)),
    "times": tables(stts=numbers(0, HIGH)),
    "chunks": tables(stco=numbers(0, HIGH)),
    "runs": tables(stsc=numbers(0, HIGH)),
}


@pytest.mark.parametrize("stbl", TOO_LONG.values(), ids=TOO_LONG)
def test_a_table_longer_than_its_box_is_refused(stbl: memoryview) -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        indexed(stbl)


def test_a_run_longer_than_its_box_is_refused() -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        read(traf(tfhd(1), trun(3, SIZES, 1, 2)))
