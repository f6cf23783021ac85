import struct
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.mp4.corpus import CASES, Case, cut, fragmented, front, half_turned_twice, uhd
from proofs.mp4.forge import (
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
from proofs.mp4.fuzz import fuzz
from proofs.mp4.oddities import ODDITIES
from proofs.mp4.reference import answer, disagreement, judged, reference
from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, OtherContent, Video, is_4k
from veo4k.domain.mp4.proof import MEDIA_FRONT

MEBIBYTE = 1 << 20
FTYP = box(b"ftyp", b"isom" + bytes(12))
SMALL_FILMS = (Film(1280, 720, "libsvtav1"), Film(1280, 720, "libx265"))
ALL_CASES = {case.name: case for case in CASES + ODDITIES}
UHD_VIDEO = Video(3840, 2160, 3840, 2160, 0.125, "avc1")


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


@pytest.mark.parametrize("case", ALL_CASES.values(), ids=lambda case: case.name)
def test_verdict_is_the_expected_one_and_the_references(case: Case) -> None:
    """Where the reference disagrees, the case states why that does not matter."""
    data = case.make()
    verdict = judged(data)

    assert answer(verdict) == case.answer
    assert bool(disagreement(verdict, reference(data))) == bool(case.excuse)


def test_no_mutant_passes_that_the_reference_shows_in_another_size() -> None:
    assert fuzz(3_000, seed=4, read=100).mismatches == []


# The video


VIDEOS: dict[str, tuple[Callable[[], bytes], Video]] = {
    "as coded": (uhd, UHD_VIDEO),
    "a quarter turn swaps width and height": (lambda: turned(muxed(UHD_TALL), 0, 1, -1, 0), UHD_VIDEO),
    "the track header scales": (lambda: claiming(muxed(HD), 3840, 2160), Video(3840, 2160, 1280, 720, 0.125, "avc1")),
    "the matrix scales": (lambda: turned(muxed(HD), 3, 0, 0, 3), Video(3840, 2160, 1280, 720, 0.125, "avc1")),
    "a track header of 0x0 is turned as coded": (
        lambda: claiming(turned(muxed(HD), 0, 1, -1, 0), 0, 0),
        Video(720, 1280, 720, 1280, 0.125, "avc1"),
    ),
    "turns of track and movie add up": (
        lambda: claiming(half_turned_twice(), 1920, 1080),
        Video(1080, 1920, 2160, 3840, 0.125, "avc1"),
    ),
    "an edit list shortens": (lambda: lasting(uhd(), 50), Video(3840, 2160, 3840, 2160, 0.05, "avc1")),
    "a track of unknown duration": (lambda: lasting(uhd(), 0xFFFFFFFF), UHD_VIDEO),
    "fragments add up": (fragmented, Video(3840, 2160, 3840, 2160, 4 / 24, "avc1")),
    "fragments beyond the track's duration": (
        lambda: lasting(fragmented(), 50),
        Video(3840, 2160, 3840, 2160, 4 / 24, "avc1"),
    ),
}


def lasting(data: bytes, duration: int) -> bytes:
    return patched(data, TRACK_HEADER, 20, struct.pack(">I", duration))


@pytest.mark.parametrize("name", VIDEOS)
def test_video_has_sizes_duration_and_codec(name: str) -> None:
    make, video = VIDEOS[name]
    verdict = judged(make())

    assert isinstance(verdict, Video)
    assert replace(verdict, duration_seconds=video.duration_seconds) == video
    assert verdict.duration_seconds == pytest.approx(video.duration_seconds)


def test_video_is_the_track_with_the_most_bytes_not_the_longest() -> None:
    data = patched(muxed(uhd(), Film(64, 64, frames=48)), TRACK_HEADER, 3, b"\3", nth=1)

    assert judged(data) == UHD_VIDEO


@pytest.mark.parametrize("matrix", [(1, 1, 0, 1), (1, 0, 1, 1), (0, 1, 1, 1), (1, 1, 1, 0)])
def test_a_skewed_picture_has_no_size(matrix: tuple[int, int, int, int]) -> None:
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
def test_4k_is_3840x2160_shown_and_coded_or_upright(
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


@pytest.mark.parametrize("name", [name for name in ALL_CASES if "64-bit" in name or "av1C" in name])
def test_byte_by_byte_gives_the_same_verdict(name: str) -> None:
    data = ALL_CASES[name].make()

    assert judged(data, chunk=1) == judged(data)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("VP9", (3840, 2160)),
        ("no codec configuration", (3840, 2160)),
        ("4K whose sample entry claims 720p", (3840, 2160)),
    ],
)
def test_where_any_codec_counts_the_displayed_size_is_enough(name: str, size: tuple[int, int]) -> None:
    proof = Mp4Proof(any_codec=True)
    proof.feed(ALL_CASES[name].make())

    verdict = proof.verdict()
    assert isinstance(verdict, Video)
    assert (verdict.width, verdict.height) == size


def test_where_any_codec_counts_a_video_without_any_size_is_none() -> None:
    proof = Mp4Proof(any_codec=True)
    proof.feed(claiming(ALL_CASES["VP9"].make(), 0, 0))

    assert isinstance(proof.verdict(), NotMp4)


def test_any_buffer_is_read() -> None:
    proof = Mp4Proof()

    proof.feed(memoryview(bytearray(uhd())))

    assert proof.verdict() == UHD_VIDEO


def test_a_verdict_before_the_end_changes_nothing() -> None:
    proof = Mp4Proof()

    for start in range(0, len(front()), 700):
        proof.verdict()
        proof.feed(front()[start : start + 700])

    assert proof.verdict() == UHD_VIDEO


def memory_of(*chunks: bytes, times: int) -> int:
    proof = Mp4Proof()
    proof.feed(FTYP)
    tracemalloc.start()
    for chunk in chunks:
        proof.feed(chunk)
    for _ in range(times):
        proof.feed(chunks[-1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "head",
    [
        struct.pack(">I4s", 0, b"mdat"),
        struct.pack(">I4sQ", 1, b"moov", 1 << 40) + struct.pack(">I4sQ", 1, b"udta", 1 << 39),
        b"bytes that are no box\0\0\0",
    ],
    ids=["media", "boxes in moov that are not read", "bytes behind the boxes"],
)
def test_no_more_than_the_front_of_the_media_is_kept(head: bytes) -> None:
    assert memory_of(head, bytes(MEBIBYTE), times=64) < MEDIA_FRONT + 20_000


# Files that are no video


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(junk: bytes) -> None:
    assert isinstance(judged(junk), EndsEarly | NotMp4 | OtherContent)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_inside_a_movie_make_it_raise(junk: bytes, at: int) -> None:
    moov = junk[:at] + small_files()[0][-900:][at:]

    assert isinstance(judged(FTYP + box(b"mdat", b"x") + box(b"moov", moov)), EndsEarly | NotMp4)


@pytest.mark.parametrize("file", range(9))
def test_a_file_cut_anywhere_but_between_fragments_ends_early(file: int) -> None:
    data = small_files()[file]
    if file % 3 == 2:  # a fragmented file: whole without its index of fragments, which comes last
        data = cut(data, b"mfra")
    proof, verdicts = Mp4Proof(), set()

    for byte in data:
        verdicts.add(type(proof.verdict()))
        proof.feed(bytes([byte]))

    assert verdicts == {EndsEarly}
    assert isinstance(proof.verdict(), Video)


def test_once_broken_no_bytes_repair_it() -> None:
    proof = Mp4Proof()

    proof.feed(b"<!DOCTYPE html>")
    proof.feed(uhd())

    assert proof.verdict() == OtherContent("begins with CTYP, not with ftyp")


@pytest.mark.parametrize(
    "content",
    [
        b'{"code": 404, "msg": "not found"}',
        b"\xef\xbb\xbf<html><body>Just a moment...</body></html>",
        "<html>zu früh</html>".encode("utf-16"),
        b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\1",
        bytes(4096),
    ],
    ids=["JSON", "a page with a byte order mark", "UTF-16", "XML", "a picture", "zeros"],
)
def test_content_without_ftyp_is_no_mp4_at_all(content: bytes) -> None:
    assert isinstance(judged(content), OtherContent)


def test_a_broken_file_that_begins_like_an_mp4_is_an_mp4() -> None:
    assert isinstance(judged(FTYP + bytes(64)), NotMp4)


def header(kind: bytes, length: int) -> bytes:
    return struct.pack(">I4s", 8 + length, kind)


@pytest.mark.parametrize(
    ("boxes", "over"),
    [
        ([header(b"moov", 4 * MEBIBYTE), header(b"mvhd", 4 * MEBIBYTE - 16)], False),
        ([header(b"moov", 4 * MEBIBYTE), header(b"mvhd", 4 * MEBIBYTE - 15)], True),
        (2 * [box(b"moof", box(b"traf", box(b"tfhd", bytes(2 * MEBIBYTE - 24))))], False),
        (2 * [box(b"moof", box(b"traf", box(b"tfhd", bytes(2 * MEBIBYTE - 23))))], True),
    ],
    ids=["one box", "one box, a byte more", "all boxes together", "all boxes together, a byte more"],
)
def test_headers_that_are_read_may_take_four_mebibytes(boxes: list[bytes], over: bool) -> None:
    over_limit = NotMp4("headers of more than 4 MiB")

    assert (judged(FTYP + b"".join(boxes)) == over_limit) == over


@pytest.mark.parametrize(
    ("full", "over"),
    [
        (99 * box(b"free"), 100 * box(b"free")),
        (box(b"moov", 98 * box(b"free")), box(b"moov", 99 * box(b"free"))),
        (box(b"moov", 98 * box(b"mvhd")), box(b"moov", 99 * box(b"mvhd"))),
    ],
    ids=["top level", "skipped inside moov", "read inside moov"],
)
def test_the_number_of_boxes_is_limited(full: bytes, over: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veo4k.domain.mp4.headers.BOXES_LIMIT", 100)

    assert isinstance(judged(FTYP + full), EndsEarly)
    assert judged(FTYP + over) == NotMp4("too many boxes")


REASONS: dict[str, Callable[[], bytes]] = {
    "ends before any moov": bytes,
    "ends before any mdat": lambda: cut(front(), b"mdat"),
    "begins with CTYP, not with ftyp": lambda: b"<!DOCTYPE html>",
    "begins with \\x1b[2J, not with ftyp": lambda: b"\0\0\0\x20\x1b[2J" + bytes(30),
    "a box shorter than its fields": lambda: edited(uhd(), (b"moov", b"mvhd"), lambda _: box(b"mvhd")),
    "samples that are not in the file": lambda: moved(uhd(), -1),
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_names_what_is_missing(reason: str) -> None:
    verdict = judged(REASONS[reason]())

    assert isinstance(verdict, EndsEarly | NotMp4 | OtherContent)
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fragments of two movies", "more than one moov"),
        ("no tracks", "no video track with samples"),
        ("moov of seven bytes", "broken box moov"),
        ("moov of no length", "broken box moov"),
        ("text behind fragments", "bytes that are no box"),
        ("no movie header", "no mvhd"),
        ("two track headers", "more than one tkhd"),
        ("VP9", "codec vp09"),
        ("headers of a version to come", "unknown box version 2"),
        ("more samples than the table has", "a table longer than its box"),
        ("no sample entry", "no sample entries"),
        ("4K with wide pixels", "pixels that are not square"),
        ("4K whose sample entry claims 720p", "sample entry and codec contradict each other about the size"),
        ("4K without parameter sets", "no sequence header"),
        ("samples without time", "zero duration"),
        ("chunks behind the end", "samples that are not in the file"),
        ("endless mdat cut short", "ends before the last sample"),
        ("last byte missing", "ends inside a box"),
    ],
)
def test_the_reason_names_what_is_wrong(name: str, reason: str) -> None:
    verdict = judged(ALL_CASES[name].make())

    assert isinstance(verdict, EndsEarly | NotMp4 | OtherContent)
    assert verdict.reason == reason
