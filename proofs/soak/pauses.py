"""The provider's request log, read for what came while the gate must have been shut."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_CREDITS = 402
LONGEST = 900.0
UNDER_WAY = 1.0  # seconds in which requests may still arrive that held a slot when the gate was shut


@dataclass(slots=True)
class Pauses:
    """How many pauses there were, and the arrivals that came within one. All in seconds."""

    first: float
    count: int = 0
    early: list[float] = field(default_factory=list)
    _begun: float = 0.0
    _length: float = 0.0

    def hear(self, at: float, code: int | None) -> None:
        """Take in the next request: its arrival, and the code it was answered."""
        if self._is_under_way(at):
            return
        if self._length and at < self._begun + self._length:
            self.early.append(at)
        elif code == NO_CREDITS:
            self._begin(at)
        else:
            self._length = 0.0

    def _is_under_way(self, at: float) -> bool:
        return self._length == self.first and at < self._begun + UNDER_WAY

    def _begin(self, at: float) -> None:
        self.count += 1
        self._begun, self._length = at, min(self._length * 2 or self.first, LONGEST)


def pauses(requests: Iterable[Mapping[str, Any]], first: float) -> Pauses:
    """Read a log; `first`: the first pause, from which each doubles the one before, until the gate opens."""
    read = Pauses(first)
    for request in sorted(requests, key=lambda row: float(row["at"])):
        read.hear(request["at"], request["code"])
    return read
