"""The gate in memory: the pure rules of `veo4k.domain.gate` over one row that nobody else writes."""

import math
from collections.abc import Callable
from itertools import count

from veo4k.domain import gate
from veo4k.domain.gate import Gate, Pace, Slots


def numbered(prefix: str = "id") -> Callable[[], str]:
    """Give a maker of ids: `id1`, `id2` and so on."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


class MemoryGate:
    """The account's gate."""

    def __init__(self, pace: Pace | None = None, new_id: Callable[[], str] | None = None) -> None:
        self.row = Gate()
        self.pace = pace or Pace()
        self._new_id = new_id or numbered("gate")

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants."""
        self.row, slots = gate.reserve(self.row, wanted, now, self._new_id(), self.pace, last=last, counted=counted)
        return slots

    def uncount(self, count: int, counted: float) -> None:
        """Take submissions back."""
        self.row = gate.uncount(self.row, count, counted, self._new_id())

    def spent(self, now: float) -> float:
        """Give the share of the day's submissions that is spent."""
        return gate.submissions_today(self.row, now) / self.pace.daily if self.pace.daily else 0.0

    def shut(self, reason: str, now: float, probe: str) -> float:
        """Shut the gate; gives when it may be asked again."""
        self.row = gate.shut(self.row, reason, now, self._new_id(), self.pace, probe=probe)
        return max(self.row.until, self.row.probe_until, now)

    def settle_probe(self, probe: str, now: float, *, answered: bool) -> None:
        """Tell what became of the shut gate's only slot."""
        self.row = gate.settle_probe(self.row, probe, now, self._new_id(), self.pace, answered=answered)

    def release_probe(self, probe: str) -> None:
        """Give the shut gate's only slot back, unused."""
        self.row = gate.release_probe(self.row, probe, self._new_id())

    def shut_until(self, now: float) -> tuple[float, str]:
        """Give until when the gate is surely shut and why; 0.0 when a slot may be had."""
        return gate.shut_until(self.row, now, self.pace), self.row.reason

    def look(self) -> Gate:
        """Read the row."""
        return self.row

    def shut_by_hand(self) -> Gate:
        """Shut the gate until it is opened by hand."""
        self.row = gate.shut_by_hand(self.row, self._new_id())
        return self.row

    def open_by_hand(self) -> Gate:
        """Open the gate, whatever shut it."""
        self.row = gate.open_by_hand(self.row, self._new_id())
        return self.row
