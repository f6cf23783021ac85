"""Mutants of corpus files: seeded damage to headers, and boxes transplanted from one file into another.

`python -m proofs.mp4.fuzz 100000 7` judges that many with that seed and lets the reference read every
mutant that is 4K to the proof. One mutant suffers one transplant: headers forged throughout, codec configuration
included, are believed.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import av

from proofs.mp4.corpus import CASES, ODDITIES
from proofs.mp4.forge import NESTED, boxes, edited, whole
from proofs.mp4.reference import FOUR_K, answer, judged, reference

BASES = (
    *("H.264", "H.264, moov in front", "H.264 upright", "HEVC as hvc1", "AV1", "fragmented", "with audio"),
    *("64-bit mdat", "64-bit times", "mdat to the end of the file", "muxed as ismv"),
    *("720p", "720p HEVC", "720p AV1", "1080p, cropped", "cinema 4K", "720p whose track claims 4K"),
    *("720p whose headers claim 4K", "4K shown as 1080p", "audio alone", "AV1, av1C without OBUs"),
    *("avc3, parameter sets in the samples", "720p that claims 4K, av1C without OBUs", "track header of 0x0"),
)
TRANSPLANTS = (b"tkhd", b"stsd", b"stbl", b"stsz", b"stts", b"stsc", b"moov", b"trak", b"mdia", b"ftyp")
DAMAGES = ("flip", "flip", "number", "number", "noise", "gap", "wedge", "end", "copy")
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
        judgement = answer(judged(data))
        findings.answers[judgement] += 1
        if judgement == FOUR_K and findings.read < read:
            findings.read += 1
            reading = reference(data)
            findings.undecodable += reading is None
            if reading and not reading.is_uhd:
                findings.mismatches.append(data)
    return findings


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
    kind = random.choice(TRANSPLANTS)
    try:
        new = whole(random.choice(bases), kind)
    except IndexError:
        return bases[which]
    return edited(bases[which], (kind,), lambda _: new)


def _damaged(data: bytes, places: list[range], random: Random) -> bytes:
    hurt = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        place = random.choice(places)
        at = min(place.start + random.randrange(len(place)), len(hurt) - 1)
        _damage(random.choice(DAMAGES), hurt, at, random)
    return bytes(hurt)


def _damage(kind: str, data: bytearray, at: int, random: Random) -> None:
    match kind:
        case "flip":
            data[at] ^= 1 << random.randrange(8)
        case "number":
            data[at : at + 4] = random.choice(NUMBERS).to_bytes(4)
        case "noise":
            length = random.randrange(1, 9)
            data[at : at + length] = random.randbytes(length)
        case "gap":
            del data[at : at + random.randrange(1, 9)]
            data.append(0)
        case "wedge":
            data[at:at] = random.randbytes(random.randrange(1, 9))
        case "end":
            del data[at + 1 :]
        case "copy":
            source, length = random.randrange(len(data)), random.randrange(4, 40)
            data[at : at + length] = data[source : source + length]


def main(count: int = 100_000, seed: int = 0) -> None:
    """Judge mutants, and print what was found."""
    av.logging.set_level(av.logging.PANIC)
    findings = fuzz(count, seed, read=count)
    print(dict(findings.answers), f"read {findings.read}, undecodable {findings.undecodable}")
    print(f"mismatches: {len(findings.mismatches)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
