import struct
import tracemalloc
from collections.abc import Iterator
from functools import cache

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.domain.mp4_corpus import CASES, Case, cut, fragmented, front, uhd
from tests.unit.domain.mp4_forge import (
    HD,
    TRACK_HEADER,
    UHD_TALL,
    Film,
    box,
    claiming,
    edited,
    moved,
    muxed,
    patched,
    turned,
)
from tests.unit.domain.mp4_fuzz import fuzz
from tests.unit.domain.mp4_reference import FOUR_K, answer, disagreement, judged, reference
from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, Video, is_4k

MEBIBYTE = 1 << 20
FTYP = box(b"ftyp", b"isom" + bytes(12))
SMALL_FILMS = (Film(1280, 720, "libsvtav1"), Film(1280, 720, "libx265"))

by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def _quiet_reference() -> Iterator[None]:
    before = av.logging.get_level()
    av.logging.set_level(av.logging.PANIC)
    yield
    av.logging.set_level(before)


@cache
def small_files() -> list[bytes]:
    sources = (*SMALL_FILMS, HD)
    options: tuple[dict[str, str], ...] = ({}, {"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov"})
    return [muxed(source, **chosen) for source in sources for chosen in options]


# The corpus


@by_case
def test_the_proof_gives_the_answer_the_corpus_expects(case: Case) -> None:
    assert answer(judged(case.make())) == case.answer


@by_case
def test_proof_and_reference_agree_or_the_corpus_says_why_that_does_not_matter(case: Case) -> None:
    data = case.make()

    assert bool(disagreement(judged(data), reference(data))) == bool(case.excuse)


@pytest.mark.parametrize("case", [case for case in CASES if case.answer == FOUR_K], ids=lambda case: case.name)
def test_what_is_4k_to_the_proof_is_4k_to_the_reference(case: Case) -> None:
    reading = reference(case.make())

    assert reading is not None
    assert reading.is_4k


def test_no_mutant_is_4k_to_the_proof_and_of_another_size_to_the_reference() -> None:
    assert fuzz(3_000, seed=4, asked=100).lies == []


# What a video's verdict tells


def test_a_video_tells_its_size_its_codec_and_its_time() -> None:
    assert judged(uhd()) == Video(3840, 2160, 3840, 2160, 0.125, "avc1")


def test_a_quarter_turn_swaps_width_and_height() -> None:
    assert judged(turned(muxed(UHD_TALL), 0, 1, -1, 0)) == Video(3840, 2160, 3840, 2160, 0.125, "avc1")


def test_the_size_shown_is_told_beside_the_size_coded() -> None:
    assert judged(claiming(muxed(HD), 3840, 2160)) == Video(3840, 2160, 1280, 720, 0.125, "avc1")


def test_what_the_matrix_scales_is_shown_scaled() -> None:
    assert judged(turned(muxed(HD), 3, 0, 0, 3)) == Video(3840, 2160, 1280, 720, 0.125, "avc1")


def test_fragments_add_up_to_the_duration() -> None:
    verdict = judged(fragmented())

    assert isinstance(verdict, Video)
    assert verdict.duration_seconds == pytest.approx(4 / 24)


def test_an_edit_list_that_shows_less_shortens_the_duration() -> None:
    verdict = judged(patched(uhd(), TRACK_HEADER, 20, struct.pack(">I", 50)))

    assert isinstance(verdict, Video)
    assert verdict.duration_seconds == pytest.approx(0.05)


def test_a_track_of_unknown_duration_lasts_as_long_as_its_samples() -> None:
    verdict = judged(patched(uhd(), TRACK_HEADER, 20, b"\xff\xff\xff\xff"))

    assert isinstance(verdict, Video)
    assert verdict.duration_seconds == pytest.approx(0.125)


@pytest.mark.parametrize("matrix", [(1, 1, 0, 1), (1, 0, 1, 1), (0, 1, 1, 1), (1, 1, 1, 0)])
def test_a_picture_that_is_skewed_has_no_size(matrix: tuple[int, int, int, int]) -> None:
    assert judged(turned(uhd(), *matrix)) == NotMp4("a picture turned by no multiple of 90 degrees")


@pytest.mark.parametrize(
    ("shown", "coded", "proven"),
    [
        ((3840, 2160), (3840, 2160), True),
        ((2160, 3840), (2160, 3840), True),
        ((3840, 2160), (2160, 3840), False),
        ((3840, 2160), (1920, 1080), False),
        ((1920, 1080), (3840, 2160), False),
        ((4096, 2160), (4096, 2160), False),
        ((3840, 2159), (3840, 2159), False),
    ],
)
def test_4k_is_what_is_shown_and_coded_as_3840_by_2160_or_upright(
    shown: tuple[int, int], coded: tuple[int, int], proven: bool
) -> None:
    assert is_4k(Video(*shown, *coded, 8.0, "avc1")) is proven


# One pass, in chunks


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_split_of_the_bytes_gives_the_same_verdict(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(small_files()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(file)), max_size=40)))
    proof = Mp4Proof()

    for start, end in zip([0, *cuts], [*cuts, len(file)], strict=True):
        proof.feed(file[start:end])

    assert proof.verdict() == judged(file)


@pytest.mark.parametrize("case", [case for case in CASES if "64-bit" in case.name], ids=lambda case: case.name)
def test_byte_by_byte_gives_the_same_verdict(case: Case) -> None:
    assert judged(case.make(), chunk=1) == judged(case.make())


def test_any_buffer_will_do() -> None:
    proof = Mp4Proof()

    proof.feed(memoryview(bytearray(uhd())))

    assert isinstance(proof.verdict(), Video)


def test_a_verdict_before_the_end_disturbs_nothing() -> None:
    proof = Mp4Proof()

    for start in range(0, len(front()), 700):
        proof.verdict()
        proof.feed(front()[start : start + 700])

    assert isinstance(proof.verdict(), Video)


def test_nothing_of_the_media_is_kept() -> None:
    proof = Mp4Proof()
    chunk = bytes(MEBIBYTE)
    proof.feed(FTYP + struct.pack(">I4s", 0, b"mdat"))
    tracemalloc.start()

    for _ in range(64):
        proof.feed(chunk)

    assert tracemalloc.get_traced_memory()[1] < 10_000
    tracemalloc.stop()


# Bodies that are no video


@given(st.binary(max_size=400))
def test_no_bytes_whatever_make_it_raise(junk: bytes) -> None:
    assert isinstance(judged(junk), EndsEarly | NotMp4)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_inside_a_movie_make_it_raise(junk: bytes, at: int) -> None:
    moov = junk[:at] + small_files()[0][-900:][at:]

    assert isinstance(judged(FTYP + box(b"mdat", b"x") + box(b"moov", moov)), EndsEarly | NotMp4)


@pytest.mark.parametrize("file", range(9))
def test_a_file_cut_short_anywhere_but_between_fragments_ends_early(file: int) -> None:
    data = small_files()[file]
    if file % 3 == 2:  # a fragmented file: whole without its index of fragments, which comes last
        data = cut(data, b"mfra")

    assert {type(judged(data[:length])) for length in range(len(data))} == {EndsEarly}


def test_a_body_of_nothing_ends_early() -> None:
    assert Mp4Proof().verdict() == EndsEarly("ends before any moov")


def test_an_error_page_is_no_mp4() -> None:
    assert judged(b"<!DOCTYPE html>") == NotMp4("begins with CTYP, not with ftyp")


def test_once_broken_nothing_mends_it() -> None:
    proof = Mp4Proof()

    proof.feed(b"<!DOCTYPE html>")
    proof.feed(uhd())

    assert proof.verdict() == NotMp4("begins with CTYP, not with ftyp")


def test_headers_may_take_four_mebibytes_and_no_byte_more() -> None:
    moov = FTYP + struct.pack(">I4s", 4 * MEBIBYTE + 8, b"moov")
    more = FTYP + struct.pack(">I4s", 4 * MEBIBYTE + 9, b"moov")

    assert judged(moov) == EndsEarly("ends inside a box")
    assert judged(more) == NotMp4("headers of more than 4 MiB")


def test_the_limit_is_for_all_headers_together() -> None:
    half = box(b"moof", bytes(2 * MEBIBYTE + 1))

    assert judged(FTYP + half + half) == NotMp4("headers of more than 4 MiB")


def test_a_file_may_have_a_hundred_thousand_boxes_and_no_more() -> None:
    full = FTYP + 99_999 * box(b"free")

    assert judged(full) == EndsEarly("ends before any moov")
    assert judged(full + box(b"free")) == NotMp4("too many boxes")


def test_the_letters_of_a_strange_box_are_fit_to_be_printed() -> None:
    verdict = judged(b"\0\0\0\x20\x1b[2J" + bytes(30))

    assert verdict == NotMp4("begins with \\x1b[2J, not with ftyp")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two movies", "2 moov"),
        ("no tracks", "no enabled video track with samples"),
        ("moov of seven bytes", "broken box moov"),
        ("stray bytes in the track", "stray bytes after a box"),
        ("text behind the end", "something between boxes that is no box"),
        ("no movie header", "no mvhd"),
        ("two track headers", "2 tkhd"),
        ("track longer than the movie", "broken box trak"),
        ("VP9", "codec vp09"),
        ("headers of a version to come", "unknown box version 2"),
        ("more samples than the table has", "a table longer than its box"),
        ("no sample entry", "0 different sample entries"),
        ("4K with wide pixels", "pixels that are not square"),
        ("4K whose sample entry claims 720p", "sample entry and codec contradict each other about the size"),
        ("samples without time", "zero duration"),
        ("chunks behind the end", "samples that are not in the file"),
    ],
)
def test_the_reason_names_what_is_wrong(name: str, reason: str) -> None:
    (data,) = (case.make() for case in CASES if case.name == name)

    assert judged(data) == NotMp4(reason)


def test_a_header_without_a_byte_has_no_version() -> None:
    assert judged(edited(uhd(), (b"moov", b"mvhd"), lambda _: box(b"mvhd"))) == NotMp4("unknown box version -1")


def test_the_video_is_the_track_with_the_most_bytes_and_not_the_longest() -> None:
    data = muxed(uhd(), Film(64, 64, frames=48))
    verdict = judged(patched(data, TRACK_HEADER, 3, b"\3", nth=1))  # the muxer enables the first track alone

    assert isinstance(verdict, Video)
    assert (verdict.width, verdict.height) == (3840, 2160)


def test_a_sample_that_begins_before_the_media_is_not_in_the_file() -> None:
    assert judged(moved(uhd(), -1)) == NotMp4("samples that are not in the file")


def test_a_film_without_its_media_ends_before_it() -> None:
    assert judged(cut(front(), b"mdat")) == EndsEarly("ends before any mdat")


def test_a_film_whose_last_box_was_to_go_on_ends_before_its_last_sample() -> None:
    (data,) = (case.make() for case in CASES if case.name == "endless mdat cut short")

    assert judged(data) == EndsEarly("ends before the last sample")
