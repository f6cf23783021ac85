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

from proofs.mp4.corpus import AV1, FRAGMENTED, HD_AV1, HD_HEVC, HEVC, x264
from proofs.mp4.forge import (
    HD,
    UHD,
    UHD_TALL,
    Film,
    box,
    boxes,
    fixed,
    found,
    matrix,
    muxed,
    parameter_sets_in_samples,
    silence,
)
from proofs.mp4.oddities import TAILS
from proofs.mp4.reference import FOUR_K, answer, judged, reference
from proofs.mp4.tree import VIDEO_ENTRIES, Node, parsed, relocated, written
from proofs.mp4.writer import composed
from veo4k.domain.mp4 import Verdict, Video

# Films and containers

UHD_FILMS = (
    UHD,
    UHD_TALL,
    x264(3840, 2160, frames=4, g="2"),
    x264(3840, 2160, frames=6, preset="veryfast"),
    HEVC,
    Film(2160, 3840, "libx265"),
    Film(3840, 2160, "libx265", "yuv420p10le"),
    AV1,
    Film(2160, 3840, "libsvtav1"),
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
    "",
    "faststart",
    "negative_cts_offsets",
    "faststart+negative_cts_offsets",
    "use_metadata_tags",
    "frag_keyframe",
    "frag_keyframe+empty_moov",
    FRAGMENTED,
    FRAGMENTED + "+negative_cts_offsets",
    FRAGMENTED + "+omit_tfhd_offset",
    FRAGMENTED + "+skip_trailer",
    "frag_every_frame+delay_moov",
    "frag_every_frame+empty_moov+separate_moof",
    "frag_keyframe+delay_moov+dash+global_sidx",
    "cmaf",
    "hybrid_fragmented",
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


def base(films: Sequence[Film], random: Random) -> tuple[Film, bytes]:
    """Return one of the films in a container drawn at random: by an FFmpeg muxer, or by the tests' own writer."""
    film = random.choice(films)
    if random.random() < 0.25:
        return film, composed(film, random)
    muxer = random.choice(MUXERS[film.encoder])
    flags = random.choice(FLAGS) if muxer in {"mp4", "mov"} else ""
    return film, _muxed(film, muxer, flags, audio=random.random() < 0.3)


def variant(film: Film, data: bytes, random: Random) -> bytes:
    """Return the file with its sequence header in the samples alone, or with another type of its sample entry."""
    nodes = parsed(data)
    if film.encoder == "libsvtav1":
        for node in of_kind(nodes, b"av1C"):
            node.body = node.body[:4]
        return relocated(nodes)
    if random.random() < 0.5 and _is_in_one_chunk(data, nodes):
        return parameter_sets_in_samples(data)
    (entry,) = of_kind(nodes, *VIDEO_ENTRIES)
    entry.kind = random.choice(OTHER_TYPES[film.encoder])
    return written(nodes)


def _is_in_one_chunk(data: bytes, nodes: list[Node]) -> bool:
    chunks, mdat = of_kind(nodes, b"stco"), found(data, b"mdat")
    return (
        len(chunks) == 1
        and chunks[0].body[4:] == struct.pack(">II", 1, mdat[2])
        and mdat[1] > of_kind(nodes, b"moov")[0].start
    )


ENTRY_TYPES = {*VIDEO_ENTRIES, b"dva1", b"dvav", b"dvh1", b"dvhe"}
OTHER_TYPES = {"libx264": (b"avc3", b"dva1", b"dvav"), "libx265": (b"hvc1", b"dvh1", b"dvhe")}

# Changes to boxes

Change = Callable[[list[Node], Random], None]


def every_node(nodes: list[Node]) -> list[Node]:
    """Return all boxes of a file but its media data."""
    return [inner for node in nodes for inner in node.walk() if inner.kind != b"mdat"]


def of_kind(nodes: list[Node], *kinds: bytes) -> list[Node]:
    """Return the boxes of these types."""
    return [node for node in every_node(nodes) if node.kind in kinds]


def of_any_kind(nodes: list[Node], random: Random) -> Node:
    """Return a box, each type of box as likely as any other."""
    nodes = every_node(nodes)
    kind = random.choice(sorted({node.kind for node in nodes}))
    return random.choice([node for node in nodes if node.kind == kind])


def some_list(nodes: list[Node], random: Random) -> list[Node]:
    """Return the boxes of the top level or of a box that contains boxes."""
    return random.choice([nodes, *(node.children for node in every_node(nodes) if node.children is not None)])


def parent_list(node: Node, nodes: list[Node]) -> list[Node]:
    """Return the boxes among which a box lies."""
    lists = [nodes, *(other.children for other in every_node(nodes) if other.children)]
    return next(siblings for siblings in lists if any(other is node for other in siblings))


def add(nodes: list[Node], random: Random) -> None:
    """Add a box that states neither size nor samples."""
    kind, body = random.choice(ADDED)
    siblings = some_list(nodes, random)
    siblings.insert(random.randint(0, len(siblings)), Node(kind, body))


def cut(nodes: list[Node], random: Random) -> None:
    """Cut a box out."""
    node = of_any_kind(nodes, random)
    siblings = parent_list(node, nodes)
    siblings[:] = [other for other in siblings if other is not node]


def double(nodes: list[Node], random: Random) -> None:
    """Write a box twice."""
    node = of_any_kind(nodes, random)
    siblings = parent_list(node, nodes)
    siblings.insert(random.randint(0, len(siblings)), deepcopy(node))


def reorder(nodes: list[Node], random: Random) -> None:
    """Move a box among its siblings."""
    lists = [
        siblings
        for siblings in (nodes, *(node.children for node in every_node(nodes)))
        if siblings and len(siblings) > 1
    ]
    siblings = random.choice(lists)
    node = siblings.pop(random.randrange(len(siblings)))
    siblings.insert(random.randint(0, len(siblings)), node)


def rename(nodes: list[Node], random: Random) -> None:
    """Return a box with another type."""
    of_any_kind(nodes, random).kind = random.choice((b"free", b"skip", b"uuid", b"abcd", b"\xa9xyz", b"mdia", b"udta"))


def lengthen(nodes: list[Node], random: Random) -> None:
    """Add bytes to a box at its end."""
    node = of_any_kind(nodes, random)
    node.tail += random.choice((bytes(1), bytes(4), b"???", b"\0\0\0\3free", b"\0\0\0\x99free", bytes(40)))


def shorten(nodes: list[Node], random: Random) -> None:
    """Cut bytes off a box at its end."""
    node = of_any_kind(nodes, random)
    node.body = node.body[: -random.choice((1, 4, 8, 16, 1000))]


def widen(nodes: list[Node], random: Random) -> None:
    """Return a box with a size of 64 bits."""
    of_any_kind(nodes, random).long = True


def turn(nodes: list[Node], random: Random) -> None:
    """Turn or mirror the picture, in the header of track or movie."""
    turns = ((0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0))
    kind, behind = random.choice(((b"tkhd", 8), (b"mvhd", 28)))
    for node in of_kind(nodes, kind)[:1]:
        node.body = node.body[: -behind - 36] + matrix(*random.choice(turns)) + node.body[-behind:]


def erase(nodes: list[Node], random: Random) -> None:
    """Set a field to 0 that players do without."""
    kind, part = random.choice(ERASED)
    for node in of_kind(nodes, *(VIDEO_ENTRIES if kind == b"entry" else (kind,))):
        start, stop, _ = part.indices(len(node.body))
        node.body = node.body[:start] + bytes(len(node.body[part])) + node.body[stop:]


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
    *(
        (kind, bytes(24))
        for kind in (b"free", b"skip", b"wide", b"uuid", b"udta", b"meta", b"abcd", b"\xa9xyz", b"edts")
    ),
    *((kind, bytes(5 << 20)) for kind in (b"free", b"uuid", b"udta")),
    *((kind, b"") for kind in (b"free", b"trak", b"mdat", b"mfra", b"mvex", b"dinf")),
    (b"pasp", struct.pack(">II", 0, 1)),
    (b"pasp", struct.pack(">II", 1, 1)),
    (b"colr", b"nclx\0\1\0\1\0\1\0"),
    (b"clap", struct.pack(">8I", 3840, 1, 2160, 1, 0, 1, 0, 1)),
    (b"btrt", bytes(12)),
    (b"vexu", box(b"eyes", box(b"stri", bytes(5)))),
    (b"hdlr", bytes(8) + b"mdir" + bytes(13)),
    (b"udta", box(b"meta", bytes(4) + box(b"ilst", box(b"covr", box(b"data", bytes(200)))))),
    (b"sgpd", b"\1\0\0\0roll" + struct.pack(">II", 2, 0)),
    (b"emsg", bytes(30)),
)
STRUCTURE: dict[str, Change] = {
    "box added": add,
    "box cut out": cut,
    "box twice": double,
    "boxes reordered": reorder,
    "box renamed": rename,
    "box longer": lengthen,
    "box shorter": shorten,
    "64-bit size": widen,
    "picture turned": turn,
    "field set to 0": erase,
}


def overwrite(nodes: list[Node], random: Random) -> None:
    """Overwrite one to eight bytes of a header."""
    node = of_any_kind(nodes, random)
    if node.body:
        at = random.randrange(len(node.body))
        new = random.choice(NUMBERS).to_bytes(4) if random.random() < 0.6 else random.randbytes(random.randint(1, 8))
        node.body = (node.body[:at] + new + node.body[at + len(new) :])[: len(node.body)]


def flip(nodes: list[Node], random: Random) -> None:
    """Flip one bit of a header."""
    node = of_any_kind(nodes, random)
    if node.body:
        at = random.randrange(len(node.body))
        node.body = node.body[:at] + bytes([node.body[at] ^ 1 << random.randrange(8)]) + node.body[at + 1 :]


FIELDS: dict[str, Change] = {"field changed": overwrite, "bit flipped": flip}


def resize(data: bytes, nodes: list[Node], random: Random) -> bytes:
    """Return the file with another size in the head of a box."""
    node = of_any_kind(nodes, random)
    start, end = node.place
    size = random.choice((0, 1, 7, 8, end - start - 1, end - start + 1, end - start + 8, 0x7FFFFFFF, 0xFFFFFFFF))
    return data[:start] + max(0, size).to_bytes(4) + data[start + 4 :]


def append(data: bytes, _: list[Node], random: Random) -> bytes:
    """Return the file with bytes behind its last box."""
    return data + random.choice([tail for _, tail in TAILS])


def end_openly(data: bytes, _: list[Node], random: Random) -> bytes:
    """Return the file with a last box of size 0."""
    return data + bytes(4) + random.choice((b"free", b"skip", b"uuid", b"mdat", b"udta", b"abcd")) + bytes(20)


BYTES: dict[str, Callable[[bytes, list[Node], Random], bytes]] = {
    "size changed": resize,
    "bytes behind the last box": append,
    "last box of size 0": end_openly,
}
KINDS = (*STRUCTURE, *FIELDS, *BYTES)
NUMBERS = (0, 1, 2, 7, 8, 16, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 3840, 2160, 3840 << 16, 2160 << 16, 0x0F00_0870)


def changed(data: bytes, kinds: Sequence[str], random: Random) -> bytes:
    """Return the file with changes of these kinds; what they move is found where it is then."""
    nodes = parsed(data)
    for kind in kinds:
        if kind in STRUCTURE:
            STRUCTURE[kind](nodes, random)
    data = relocated(nodes)
    for kind in kinds:
        if kind in FIELDS:
            FIELDS[kind](nodes, random)
            data = written(nodes)
    for kind in kinds:
        if kind in BYTES:
            data = BYTES[kind](data, nodes, random)
    return data


# Files that are not 4K


def base_video(random: Random) -> bytes:
    """Return a base video, changed at random."""
    film, data = base(BASE_FILMS, random)
    if random.random() < 0.2:
        data = variant(film, data, random)
    return changed(data, random.choices(KINDS, k=random.randint(1, 2)), random)


def claim(nodes: list[Node], width: int, height: int) -> None:
    """Let the first track header claim this size."""
    header = of_kind(nodes, b"tkhd")[0]
    header.body = header.body[:-8] + fixed(width, height)


def upscaled(random: Random) -> bytes:
    """Return a base video whose headers claim 4K, or no size."""
    film, data = base(BASE_FILMS, random)
    if random.random() < 0.4:
        data = variant(film, data, random)
    nodes = parsed(data)
    header, (entry,) = of_kind(nodes, b"tkhd")[0], of_kind(nodes, *ENTRY_TYPES)
    claim(nodes, *random.choice(((3840, 2160), (3840, 2160), (2160, 3840), (0, 0), (film.width, film.height))))
    if random.random() < 0.3:
        scale = 3840 / film.width
        header.body = header.body[:-44] + matrix(scale, 0, 0, scale) + header.body[-8:]
    size = random.choice(((3840, 2160), (3840, 2160), (2160, 3840), (0, 0)))
    entry.body = entry.body[:24] + struct.pack(">HH", *size) + entry.body[28:]
    if film.encoder == "libsvtav1" and random.random() < 0.5:
        of_kind(nodes, b"av1C")[0].body = of_kind(parsed(muxed(AV1)), b"av1C")[0].body
    return changed(relocated(nodes), random.choices(KINDS, k=random.randint(0, 1)), random)


def other_size(random: Random) -> bytes:
    """Return a film of another size that is close to 4K, which its track header may claim."""
    _, data = base(OTHER_FILMS, random)
    nodes = parsed(data)
    if random.random() < 0.5:
        claim(nodes, 3840, 2160)
    return changed(relocated(nodes), random.choices(KINDS, k=random.randint(0, 1)), random)


def cut_off(random: Random) -> bytes:
    """Return the front of a 4K file, not cut between two fragments; in one of three a message of the server follows."""
    film, data = base(UHD_FILMS, random)
    if random.random() < 0.2:
        data = variant(film, data, random)
    data = changed(
        data, random.choices(("64-bit size", "picture turned", "field set to 0"), k=random.randint(0, 1)), random
    )
    ends = [(kind, end) for kind, _, _, end in boxes(data) if kind in {b"moov", b"mdat", b"moof"}]
    whole = {
        end for kind, end in ends if kind == b"mdat" and b"moof" in dict(ends)
    }  # indistinguishable from the whole file
    front = random.choice((range(ends[-1][1]), range(max(0, ends[-1][1] - 200), ends[-1][1])))
    at = random.choice(front)
    while at in whole:
        at = random.choice(front)
    missing = min(end for _, end in ends if end > at) - at
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


AGREED, LISTED, UNLISTED = "decoded at 4K, proven", "decoded at 4K, refused as listed", "decoded at 4K, refused"


def run(count: int, seed: int) -> Report:
    """Judge `count` changed 4K files, and as many that are not 4K."""
    report, random = Report(), Random(seed)  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        compare(report, random)
    names, weights = list(NOT_4K), [weight for weight, _ in NOT_4K.values()]
    for name in random.choices(names, weights, k=count):
        data = NOT_4K[name][1](random)
        report.not_4k[name] += 1
        if answer(judged(data)) == FOUR_K:
            report.wrongly_passed.append((name, data))
    return report


def compare(report: Report, random: Random) -> None:
    """Change a 4K file, and compare proof and reference."""
    film, data = base(UHD_FILMS, random)
    if random.random() < 0.1:
        data = variant(film, data, random)
    kinds = random.choices(KINDS, k=random.randint(1, 2))
    report.changes.update(kinds)
    data = changed(data, kinds, random)
    verdict, reading = judged(data), reference(data)
    is_proven = answer(verdict) == FOUR_K
    if reading is None:
        report.outcomes[f"not decoded, {'proven' if is_proven else 'refused'}"] += 1
    elif {reading.width, reading.height} != {3840, 2160}:
        report.outcomes[f"decoded at another size, {'proven' if is_proven else 'refused'}"] += 1
        if is_proven:
            report.wrongly_passed.append((" + ".join(kinds), data))
    elif is_proven:
        report.outcomes[AGREED] += 1
    elif why := strictness(kinds, reason(verdict)):
        report.outcomes[LISTED] += 1
        report.listed[why] += 1
    else:
        report.outcomes[UNLISTED] += 1
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
