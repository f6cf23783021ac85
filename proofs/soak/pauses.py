"""Reads the provider's request log for requests that came while the stack had to pause."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

NO_CREDITS = 402
LONGEST_PAUSE = 900.0
IN_FLIGHT = 4.0  # seconds, two windows: another function sends the requests that had their slots before the pause


class Pauses(NamedTuple):
    """The number of pauses, and the arrivals of requests within one, in seconds."""

    number: int
    early: list[float]


def pauses(requests: Iterable[Mapping[str, Any]], first: float) -> Pauses:
    """Read a log; `first`: seconds of the first pause. Each pause has twice the length of the one before."""
    count, early, begun, length = 0, list[float](), 0.0, 0.0
    for request in sorted(requests, key=lambda row: float(row["at"])):  # two may come at once, one without a code
        at, code = request["at"], request["code"]
        if length == first and at < begun + IN_FLIGHT:
            continue
        if length and at < begun + length:
            early.append(at)
        elif code == NO_CREDITS:
            count, begun, length = count + 1, at, min(length * 2 or first, LONGEST_PAUSE)
        else:
            length = 0.0
    return Pauses(count, early)
