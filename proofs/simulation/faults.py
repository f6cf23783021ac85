"""What can go wrong at an effect, how often, and when: drawn from the seed, or placed by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Protocol


class Fault(StrEnum):
    """What goes wrong at one effect."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    REFUSED = "refused"  # surely not done: throttled, unreachable
    LOST = "response lost"  # done, but the caller gets an error
    REPEATED = "repeated"  # done, the response lost, and repeated by the SDK, which returns the second response
    SLOW_BEFORE = "slow before"
    SLOW_AFTER = "slow after"
    STALE = "stale"  # the index as it was a while ago
    PARTLY = "partly"  # one entry of a batch fails
    DEAD = "dead link"
    SHORT = "short body"
    UNSENT = "never sent"
    NOT_ARRIVED = "not arrived"
    TWICE = "twice"
    LATE = "arrives late"
    BAD_GATEWAY = "502 before"
    BAD_GATEWAY_AFTER = "502 after"
    GARBLED = "garbled response"
    SERVER_ERROR = "500 after"
    TOO_MANY = "429"
    NO_CREDITS = "402"
    MAINTENANCE = "455"
    KEY_REFUSED = "401"
    PATH_GONE = "404 without envelope"
    NOT_FOUND = "404 in the envelope"
    UNKNOWN_CODE = "unknown code under 500"
    UNKNOWN_ERROR = "unknown code over 500"
    UNAVAILABLE = "service unavailable"
    DENIAL = "known words, denied"


SLOW = (Fault.SLOW_BEFORE, Fault.SLOW_AFTER)
_CRASHES = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
_WRITE = (*_CRASHES, Fault.REFUSED, Fault.LOST, Fault.REPEATED, *SLOW)
_READ = (*_CRASHES, Fault.REFUSED, *SLOW)
_SEND = (*_CRASHES, Fault.REFUSED, Fault.LOST, *SLOW)
_LOST_RESPONSE = (Fault.LOST, Fault.NOT_ARRIVED, Fault.LATE, Fault.BAD_GATEWAY_AFTER, Fault.GARBLED, Fault.SERVER_ERROR)
_NOT_ACCEPTED = (Fault.UNSENT, Fault.BAD_GATEWAY, Fault.TOO_MANY, Fault.NO_CREDITS, Fault.MAINTENANCE)

MENUS: Mapping[str, tuple[Fault, ...]] = {
    "write": _WRITE,
    "get": _READ,
    "runs": _READ,
    "due": (*_READ, Fault.STALE),
    "gate read": _READ,
    "gate write": _WRITE,
    "request": (*_CRASHES, *_LOST_RESPONSE, *_NOT_ACCEPTED, Fault.KEY_REFUSED, Fault.PATH_GONE, *SLOW),
    "look": (*_CRASHES, Fault.LOST, Fault.TOO_MANY, Fault.GARBLED, Fault.SERVER_ERROR, Fault.NOT_FOUND, *SLOW),
    "reject": _SEND,
    "back off": _SEND,
    "keys": (Fault.REFUSED, *SLOW),
    "send": (*_SEND, Fault.PARTLY),
    "to archive": (*_SEND, Fault.PARTLY),
    "base to archive": (*_SEND, Fault.PARTLY),
    "to bus": (*_SEND, Fault.PARTLY),
    "to task": _SEND,
    "download": (Fault.CRASH_BEFORE, Fault.REFUSED, Fault.DEAD, Fault.SHORT, *SLOW),
    "strays": _READ,
    "part": _SEND,
    "complete": _SEND,
    "put": _SEND,
    "record": (Fault.NOT_ARRIVED, Fault.TWICE),
    "tick": (Fault.NOT_ARRIVED, Fault.TWICE),
    "delivery": (Fault.TWICE,),
    "delete": (Fault.NOT_ARRIVED,),
    "callback": (Fault.NOT_ARRIVED, Fault.TWICE, Fault.LATE),
}
"""The faults each effect may have; the last five are not done by functions, but for them."""

BY_OTHERS = frozenset({"record", "tick", "delivery", "delete", "callback"})
AWS = frozenset(MENUS) - {"callback", "delete", "request", "look", "download"}
REQUEST, WRITE = frozenset({"request"}), frozenset({"write"})
TABLE = frozenset({"write", "get", "runs", "due", "gate read", "gate write", "record"})


class Faults(Protocol):
    """Where faults come from."""

    def draw(self, effect: str, now: float) -> Fault | None:
        """Return the fault of the effect that begins now."""


@dataclass(frozen=True)
class Outage:
    """From `begin` to `end` every one of these effects fails so."""

    begin: float
    end: float
    effects: frozenset[str]
    fault: Fault


@dataclass
class DrawnFaults:
    """Faults by chance, until they end: a rate for each effect, and outages."""

    random: Random
    rates: Mapping[str, float]
    end: float
    outages: tuple[Outage, ...] = ()

    def draw(self, effect: str, now: float) -> Fault | None:
        if now >= self.end:
            return None
        for outage in self.outages:
            if outage.begin <= now < outage.end and effect in outage.effects:
                return outage.fault
        return self.random.choice(MENUS[effect]) if self.random.random() < self.rates[effect] else None


@dataclass
class PlacedFaults:
    """Faults at chosen places: the n-th effect of the whole run, counted from 0."""

    places: Mapping[int, Fault] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)

    def draw(self, effect: str, _: float) -> Fault | None:
        """Count the effect. Return the fault placed there."""
        self.passed.append(effect)
        return self.places.get(len(self.passed) - 1)
