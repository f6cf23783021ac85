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


def times_and_sizes(*trafs: bytes, extends: bytes = b"") -> dict[int, tuple[int, int]]:
    tracks = read(b"".join(trafs), extends=extends)
    return {track: (samples.time, samples.size) for track, samples in tracks.items()}


ALL_FIELDS = BASE_OFFSET | DESCRIPTION | DURATION | SIZE | FLAGS
ALL_COLUMNS = DATA_OFFSET | FIRST_FLAGS | DURATIONS | SIZES | SAMPLE_FLAGS | COMPOSITION


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        (traf(tfhd(1), trun(3)), {1: (21, 210)}),
        (traf(tfhd(2), trun(3)), {2: (15, 150)}),
        (traf(tfhd(1, DURATION | SIZE, 9, 90), trun(3)), {1: (27, 270)}),
        (traf(tfhd(1, DURATION, 9), trun(3)) + traf(tfhd(2, SIZE, 9), trun(3)), {1: (27, 210), 2: (15, 27)}),
        (traf(tfhd(1, ALL_FIELDS, 11, 12, 13, 9, 90, 14), trun(3)), {1: (27, 270)}),
        (traf(tfhd(1, BASE_OFFSET, 11, 12), trun(3)), {1: (21, 210)}),
        (traf(tfhd(1), trun(2, DURATIONS | SIZES, 3, 30, 4, 40)), {1: (7, 70)}),
        (traf(tfhd(1), trun(2, DURATIONS, 3, 4)), {1: (7, 140)}),
        (traf(tfhd(1), trun(2, SIZES, 3, 4)), {1: (14, 7)}),
        (traf(tfhd(1), trun(2, ALL_COLUMNS, 11, 12, 3, 30, 13, 14, 4, 40, 15, 16)), {1: (7, 70)}),
        (traf(tfhd(3), trun(3)), {3: (0, 0)}),
        (traf(tfhd(1), trun(1), trun(2)) + traf(tfhd(1), trun(3)), {1: (42, 420)}),
        (traf(tfhd(1)), {}),
        (b"", {}),
        (traf(tfhd(HIGH, DURATION | SIZE, HIGH, HIGH - 1), trun(1)), {HIGH: (HIGH, HIGH - 1)}),
        (traf(tfhd(HIGH), trun(1, DURATIONS | SIZES, HIGH, HIGH - 1)), {HIGH: (HIGH, HIGH - 1)}),
        (traf(tfhd(HIGH), trun(HIGH)), {HIGH: (HIGH, 2 * HIGH)}),
    ],
    ids=[
        "defaults of the track",
        "defaults of another track",
        "defaults of the fragment",
        "one default of the fragment",
        "all fields of the fragment",
        "other fields of the fragment",
        "columns of the run",
        "a column of durations",
        "a column of sizes",
        "all columns of the run",
        "no defaults",
        "all runs and fragments of a track",
        "no runs",
        "no fragments",
        "defaults have no sign",
        "columns have no sign",
        "counts have no sign",
    ],
)
def test_time_and_size_of_the_samples_in_fragments(fragment: bytes, expected: dict[int, tuple[int, int]]) -> None:
    assert times_and_sizes(fragment, extends=trex(1, 7, 70) + trex(2, 5, 50) + trex(HIGH, 1, 2)) == expected


OFFSET = DATA_OFFSET, 100


@pytest.mark.parametrize(
    ("moofs", "place", "first"),
    [
        ([traf(tfhd(1), trun(3))], (1000, 1030), (1000, 1030)),
        ([traf(tfhd(1), trun(3, *OFFSET))], (1100, 1130), (1100, 1130)),
        ([traf(tfhd(1), trun(3, DATA_OFFSET, 2**32 - 100))], (900, 930), (900, 930)),
        ([traf(tfhd(1, BASE_OFFSET, 1, 0), trun(3, *OFFSET))], (2**32 + 100, 2**32 + 130), (2**32 + 100, 2**32 + 130)),
        ([traf(tfhd(1, BASE_OFFSET, HIGH, HIGH), trun(3))], (2**64 - 1, 2**64 + 29), (2**64 - 1, 2**64 + 29)),
        ([traf(tfhd(1), trun(3, *OFFSET), trun(2))], (1100, 1150), (1100, 1130)),
        ([traf(tfhd(1), trun(0, *OFFSET), trun(2))], (1100, 1120), (1100, 1120)),
        ([traf(tfhd(1), trun(3, DATA_OFFSET, 900), trun(2, *OFFSET))], (1100, 1930), (1900, 1930)),
        ([traf(tfhd(2), trun(3, *OFFSET)) + traf(tfhd(1), trun(2))], (1130, 1150), (1130, 1150)),
        ([traf(tfhd(2), trun(3, *OFFSET)) + traf(tfhd(1, BASE_IS_MOOF), trun(2))], (1000, 1020), (1000, 1020)),
        ([traf(tfhd(1), trun(3, *OFFSET)), traf(tfhd(1), trun(2, *OFFSET))], (1100, 2120), (1100, 1130)),
    ],
    ids=[
        "from the fragment on",
        "from an offset on",
        "from a negative offset on",
        "from a base of 64 bits on",
        "from the greatest base on",
        "behind the last run",
        "behind an empty run",
        "in front of the last run",
        "behind the last track",
        "from the fragment on, as the flag demands",
        "in two fragments",
    ],
)
def test_place_of_the_samples_in_fragments(moofs: list[bytes], place: tuple[int, int], first: tuple[int, int]) -> None:
    samples = read(*moofs, extends=trex(1, 1, 10) + trex(2, 1, 10))[1]

    assert (samples.place, samples.first) == (place, first)


@pytest.mark.parametrize(
    ("trafs", "descriptions"),
    [
        (traf(tfhd(1), trun(1)), {4}),
        (traf(tfhd(1, DESCRIPTION, 2), trun(1)), {2}),
        (traf(tfhd(1, DESCRIPTION, 2), trun(1)) + traf(tfhd(1), trun(1)), {2, 4}),
        (traf(tfhd(9), trun(1)), {0}),
        (traf(tfhd(1, DESCRIPTION, HIGH), trun(1)), {HIGH}),
    ],
    ids=["of the track", "of the fragment", "of both", "of neither", "the greatest number"],
)
def test_sample_entries_of_the_samples_in_fragments(trafs: bytes, descriptions: set[int]) -> None:
    (samples,) = read(trafs, extends=trex(1, 1, 1, description=4)).values()

    assert samples.descriptions == descriptions


def tables(
    stsz: bytes = numbers(0, 0, 0),
    stts: bytes = numbers(0, 0),
    stco: bytes = numbers(0, 0),
    stsc: bytes = numbers(0, 0),
) -> memoryview:
    return memoryview(box(b"stsz", stsz) + box(b"stts", stts) + box(b"stco", stco) + box(b"stsc", stsc))


def sizes(*values: int) -> bytes:
    return numbers(0, 0, len(values), *values)


def chunks(*positions: int) -> bytes:
    return numbers(0, len(positions), *positions)


def runs(*values: int) -> bytes:
    return numbers(0, len(values) // 3, *values)


@pytest.mark.parametrize(
    ("stbl", "size", "place", "first"),
    [
        (tables(sizes(1, 2, 3), stco=chunks(100), stsc=runs(1, 3, 1)), 6, (100, 106), (100, 106)),
        (tables(sizes(1, 2, 3), stco=chunks(100, 50), stsc=runs(1, 1, 1)), 6, (50, 101), (100, 101)),
        (tables(sizes(1, 2, 3), stco=chunks(100, 200), stsc=runs(1, 2, 1, 2, 1, 1)), 6, (100, 203), (100, 103)),
        (
            tables(sizes(1, 2, 3), stco=chunks(100, 200, 300), stsc=runs(1, 2, 1, 2, 0, 1, 3, 1, 1)),
            6,
            (100, 303),
            (100, 103),
        ),
        (tables(sizes(1, 2, 3), stco=chunks(100, 200), stsc=runs(1, 1, 1)), 6, (100, 205), (100, 101)),
        (tables(sizes(1, 2), stco=chunks(100, 200, 300), stsc=runs(1, 2, 1)), 3, (100, 103), (100, 103)),
        (tables(sizes(1, 2, 3), stco=chunks(100)), 6, (100, 106), (100, 106)),
        (tables(numbers(0, 4, 3), stco=chunks(100, 200), stsc=runs(1, 2, 1)), 12, (100, 204), (100, 108)),
        (
            tables(numbers(0, HIGH, HIGH), stco=chunks(1), stsc=runs(1, HIGH, 1)),
            HIGH**2,
            (1, 1 + HIGH**2),
            (1, 1 + HIGH**2),
        ),
        (
            tables(sizes(HIGH, 1), stco=chunks(HIGH), stsc=runs(1, 2, 1)),
            HIGH + 1,
            (HIGH, 2 * HIGH + 1),
            (HIGH, 2 * HIGH + 1),
        ),
        (tables(sizes(1, 2, 3)), 0, (0, 0), (0, 0)),
        (tables(stco=chunks(100), stsc=runs(1, 1, 1)), 0, (100, 100), (100, 100)),
    ],
    ids=[
        "one chunk",
        "chunks in any order",
        "runs of chunks",
        "an empty chunk",
        "samples beyond the last run",
        "chunks beyond the last sample",
        "no runs",
        "samples of one size",
        "the greatest number of samples",
        "the greatest size and position",
        "no chunks",
        "no samples",
    ],
)
def test_size_and_place_of_the_samples_in_tables(
    stbl: memoryview, size: int, place: tuple[int, int], first: tuple[int, int]
) -> None:
    samples = indexed(stbl)

    assert (samples.size, samples.place, samples.first) == (size, place, first)


def test_chunks_may_have_positions_of_64_bits() -> None:
    stbl = bytes(tables(sizes(7))) + box(b"co64", numbers(0, 1, 1, 0))

    assert indexed(memoryview(stbl)).place == Place(2**32, 2**32 + 7)


@pytest.mark.parametrize(("table", "time"), [((2, 10, 3, 1), 23), ((HIGH, 2), 2 * HIGH), ((2, HIGH), 2 * HIGH)])
def test_time_of_the_samples_in_tables(table: tuple[int, ...], time: int) -> None:
    assert indexed(tables(stts=numbers(0, len(table) // 2, *table))).time == time


def test_sample_entries_of_the_samples_in_tables() -> None:
    assert indexed(tables(stsc=runs(1, 1, 3, 2, 1, 1))).descriptions == {1, 3}


@pytest.mark.parametrize(
    "stbl",
    [
        tables(stsz=numbers(0, 0, HIGH)),
        tables(stts=numbers(0, HIGH)),
        tables(stco=numbers(0, HIGH)),
        tables(stsc=numbers(0, HIGH)),
    ],
    ids=["sizes", "times", "chunks", "runs"],
)
def test_a_table_longer_than_its_box_is_refused(stbl: memoryview) -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        indexed(stbl)


def test_a_run_longer_than_its_box_is_refused() -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        read(traf(tfhd(1), trun(3, SIZES, 1, 2)))
