"""Movie fragments as no muxer at hand writes them, put together by hand."""

import struct

import pytest

from tests.unit.domain.mp4_forge import box
from veo4k.domain.mp4.boxes import BrokenBoxError
from veo4k.domain.mp4.samples import Samples, fragments, indexed

BASE_OFFSET, DESCRIPTION, DURATION, SIZE, FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4
DURATIONS, SIZES, SAMPLE_FLAGS, COMPOSITION = 0x100, 0x200, 0x400, 0x800


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def trex(track: int, time: int, size: int) -> bytes:
    return box(b"trex", numbers(0, track, 1, time, size, 0))


def tfhd(track: int, flags: int = 0, *fields: int) -> bytes:
    return box(b"tfhd", numbers(flags, track, *fields))


def trun(count: int, flags: int = 0, *fields: int) -> bytes:
    return box(b"trun", numbers(flags, count, *fields))


def read(*trafs: bytes, extends: bytes = b"") -> dict[int, list[Samples]]:
    moov = memoryview(box(b"mvex", extends))
    moof = memoryview(b"".join(box(b"traf", traf) for traf in trafs))
    return dict(fragments(moov, [moof]))


def test_a_run_takes_the_defaults_of_its_track() -> None:
    runs = read(tfhd(2) + trun(3), extends=trex(1, 7, 70) + trex(2, 5, 50))

    assert runs == {2: [Samples(15, 150)]}


def test_a_fragment_has_defaults_of_its_own() -> None:
    runs = read(tfhd(1, DURATION | SIZE, 9, 90) + trun(3), extends=trex(1, 7, 70))

    assert runs == {1: [Samples(27, 270)]}


def test_a_fragment_may_have_one_default_of_its_own() -> None:
    runs = read(tfhd(1, DURATION, 9) + trun(3), tfhd(2, SIZE, 9) + trun(3), extends=trex(1, 7, 70) + trex(2, 7, 70))

    assert runs == {1: [Samples(27, 210)], 2: [Samples(21, 27)]}


def test_the_other_fields_of_a_fragment_are_read_over() -> None:
    flags = BASE_OFFSET | DESCRIPTION | DURATION | SIZE | FLAGS

    assert read(tfhd(1, flags, 11, 12, 13, 9, 90, 14) + trun(3)) == {1: [Samples(27, 270)]}


def test_a_fragment_may_have_other_fields_alone() -> None:
    assert read(tfhd(1, BASE_OFFSET, 11, 12) + trun(3), extends=trex(1, 7, 70)) == {1: [Samples(21, 210)]}


def test_a_run_has_times_and_sizes_of_its_own() -> None:
    assert read(tfhd(1) + trun(2, DURATIONS | SIZES, 3, 30, 4, 40)) == {1: [Samples(7, 70)]}


@pytest.mark.parametrize(("column", "samples"), [(DURATIONS, Samples(7, 200)), (SIZES, Samples(20, 7))])
def test_a_run_may_have_one_of_them(column: int, samples: Samples) -> None:
    assert read(tfhd(1) + trun(2, column, 3, 4), extends=trex(1, 10, 100)) == {1: [samples]}


def test_the_other_columns_of_a_run_are_read_over() -> None:
    flags = DATA_OFFSET | FIRST_FLAGS | DURATIONS | SIZES | SAMPLE_FLAGS | COMPOSITION
    run = trun(2, flags, 11, 12, 3, 30, 13, 14, 4, 40, 15, 16)

    assert read(tfhd(1) + run) == {1: [Samples(7, 70)]}


def test_a_track_nobody_described_has_no_defaults() -> None:
    assert read(tfhd(1) + trun(3)) == {1: [Samples(0, 0)]}


def test_runs_and_fragments_of_a_track_stand_side_by_side() -> None:
    runs = read(tfhd(1) + trun(1) + trun(2), tfhd(1) + trun(3), extends=trex(1, 1, 10))

    assert runs == {1: [Samples(1, 10), Samples(2, 20), Samples(3, 30)]}


def test_a_movie_without_fragments_has_none() -> None:
    assert fragments(memoryview(b""), []) == {}


def test_a_run_longer_than_its_box_is_refused() -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        read(tfhd(1) + trun(3, SIZES, 1, 2))


HIGH = 2**32 - 1


def test_no_number_has_a_sign() -> None:
    own, columns = tfhd(HIGH, DURATION | SIZE, HIGH, HIGH - 1), trun(1, DURATIONS | SIZES, HIGH, HIGH - 1)

    assert read(own + trun(1)) == {HIGH: [Samples(HIGH, HIGH - 1)]}
    assert read(tfhd(HIGH) + columns) == {HIGH: [Samples(HIGH, HIGH - 1)]}
    assert read(tfhd(HIGH) + trun(HIGH), extends=trex(HIGH, 1, 2)) == {HIGH: [Samples(HIGH, 2 * HIGH)]}


def tables(*, stsz: bytes = numbers(0, 0, 0), stts: bytes = numbers(0, 0), stco: bytes = numbers(0, 0)) -> memoryview:
    return memoryview(box(b"stsz", stsz) + box(b"stts", stts) + box(b"stco", stco))


def test_no_number_of_a_table_has_a_sign_either() -> None:
    assert indexed(tables(stsz=numbers(0, HIGH, 2))) == Samples(0, 2 * HIGH)
    assert indexed(tables(stsz=numbers(0, 2, HIGH))) == Samples(0, 2 * HIGH)
    assert indexed(tables(stsz=numbers(0, 0, 2, HIGH, 1))) == Samples(0, HIGH + 1)
    assert indexed(tables(stts=numbers(0, 1, HIGH, 2))) == Samples(2 * HIGH, 0)
    assert indexed(tables(stts=numbers(0, 1, 2, HIGH))) == Samples(2 * HIGH, 0)
    assert indexed(tables(stco=numbers(0, 1, HIGH))) == Samples(0, 0, (HIGH, HIGH))


@pytest.mark.parametrize(
    "stbl",
    [
        tables(stsz=numbers(0, 0, HIGH)),
        tables(stts=numbers(0, HIGH)),
        tables(stco=numbers(0, HIGH)),
    ],
    ids=["sizes", "times", "chunks"],
)
def test_a_table_is_never_longer_than_its_box(stbl: memoryview) -> None:
    with pytest.raises(BrokenBoxError, match=r"^a table longer than its box$"):
        indexed(stbl)
