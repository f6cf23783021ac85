"""Files that are odd where no player minds, and beside them those that differ where it matters.

Every case of `IGNORED` is a 4K file: its sequence header proves the size, and the reference shows it. A case of
`STRICT` has an oddity without that proof, or with a part of the movie missing.
"""

import struct
from collections.abc import Callable
from functools import partial

import av

from proofs.mp4.corpus import (
    AV1,
    FRAGMENTED,
    HD_AV1,
    HD_HEVC,
    HEVC,
    LENIENT,
    NOT_PROVEN,
    NOT_SQUARE,
    PLAYS_PARTS,
    Case,
    cut,
    doubled,
    entry_called,
    fragmented,
    front,
    lying,
    media,
    pair,
    resized,
    show,
    two_entries,
    uhd,
    x264,
)
from proofs.mp4.forge import (
    HD,
    SAMPLE_ENTRIES,
    SAMPLE_TABLES,
    TRACK_HEADER,
    UHD,
    UHD_TALL,
    Film,
    box,
    boxes,
    claiming,
    config_edited,
    edited,
    endless_mdat,
    entry_claiming,
    entry_extended,
    extended,
    fixed,
    found,
    moved,
    muxed,
    parameter_sets_in_samples,
    patched,
    silence,
    turned,
    without,
)
from proofs.mp4.reference import EARLY, FOUR_K, NO_MP4, SMALLER

Path = tuple[bytes, ...]
Make = Callable[[], bytes]

MOVIE: Path = (b"moov",)
TRACK, MEDIA = (*MOVIE, b"trak"), (*MOVIE, b"trak", b"mdia")
MOVIE_HEADER, HANDLER, CHUNK_RUNS = (*MOVIE, b"mvhd"), (*MEDIA, b"hdlr"), (*SAMPLE_TABLES, b"stsc")
PADDING = bytes(5 << 20)
COVER = box(b"udta", box(b"meta", bytes(4) + box(b"ilst", box(b"covr", box(b"data", PADDING)))))
TO_THE_END = b"\0\0\0\0"

# Why the reference's other answer does not matter.
ZERO_MATRIX = "the reference takes a matrix of zeros for a quarter turn"
OVERREAD = "the reference reads the shape of a pixel beyond the end of its box"
UNKNOWN_TO_IT = "a type of sample entry that the reference does not know"
MAY_GO_ON = "in a file of fragments that no index closes, further bytes may be the start of a further fragment"


def behind(tail: bytes, data: Make = uhd) -> Make:
    """Return a maker of the file with bytes behind its last box."""
    return lambda: data() + tail


def at_end(path: Path, extra: bytes, data: Make = uhd) -> Make:
    """Return a maker of the file with bytes at the end of the boxes at `path`."""
    return lambda: extended(data(), path, extra)


def in_front(extra: bytes) -> bytes:
    """Return a 4K file with bytes in front of the first box of `moov`."""
    return edited(uhd(), MOVIE, lambda old: box(b"moov", extra + old[8:]))


def whole(data: bytes, *path: bytes) -> bytes:
    """Return the box at `path` with its head."""
    return data[slice(*found(data, *path)[1::2])]


def unclosed() -> bytes:
    """Return a 4K file of fragments without the index behind them."""
    return cut(fragmented(), b"mfra")


def headed(*kinds: bytes) -> bytes:
    """Return a 4K file with boxes of these types in front of `ftyp`."""
    head = b"".join(box(kind, bytes(20)) for kind in kinds)
    return head + moved(uhd(), len(head))


def unlabelled() -> bytes:
    """Return a 4K file without `ftyp`."""
    end = found(uhd(), b"ftyp")[3]
    return moved(uhd(), -end)[end:]


def movie_first() -> bytes:
    """Return a 4K file that begins with `moov`."""
    data = front()
    return whole(data, b"moov") + whole(data, b"ftyp") + data[found(data, b"moov")[3] :]


def long_head(data: bytes, *path: bytes) -> bytes:
    """Return the file with a 64-bit size in the head of the boxes at `path`."""
    return edited(data, path, lambda old: struct.pack(">I4sQ", 1, old[4:8], len(old) + 8) + old[8:])


def shaped(*ratio: int) -> bytes:
    """Return a 4K file with this shape of a pixel in its sample entry."""
    return entry_extended(uhd().replace(b"pasp", b"free"), box(b"pasp", struct.pack(f">{len(ratio)}I", *ratio)))


def entry_ending(end: bytes) -> bytes:
    """Return a 4K file with bytes at the end of its sample entry."""
    return entry_extended(uhd(), end)


def counting(data: bytes, entries: int) -> bytes:
    """Return the file whose `stsd` claims this number of entries."""
    return patched(data, SAMPLE_ENTRIES, 4, entries.to_bytes(4))


def described_by(data: bytes, entry: int) -> bytes:
    """Return the file whose samples are described by the sample entry of this number."""
    return patched(data, CHUNK_RUNS, 16, entry.to_bytes(4))


def second_entry(kind: bytes = b"avc1", film: Film = HD) -> bytes:
    """Return a 4K file with a second sample entry: that of another film, its type changed."""
    other = whole(muxed(film), *SAMPLE_ENTRIES)[16:]
    return two_entries(uhd(), lambda _: other[:4] + kind + other[8:])


def without_obus(data: bytes) -> bytes:
    """Return the file whose `av1C` has no sequence header."""
    return config_edited(data, b"av1C", lambda config: config[:4])


def delimited(config: bytes) -> bytes:
    """Return the body of an `av1C` with a temporal delimiter in front of its sequence header."""
    return config[:4] + b"\x12\0" + config[4:]


def with_config_of(data: bytes, film: Film, kind: bytes) -> bytes:
    """Return the file with the codec's configuration box of another film."""
    entry = whole(muxed(film), *SAMPLE_ENTRIES)[16:]
    config = next(entry[body:end] for found_kind, _, body, end in boxes(entry, 86) if found_kind == kind)
    return config_edited(data, kind, lambda _: config)


def dolby(kind: bytes, film: Film) -> bytes:
    """Return the film as Dolby Vision."""
    return entry_extended(entry_called(muxed(film), kind), box(b"dvcC", b"\1\0\x0a\x25" + bytes(20)))


def handler(edit: Callable[[bytes], bytes]) -> Make:
    """Return a maker of a 4K file whose `hdlr` body is changed."""
    return lambda: edited(uhd(), HANDLER, lambda old: box(b"hdlr", edit(old[8:])))


def disabled(data: bytes, *tracks: int) -> bytes:
    """Return the file with these tracks disabled."""
    for track in tracks:
        data = patched(data, TRACK_HEADER, 3, b"\2", track)
    return data


def broken_audio(*path: bytes) -> bytes:
    """Return a 4K file with an audio track that lacks the box at `path`."""
    data = muxed(UHD, silence())
    (_, moov, _, _), (_, start, _, end) = found(data, b"moov"), found(data, *TRACK, nth=1)
    return data[:moov] + box(b"moov", data[moov + 8 : start] + without(data[start:end], b"trak", *path) + data[end:])


def audio_apart() -> bytes:
    """Return a 4K file with `moov` in front and its audio in an `mdat` of its own."""
    data, audio = front(), muxed(silence())
    track = patched(whole(audio, *MOVIE), TRACK_HEADER, 12, b"\0\0\0\2")
    track = whole(track, *TRACK)
    data = moved(extended(data, MOVIE, track), len(track))
    placed = moved(box(b"moov", track), len(data) - found(audio, b"mdat")[1])[8:]
    return data.replace(track, placed) + whole(audio, b"mdat")


def late(data: bytes) -> bytes:
    """Return the file whose samples follow 70,000 other bytes of media data."""
    return moved(media(data, lambda old: bytes(70_000) + old), 70_000)


def bare() -> bytes:
    """Return a 4K file without parameter sets in sample entry and samples."""
    return config_edited(uhd(), b"avcC", lambda config: config[:5] + b"\xe0\0")


TAILS = (
    ("a byte", b"\n"),
    ("seven bytes", b"\0\0\0\x20fre"),
    ("half a 64-bit head", b"\0\0\0\1free\0\0\0"),
    ("zeros", bytes(100)),
    ("text", b"\0\0\1\0\nok\n"),
    ("text that looks like a box", b"<!-- cached by a proxy -->"),
    ("a cut-off box of no standard", b"\0\0\x09\x09more"),
    ("a 64-bit size of nine", b"\0\0\0\1free" + bytes(7) + b"\x09"),
    ("a broken box", b"\0\0\0\3free"),
    ("a moov of size 0", TO_THE_END + b"moov"),
)
ENDS = (
    ("stray bytes", b"\0\0\0\x09fr"),
    ("half a 64-bit head", b"\0\0\0\1free???"),
    ("a broken box", b"\0\0\0\2free??"),
    ("a box too long", b"\0\0\1\0freemore"),
    ("a box of size 0", TO_THE_END + b"freemore"),
    ("unknown boxes", box(b"uuid", bytes(30)) + box(b"abcd", b"?")),
)
NESTS = (MOVIE, TRACK, SAMPLE_TABLES)
LAST = (b"free", b"skip", b"uuid", b"mdat", b"udta", b"meta", b"abcd")
UNREAD = (b"udta", b"meta", b"free", b"uuid", b"\xa9xyz")
RATIOS = ((0, 1), (1, 0), (0, 0), (7, 7))
DOLBY = ((b"dvh1", HEVC), (b"dvhe", HEVC), (b"dva1", UHD), (b"dvav", UHD))

IGNORED = (
    *(Case(f"{name} behind the last box", behind(tail), FOUR_K) for name, tail in TAILS),
    *(Case(f"{name} behind the media", behind(tail, front), FOUR_K) for name, tail in TAILS[:6]),
    *(Case(f"{name} behind the index of fragments", behind(tail, fragmented), FOUR_K) for name, tail in TAILS[:6]),
    *(Case(f"last box of size 0: {kind.decode()}", behind(TO_THE_END + kind + bytes(20)), FOUR_K) for kind in LAST),
    Case("last box of size 0 without a body", behind(TO_THE_END + b"free"), FOUR_K),
    Case("last box of size 0 in 64 bits", behind(struct.pack(">I4sQ", 1, b"free", 0)), FOUR_K),
    Case("last box of size 0 behind fragments", behind(TO_THE_END + b"free", unclosed), FOUR_K),
    Case("a second moov", lambda: doubled(uhd(), b"moov"), FOUR_K),
    Case("another file behind the last box", lambda: uhd() + muxed(HD), FOUR_K),
    Case("other boxes before ftyp", lambda: headed(b"free", b"skip", b"wide", b"uuid"), FOUR_K),
    Case("no ftyp", unlabelled, FOUR_K),
    Case("moov before ftyp", movie_first, FOUR_K),
    *(Case(f"5 MiB of {kind!r} in moov", at_end(MOVIE, box(kind, PADDING)), FOUR_K) for kind in UNREAD),
    Case("5 MiB of cover picture", at_end(MOVIE, COVER), FOUR_K),
    Case("5 MiB of udta in front of the track", lambda: in_front(box(b"udta", PADDING)), FOUR_K),
    Case("5 MiB of udta in the track", at_end(TRACK, box(b"udta", PADDING)), FOUR_K),
    Case("5 MiB of free among the sample tables", at_end(SAMPLE_TABLES, box(b"free", PADDING)), FOUR_K),
    Case("5 MiB of udta before fragments", at_end(MOVIE, box(b"udta", PADDING), fragmented), FOUR_K),
    Case("100,000 empty boxes in moov", at_end(MOVIE, 100_000 * box(b"free")), FOUR_K),
    Case("track header of 0x0", lambda: claiming(uhd(), 0, 0), FOUR_K),
    Case("track header of 3840x0", lambda: claiming(uhd(), 3840, 0), FOUR_K),
    Case("track header of 0x2160", lambda: claiming(uhd(), 0, 2160), FOUR_K),
    Case("track header in whole pixels", lambda: claiming(uhd(), 3840 / 65536, 2160 / 65536), FOUR_K),
    Case("track header of 0x0, upright", lambda: claiming(muxed(UHD_TALL), 0, 0), FOUR_K),
    Case("track header of 0x0, turned", lambda: claiming(turned(muxed(UHD_TALL), 0, 1, -1, 0), 0, 0), FOUR_K),
    Case("matrix of zeros", lambda: turned(uhd(), 0, 0, 0, 0), FOUR_K, ZERO_MATRIX),
    Case("movie's matrix of zeros", lambda: patched(uhd(), MOVIE_HEADER, 36, fixed(*[0] * 9)), FOUR_K, ZERO_MATRIX),
    Case("sample entry of 0x0", lambda: entry_claiming(uhd(), 0, 0), FOUR_K),
    Case("video track disabled", lambda: disabled(uhd(), 0), FOUR_K),
    Case("all tracks disabled", lambda: disabled(muxed(UHD, silence()), 0, 1), FOUR_K),
    Case("track of fragments disabled", lambda: disabled(fragmented(), 0), FOUR_K),
    *(Case(f"pasp of {ratio}", partial(shaped, *ratio), FOUR_K) for ratio in RATIOS),
    Case("pasp without numbers", shaped, FOUR_K, OVERREAD),
    Case("pasp of one number", partial(shaped, 2), FOUR_K, OVERREAD),
    Case("bytes behind the sample entries", at_end(SAMPLE_ENTRIES, b"\0\0\0\3junk??"), FOUR_K),
    *(Case(f"{name} at the end of the sample entry", partial(entry_ending, end), FOUR_K) for name, end in ENDS),
    Case("two sample entries counted, one there", lambda: counting(uhd(), 2), FOUR_K),
    Case("one sample entry counted, two there", lambda: counting(second_entry(), 1), FOUR_K),
    Case("unused sample entry of 720p", second_entry, FOUR_K),
    Case("unused sample entry of an unknown codec", partial(second_entry, b"abcd"), FOUR_K),
    *(Case(f"Dolby Vision as {kind.decode()}", partial(dolby, kind, film), FOUR_K) for kind, film in DOLBY),
    Case("AV1 behind 70,000 bytes of media", lambda: late(muxed(AV1)), FOUR_K),
    Case("Dolby Vision as dav1", partial(dolby, b"dav1", AV1), FOUR_K, UNKNOWN_TO_IT),
    Case("AV1, av1C without OBUs", lambda: without_obus(muxed(AV1)), FOUR_K),
    Case("AV1 in fragments, av1C without OBUs", lambda: without_obus(muxed(AV1, movflags=FRAGMENTED)), FOUR_K),
    Case("AV1 behind audio, av1C without OBUs", lambda: without_obus(muxed(silence(), AV1)), FOUR_K),
    Case("AV1, another OBU first in av1C", lambda: config_edited(muxed(AV1), b"av1C", delimited), FOUR_K),
    Case("AV1 without av1C", lambda: muxed(AV1).replace(b"av1C", b"free"), FOUR_K),
    Case("avc1, parameter sets in the samples", lambda: parameter_sets_in_samples(uhd()), FOUR_K),
    Case(
        "avc3, parameter sets in the samples", lambda: entry_called(parameter_sets_in_samples(uhd()), b"avc3"), FOUR_K
    ),
    Case("hev1, parameter sets in the samples", lambda: parameter_sets_in_samples(muxed(HEVC)), FOUR_K),
    *(Case(f"{name} at the end of {path[-1].decode()}", at_end(path, e), FOUR_K) for name, e in ENDS for path in NESTS),
    Case("64-bit size of moov", lambda: long_head(uhd(), *MOVIE), FOUR_K),
    Case("64-bit sizes inside moov", lambda: long_head(long_head(uhd(), *SAMPLE_TABLES, b"stsz"), *MEDIA), FOUR_K),
    Case("track longer than the movie", lambda: resized(uhd(), 5000, *TRACK), FOUR_K),
    Case("track of size 0", lambda: resized(uhd(), 0, *TRACK), FOUR_K),
    Case("no edit list", lambda: without(uhd(), *TRACK, b"edts"), FOUR_K),
    Case("broken edit list", lambda: edited(uhd(), (*TRACK, b"edts"), lambda _: box(b"edts", b"????")), FOUR_K),
    Case("an empty track", at_end(MOVIE, box(b"trak")), FOUR_K),
    Case("audio track without its header", partial(broken_audio, b"tkhd"), FOUR_K),
    Case("audio track without sample tables", partial(broken_audio, b"mdia", b"minf", b"stbl"), FOUR_K),
    Case("audio track without sample sizes", partial(broken_audio, b"mdia", b"minf", b"stbl", b"stsz"), FOUR_K),
    Case("hdlr of QuickTime", handler(lambda old: old[:4] + b"mhlr" + old[8:12] + b"appl" + old[16:]), FOUR_K),
    Case("hdlr without a name", handler(lambda old: old[:24]), FOUR_K),
    Case("hdlr without a type", handler(lambda old: old[:8] + bytes(4) + old[12:]), FOUR_K),
    Case("no hdlr", lambda: without(uhd(), *HANDLER), FOUR_K),
    Case("two hdlr", lambda: doubled(uhd(), *HANDLER), FOUR_K),
    Case("fragments, no stsz in the track", lambda: without(fragmented(), *SAMPLE_TABLES, b"stsz"), FOUR_K),
    Case("fragments, no stco in the track", lambda: without(fragmented(), *SAMPLE_TABLES, b"stco"), FOUR_K),
    Case("track duration of 0", lambda: patched(uhd(), TRACK_HEADER, 20, bytes(4)), FOUR_K),
    Case("media duration of 0", lambda: patched(uhd(), (*MEDIA, b"mdhd"), 16, bytes(4)), FOUR_K),
    Case("movie without time scale", lambda: patched(uhd(), MOVIE_HEADER, 12, bytes(4)), FOUR_K),
    Case("audio in an mdat of its own", audio_apart, FOUR_K),
)

STRICT = (
    Case("720p, track header of 0x0", lambda: claiming(muxed(HD), 0, 0), SMALLER),
    Case("720p, all headers of 0x0", lambda: entry_claiming(claiming(muxed(HD), 0, 0), 0, 0), SMALLER),
    Case(
        "720p whose track claims 4K, sample entry of 0x0",
        lambda: entry_claiming(claiming(muxed(HD), 3840, 2160), 0, 0),
        SMALLER,
    ),
    Case("720p, all tracks disabled", lambda: disabled(muxed(HD), 0), SMALLER),
    Case("720p enabled, 4K disabled", lambda: disabled(pair(HD, UHD), 1), SMALLER),
    Case("720p, av1C without OBUs", lambda: without_obus(muxed(HD_AV1)), SMALLER),
    Case("720p that claims 4K, av1C without OBUs", lambda: without_obus(lying(HD_AV1)), NO_MP4, LENIENT),
    Case("720p that claims 4K, av1C of 4K", lambda: with_config_of(lying(HD_AV1), AV1, b"av1C"), NO_MP4, LENIENT),
    Case("720p that claims 4K, as avc3", lambda: parameter_sets_in_samples(lying(HD)), NO_MP4, LENIENT),
    Case("720p that claims 4K, as hev1", lambda: parameter_sets_in_samples(lying(HD_HEVC)), NO_MP4, LENIENT),
    Case(
        "720p that claims 4K, avcC of 4K, parameter sets in the samples",
        lambda: with_config_of(parameter_sets_in_samples(lying(HD)), UHD, b"avcC"),
        NO_MP4,
        LENIENT,
    ),
    Case("4K without parameter sets", bare, NO_MP4),
    Case("AV1 behind 70,000 bytes, av1C without OBUs", lambda: late(without_obus(muxed(AV1))), NO_MP4, NOT_PROVEN),
    Case("sample entry of 720p in use", lambda: described_by(second_entry(), 2), SMALLER),
    Case("sample entry of an unknown codec in use", lambda: described_by(second_entry(b"abcd"), 2), NO_MP4),
    Case("sample entry in use that is not there", lambda: described_by(second_entry(), 3), NO_MP4, LENIENT),
    Case("pasp of 2:1", partial(shaped, 2, 1), NO_MP4, NOT_SQUARE),
    Case("pasp of 1:2", partial(shaped, 1, 2), NO_MP4, NOT_SQUARE),
    Case(
        "pasp of 0:1 and of 2:1",
        lambda: entry_extended(shaped(0, 1), box(b"pasp", struct.pack(">II", 2, 1))),
        NO_MP4,
        NOT_SQUARE,
    ),
    *(
        Case(
            f"cut off inside a {kind.decode()} box behind the last",
            behind(b"\0\0\1\0" + kind + bytes(20)),
            EARLY,
            PLAYS_PARTS,
        )
        for kind in (b"free", b"uuid", b"mdat", b"moov", b"udta")
    ),
    Case("seven bytes behind fragments", behind(TAILS[1][1], unclosed), EARLY, MAY_GO_ON),
    Case("a cut-off box behind fragments", behind(TAILS[6][1], unclosed), EARLY, MAY_GO_ON),
    Case("text behind fragments", behind(TAILS[4][1], unclosed), NO_MP4, MAY_GO_ON),
    Case(
        "seven bytes of the first fragment",
        lambda: cut(muxed(x264(3840, 2160, frames=4, g="2"), movflags="frag_keyframe"), b"moof", at=7),
        EARLY,
        PLAYS_PARTS,
    ),
    Case("fragments of two movies", lambda: unclosed() + unclosed(), NO_MP4, LENIENT),
    Case("audio in an mdat that is missing", lambda: cut(audio_apart(), b"mdat", nth=1), EARLY, PLAYS_PARTS),
    Case(
        "audio in an mdat whose head is cut off", lambda: cut(audio_apart(), b"mdat", at=7, nth=1), EARLY, PLAYS_PARTS
    ),
    Case(
        "audio in an mdat that is missing behind a cut-off box",
        lambda: cut(audio_apart(), b"mdat", nth=1) + TAILS[6][1],
        EARLY,
        PLAYS_PARTS,
    ),
    Case("audio in an mdat that is cut off", lambda: audio_apart()[:-1], EARLY, PLAYS_PARTS),
    Case(
        "audio at the end of an mdat of size 0, cut off",
        lambda: endless_mdat(muxed(UHD, silence(), movflags="faststart"))[:-1],
        EARLY,
        PLAYS_PARTS,
    ),
    Case("free box of size 0 in front of moov", lambda: resized(uhd(), 0, b"free"), NO_MP4),
    Case("free box of size 0 in front of mdat", lambda: resized(front(), 0, b"free"), NO_MP4, LENIENT),
)

ODDITIES = IGNORED + STRICT

if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    show(ODDITIES)
