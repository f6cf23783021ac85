"""A differential run: whatever 4K file FFmpeg decodes is proven, however odd its headers, and no other file is.

`python -m proofs.mp4.differential 2000 7` takes that many 4K files by FFmpeg's muxers and by a writer of its
own, changes one or two header fields or boxes of each, and compares the proof with FFmpeg's decoder. Where only the
decoder accepts a file, `STRICT` must state why. As many files that are not 4K follow, none of which may pass.
"""

import re
import struct
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from random import Random
from time import perf_counter

import av

from proofs.mp4.corpus import AV1, FRAGMENTED, HD_AV1, HD_HEVC, HEVC, TAILS, x264
from proofs.mp4.forge import (
    HD,
    UHD,
    VIDEO_ENTRIES,
    Film,
    box,
    boxes,
    fixed,
    found,
    inband,
    matrix,
    muxed,
    silence,
    whole,
)
from proofs.mp4.reference import FOUR_K, answer, judged, reference
from proofs.mp4.tree import Node, Tree
from proofs.mp4.writer import composed
from veo4k.domain.mp4 import Verdict, Video

# Films and containers

UHD_FILMS = (
    *(UHD, Film(2160, 3840), x264(3840, 2160, frames=4, g="2"), x264(3840, 2160, frames=6, preset="veryfast")),
    *(HEVC, Film(2160, 3840, "libx265"), Film(3840, 2160, "libx265", "yuv420p10le")),
    *(AV1, Film(2160, 3840, "libsvtav1")),
)
BASE_FILMS = (
    *(HD, HD_HEVC, HD_AV1, Film(720, 1280), Film(2560, 1440)),
    *(Film(1920, 1080, encoder) for encoder in ("libx264", "libx265", "libsvtav1")),
)
OTHER_FILMS = (
    *(Film(*size) for size in ((4096, 2160), (3840, 2158), (3842, 2160), (3840, 1600), (2160, 2160), (1920, 2160))),
    Film(3840, 2176, "libx265"),
    Film(7680, 4320, frames=1),
)
FLAGS = (
    *("", "faststart", "negative_cts_offsets", "faststart+negative_cts_offsets", "use_metadata_tags"),
    *("frag_keyframe", "frag_keyframe+empty_moov"),
    *(FRAGMENTED + more for more in ("", "+negative_cts_offsets", "+omit_tfhd_offset", "+skip_trailer")),
    *("frag_every_frame+delay_moov", "frag_every_frame+empty_moov+separate_moof"),
    *("frag_keyframe+delay_moov+dash+global_sidx", "cmaf", "hybrid_fragmented"),
)
MUXERS = {
    "libx264": (*["mp4"] * 6, "mov", "ismv", "f4v", "ipod", "3gp"),
    "libx265": (*["mp4"] * 6, "mov"),
    "libsvtav1": ("mp4",),
}


@cache
def _muxed(film: Film, muxer: str, flags: str, *, audio: bool) -> bytes:
    options = {"movflags": flags} if flags else {}
    return muxed(*((film, silence()) if audio else (film,)), muxer=muxer, **options)


def base(films: Sequence[Film], random: Random, varied: float = 0) -> tuple[Film, bytes]:
    """Return one of the films in a container drawn at random, by FFmpeg or by the writer; some are variants."""
    film = random.choice(films)
    if random.random() < 0.25:
        data = composed(film, random)
    else:
        muxer = random.choice(MUXERS[film.encoder])
        flags = random.choice(FLAGS) if muxer in {"mp4", "mov"} else ""
        data = _muxed(film, muxer, flags, audio=random.random() < 0.3)
    return film, variant(film, data, random) if varied and random.random() < varied else data


def variant(film: Film, data: bytes, random: Random) -> bytes:
    """Return the file with its sequence header in the samples alone, or with another type of its sample entry."""
    tree = Tree(data)
    if film.encoder == "libsvtav1":
        for node in tree.of_kind(b"av1C"):
            node.body = node.body[:4]
        return tree.relocated()
    if random.random() < 0.5 and _is_in_one_chunk(data, tree):
        return inband(data)
    (entry,) = tree.of_kind(*VIDEO_ENTRIES)
    entry.kind = random.choice(OTHER_TYPES[film.encoder])
    return tree.written()


def _is_in_one_chunk(data: bytes, tree: Tree) -> bool:
    chunks, (_, head, body, _) = tree.of_kind(b"stco"), found(data, b"mdat")
    is_one = [table.body[4:] for table in chunks] == [struct.pack(">II", 1, body)]
    return is_one and head > found(data, b"moov")[1]


OTHER_TYPES = {"libx264": (b"avc3", b"dva1", b"dvav"), "libx265": (b"hvc1", b"dvh1", b"dvhe")}
ENTRY_TYPES = {*VIDEO_ENTRIES, *OTHER_TYPES["libx264"], *OTHER_TYPES["libx265"]}

# Changes to boxes

STRUCTURE = (
    *("box added", "box cut out", "box twice", "boxes reordered", "box renamed", "box longer", "box shorter"),
    *("64-bit size", "picture turned", "field set to 0"),
)
FIELDS = ("field changed", "bit flipped")
BYTES = ("size changed", "bytes behind the last box", "last box of size 0")
KINDS = (*STRUCTURE, *FIELDS, *BYTES)
NUMBERS = (0, 1, 2, 7, 8, 16, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 3840, 2160, 3840 << 16, 2160 << 16, 0x0F00_0870)
TURNS = ((0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0))
ENDS = (bytes(1), bytes(4), b"???", b"\0\0\0\3free", b"\0\0\0\x99free", bytes(40))
ERASED = (
    (b"tkhd", slice(-8, None)),  # size
    (b"tkhd", slice(-8, -4)),
    (b"tkhd", slice(-44, -8)),  # matrix
    (b"tkhd", slice(1, 4)),  # flags
    (b"tkhd", slice(20, 24)),  # duration
    (b"mdhd", slice(16, 20)),  # duration
    (b"mvhd", slice(12, 16)),  # time scale
    (b"hdlr", slice(4, 8)),  # component
    (b"hdlr", slice(12, None)),  # name
    (b"entry", slice(24, 28)),  # size
    (b"entry", slice(28, 78)),  # all behind it
    (b"pasp", slice(0, 4)),
)
ADDED = (
    *((kind, bytes(24)) for kind in (b"free", b"skip", b"wide", b"uuid", b"udta", b"meta")),
    *((kind, bytes(24)) for kind in (b"abcd", b"\xa9xyz", b"edts")),
    *((kind, bytes(5 << 20)) for kind in (b"free", b"uuid", b"udta")),
    *((kind, b"") for kind in (b"free", b"trak", b"mdat", b"mfra", b"mvex", b"dinf")),
    *((b"pasp", struct.pack(">II", *ratio)) for ratio in ((0, 1), (1, 1))),
    (b"colr", b"nclx\0\1\0\1\0\1\0"),
    (b"clap", struct.pack(">8I", 3840, 1, 2160, 1, 0, 1, 0, 1)),
    (b"btrt", bytes(12)),
    (b"vexu", box(b"eyes", box(b"stri", bytes(5)))),
    (b"hdlr", bytes(8) + b"mdir" + bytes(13)),
    (b"udta", box(b"meta", bytes(4) + box(b"ilst", box(b"covr", box(b"data", bytes(200)))))),
    (b"sgpd", b"\1\0\0\0roll" + struct.pack(">II", 2, 0)),
    (b"emsg", bytes(30)),
)


def changed(data: bytes, kinds: Sequence[str], random: Random) -> bytes:
    """Return the file with changes of these kinds; what they move is found where it is then."""
    tree = Tree(data)
    for kind in kinds:
        if kind in STRUCTURE:
            _restructure(kind, tree, random)
    data = tree.relocated()
    for kind in kinds:
        if kind in FIELDS:
            _overwrite(kind, tree.drawn(random), random)
            data = tree.written()
    for kind in kinds:
        if kind in BYTES:
            data = _rewritten(kind, data, tree, random)
    return data


def _restructure(kind: str, tree: Tree, random: Random) -> None:
    match kind:
        case "box added":
            node = Node(*random.choice(ADDED))
            _insert(node, random.choice(tree.lists()), random)
        case "boxes reordered":
            siblings = random.choice([nodes for nodes in tree.lists() if len(nodes) > 1])
            _insert(siblings.pop(random.randrange(len(siblings))), siblings, random)
        case "box renamed":
            tree.drawn(random).kind = random.choice((b"free", b"skip", b"uuid", b"abcd", b"\xa9xyz", b"mdia", b"udta"))
        case "picture turned":  # or mirrored
            header, behind = random.choice(((b"tkhd", 8), (b"mvhd", 28)))
            for node in tree.of_kind(header)[:1]:
                node.body = node.body[: -behind - 36] + matrix(*random.choice(TURNS)) + node.body[-behind:]
        case "field set to 0":
            header, part = random.choice(ERASED)
            for node in tree.of_kind(*(VIDEO_ENTRIES if header == b"entry" else (header,))):
                node.put(part.indices(len(node.body))[0], bytes(len(node.body[part])))
        case _:
            _change(kind, tree.drawn(random), tree, random)


def _change(kind: str, node: Node, tree: Tree, random: Random) -> None:
    match kind:
        case "box cut out":
            tree.siblings(node).remove(node)
        case "box twice":
            _insert(deepcopy(node), tree.siblings(node), random)
        case "box longer":
            node.tail += random.choice(ENDS)
        case "box shorter":
            node.body = node.body[: -random.choice((1, 4, 8, 16, 1000))]
        case "64-bit size":
            node.long = True


def _insert(node: Node, siblings: list[Node], random: Random) -> None:
    siblings.insert(random.randint(0, len(siblings)), node)


def _overwrite(kind: str, node: Node, random: Random) -> None:
    """Overwrite one to eight bytes of a header, or flip one bit."""
    if not node.body:
        return
    at = random.randrange(len(node.body))
    if kind == "bit flipped":
        new = bytes([node.body[at] ^ 1 << random.randrange(8)])
    else:
        new = random.choice(NUMBERS).to_bytes(4) if random.random() < 0.6 else random.randbytes(random.randint(1, 8))
    node.put(at, new[: len(node.body) - at])


def _rewritten(kind: str, data: bytes, tree: Tree, random: Random) -> bytes:
    match kind:
        case "size changed":
            start, end = tree.drawn(random).place
            sizes = (0, 1, 7, 8, end - start - 1, end - start + 1, end - start + 8, 0x7FFFFFFF, 0xFFFFFFFF)
            return data[:start] + random.choice(sizes).to_bytes(4) + data[start + 4 :]
        case "bytes behind the last box":
            return data + random.choice([*TAILS.values()])
        case _:
            return data + bytes(4) + random.choice((b"free", b"skip", b"uuid", b"mdat", b"udta", b"abcd")) + bytes(20)


# Files that are not 4K


def some(kinds: Sequence[str], random: Random, least: int, most: int) -> list[str]:
    return random.choices(kinds, k=random.randint(least, most))


def base_video(random: Random) -> bytes:
    """Return a base video, changed at random."""
    _, data = base(BASE_FILMS, random, varied=0.2)
    return changed(data, some(KINDS, random, 1, 2), random)


def upscaled(random: Random) -> bytes:
    """Return a base video whose headers claim 4K, or no size."""
    film, data = base(BASE_FILMS, random, varied=0.4)
    tree = Tree(data)
    header, (entry,) = tree.of_kind(b"tkhd")[0], tree.of_kind(*ENTRY_TYPES)
    claim(header, *random.choice(((3840, 2160), (3840, 2160), (2160, 3840), (0, 0), (film.width, film.height))))
    if random.random() < 0.3:
        header.put(len(header.body) - 44, matrix(3840 / film.width, 0, 0, 3840 / film.width))
    entry.put(24, struct.pack(">HH", *random.choice(((3840, 2160), (3840, 2160), (2160, 3840), (0, 0)))))
    if film.encoder == "libsvtav1" and random.random() < 0.5:
        tree.of_kind(b"av1C")[0].body = whole(muxed(AV1), b"av1C")[8:]
    return changed(tree.relocated(), some(KINDS, random, 0, 1), random)


def claim(track_header: Node, width: int, height: int) -> None:
    track_header.put(len(track_header.body) - 8, fixed(width, height))


def other_size(random: Random) -> bytes:
    """Return a film of another size that is close to 4K, which its track header may claim."""
    _, data = base(OTHER_FILMS, random)
    tree = Tree(data)
    if random.random() < 0.5:
        claim(tree.of_kind(b"tkhd")[0], 3840, 2160)
    return changed(tree.relocated(), some(KINDS, random, 0, 1), random)


def cut_off(random: Random) -> bytes:
    """Return the front of a 4K file, not cut between two fragments; in one of three a message of the server follows."""
    _, data = base(UHD_FILMS, random, varied=0.2)
    data = changed(data, some(("64-bit size", "picture turned", "field set to 0"), random, 0, 1), random)
    ends = {end: kind for kind, _, _, end in boxes(data) if kind in {b"moov", b"mdat", b"moof"}}
    last = max(ends)
    front = random.choice((range(last), range(max(0, last - 200), last)))
    at = random.choice(front)
    while b"moof" in ends.values() and ends.get(at) == b"mdat":  # indistinguishable from the whole file
        at = random.choice(front)
    missing = min(end for end in ends if end > at) - at
    return data[:at] + random.choice((b"", b"", b"\r\n<!-- upstream timed out -->"))[: missing - 1]


NOT_4K: dict[str, tuple[int, Callable[[Random], bytes]]] = {
    "base video": (35, base_video),
    "headers claim 4K": (25, upscaled),
    "another size": (15, other_size),
    "cut off": (25, cut_off),
}

# The run


@dataclass
class Report:
    """Counts of a run, and the files that must not be: what they are, why they are refused, and their bytes."""

    changes: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    not_4k: Counter[str] = field(default_factory=Counter)
    unlisted: list[tuple[str, str, bytes]] = field(default_factory=list)
    wrongly_passed: list[tuple[str, bytes]] = field(default_factory=list)


AGREED = "decoded at 4K, proven"


def run(count: int, seed: int) -> Report:
    """Judge `count` changed 4K files, and as many that are not 4K."""
    report, random = Report(), Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        compare(report, random)
    for name in random.choices([*NOT_4K], [weight for weight, _ in NOT_4K.values()], k=count):
        data = NOT_4K[name][1](random)
        report.not_4k[name] += 1
        if answer(judged(data)) == FOUR_K:
            report.wrongly_passed.append((name, data))
    return report


def compare(report: Report, random: Random) -> None:
    """Change a 4K file, and compare proof and reference."""
    _, data = base(UHD_FILMS, random, varied=0.1)
    kinds = some(KINDS, random, 1, 2)
    report.changes.update(kinds)
    data = changed(data, kinds, random)
    verdict, reading = judged(data), reference(data)
    is_proven = answer(verdict) == FOUR_K
    if reading is None:
        report.outcomes[f"not decoded, {'proven' if is_proven else 'refused'}"] += 1
    elif not reading.is_uhd:
        report.outcomes[f"decoded at another size, {'proven' if is_proven else 'refused'}"] += 1
        if is_proven:
            report.wrongly_passed.append((" + ".join(kinds), data))
    elif is_proven:
        report.outcomes[AGREED] += 1
    elif why := strictness(kinds, reason(verdict)):
        report.outcomes["decoded at 4K, refused as listed"] += 1
        report.listed[why] += 1
    else:
        report.outcomes["decoded at 4K, refused"] += 1
        report.unlisted.append((" + ".join(kinds), reason(verdict), data))


def reason(verdict: Verdict) -> str:
    """Return why the proof refuses a file."""
    if not isinstance(verdict, Video):
        return verdict.reason
    return f"displayed {verdict.width}x{verdict.height} of {verdict.coded_width}x{verdict.coded_height}"


def strictness(kinds: Sequence[str], reason: str) -> str:
    """Return why the proof is right to refuse what FFmpeg decodes; empty if that is not known."""
    listed = STRICT_ON_HARMLESS if HARMLESS.issuperset(kinds) else STRICT | STRICT_ON_HARMLESS
    return next((f"{why} ({pattern})" for pattern, why in listed.items() if re.match(pattern, reason)), "")


HARMLESS = {
    *("box added", "box longer", "boxes reordered", "64-bit size", "picture turned", "field set to 0"),
    *("bytes behind the last box", "last box of size 0"),
}
STRICT_ON_HARMLESS = {
    "begins with": "the first box distinguishes an MP4 from pages and other formats",
    "headers of more than 4 MiB": "a header that is read has a box of 5 MiB inside",
    "ends inside a box|bytes that|broken box": "behind fragments without an index, any bytes may begin a further one",
}
STRICT = {
    "no [a-zC1]{4}$": "a box that the standard requires is missing, and other players than FFmpeg need it",
    "more than one ": "the standard allows the box once, and players differ in what they do with a second one",
    "a table longer|a box shorter": "a header is cut short; FFmpeg reads on in the next box, or plays the rest",
    "ends |samples that are not": "bytes of the movie are not in the file, or may not be: FFmpeg plays the rest",
    "bytes that|broken box": "behind bytes that are no box, a part of the movie may be hidden",
    "displayed": "the track header states another displayed size, which other players obey",
    "a picture turned": "the matrix skews the picture, and players that obey it do not show 4K",
    "no video track": "no track with samples is called video",
    "unknown box version": "the layout of a header of this version is not known",
    "pixels that": "the shape of a pixel stretches the picture, which other players obey",
    "sample entry and codec": "sample entry and sequence header state different sizes, as in an upscaled header",
    "codec ": "the type of the sample entry is of no known codec, and FFmpeg guesses one",
    "zero duration": "samples without time are no video",
    "no sequence header": "no sequence header proves the size",
    "no sample entries": "no sample entry is counted",
}
"""Reasons of the proof, and why each is right where FFmpeg decodes 4K; on harmless changes only the first few are."""


def main(count: int = 2000, seed: int = 7) -> int:
    """Run, print what was found, and return the exit code."""
    av.logging.set_level(av.logging.PANIC)
    began = perf_counter()
    report = run(count, seed)
    tables = {
        f"{count} 4K files, one or two changes each": report.changes,
        "Proof and decoder": report.outcomes,
        "Why the proof is right to refuse what is decoded": report.listed,
        f"{count} files that are not 4K": report.not_4k,
    }
    for title, counts in tables.items():
        print(title, *(f"{number:7} {name}" for name, number in counts.most_common()), "", sep="\n")
    for kinds, why, _ in report.unlisted:
        print(f"Not listed: {kinds}: {why}")
    for name, data in report.wrongly_passed:
        print(f"Wrongly passed: {name}, {len(data)} bytes")
    print(f"{len(report.unlisted)} not listed, {len(report.wrongly_passed)} wrongly passed")
    print(f"{perf_counter() - began:.0f} s")
    return int(bool(report.unlisted or report.wrongly_passed))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
