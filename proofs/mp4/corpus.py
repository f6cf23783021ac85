"""The corpus of the proof of 4K: genuine files of every shape, files whose headers lie, files that are damaged.

Each case states the answer of the proof. ffmpeg's own MP4 reader (PyAV) reads the file too; where its answer differs,
the case states why that does not matter. `ODDITIES` are files that are odd where no player minds, and beside them
those that differ where it matters: every case of `IGNORED` is a 4K file, as its sequence header proves and the
reference shows. A case of `STRICT` has an oddity without that proof, or with a part of the movie missing.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from proofs.mp4.forge import (
    HD,
    SAMPLE_ENTRIES,
    TRACK_HEADER,
    UHD,
    UHD_TALL,
    Film,
    body_edited,
    box,
    claiming,
    co64,
    edited,
    entry_claiming,
    extended,
    found,
    inband,
    matrix,
    moved,
    muxed,
    patched,
    resized,
    silence,
    turned,
    version_1,
    whole,
    without,
)
from proofs.mp4.reference import EARLY, FOUR_K, NO_MP4, SMALLER
from proofs.mp4.tree import Node, Tree

Make = Callable[[], bytes]

# Why the reference's other answer does not matter.
PLAYS_PARTS = "the reference plays what there is; the design requires the whole file"
NOT_PROVEN = "a codec whose header the proof does not read is refused, though it plays"
LENIENT = "the reference reads over a fault that no encoder makes; a file with one is not trusted"
NOT_SQUARE = "what is shown at 4K with other than square pixels does not have the pixels of 4K"
CODED_ONLY = "the reference gives the coded size; the design requires the displayed one"
FLAGS = "the reference shows a track that the file itself does not call video"
ZERO_MATRIX = "the reference takes a matrix of zeros for a quarter turn"
OVERREAD = "the reference reads the shape of a pixel beyond the end of its box"
UNKNOWN_TO_IT = "a type of sample entry that the reference does not know"
MAY_GO_ON = "in a file of fragments that no index closes, further bytes may be the start of a further fragment"


@dataclass(frozen=True)
class Case:
    """A file, the answer of the proof, and why the answer of the reference may differ."""

    name: str
    make: Make
    answer: str = FOUR_K
    excuse: str = ""


FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"
FILLERS = box(b"uuid", bytes(40)) + box(b"skip", bytes(9)) + box(b"wide") + box(b"xyz1", b"?") + box(b"free", bytes(3))
INTERLACED = (("x264-params", "interlaced=1"),)
PIXELS = {"4:2:2": "yuv422p", "4:4:4": "yuv444p", "grey": "gray", "10 bit": "yuv420p10le"}
SCALING = ",".join(map(str, range(6, 22)))


def x264(width: int, height: int, pixels: str = "yuv420p", frames: int = 3, **options: str) -> Film:
    return Film(width, height, pixels=pixels, frames=frames, options=tuple(options.items()))


def with_parameters(encoder: str, parameters: str) -> Film:
    """Return a 4K film by libx264 or libx265 with parameters of its own kind."""
    return Film(3840, 2160, encoder, options=((f"{encoder[3:]}-params", f"log-level=none:{parameters}"),))


HEVC, AV1, VP9 = Film(3840, 2160, "libx265"), Film(3840, 2160, "libsvtav1"), Film(3840, 2160, "libvpx-vp9")
HD_HEVC, HD_AV1 = Film(1280, 720, "libx265"), Film(1280, 720, "libsvtav1")


def uhd(**options: str) -> bytes:
    """Return a plain 4K file (`ftyp`, `free`, `mdat`, `moov`), or one muxed with these options."""
    return muxed(UHD, **options)


def front(*others: bytes) -> bytes:
    """Return a 4K file with `moov` in front, and the tracks of other files."""
    return muxed(UHD, *others, movflags="faststart")


def fragmented(movflags: str = FRAGMENTED) -> bytes:
    """Return a 4K file in two fragments."""
    return muxed(x264(3840, 2160, frames=4, g="2"), movflags=movflags)


def cut(data: bytes, *path: bytes, at: int = 0, nth: int = 0) -> bytes:
    """Return the file cut off `at` bytes behind the start of a box."""
    return data[: found(data, *path, nth=nth)[1] + at]


def flagged(data: bytes, *flags: int) -> bytes:
    """Return the file with these flags in the headers of its tracks: 1 and 3 enable a track."""
    for track, flag in enumerate(flags):
        data = patched(data, TRACK_HEADER, 3, bytes([flag]), track)
    return data


def entry_called(data: bytes, kind: bytes) -> bytes:
    return patched(data, SAMPLE_ENTRIES, 8 + 4, kind)


def lying(film: Film) -> bytes:
    """Return a file whose track header and sample entry both claim 4K."""
    return entry_claiming(claiming(muxed(film), 3840, 2160), 3840, 2160)


def doubled(data: bytes, *path: bytes) -> bytes:
    return edited(data, path, lambda old: old + old)


def rearranged(data: bytes, change: Callable[[list[Node]], object]) -> bytes:
    """Return the file with its outermost boxes changed, and its samples found where they are then."""
    tree = Tree(data)
    change(tree.nodes)
    return tree.relocated()


def movie_turned(data: bytes, *numbers: float) -> bytes:
    return patched(data, (b"mvhd",), 36, matrix(*numbers))


def half_turned_twice() -> bytes:
    half = (0.5**0.5, 0.5**0.5, -(0.5**0.5), 0.5**0.5)
    return movie_turned(turned(uhd(), *half), *half)


def behind(tail: bytes, data: Make = uhd) -> Make:
    """Return a maker of the file with bytes behind its last box."""
    return lambda: data() + tail


def at_end(kind: bytes, extra: bytes, data: Make = uhd) -> Make:
    """Return a maker of the file with bytes at the end of its boxes of this type."""
    return lambda: extended(data(), (kind,), extra)


def unclosed() -> bytes:
    """Return a 4K file of fragments without the index behind them."""
    return cut(fragmented(), b"mfra")


def long_head(data: bytes, kind: bytes, size: int | None = None) -> bytes:
    """Return the file with a 64-bit size in the head of a box."""
    return edited(data, (kind,), lambda old: struct.pack(">I4sQ", 1, kind, size or len(old) + 8) + old[8:])


def wide_mdat() -> bytes:
    """Return a 4K file with a 64-bit size of `mdat`, for which FFmpeg leaves room in a `free` box in front."""
    return long_head(without(uhd(), b"free"), b"mdat")


def shaped(*ratios: tuple[int, ...]) -> bytes:
    """Return a 4K file with a `pasp` box for each shape of a pixel in its sample entry."""
    shapes = [box(b"pasp", struct.pack(f">{len(ratio)}I", *ratio)) for ratio in ratios]
    return extended(uhd().replace(b"pasp", b"free"), (b"avc1",), b"".join(shapes))


def second_entry(kind: bytes = b"avc1", film: Film = HD, counted: int = 2, used: int = 1) -> bytes:
    """Return a 4K file with a second sample entry, that of another film, its type changed; the samples use one."""
    other = whole(entry_called(muxed(film), kind), *SAMPLE_ENTRIES)[16:]
    data = body_edited(uhd(), b"stsd", lambda old: old[:7] + bytes([counted]) + old[8:] + other)
    return patched(data, (b"stsc",), 16, used.to_bytes(4))


def without_obus(data: bytes) -> bytes:
    return body_edited(data, b"av1C", lambda old: old[:4])


def with_config(data: bytes, film: Film) -> bytes:
    kind = b"av1C" if film.encoder == "libsvtav1" else b"avcC"
    return edited(data, (kind,), lambda _: whole(muxed(film), kind))


def dolby(kind: bytes, film: Film) -> bytes:
    """Return the film as Dolby Vision."""
    config = box(b"dvcC", b"\1\0\x0a\x25" + bytes(20))
    return extended(entry_called(muxed(film), kind), (kind,), config)


def broken_audio(kind: bytes) -> bytes:
    """Return a 4K file with an audio track that lacks a box."""
    data = muxed(UHD, silence())
    (_, moov, body, _), (_, start, _, end) = found(data, b"moov"), found(data, b"trak", nth=1)
    return data[:moov] + box(b"moov", data[body:start] + without(data[start:end], kind) + data[end:])


def audio_apart() -> bytes:
    """Return a 4K file with `moov` in front and its audio in an `mdat` of its own."""
    data, audio = front(), muxed(silence())
    track = whole(patched(audio, TRACK_HEADER, 12, b"\0\0\0\2"), b"trak")
    data = moved(extended(data, (b"moov",), track), len(track))
    return data.replace(track, moved(track, len(data) - found(audio, b"mdat")[1])) + whole(audio, b"mdat")


def audio_missing() -> bytes:
    return cut(audio_apart(), b"mdat", nth=1)


def compact(data: bytes, bits: int) -> bytes:
    """Return the file with the sizes of its samples in so many bits each."""

    def table(stsz: bytes) -> bytes:
        sizes = struct.unpack(f">{len(stsz) // 4 - 5}I", stsz[20:])
        return box(b"stz2", struct.pack(">7xBI", bits, len(sizes)) + b"".join(n.to_bytes(bits // 8) for n in sizes))

    return edited(data, (b"stsz",), table)


def late(data: bytes) -> bytes:
    """Return the file whose samples follow 70,000 other bytes of media data."""
    return moved(body_edited(data, b"mdat", lambda old: bytes(70_000) + old), 70_000)


def begun(kind: bytes) -> bytes:
    """Return a 4K file that begins with a box of this type."""
    first = box(kind, bytes(20))
    return first + moved(uhd(), len(first))


OTHERS = b"".join(box(kind, bytes(20)) for kind in (b"free", b"skip", b"wide", b"uuid"))
PADDING = bytes(5 << 20)
UDTA = box(b"udta", PADDING)
COMMENT = box(b"\xa9cmt", b"hello")
COVER = box(b"udta", box(b"meta", bytes(4) + box(b"ilst", box(b"covr", box(b"data", PADDING)))))
TO_THE_END = b"\0\0\0\0"
ROUNDED = 1 / 65536

GENUINE = (
    Case("H.264", uhd),
    Case("H.264 upright", partial(muxed, UHD_TALL)),
    Case("H.264, moov in front", front),
    Case("H.264 with B-frames and an edit list", partial(muxed, x264(3840, 2160, frames=6, preset="veryfast"))),
    *(Case(f"H.264 {name}", partial(muxed, x264(3840, 2160, pixels))) for name, pixels in PIXELS.items()),
    Case("H.264 interlaced", partial(muxed, with_parameters("libx264", "interlaced=1"))),
    Case("H.264 with scaling lists", lambda: muxed(with_parameters("libx264", f"cqm4={SCALING}"))),
    Case("HEVC as hev1", partial(muxed, HEVC)),
    Case("HEVC as hvc1", lambda: entry_called(muxed(HEVC), b"hvc1")),
    Case("HEVC in two layers of time", lambda: muxed(with_parameters("libx265", "temporal-layers=2"))),
    *(Case(f"HEVC {name}", partial(muxed, Film(3840, 2160, "libx265", PIXELS[name]))) for name in ("10 bit", "4:4:4")),
    Case("AV1", partial(muxed, AV1)),
    Case("AV1 in fragments", partial(muxed, AV1, movflags=FRAGMENTED)),
    Case("H.264 as avc3", lambda: entry_called(uhd(), b"avc3")),
    Case("with audio", lambda: muxed(UHD, silence())),
    Case("with audio first", lambda: muxed(silence(), UHD)),
    Case("with a time code", partial(uhd, muxer="mov", write_tmcd="1", timecode="00:00:00:00")),
    Case("with metadata tags", partial(uhd, movflags="use_metadata_tags")),
    Case("QuickTime with ftyp", partial(uhd, muxer="mov")),
    Case("QuickTime before ftyp", lambda: rearranged(uhd(muxer="mov"), lambda nodes: nodes.pop(0))),
    *(Case(f"muxed as {muxer}", partial(uhd, muxer=muxer)) for muxer in ("f4v", "ipod", "3gp", "ismv")),
    Case("fragmented", fragmented),
    Case("fragmented, first fragment in moov", partial(uhd, movflags="frag_keyframe")),
    Case("fragmented by frame, moov delayed", partial(uhd, movflags="frag_every_frame+delay_moov")),
    Case("fragmented with index", partial(uhd, movflags="frag_keyframe+delay_moov+dash+global_sidx")),
    Case("fragmented with audio", lambda: muxed(UHD, silence(), movflags=FRAGMENTED)),
    Case("fragmented, defaults left out", partial(uhd, movflags=FRAGMENTED + "+omit_tfhd_offset")),
    Case("fragmented, made whole again", partial(uhd, movflags="hybrid_fragmented")),
    Case("CMAF", partial(uhd, movflags="cmaf")),
    Case("64-bit mdat", wide_mdat),
    Case("64-bit chunk offsets", lambda: co64(uhd())),
    Case("64-bit times", lambda: version_1(uhd())),
    Case("mdat to the end of the file", lambda: resized(front(), 0, b"mdat")),
    Case("boxes of no meaning around moov", lambda: edited(uhd(), (b"moov",), lambda old: FILLERS + old + FILLERS)),
    Case("zeros after the last box of trak", lambda: extended(uhd(), (b"trak",), bytes(4))),
    Case("an empty box ends the track", lambda: extended(uhd(), (b"trak",), box(b"free"))),
    Case("turned to the right", lambda: turned(muxed(UHD_TALL), 0, 1, -1, 0)),
    Case("turned to the left, upright", lambda: turned(uhd(), 0, -1, 1, 0)),
    Case("upside down", lambda: turned(uhd(), -1, 0, 0, -1)),
    Case("mirrored", lambda: turned(uhd(), -1, 0, 0, 1)),
    Case("turned by the movie's matrix", lambda: movie_turned(uhd(), 0, 1, -1, 0)),
    Case("turned and turned back", lambda: movie_turned(turned(uhd(), 0, 1, -1, 0), 0, -1, 1, 0)),
    Case("turned by 45 degrees twice", half_turned_twice),
    Case("with a small second track", lambda: flagged(muxed(UHD, HD), 3, 3)),
    Case("with a small first track", lambda: flagged(muxed(HD, UHD), 3, 3)),
    Case("with a small first track switched off", lambda: flagged(muxed(HD, UHD), 0, 3)),
    Case("two sample entries alike", partial(second_entry, film=UHD)),
)

SMALL = (
    Case("720p", partial(muxed, HD), SMALLER),
    Case("720p HEVC", partial(muxed, HD_HEVC), SMALLER),
    Case("720p AV1", partial(muxed, HD_AV1), SMALLER),
    Case("1080p, cropped", partial(muxed, Film(1920, 1080)), SMALLER),
    Case("1080p HEVC, cropped", partial(muxed, Film(1916, 1076, "libx265")), SMALLER),
    Case("1080p interlaced, cropped", partial(muxed, Film(1920, 1080, options=INTERLACED)), SMALLER),
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
    Case("720p enabled, 4K disabled", lambda: flagged(muxed(HD, UHD), 3, 2), SMALLER),
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
    Case("video called audio", lambda: patched(uhd(), (b"hdlr",), 8, b"soun"), NO_MP4),
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
    Case("ends inside the head of a 64-bit mdat", lambda: cut(wide_mdat(), b"mdat", at=12), EARLY),
    Case("ends inside mdat", lambda: cut(uhd(), b"mdat", at=5000), EARLY),
    Case("ends after mdat", lambda: cut(uhd(), b"moov"), EARLY),
    Case("ends inside the head of moov", lambda: cut(uhd(), b"moov", at=3), EARLY),
    Case("ends inside moov", lambda: cut(uhd(), b"moov", at=300), EARLY),
    Case("last byte missing", lambda: uhd()[:-1], EARLY, PLAYS_PARTS),
    Case("moov in front, ends inside moov", lambda: cut(front(), b"moov", at=400), EARLY),
    Case("moov in front, ends before mdat", lambda: cut(front(), b"mdat"), EARLY),
    Case("moov in front, ends inside mdat", lambda: cut(front(), b"mdat", at=90_000), EARLY, PLAYS_PARTS),
    Case("moov in front, last byte missing", lambda: front()[:-1], EARLY, PLAYS_PARTS),
    Case("endless mdat cut short", lambda: resized(front(), 0, b"mdat")[:-9], EARLY, PLAYS_PARTS),
    Case("fragmented, ends after moov", lambda: cut(fragmented(), b"moof"), EARLY),
    Case("fragmented, ends in the first moof", lambda: cut(fragmented(), b"moof", at=50), EARLY),
    Case("fragmented, ends before the first mdat", lambda: cut(fragmented(), b"mdat"), EARLY),
    Case("fragmented, ends in the second moof", lambda: cut(fragmented(), b"moof", at=50, nth=1), EARLY, PLAYS_PARTS),
    Case("fragmented, ends before the second mdat", lambda: cut(fragmented(), b"mdat", nth=1), EARLY, PLAYS_PARTS),
    Case("fragmented, ends in the second mdat", lambda: cut(fragmented(), b"mdat", at=99, nth=1), EARLY, PLAYS_PARTS),
    Case("box longer than the file", lambda: resized(uhd(), 0x7FFFFFFF, b"mdat"), EARLY),
    Case("mdat of 2**64 - 1 bytes", lambda: moved(long_head(front(), b"mdat", 2**64 - 1), 8), EARLY, PLAYS_PARTS),
    Case("image sequence (AVIF)", partial(muxed, AV1, muxer="avif"), NO_MP4, FLAGS),
    Case("moov without its letters", lambda: patched(uhd(), (b"moov",), -4, b"moow"), EARLY),
    Case("hollow: empty mdat", lambda: body_edited(uhd(), b"mdat", lambda _: b""), NO_MP4),
    Case("hollow: half of mdat", lambda: body_edited(uhd(), b"mdat", lambda old: old[:49_000]), NO_MP4, PLAYS_PARTS),
    Case("hollow: a byte missing", lambda: body_edited(uhd(), b"mdat", lambda old: old[:-1]), NO_MP4, PLAYS_PARTS),
    Case("chunks behind the end", lambda: moved(uhd(), 1 << 20), NO_MP4),
    Case("chunks before the media", lambda: moved(uhd(), -44), NO_MP4),
    Case("no samples", lambda: patched(uhd(), (b"stsz",), 8, bytes(4)), NO_MP4),
    Case("samples without bytes", lambda: patched(uhd(), (b"stsz",), 12, bytes(12)), NO_MP4),
    Case("more samples than the table has", lambda: patched(uhd(), (b"stsz",), 8, b"\xff\xff\xff\xff"), NO_MP4),
    Case("samples without time", lambda: patched(uhd(), (b"stts",), 12, bytes(4)), NO_MP4, LENIENT),
    Case("media without time scale", lambda: patched(uhd(), (b"mdhd",), 12, bytes(4)), NO_MP4),
    Case("headers of a version to come", lambda: patched(uhd(), TRACK_HEADER, 0, b"\2"), NO_MP4, LENIENT),
    Case("no movie header", lambda: without(uhd(), b"mvhd"), NO_MP4),
    Case("no track header", lambda: without(uhd(), *TRACK_HEADER), NO_MP4, LENIENT),
    Case("two track headers", lambda: doubled(uhd(), *TRACK_HEADER), NO_MP4),
    Case("no sample tables", lambda: without(uhd(), b"stbl"), NO_MP4),
    Case("no sample entry", lambda: edited(uhd(), SAMPLE_ENTRIES, lambda _: box(b"stsd", bytes(8))), NO_MP4),
    Case("no codec configuration", lambda: uhd().replace(b"avcC", b"free"), NO_MP4),
    Case("no parameter sets", lambda: uhd().replace(b"\xff\xe1", b"\xff\xe0"), NO_MP4),
    Case("no tracks", lambda: without(uhd(), b"trak"), NO_MP4),
    Case("a copy of moov before ftyp", lambda: whole(uhd(), b"moov") + uhd(), NO_MP4),
    Case("ftyp of no length", lambda: resized(uhd(), 0, b"ftyp"), NO_MP4),
    Case("moov of no length", lambda: resized(uhd(), 0, b"moov"), NO_MP4, LENIENT),
    Case("moov of seven bytes", lambda: resized(uhd(), 7, b"moov"), NO_MP4),
    Case("moov of a gigabyte", lambda: resized(uhd(), 1 << 30, b"moov"), EARLY, PLAYS_PARTS),
)

CASES = GENUINE + SMALL + NO_VIDEO + DAMAGED

TAILS = {
    "a byte": b"\n",
    "seven bytes": b"\0\0\0\x20fre",
    "half a 64-bit head": b"\0\0\0\1free\0\0\0",
    "zeros": bytes(100),
    "text": b"\0\0\1\0\nok\n",
    "text that looks like a box": b"<!-- cached by a proxy -->",
    "a cut-off box": b"\0\0\x09\x09more",
    "a 64-bit size of nine": b"\0\0\0\1free" + bytes(7) + b"\x09",
    "a broken box": b"\0\0\0\3free",
    "a moov of size 0": TO_THE_END + b"moov",
}
ENDS = {
    "stray bytes": b"\0\0\0\x09fr",
    "half a 64-bit head": b"\0\0\0\1free???",
    "a broken box": b"\0\0\0\2free??",
    "a box too long": b"\0\0\1\0freemore",
    "a box of size 0": TO_THE_END + b"freemore",
    "unknown boxes": box(b"uuid", bytes(30)) + box(b"abcd", b"?"),
}
NESTS = (b"moov", b"trak", b"stbl")
LAST = (b"free", b"skip", b"uuid", b"mdat", b"udta", b"meta", b"abcd")
CUT_OFF = (b"free", b"uuid", b"mdat", b"moov", b"udta")
UNREAD = (b"udta", b"meta", b"free", b"uuid", b"\xa9xyz")
RATIOS = ((0, 1), (1, 0), (0, 0), (7, 7))
DOLBY = ((b"dvh1", HEVC), (b"dvhe", HEVC), (b"dva1", UHD), (b"dvav", UHD))

IGNORED = (
    *(Case(f"{name} behind the last box", behind(tail)) for name, tail in TAILS.items()),
    *(Case(f"{name} behind the media", behind(tail, front)) for name, tail in [*TAILS.items()][:6]),
    *(Case(f"{name} behind the index of fragments", behind(tail, fragmented)) for name, tail in [*TAILS.items()][:6]),
    *(Case(f"last box of size 0: {kind.decode()}", behind(TO_THE_END + kind + bytes(20))) for kind in LAST),
    Case("last box of size 0 without a body", behind(TO_THE_END + b"free")),
    Case("last box of size 0 in 64 bits", behind(struct.pack(">I4sQ", 1, b"free", 0))),
    Case("last box of size 0 behind fragments", behind(TO_THE_END + b"free", unclosed)),
    Case("a second moov", lambda: doubled(uhd(), b"moov")),
    Case("another file behind the last box", lambda: uhd() + muxed(HD)),
    Case("other boxes before ftyp", lambda: OTHERS + moved(uhd(), len(OTHERS))),
    *(Case(f"{kind.decode()} before ftyp", partial(begun, kind)) for kind in (b"styp", b"sidx", b"meta", b"udta")),
    Case("a box of QuickTime's in front of moov", lambda: edited(uhd(), (b"moov",), lambda old: COMMENT + old)),
    Case("turned by a rounding error", lambda: turned(uhd(), 1, ROUNDED, -ROUNDED, 1)),
    Case("turned, with a rounding error", lambda: turned(muxed(UHD_TALL), ROUNDED, 1, -1, -ROUNDED)),
    Case("sizes of samples in 16 bits", lambda: compact(muxed(x264(3840, 2160, crf="51")), 16)),
    Case("no ftyp", lambda: rearranged(uhd(), lambda nodes: nodes.pop(0))),
    Case("moov before ftyp", lambda: rearranged(front(), lambda nodes: nodes.insert(0, nodes.pop(1)))),
    *(Case(f"5 MiB of {kind!r} in moov", at_end(b"moov", box(kind, PADDING))) for kind in UNREAD),
    Case("5 MiB of cover picture", at_end(b"moov", COVER)),
    Case("5 MiB of udta in front of the track", lambda: edited(uhd(), (b"mvhd",), lambda old: UDTA + old)),
    Case("5 MiB of udta in the track", at_end(b"trak", UDTA)),
    Case("5 MiB of free among the sample tables", at_end(b"stbl", box(b"free", PADDING))),
    Case("5 MiB of udta before fragments", at_end(b"moov", UDTA, fragmented)),
    Case("100,000 empty boxes in moov", at_end(b"moov", 100_000 * box(b"free"))),
    Case("track header of 0x0", lambda: claiming(uhd(), 0, 0)),
    Case("track header of 3840x0", lambda: claiming(uhd(), 3840, 0)),
    Case("track header of 0x2160", lambda: claiming(uhd(), 0, 2160)),
    Case("track header in whole pixels", lambda: claiming(uhd(), 3840 / 65536, 2160 / 65536)),
    Case("track header of 0x0, upright", lambda: claiming(muxed(UHD_TALL), 0, 0)),
    Case("track header of 0x0, turned", lambda: claiming(turned(muxed(UHD_TALL), 0, 1, -1, 0), 0, 0)),
    Case("matrix of zeros", lambda: turned(uhd(), 0, 0, 0, 0), FOUR_K, ZERO_MATRIX),
    Case("movie's matrix of zeros", lambda: patched(uhd(), (b"mvhd",), 36, bytes(36)), FOUR_K, ZERO_MATRIX),
    Case("sample entry of 0x0", lambda: entry_claiming(uhd(), 0, 0)),
    Case("video track disabled", lambda: flagged(uhd(), 2)),
    Case("all tracks disabled", lambda: flagged(muxed(UHD, silence()), 2, 2)),
    Case("track of fragments disabled", lambda: flagged(fragmented(), 2)),
    *(Case(f"pasp of {ratio}", partial(shaped, ratio)) for ratio in RATIOS),
    Case("pasp without numbers", partial(shaped, ()), FOUR_K, OVERREAD),
    Case("pasp of one number", partial(shaped, (2,)), FOUR_K, OVERREAD),
    Case("bytes behind the sample entries", at_end(b"stsd", b"\0\0\0\3junk??")),
    *(Case(f"{name} at the end of the sample entry", at_end(b"avc1", end)) for name, end in ENDS.items()),
    Case("two sample entries counted, one there", lambda: patched(uhd(), SAMPLE_ENTRIES, 4, b"\0\0\0\2")),
    Case("one sample entry counted, two there", partial(second_entry, counted=1)),
    Case("unused sample entry of 720p", second_entry),
    Case("unused sample entry of an unknown codec", partial(second_entry, b"abcd")),
    *(Case(f"Dolby Vision as {kind.decode()}", partial(dolby, kind, film)) for kind, film in DOLBY),
    Case("AV1 behind 70,000 bytes of media", lambda: late(muxed(AV1))),
    Case("Dolby Vision as dav1", partial(dolby, b"dav1", AV1), FOUR_K, UNKNOWN_TO_IT),
    Case("AV1, av1C without OBUs", lambda: without_obus(muxed(AV1))),
    Case("AV1 in fragments, av1C without OBUs", lambda: without_obus(muxed(AV1, movflags=FRAGMENTED))),
    Case("AV1 behind audio, av1C without OBUs", lambda: without_obus(muxed(silence(), AV1))),
    Case("another OBU first in av1C", lambda: body_edited(muxed(AV1), b"av1C", lambda c: c[:4] + b"\x12\0" + c[4:])),
    Case("AV1 without av1C", lambda: muxed(AV1).replace(b"av1C", b"free")),
    Case("avc1, parameter sets in the samples", lambda: inband(uhd())),
    Case("avc3, parameter sets in the samples", lambda: inband(entry_called(uhd(), b"avc3"))),
    Case("hev1, parameter sets in the samples", lambda: inband(muxed(HEVC))),
    *(Case(f"{name} at the end of {kind.decode()}", at_end(kind, e)) for name, e in ENDS.items() for kind in NESTS),
    Case("64-bit size of moov", lambda: long_head(uhd(), b"moov")),
    Case("64-bit sizes inside moov", lambda: long_head(long_head(uhd(), b"stsz"), b"mdia")),
    Case("track longer than the movie", lambda: resized(uhd(), 5000, b"trak")),
    Case("track of size 0", lambda: resized(uhd(), 0, b"trak")),
    Case("no edit list", lambda: without(uhd(), b"edts")),
    Case("broken edit list", lambda: body_edited(uhd(), b"edts", lambda _: b"????")),
    Case("an empty track", at_end(b"moov", box(b"trak"))),
    *(
        Case(f"audio track without {kind.decode()}", partial(broken_audio, kind))
        for kind in (b"tkhd", b"stbl", b"stsz")
    ),
    Case("QuickTime hdlr", lambda: body_edited(uhd(), b"hdlr", lambda h: h[:4] + b"mhlr" + h[8:12] + b"appl" + h[16:])),
    Case("hdlr without a name", lambda: body_edited(uhd(), b"hdlr", lambda old: old[:24])),
    Case("hdlr without a type", lambda: body_edited(uhd(), b"hdlr", lambda old: old[:8] + bytes(4) + old[12:])),
    Case("no hdlr", lambda: without(uhd(), b"hdlr")),
    Case("two hdlr", lambda: doubled(uhd(), b"hdlr")),
    Case("fragments, no stsz in the track", lambda: without(fragmented(), b"stsz")),
    Case("fragments, no stco in the track", lambda: without(fragmented(), b"stco")),
    Case("track duration of 0", lambda: patched(uhd(), TRACK_HEADER, 20, bytes(4))),
    Case("media duration of 0", lambda: patched(uhd(), (b"mdhd",), 16, bytes(4))),
    Case("movie without time scale", lambda: patched(uhd(), (b"mvhd",), 12, bytes(4))),
    Case("audio in an mdat of its own", audio_apart),
)

STRICT = (
    Case("720p, track header of 0x0", lambda: claiming(muxed(HD), 0, 0), SMALLER),
    Case("720p, all headers of 0x0", lambda: entry_claiming(claiming(muxed(HD), 0, 0), 0, 0), SMALLER),
    Case("720p whose track claims 4K, sample entry of 0x0", lambda: entry_claiming(lying(HD), 0, 0), SMALLER),
    Case("720p, all tracks disabled", lambda: flagged(muxed(HD), 2), SMALLER),
    Case("720p, av1C without OBUs", lambda: without_obus(muxed(HD_AV1)), SMALLER),
    Case("720p that claims 4K, av1C without OBUs", lambda: without_obus(lying(HD_AV1)), NO_MP4, LENIENT),
    Case("720p that claims 4K, av1C of 4K", lambda: with_config(lying(HD_AV1), AV1), NO_MP4, LENIENT),
    Case("720p that claims 4K, as avc3", lambda: inband(lying(HD)), NO_MP4, LENIENT),
    Case("720p that claims 4K, as hev1", lambda: inband(lying(HD_HEVC)), NO_MP4, LENIENT),
    Case("720p that claims 4K, as avc3, avcC of 4K", lambda: with_config(inband(lying(HD)), UHD), NO_MP4, LENIENT),
    Case("4K without parameter sets", lambda: body_edited(uhd(), b"avcC", lambda old: old[:5] + b"\xe0\0"), NO_MP4),
    Case("AV1 behind 70,000 bytes, av1C without OBUs", lambda: late(without_obus(muxed(AV1))), NO_MP4, NOT_PROVEN),
    Case("sample entry of 720p in use", partial(second_entry, used=2), SMALLER),
    Case("sample entry of an unknown codec in use", partial(second_entry, b"abcd", used=2), NO_MP4),
    Case("sample entry in use that is not there", partial(second_entry, used=3), NO_MP4, LENIENT),
    Case("pasp of 2:1", partial(shaped, (2, 1)), NO_MP4, NOT_SQUARE),
    Case("pasp of 1:2", partial(shaped, (1, 2)), NO_MP4, NOT_SQUARE),
    Case("pasp of 0:1 and of 2:1", partial(shaped, (0, 1), (2, 1)), NO_MP4, NOT_SQUARE),
    *(Case(f"a last {k.decode()} cut off", behind(b"\0\0\1\0" + k + bytes(20)), EARLY, PLAYS_PARTS) for k in CUT_OFF),
    Case("seven bytes behind fragments", behind(TAILS["seven bytes"], unclosed), EARLY, MAY_GO_ON),
    Case("a cut-off box behind fragments", behind(TAILS["a cut-off box"], unclosed), EARLY, MAY_GO_ON),
    Case("text behind fragments", behind(TAILS["text"], unclosed), NO_MP4, MAY_GO_ON),
    Case("seven bytes of a fragment", lambda: cut(fragmented("frag_keyframe"), b"moof", at=7), EARLY, PLAYS_PARTS),
    Case("fragments of two movies", lambda: unclosed() + unclosed(), NO_MP4, LENIENT),
    Case("audio in an mdat that is missing", audio_missing, EARLY, PLAYS_PARTS),
    Case("audio in an mdat without its head", lambda: cut(audio_apart(), b"mdat", at=7, nth=1), EARLY, PLAYS_PARTS),
    Case("a cut-off box in place of audio", behind(TAILS["a cut-off box"], audio_missing), EARLY, PLAYS_PARTS),
    Case("audio in an mdat that is cut off", lambda: audio_apart()[:-1], EARLY, PLAYS_PARTS),
    Case("audio in an mdat of size 0, cut off", lambda: resized(front(silence()), 0, b"mdat")[:-1], EARLY, PLAYS_PARTS),
    Case("free box of size 0 in front of moov", lambda: resized(uhd(), 0, b"free"), NO_MP4),
    Case("free box of size 0 in front of mdat", lambda: resized(front(), 0, b"free"), NO_MP4, LENIENT),
)

ODDITIES = IGNORED + STRICT
