"""Mutants of corpus files: seeded damage to headers, and boxes transplanted from one file into another.

`python -m proofs.mp4.fuzz 100000 7` judges that many with that seed and lets the reference read every
mutant that is 4K to the proof. One mutant suffers one transplant: headers forged throughout, codec configuration
included, are believed.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import av

from proofs.mp4.corpus import CASES
from proofs.mp4.forge import NESTED, SAMPLE_ENTRIES, SAMPLE_TABLES, TRACK_HEADER, boxes, edited, found
from proofs.mp4.oddities import ODDITIES
from proofs.mp4.reference import FOUR_K, answer, judged, reference

BASES = (
    *("H.264", "H.264, moov in front", "H.264 upright", "HEVC as hvc1", "AV1", "fragmented", "with audio"),
    *("64-bit mdat", "64-bit times", "mdat to the end of the file", "muxed as ismv"),
    *("720p", "720p HEVC", "720p AV1", "1080p, cropped", "cinema 4K", "720p whose track claims 4K"),
    *("720p whose headers claim 4K", "4K shown as 1080p", "audio alone", "AV1, av1C without OBUs"),
    *("avc3, parameter sets in the samples", "720p that claims 4K, av1C without OBUs", "track header of 0x0"),
)
TRANSPLANTS = (
    TRACK_HEADER,
    SAMPLE_ENTRIES,
    SAMPLE_TABLES,
    (*SAMPLE_TABLES, b"stsz"),
    (*SAMPLE_TABLES, b"stts"),
    (*SAMPLE_TABLES, b"stsc"),
    (b"moov",),
    (b"moov", b"trak"),
    (b"moov", b"trak", b"mdia"),
    (b"ftyp",),
)
NUMBERS = (0, 1, 7, 8, 16, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 3840, 2160, 3840 << 16, 2160 << 16, 0x0F00_0870)


@dataclass
class Findings:
    """Answers on the mutants, and those that are 4K to the proof but of another size to the reference."""

    answers: Counter[str] = field(default_factory=Counter)
    read: int = 0
    undecodable: int = 0
    mismatches: list[bytes] = field(default_factory=list)


def fuzz(count: int, seed: int, read: int) -> Findings:
    """Judge `count` mutants, and let the reference read the first `read` of those that are 4K to the proof."""
    findings = Findings()
    for data in mutants(count, Random(seed)):  # noqa: S311 - repeatable on purpose
        found_answer = answer(judged(data))
        findings.answers[found_answer] += 1
        if found_answer == FOUR_K and findings.read < read:
            _read(data, findings)
    return findings


def _read(data: bytes, findings: Findings) -> None:
    reading = reference(data)
    findings.read += 1
    if reading is None:
        findings.undecodable += 1
    elif {reading.width, reading.height} != {3840, 2160}:
        findings.mismatches.append(data)


def mutants(count: int, random: Random) -> Iterator[bytes]:
    """Yield `count` mutants of the base files."""
    by_name = {case.name: case for case in CASES + ODDITIES}
    bases = [by_name[name].make() for name in BASES]
    places = [list(_places(base, 0, len(base))) for base in bases]
    for _ in range(count):
        which = random.randrange(len(bases))
        data = _transplanted(bases, which, random) if random.random() < 0.3 else bases[which]
        yield _damaged(data, places[which], random)


def _places(data: bytes, start: int, end: int) -> Iterator[range]:
    """Yield the places to damage: heads of boxes, and the bodies of all boxes without samples."""
    for kind, head, body, stop in boxes(data, start, end):
        yield range(head, body)
        if kind in NESTED:
            yield from _places(data, body, stop)
        elif kind != b"mdat" and stop > body:
            yield range(body, min(stop, body + 200))


def _transplanted(bases: list[bytes], which: int, random: Random) -> bytes:
    path = random.choice(TRANSPLANTS)
    try:
        donor = random.choice(bases)
        _, head, _, end = found(donor, *path)
    except IndexError:
        return bases[which]
    return edited(bases[which], path, lambda _: donor[head:end])


def _damaged(data: bytes, places: list[range], random: Random) -> bytes:
    hurt = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        place = random.choice(places)
        at = min(place.start + random.randrange(len(place)), len(hurt) - 1)
        random.choice(DAMAGES)(hurt, at, random)
    return bytes(hurt)


def _flip(data: bytearray, at: int, random: Random) -> None:
    data[at] ^= 1 << random.randrange(8)


def _number(data: bytearray, at: int, random: Random) -> None:
    data[at : at + 4] = random.choice(NUMBERS).to_bytes(4, "big")


def _noise(data: bytearray, at: int, random: Random) -> None:
    length = random.randrange(1, 9)
    data[at : at + length] = random.randbytes(length)


def _gap(data: bytearray, at: int, random: Random) -> None:
    del data[at : at + random.randrange(1, 9)]
    data.append(0)


def _wedge(data: bytearray, at: int, random: Random) -> None:
    data[at:at] = random.randbytes(random.randrange(1, 9))


def _end(data: bytearray, at: int, _: Random) -> None:
    del data[at + 1 :]


def _copy(data: bytearray, at: int, random: Random) -> None:
    source, length = random.randrange(len(data)), random.randrange(4, 40)
    data[at : at + length] = data[source : source + length]


DAMAGES: tuple[Callable[[bytearray, int, Random], None], ...] = (
    _flip,
    _flip,
    _number,
    _number,
    _noise,
    _gap,
    _wedge,
    _end,
    _copy,
)


def main(count: int = 100_000, seed: int = 0) -> None:
    """Judge mutants, and print what was found."""
    av.logging.set_level(av.logging.PANIC)
    findings = fuzz(count, seed, read=count)
    print(dict(findings.answers), f"read {findings.read}, undecodable {findings.undecodable}")
    print(f"mismatches: {len(findings.mismatches)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
