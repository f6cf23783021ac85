"""The truth about each video, drawn from the seed: what the provider will make of it, and what the file is."""

import struct
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

from veo4k.domain.mp4 import Mp4Proof, Verdict

HOST, EVIL_HOST, STRANGE_HOST = "file.aiquickdraw.com", "evil.example", "files.new-host.example"
FOUR_K, TALL, HD, PAGE, GONE, FRONT, JPEG = "4k", "tall", "hd", "page", "gone", "front", "jpeg"


class Fate(StrEnum):
    """What becomes of a video at the provider."""

    MADE = "made"
    FAILS = "fails"
    STUCK = "stuck"  # accepted, and never finished
    UNKNOWN = "unknown"  # 422 record is null
    MISSING = "missing"  # 404 in the envelope
    DELETED = "deleted"  # the same, though its record is shown until `ready_at`
    EXPIRED = "expired"  # 422 14 days
    UNFINISHED = "unfinished"  # 422 record status is not success, until `ready_at`
    BASE_FAILED = "base failed"  # its generation failed
    LEGACY = "legacy"  # made by the path that has no 4K
    UNAVAILABLE = "unavailable"  # 500 4K version unavailable, at once


@dataclass(frozen=True, kw_only=True)
class Video:
    """What the provider will do.

    `takes`: seconds to make it; `links`: the file behind each link, in turn; `hindered`: what the host sends instead of
    the file for `hindered_for` seconds after it is made, a page or 404.
    """

    fate: Fate = Fate.MADE
    takes: float = 400.0
    links: tuple[str, ...] = (FOUR_K,)
    host: str = HOST
    ready_at: float = 0.0
    own_id: bool = False
    poster: str = ""  # the kind of its bytes: JPEG or PAGE
    hindered: str = ""
    hindered_for: float = 0.0
    link_once: bool = False  # no link is given again once a callback with it was acknowledged
    same_link: bool = False  # every response repeats the first link
    same_path: bool = False  # the links of all indices differ in their queries only
    late_urls: bool = False  # "generated successfully", and the URLs only later
    same_for_all: bool = False  # the same file for every index
    base: str = HD  # the file of the base video
    label: str = "720p"  # what its record calls it
    bases: int = 2  # videos of the base task
    forgotten_at: float = float("inf")  # then its record is gone
    lists_all: bool = False  # each result's list holds the links of all indices
    late_place: bool = False  # its own place of that list is unreadable at first


def draw_video(random: Random, now: float, own_ids: float, strange_hosts: float, labels: float) -> Video:
    """Draw a video: most are finished, and the rest fails in every documented way."""
    fate = random.choices(list(_FATES), list(_FATES.values()))[0]
    takes = random.choices((400.0, 2.0, 0.0, 4000.0, 40_000.0), (70, 8, 6, 10, 6))[0] * (0.5 + random.random())
    links = random.choices(list(_LINKS), list(_LINKS.values()))[0]
    manner = random.random() if links in ((FOUR_K,), (TALL,)) else 1.0
    host = STRANGE_HOST if random.random() < strange_hosts else HOST
    return Video(
        fate=fate,
        takes=takes,
        links=links,
        host=host,
        ready_at=now + random.choice((60.0, 1800.0, 20_000.0, 1e9)),
        own_id=random.random() < own_ids,
        poster=random.choice(("", "", "", "", "", "", "", "", JPEG, PAGE)),
        hindered=random.choice(("", "", "", "", PAGE, GONE)),
        hindered_for=random.choice((20.0, 60.0, 180.0, 900.0)),
        link_once=manner < 0.1 and host == HOST,  # a callback's link on a strange host is kept by nobody
        same_link=0.1 <= manner < 0.2,
        same_path=random.random() < 0.3,
        late_urls=random.random() < 0.05,
        same_for_all=random.random() < 0.3,
        **_base(random, labels),
    )


def _base(random: Random, labels: float) -> dict[str, Any]:
    """Draw the base video: a few are 4K already, and a few are called so and are not."""
    is_called_4k = random.random() < labels
    base = FOUR_K if is_called_4k and random.random() < 0.7 else HD
    label = "4k" if is_called_4k else random.choice(("720p", "1080p", None))
    return {"base": base, "label": label, "bases": random.choice((1, 2, 2, 4))}


_FATES = {
    Fate.MADE: 86,
    Fate.FAILS: 4,
    Fate.STUCK: 2,
    Fate.UNKNOWN: 2,
    Fate.MISSING: 0.5,
    Fate.DELETED: 0.5,
    Fate.EXPIRED: 1,
    Fate.UNFINISHED: 3,
    Fate.UNAVAILABLE: 1,
    Fate.BASE_FAILED: 1,
    Fate.LEGACY: 1,
}
_LINKS = {(FOUR_K,): 80, (TALL,): 8, (HD, FOUR_K): 3, (HD,): 2, (GONE, FOUR_K): 3, (FRONT,): 1}


class File(NamedTuple):
    """The file behind a link: its name, and the time from which its host has it, and until which."""

    kind: str
    task_id: str
    number: int  # its index
    begin: float = 0.0
    until: float = float("inf")
    instead: str = GONE  # before it begins

    @property
    def name(self) -> str:
        """Return the name that makes its bytes unlike any other's."""
        return f"{self.task_id}_{self.number}_{self.kind}"


NAME_BYTES = 40  # at the end of each file, of which no other file has the same


def content(kind: str, name: str) -> bytes:
    """Bytes of a file; two files of different names differ."""
    return _FRONTS[kind] + name.encode()[-NAME_BYTES:].rjust(NAME_BYTES, b".")


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _mp4(width: int, height: int, sps: str) -> bytes:
    """Return the front of a film of one sample, whose bytes are the name. `sps`: H.264's parameters of this size."""
    size, shown, zero = struct.pack(">HH", width, height), struct.pack(">II", width << 16, height << 16), bytes
    matrix = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    avcc = _box(b"avcC", bytes([1, 66, 0xC0, 51, 0xFF, 0xE1, 0, len(sps) // 2]), bytes.fromhex(sps), b"\0")
    tables = (
        _box(b"stsd", zero(4), struct.pack(">I", 1), _box(b"avc1", zero(24), size, zero(50), avcc)),
        _box(b"stts", zero(4), struct.pack(">III", 1, 1, 1000)),
        _box(b"stsz", zero(4), struct.pack(">II", NAME_BYTES, 1)),
        _box(b"stco", zero(4), struct.pack(">II", 1, 32)),
    )
    media = (
        _box(b"mdhd", zero(12), struct.pack(">II", 1000, 1000), zero(4)),
        _box(b"hdlr", zero(8), b"vide", zero(13)),
        _box(b"minf", _box(b"stbl", *tables)),
    )
    head = _box(b"tkhd", b"\0\0\0\1", zero(8), struct.pack(">III", 1, 0, 1000), zero(16), matrix, shown)
    movie_head = _box(b"mvhd", zero(12), struct.pack(">II", 1000, 1000), zero(16), matrix, zero(28))
    movie = _box(b"moov", movie_head, _box(b"trak", head, _box(b"mdia", *media)))
    front = _box(b"ftyp", b"isom", zero(4), b"isom") + movie
    placed = front.replace(struct.pack(">II", 1, 32), struct.pack(">II", 1, len(front) + 8))
    return placed + struct.pack(">I4s", 8 + NAME_BYTES, b"mdat")


_FRONTS = {
    FOUR_K: _mp4(3840, 2160, "6742c033f80780087c80"),
    TALL: _mp4(2160, 3840, "6742c033f804380f0c80"),
    HD: _mp4(1280, 720, "6742c033f80a00b720"),
    PAGE: b"<html>",
    JPEG: b"\xff\xd8\xff\xe0",
    GONE: b"",
}
_FRONTS[FRONT] = _FRONTS[FOUR_K][:-8]


class RememberedProof(Mp4Proof):
    """The product's own proof, done once for files that differ in their names only."""

    verdicts: dict[bytes, Verdict] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, *, any_codec: bool = False) -> None:
        super().__init__(any_codec=any_codec)
        self._all = b""

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        self._all += bytes(chunk)

    def verdict(self) -> Verdict:
        front = self._all[:-NAME_BYTES]
        if front not in self.verdicts:
            super().feed(self._all)
            self.verdicts[front] = super().verdict()
        return self.verdicts[front]
