"""The corpus of the proof of 4K: genuine files of every shape, files whose headers lie, files that are damaged.

Each case states the answer of the proof. ffmpeg's own MP4 reader (PyAV) reads the file too; where its answer differs,
the case states why that does not matter. `python -m proofs.mp4.corpus` prints the table.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import av
from rich.console import Console
from rich.table import Table

from proofs.mp4.forge import (
    HD,
    SAMPLE_ENTRIES,
    SAMPLE_TABLES,
    TRACK_HEADER,
    UHD,
    UHD_TALL,
    Film,
    box,
    claiming,
    co64,
    edited,
    endless_mdat,
    entry_claiming,
    found,
    matrix,
    moved,
    muxed,
    patched,
    silence,
    turned,
    version_1,
    wide_mdat,
    without,
)
from proofs.mp4.reference import EARLY, FOUR_K, NO_MP4, SMALLER, disagreement, judged, reference, words

Make = Callable[[], bytes]

# Why the reference's other answer does not matter.
PLAYS_PARTS = "the reference plays what there is; the design requires the whole file"
NOT_PROVEN = "a codec whose header the proof does not read is refused, though it plays"
LENIENT = "the reference reads over a fault that no encoder makes; a file with one is not trusted"
NOT_SQUARE = "what is shown at 4K with other than square pixels does not have the pixels of 4K"
CODED_ONLY = "the reference gives the coded size; the design requires the displayed one"
FLAGS = "the reference shows a track that the file itself does not call video"


@dataclass(frozen=True)
class Case:
    """A file, the answer of the proof, and why the answer of the reference may differ."""

    name: str
    make: Make
    answer: str
    excuse: str = ""


FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"
HEVC, AV1, VP9 = Film(3840, 2160, "libx265"), Film(3840, 2160, "libsvtav1"), Film(3840, 2160, "libvpx-vp9")
HD_HEVC, HD_AV1 = Film(1280, 720, "libx265"), Film(1280, 720, "libsvtav1")


def x264(width: int, height: int, pixels: str = "yuv420p", frames: int = 3, **options: str) -> Film:
    """Return a film by libx264 with these options."""
    return Film(width, height, pixels=pixels, frames=frames, options=tuple(options.items()))


SCALING = ",".join(map(str, range(6, 22)))


def with_parameters(encoder: str, parameters: str) -> Film:
    """Return a 4K film by libx264 or libx265 with parameters of its own kind."""
    return Film(3840, 2160, encoder, options=((f"{encoder[3:]}-params", f"log-level=none:{parameters}"),))


def uhd(**options: str) -> bytes:
    """Return a plain 4K file (`ftyp`, `free`, `mdat`, `moov`), or one muxed with these options."""
    return muxed(UHD, **options)


def front() -> bytes:
    """Return a 4K file with `moov` in front."""
    return uhd(movflags="faststart")


def fragmented() -> bytes:
    """Return a 4K file in fragments."""
    return muxed(x264(3840, 2160, frames=4, g="2"), movflags=FRAGMENTED)


def cut(data: bytes, *path: bytes, at: int = 0, nth: int = 0) -> bytes:
    """Return the file cut off `at` bytes behind the start of a box."""
    return data[: found(data, *path, nth=nth)[1] + at]


def pair(first: Film, second: Film, flags: int = 3) -> bytes:
    """Return a file with two video tracks, the second with these flags."""
    return patched(muxed(first, second), TRACK_HEADER, 3, bytes([flags]), 1)


def entry_called(data: bytes, kind: bytes) -> bytes:
    """Return the file with another type of its sample entry."""
    return patched(data, SAMPLE_ENTRIES, 8 + 4, kind)


def lying(film: Film) -> bytes:
    """Return a file whose track header and sample entry both claim 4K."""
    return entry_claiming(claiming(muxed(film), 3840, 2160), 3840, 2160)


def resized(data: bytes, size: int, *path: bytes) -> bytes:
    """Return the file with another size in the head of a box."""
    head = found(data, *path)[1]
    return data[:head] + size.to_bytes(4, "big") + data[head + 4 :]


def renamed(data: bytes, kind: bytes, *path: bytes) -> bytes:
    """Return the file with another type of a box."""
    head = found(data, *path)[1]
    return data[: head + 4] + kind + data[head + 8 :]


def media(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with another `mdat` and the same `moov`."""
    return edited(data, (b"mdat",), lambda old: box(b"mdat", change(old[8:])))


def doubled(data: bytes, *path: bytes) -> bytes:
    """Return the file with a box twice."""
    return edited(data, path, lambda old: old + old)


def timeless() -> bytes:
    """Return a 4K file whose samples take no time."""
    return edited(
        uhd(), (*SAMPLE_TABLES, b"stts"), lambda _: box(b"stts", bytes(7) + b"\1" + bytes(3) + b"\3" + bytes(4))
    )


def sprinkled() -> bytes:
    """Return a 4K file with boxes of no meaning between the others."""
    fillers = box(b"uuid", bytes(40)) + box(b"skip", bytes(9)) + box(b"wide") + box(b"xyz1", b"?")
    return edited(uhd(), (b"moov",), lambda old: fillers + old + box(b"free", bytes(3)))


def quicktime() -> bytes:
    """Return a QuickTime file as before there was `ftyp`."""
    data = uhd(muxer="mov")
    start = found(data, b"ftyp")[3]
    return moved(renamed(data, b"wide", b"free") if b"free" in data[:64] else data, -start)[start:]


def immense_mdat(data: bytes) -> bytes:
    """Return the file with a last `mdat` of a size that no file has."""
    _, head, body, end = found(data, b"mdat")
    return moved(data[:head] + struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1) + data[body:end], 8)


def half_turned_twice() -> bytes:
    """Return a 4K file turned half by its track, half by its movie."""
    half = (0.5**0.5, 0.5**0.5, -(0.5**0.5), 0.5**0.5)
    return patched(turned(uhd(), *half), (b"moov", b"mvhd"), 36, matrix(*half))


def two_entries(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with a second sample entry, made from the first."""
    return edited(data, SAMPLE_ENTRIES, lambda old: box(b"stsd", old[8:15] + b"\2" + old[16:] + change(old[16:])))


GENUINE = (
    Case("H.264", uhd, FOUR_K),
    Case("H.264 upright", partial(muxed, UHD_TALL), FOUR_K),
    Case("H.264, moov in front", front, FOUR_K),
    Case("H.264 with B-frames and an edit list", partial(muxed, x264(3840, 2160, frames=6, preset="veryfast")), FOUR_K),
    Case("H.264 4:2:2", partial(muxed, x264(3840, 2160, "yuv422p")), FOUR_K),
    Case("H.264 4:4:4", partial(muxed, x264(3840, 2160, "yuv444p")), FOUR_K),
    Case("H.264 grey", partial(muxed, x264(3840, 2160, "gray")), FOUR_K),
    Case("H.264 10 bit", partial(muxed, x264(3840, 2160, "yuv420p10le")), FOUR_K),
    Case("H.264 interlaced", partial(muxed, with_parameters("libx264", "interlaced=1")), FOUR_K),
    Case("H.264 with scaling lists", lambda: muxed(with_parameters("libx264", f"cqm4={SCALING}")), FOUR_K),
    Case("HEVC as hev1", partial(muxed, HEVC), FOUR_K),
    Case("HEVC as hvc1", lambda: entry_called(muxed(HEVC), b"hvc1"), FOUR_K),
    Case("HEVC in two layers of time", lambda: muxed(with_parameters("libx265", "temporal-layers=2")), FOUR_K),
    Case("HEVC 10 bit", partial(muxed, Film(3840, 2160, "libx265", "yuv420p10le")), FOUR_K),
    Case("HEVC 4:4:4", partial(muxed, Film(3840, 2160, "libx265", "yuv444p")), FOUR_K),
    Case("AV1", partial(muxed, AV1), FOUR_K),
    Case("AV1 in fragments", partial(muxed, AV1, movflags=FRAGMENTED), FOUR_K),
    Case("H.264 as avc3", lambda: entry_called(uhd(), b"avc3"), FOUR_K),
    Case("with audio", lambda: muxed(UHD, silence()), FOUR_K),
    Case("with audio first", lambda: muxed(silence(), UHD), FOUR_K),
    Case("with a time code", partial(uhd, muxer="mov", write_tmcd="1", timecode="00:00:00:00"), FOUR_K),
    Case("with metadata tags", partial(uhd, movflags="use_metadata_tags"), FOUR_K),
    Case("QuickTime with ftyp", partial(uhd, muxer="mov"), FOUR_K),
    Case("QuickTime before ftyp", quicktime, FOUR_K),
    Case("muxed as f4v", partial(uhd, muxer="f4v"), FOUR_K),
    Case("muxed as ipod", partial(uhd, muxer="ipod"), FOUR_K),
    Case("muxed as 3gp", partial(uhd, muxer="3gp"), FOUR_K),
    Case("muxed as ismv", partial(uhd, muxer="ismv"), FOUR_K),
    Case("fragmented", fragmented, FOUR_K),
    Case("fragmented, first fragment in moov", partial(uhd, movflags="frag_keyframe"), FOUR_K),
    Case("fragmented by frame, moov delayed", partial(uhd, movflags="frag_every_frame+delay_moov"), FOUR_K),
    Case("fragmented with index", partial(uhd, movflags="frag_keyframe+delay_moov+dash+global_sidx"), FOUR_K),
    Case("fragmented with audio", lambda: muxed(UHD, silence(), movflags=FRAGMENTED), FOUR_K),
    Case("fragmented, defaults left out", partial(uhd, movflags=FRAGMENTED + "+omit_tfhd_offset"), FOUR_K),
    Case("fragmented, made whole again", partial(uhd, movflags="hybrid_fragmented"), FOUR_K),
    Case("CMAF", partial(uhd, movflags="cmaf"), FOUR_K),
    Case("64-bit mdat", lambda: wide_mdat(uhd()), FOUR_K),
    Case("64-bit chunk offsets", lambda: co64(uhd()), FOUR_K),
    Case("64-bit times", lambda: version_1(uhd()), FOUR_K),
    Case("mdat to the end of the file", lambda: endless_mdat(front()), FOUR_K),
    Case("uuid, skip, wide, free and an unknown box", sprinkled, FOUR_K),
    Case(
        "zeros after the last box of trak",
        lambda: edited(uhd(), (b"moov", b"trak"), lambda t: box(b"trak", t[8:] + bytes(4))),
        FOUR_K,
    ),
    Case(
        "an empty box ends the track",
        lambda: edited(uhd(), (b"moov", b"trak"), lambda t: box(b"trak", t[8:] + box(b"free"))),
        FOUR_K,
    ),
    Case("turned to the right", lambda: turned(muxed(UHD_TALL), 0, 1, -1, 0), FOUR_K),
    Case("turned to the left, upright", lambda: turned(uhd(), 0, -1, 1, 0), FOUR_K),
    Case("upside down", lambda: turned(uhd(), -1, 0, 0, -1), FOUR_K),
    Case("mirrored", lambda: turned(uhd(), -1, 0, 0, 1), FOUR_K),
    Case("turned by the movie's matrix", lambda: patched(uhd(), (b"moov", b"mvhd"), 36, matrix(0, 1, -1, 0)), FOUR_K),
    Case(
        "turned and turned back",
        lambda: patched(turned(uhd(), 0, 1, -1, 0), (b"moov", b"mvhd"), 36, matrix(0, -1, 1, 0)),
        FOUR_K,
    ),
    Case("turned by 45 degrees twice", half_turned_twice, FOUR_K),
    Case("with a small second track", lambda: pair(UHD, HD), FOUR_K),
    Case("with a small first track", lambda: pair(HD, UHD), FOUR_K),
    Case("with a small first track switched off", lambda: patched(pair(HD, UHD), TRACK_HEADER, 3, b"\0"), FOUR_K),
    Case("two sample entries alike", lambda: two_entries(uhd(), bytes), FOUR_K),
)

SMALL = (
    Case("720p", partial(muxed, HD), SMALLER),
    Case("720p HEVC", partial(muxed, HD_HEVC), SMALLER),
    Case("720p AV1", partial(muxed, HD_AV1), SMALLER),
    Case("1080p, cropped", partial(muxed, Film(1920, 1080)), SMALLER),
    Case("1080p HEVC, cropped", partial(muxed, Film(1916, 1076, "libx265")), SMALLER),
    Case(
        "1080p interlaced, cropped",
        partial(muxed, Film(1920, 1080, options=(("x264-params", "interlaced=1"),))),
        SMALLER,
    ),
    Case("1080p 4:2:2, cropped", partial(muxed, x264(1918, 1078, "yuv422p")), SMALLER),
    Case("1080p 4:4:4, cropped", partial(muxed, x264(1919, 1079, "yuv444p")), SMALLER),
    Case("1080p HEVC 4:4:4, cropped", partial(muxed, Film(1919, 1079, "libx265", "yuv444p")), SMALLER),
    Case("cinema 4K", partial(muxed, Film(4096, 2160)), SMALLER),
    Case("two lines short", partial(muxed, Film(3840, 2158)), SMALLER),
    Case("one line short", partial(muxed, x264(3840, 2159, "yuv444p")), SMALLER),
    Case("two columns more", partial(muxed, Film(3842, 2160)), SMALLER),
    Case("square", partial(muxed, Film(2160, 2160)), SMALLER),
    Case("wide screen", partial(muxed, Film(3840, 1600)), SMALLER),
    Case("8K", partial(muxed, Film(7680, 4320, frames=1)), SMALLER),
    Case("small with a big second track switched off", lambda: pair(HD, UHD, flags=2), SMALLER),
    Case("stretched to 4K by its track", lambda: claiming(muxed(Film(1920, 2160)), 3840, 2160), SMALLER),
    Case("720p whose track claims 4K", lambda: claiming(muxed(HD), 3840, 2160), SMALLER),
    Case("720p scaled to 4K", lambda: turned(muxed(HD), 3, 0, 0, 3), SMALLER),
    Case("4K squeezed upright", lambda: claiming(uhd(), 2160, 3840), SMALLER),
    Case("4K shown as 1080p", lambda: claiming(uhd(), 1920, 1080), SMALLER, CODED_ONLY),
    Case("4K scaled to 1080p", lambda: turned(uhd(), 0.5, 0, 0, 0.5), SMALLER, CODED_ONLY),
    Case("4K that claims a column more", lambda: claiming(uhd(), 3841, 2160), SMALLER),
)

NO_VIDEO = (
    Case("page of HTML", lambda: b"<!DOCTYPE html><html><body>404 Not Found</body></html>" * 20, NO_MP4),
    Case("error in JSON", lambda: b'{"code":404,"msg":"file expired"}', NO_MP4),
    Case("zeros", partial(bytes, 5000), NO_MP4),
    Case("JPEG", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(400), NO_MP4),
    Case("WebM", partial(muxed, VP9, muxer="webm"), NO_MP4),
    Case("Matroska", partial(muxed, UHD, muxer="matroska"), NO_MP4),
    Case("MPEG transport stream", partial(muxed, UHD, muxer="mpegts"), NO_MP4),
    Case("audio alone", lambda: muxed(silence()), NO_MP4),
    Case("MPEG-4 part 2", partial(muxed, Film(3840, 2160, "mpeg4")), NO_MP4, NOT_PROVEN),
    Case("VP9", partial(muxed, VP9), NO_MP4, NOT_PROVEN),
    Case("ProRes", partial(muxed, Film(3840, 2160, "prores_ks", "yuv422p10le"), muxer="mov"), NO_MP4, NOT_PROVEN),
    Case("Motion JPEG", partial(muxed, Film(3840, 2160, "mjpeg", "yuvj420p")), NO_MP4, NOT_PROVEN),
    Case("encrypted", lambda: entry_called(uhd(), b"encv"), NO_MP4),
    Case("video called audio", lambda: patched(uhd(), (b"moov", b"trak", b"mdia", b"hdlr"), 8, b"soun"), NO_MP4),
    Case("720p whose headers claim 4K", lambda: lying(HD), NO_MP4, LENIENT),
    Case("720p HEVC whose headers claim 4K", lambda: lying(HD_HEVC), NO_MP4, LENIENT),
    Case("720p AV1 whose headers claim 4K", lambda: lying(HD_AV1), NO_MP4, LENIENT),
    Case("4K whose sample entry claims 720p", lambda: entry_claiming(uhd(), 1280, 720), NO_MP4, LENIENT),
    Case("stretched to 4K by wide pixels", partial(muxed, Film(1920, 2160, aspect="2")), NO_MP4, NOT_SQUARE),
    Case("4K with wide pixels", partial(muxed, Film(3840, 2160, aspect="4/3")), NO_MP4, NOT_SQUARE),
    Case("turned by 45 degrees", lambda: turned(uhd(), 0.7, 0.7, -0.7, 0.7), NO_MP4, LENIENT),
)

DAMAGED = (
    Case("empty body", bytes, EARLY),
    Case("first byte alone", lambda: uhd()[:1], EARLY),
    Case("seven bytes", lambda: uhd()[:7], EARLY),
    Case("ends inside ftyp", lambda: uhd()[:20], EARLY),
    Case("ends after ftyp", lambda: cut(uhd(), b"free"), EARLY),
    Case("ends inside the head of mdat", lambda: cut(uhd(), b"mdat", at=5), EARLY),
    Case("ends inside the head of a 64-bit mdat", lambda: cut(wide_mdat(uhd()), b"mdat", at=12), EARLY),
    Case("ends inside mdat", lambda: cut(uhd(), b"mdat", at=5000), EARLY),
    Case("ends after mdat", lambda: cut(uhd(), b"moov"), EARLY),
    Case("ends inside the head of moov", lambda: cut(uhd(), b"moov", at=3), EARLY),
    Case("ends inside moov", lambda: cut(uhd(), b"moov", at=300), EARLY),
    Case("last byte missing", lambda: uhd()[:-1], EARLY, PLAYS_PARTS),
    Case("moov in front, ends inside moov", lambda: cut(front(), b"moov", at=400), EARLY),
    Case("moov in front, ends before mdat", lambda: cut(front(), b"mdat"), EARLY),
    Case("moov in front, ends inside mdat", lambda: cut(front(), b"mdat", at=90_000), EARLY, PLAYS_PARTS),
    Case("moov in front, last byte missing", lambda: front()[:-1], EARLY, PLAYS_PARTS),
    Case("endless mdat cut short", lambda: endless_mdat(front())[:-9], EARLY, PLAYS_PARTS),
    Case("fragmented, ends after moov", lambda: cut(fragmented(), b"moof"), EARLY),
    Case("fragmented, ends inside the first moof", lambda: cut(fragmented(), b"moof", at=50), EARLY),
    Case("fragmented, ends before the first mdat", lambda: cut(fragmented(), b"mdat"), EARLY),
    Case(
        "fragmented, ends inside the second moof", lambda: cut(fragmented(), b"moof", at=50, nth=1), EARLY, PLAYS_PARTS
    ),
    Case("fragmented, ends before the second mdat", lambda: cut(fragmented(), b"mdat", nth=1), EARLY, PLAYS_PARTS),
    Case(
        "fragmented, ends inside the second mdat", lambda: cut(fragmented(), b"mdat", at=99, nth=1), EARLY, PLAYS_PARTS
    ),
    Case("box longer than the file", lambda: resized(uhd(), 0x7FFFFFFF, b"mdat"), EARLY),
    Case("mdat of all the bytes 64 bits can count", lambda: immense_mdat(front()), EARLY, PLAYS_PARTS),
    Case("image sequence (AVIF)", partial(muxed, AV1, muxer="avif"), NO_MP4, FLAGS),
    Case("moov without its letters", lambda: renamed(uhd(), b"moow", b"moov"), EARLY),
    Case("hollow: empty mdat", lambda: media(uhd(), lambda _: b""), NO_MP4),
    Case("hollow: half the samples", lambda: media(uhd(), lambda old: old[: len(old) // 2]), NO_MP4, PLAYS_PARTS),
    Case("hollow: a byte missing", lambda: media(uhd(), lambda old: old[:-1]), NO_MP4, PLAYS_PARTS),
    Case("chunks behind the end", lambda: moved(uhd(), 1 << 20), NO_MP4),
    Case("chunks before the media", lambda: moved(uhd(), -44), NO_MP4),
    Case("no samples", lambda: patched(uhd(), (*SAMPLE_TABLES, b"stsz"), 8, bytes(4)), NO_MP4),
    Case("samples without bytes", lambda: patched(uhd(), (*SAMPLE_TABLES, b"stsz"), 12, bytes(12)), NO_MP4),
    Case(
        "more samples than the table has",
        lambda: patched(uhd(), (*SAMPLE_TABLES, b"stsz"), 8, b"\xff\xff\xff\xff"),
        NO_MP4,
    ),
    Case("samples without time", timeless, NO_MP4, LENIENT),
    Case(
        "media without time scale", lambda: patched(uhd(), (b"moov", b"trak", b"mdia", b"mdhd"), 12, bytes(4)), NO_MP4
    ),
    Case("headers of a version to come", lambda: patched(uhd(), TRACK_HEADER, 0, b"\2"), NO_MP4, LENIENT),
    Case("no movie header", lambda: without(uhd(), b"moov", b"mvhd"), NO_MP4),
    Case("no track header", lambda: without(uhd(), *TRACK_HEADER), NO_MP4, LENIENT),
    Case("two track headers", lambda: doubled(uhd(), *TRACK_HEADER), NO_MP4),
    Case("no sample tables", lambda: without(uhd(), *SAMPLE_TABLES), NO_MP4),
    Case("no sample entry", lambda: edited(uhd(), SAMPLE_ENTRIES, lambda _: box(b"stsd", bytes(8))), NO_MP4),
    Case("no codec configuration", lambda: uhd().replace(b"avcC", b"free"), NO_MP4),
    Case(
        "no parameter sets",
        lambda: edited(uhd(), SAMPLE_ENTRIES, lambda old: old.replace(b"\xff\xe1", b"\xff\xe0")),
        NO_MP4,
    ),
    Case("no tracks", lambda: without(uhd(), b"moov", b"trak"), NO_MP4),
    Case("moov before ftyp", lambda: uhd()[slice(*found(uhd(), b"moov")[1::2])] + uhd(), NO_MP4),
    Case("ftyp of no length", lambda: resized(uhd(), 0, b"ftyp"), NO_MP4),
    Case("moov of no length", lambda: resized(uhd(), 0, b"moov"), NO_MP4, LENIENT),
    Case("moov of seven bytes", lambda: resized(uhd(), 7, b"moov"), NO_MP4),
    Case("moov of a gigabyte", lambda: resized(uhd(), 1 << 30, b"moov"), EARLY, PLAYS_PARTS),
)

CASES = GENUINE + SMALL + NO_VIDEO + DAMAGED


def show(cases: tuple[Case, ...]) -> None:
    """Print cases: file, answer of the proof, answer of the reference, why they may differ."""
    table = Table("file", "bytes", "proof", "reference", "difference", "why it does not matter")
    for case in cases:
        data = case.make()
        verdict, reading = judged(data), reference(data)
        table.add_row(
            case.name, str(len(data)), words(verdict), words(reading), disagreement(verdict, reading), case.excuse
        )
    Console(width=220).print(table)


if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    show(CASES)
