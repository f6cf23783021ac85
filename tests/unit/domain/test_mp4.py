import struct
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.mp4 import differential
from proofs.mp4.corpus import CASES, ODDITIES, Case, cut, fragmented, front, half_turned_twice, uhd
from proofs.mp4.forge import HD, TRACK_HEADER, UHD_TALL, Film, box, claiming, edited, moved, muxed, patched, turned
from proofs.mp4.fuzz import fuzz
from proofs.mp4.reference import answer, disagreement, judged, reference
from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, OtherContent, Video, is_4k
from veo4k.domain.mp4.proof import MEDIA_FRONT

Make = Callable[[], bytes]

MEBIBYTE = 1 << 20
FTYP = box(b"ftyp", b"isom" + bytes(12))
ALL_CASES = {case.name: case for case in CASES + ODDITIES}


@pytest.fixture(autouse=True)
def _quiet_reference() -> Iterator[None]:
    before = av.logging.get_level()
    av.logging.set_level(av.logging.PANIC)
    yield
    av.logging.set_level(before)


@cache
def small_files() -> list[bytes]:
    films = (Film(1280, 720, "libsvtav1"), Film(1280, 720, "libx265"), HD)
    options: tuple[dict[str, str], ...] = ({}, {"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov"})
    return [muxed(film, **chosen) for film in films for chosen in options]


# The corpus, and random changes: python -m proofs.mp4.fuzz and proofs.mp4.differential make thousands of them


@pytest.mark.parametrize("case", ALL_CASES.values(), ids=lambda case: case.name)
def test_verdict_is_the_expected_one_and_the_references(case: Case) -> None:
    """Where the reference disagrees, the case states why that does not matter."""
    data = case.make()
    verdict = judged(data)

    assert answer(verdict) == case.answer
    assert bool(disagreement(verdict, reference(data))) == bool(case.excuse)


def test_no_mutant_passes_that_the_reference_shows_in_another_size() -> None:
    findings = fuzz(1_500, seed=4, read=60)

    assert (findings.mismatches, findings.read) == ([], 60)


def test_what_ffmpeg_decodes_at_4k_is_proven_and_nothing_else() -> None:
    report = differential.run(80, seed=1)

    assert (report.unlisted, report.wrongly_passed) == ([], [])
    assert report.outcomes[differential.AGREED] > 40


# The video


def video(width: int, height: int, coded: tuple[int, int] | None = None, seconds: float = 0.125) -> Video:
    return Video(width, height, *(coded or (width, height)), seconds, "avc1")


def lasting(data: bytes, duration: int) -> bytes:
    return patched(data, TRACK_HEADER, 20, struct.pack(">I", duration))


def big_and_long() -> bytes:
    """Return a 4K track, and a small one that lasts longer."""
    return patched(muxed(uhd(), Film(64, 64, frames=48)), TRACK_HEADER, 3, b"\3", nth=1)


UHD_VIDEO = video(3840, 2160)
VIDEOS: dict[str, tuple[Make, Video]] = {
    "as coded": (uhd, UHD_VIDEO),
    "a quarter turn swaps width and height": (lambda: turned(muxed(UHD_TALL), 0, 1, -1, 0), UHD_VIDEO),
    "the track header scales": (lambda: claiming(muxed(HD), 3840, 2160), video(3840, 2160, (1280, 720))),
    "the matrix scales": (lambda: turned(muxed(HD), 3, 0, 0, 3), video(3840, 2160, (1280, 720))),
    "a track of 0x0 is turned as coded": (lambda: claiming(turned(muxed(HD), 0, 1, -1, 0), 0, 0), video(720, 1280)),
    "turns add up": (lambda: claiming(half_turned_twice(), 1920, 1080), video(1080, 1920, (2160, 3840))),
    "an edit list shortens": (lambda: lasting(uhd(), 50), video(3840, 2160, seconds=0.05)),
    "a track of unknown duration": (lambda: lasting(uhd(), 0xFFFFFFFF), UHD_VIDEO),
    "fragments add up": (fragmented, video(3840, 2160, seconds=4 / 24)),
    "fragments are longer": (lambda: lasting(fragmented(), 50), video(3840, 2160, seconds=4 / 24)),
    "the most bytes, not the longest time": (big_and_long, UHD_VIDEO),
}


@pytest.mark.parametrize(("make", "expected"), VIDEOS.values(), ids=VIDEOS)
def test_video_has_sizes_duration_and_codec(make: Make, expected: Video) -> None:
    assert judged(make()) == expected


@pytest.mark.parametrize("matrix", [(1, 1, 0, 1), (1, 0, 1, 1), (0, 1, 1, 1), (1, 1, 1, 0)])
def test_a_skewed_picture_has_no_size(matrix: tuple[int, int, int, int]) -> None:
    assert judged(turned(uhd(), *matrix)) == NotMp4("a picture turned by no multiple of 90 degrees")


NOT_AS_CODED = video(3840, 2160, (2160, 3840)), video(3840, 2160, (1920, 1080)), video(1920, 1080, (3840, 2160))
OTHER_SIZES = video(4096, 2160), video(3840, 2159)


def test_4k_is_3840x2160_shown_and_coded_or_upright() -> None:
    assert is_4k(video(3840, 2160))
    assert is_4k(video(2160, 3840))
    assert not any(map(is_4k, NOT_AS_CODED + OTHER_SIZES))


@pytest.mark.parametrize("name", ["VP9", "no codec configuration", "4K whose sample entry claims 720p"])
def test_where_any_codec_counts_the_displayed_size_is_enough(name: str) -> None:
    proof, without_size = Mp4Proof(any_codec=True), Mp4Proof(any_codec=True)
    proof.feed(ALL_CASES[name].make())
    without_size.feed(claiming(ALL_CASES[name].make(), 0, 0))
    verdict = proof.verdict()

    assert isinstance(verdict, Video)
    assert (verdict.width, verdict.height) == (3840, 2160)
    assert isinstance(without_size.verdict(), NotMp4)


# One pass, in chunks


@settings(max_examples=150)
@given(st.data())
def test_any_split_of_any_buffer_gives_the_same_verdict(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(small_files()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(file)), max_size=40)))
    proof, buffer = Mp4Proof(), memoryview(bytearray(file))

    for start, end in zip([0, *cuts], [*cuts, len(file)], strict=True):
        proof.feed(buffer[start:end])

    assert proof.verdict() == judged(file)


@pytest.mark.parametrize(
    "name",
    [
        "64-bit mdat",
        "64-bit sizes inside moov",
        "half a 64-bit head at the end of stbl",
        "half a 64-bit head behind the index of fragments",
        "AV1, av1C without OBUs",
        "AV1 in fragments, av1C without OBUs",
        "AV1 behind 70,000 bytes, av1C without OBUs",
    ],
)
def test_byte_by_byte_gives_the_same_verdict(name: str) -> None:
    data = ALL_CASES[name].make()

    assert judged(data, chunk=1) == judged(data)


@pytest.mark.parametrize("file", range(9))
def test_a_file_cut_anywhere_but_between_fragments_ends_early(file: int) -> None:
    """A verdict before the end changes nothing."""
    data = small_files()[file]
    if file % 3 == 2:  # a fragmented file: whole without its index of fragments, which comes last
        data = cut(data, b"mfra")
    proof, verdicts = Mp4Proof(), set()

    for byte in data:
        verdicts.add(type(proof.verdict()))
        proof.feed(bytes([byte]))

    assert verdicts == {EndsEarly}
    assert isinstance(proof.verdict(), Video)
    assert proof.verdict() == judged(data)


MEMORY = {
    "media": struct.pack(">I4s", 0, b"mdat"),
    "boxes in moov that are not read": struct.pack(">I4sQI4sQ", 1, b"moov", 1 << 40, 1, b"udta", 1 << 39),
    "bytes behind the boxes": b"bytes that are no box\0\0\0",
}


@pytest.mark.parametrize("head", MEMORY.values(), ids=MEMORY)
def test_no_more_than_the_front_of_the_media_is_kept(head: bytes) -> None:
    proof, mebibyte = Mp4Proof(), bytes(MEBIBYTE)
    proof.feed(FTYP)
    tracemalloc.start()
    for chunk in (head, *[mebibyte] * 65):
        proof.feed(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < MEDIA_FRONT + 20_000


# Files that are no video


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(junk: bytes) -> None:
    assert isinstance(judged(junk), EndsEarly | NotMp4 | OtherContent)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_inside_a_movie_make_it_raise(junk: bytes, at: int) -> None:
    moov = junk[:at] + small_files()[0][-900:][at:]

    assert isinstance(judged(FTYP + box(b"mdat", b"x") + box(b"moov", moov)), EndsEarly | NotMp4)


def test_once_broken_no_bytes_repair_it() -> None:
    page = b"<!DOCTYPE html>"

    assert judged(page + uhd(), chunk=len(page)) == OtherContent("begins with CTYP, not with ftyp")


OTHERS = {
    "JSON": b'{"code": 404, "msg": "not found"}',
    "a page with a byte order mark": b"\xef\xbb\xbf<html><body>Just a moment...</body></html>",
    "UTF-16": "<html>zu früh</html>".encode("utf-16"),
    "XML": b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>",
    "a picture": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1",
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_content_without_ftyp_is_no_mp4_at_all(content: bytes) -> None:
    assert isinstance(judged(content), OtherContent)
    assert isinstance(judged(FTYP + content), EndsEarly | NotMp4)


def header(kind: bytes, length: int) -> bytes:
    return struct.pack(">I4s", 8 + length, kind)


def two_fragments(length: int) -> bytes:
    return 2 * box(b"moof", box(b"traf", box(b"tfhd", bytes(length))))


LIMITS = {
    "one box": (header(b"moov", 4 * MEBIBYTE) + header(b"mvhd", 4 * MEBIBYTE - 16), False),
    "one box, a byte more": (header(b"moov", 4 * MEBIBYTE) + header(b"mvhd", 4 * MEBIBYTE - 15), True),
    "all boxes together": (two_fragments(2 * MEBIBYTE - 24), False),
    "all boxes together, a byte more": (two_fragments(2 * MEBIBYTE - 23), True),
}


@pytest.mark.parametrize(("boxes", "over"), LIMITS.values(), ids=LIMITS)
def test_headers_that_are_read_may_take_four_mebibytes(boxes: bytes, over: bool) -> None:
    assert (judged(FTYP + boxes) == NotMp4("headers of more than 4 MiB")) == over


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


REASONS: dict[str, Make] = {
    "ends before any moov": bytes,
    "ends before any mdat": lambda: cut(front(), b"mdat"),
    "begins with CTYP, not with ftyp": lambda: b"<!DOCTYPE html>",
    "begins with \\x1b[2J, not with ftyp": lambda: b"\0\0\0\x20\x1b[2J" + bytes(30),
    "a box shorter than its fields": lambda: edited(uhd(), (b"moov", b"mvhd"), lambda _: box(b"mvhd")),
    "samples that are not in the file": lambda: moved(uhd(), -1),
    "more than one moov": ALL_CASES["fragments of two movies"].make,
    "no video track with samples": ALL_CASES["no tracks"].make,
    "broken box moov": ALL_CASES["moov of seven bytes"].make,
    "bytes that are no box": ALL_CASES["text behind fragments"].make,
    "no mvhd": ALL_CASES["no movie header"].make,
    "more than one tkhd": ALL_CASES["two track headers"].make,
    "codec vp09": ALL_CASES["VP9"].make,
    "unknown box version 2": ALL_CASES["headers of a version to come"].make,
    "a table longer than its box": ALL_CASES["more samples than the table has"].make,
    "no sample entries": ALL_CASES["no sample entry"].make,
    "pixels that are not square": ALL_CASES["4K with wide pixels"].make,
    "sample entry and codec contradict each other about the size": ALL_CASES["4K whose sample entry claims 720p"].make,
    "no sequence header": ALL_CASES["4K without parameter sets"].make,
    "zero duration": ALL_CASES["samples without time"].make,
    "ends before the last sample": ALL_CASES["endless mdat cut short"].make,
    "ends inside a box": ALL_CASES["last byte missing"].make,
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_names_what_is_missing_or_wrong(reason: str) -> None:
    verdict = judged(REASONS[reason]())

    assert isinstance(verdict, EndsEarly | NotMp4 | OtherContent)
    assert verdict.reason == reason
