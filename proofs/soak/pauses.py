"""Reads the provider's request log for requests that came while the stack had to pause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_CREDITS = 402
LONGEST_PAUSE = 900.0
IN_FLIGHT = 1.0  # seconds in which requests may still arrive that had their slot when the pause began


@dataclass(slots=True)
class Pauses:
    """The number of pauses, and the arrivals within one. All times in seconds."""

    first: float
    count: int = 0
    early: list[float] = field(default_factory=list)
    _begun: float = 0.0
    _length: float = 0.0

    def add(self, at: float, code: int | None) -> None:
        """Add the next request: its arrival, and the code of its response."""
        if self._was_in_flight(at):
            return
        if self._length and at < self._begun + self._length:
            self.early.append(at)
        elif code == NO_CREDITS:
            self._begin(at)
        else:
            self._length = 0.0

    def _was_in_flight(self, at: float) -> bool:
        return self._length == self.first and at < self._begun + IN_FLIGHT

    def _begin(self, at: float) -> None:
        self.count += 1
        self._begun, self._length = at, min(self._length * 2 or self.first, LONGEST_PAUSE)


def pauses(requests: Iterable[Mapping[str, Any]], first: float) -> Pauses:
    """Read a log; `first`: length of the first pause. Each pause has twice the length of the one before."""
    read = Pauses(first)
    for request in sorted(requests, key=lambda row: float(row["at"])):
        read.add(request["at"], request["code"])
    return read
