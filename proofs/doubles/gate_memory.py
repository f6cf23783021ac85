"""The gate in memory: the pure functions of `veo4k.domain.gate` over one row with one writer."""

import math
from collections.abc import Callable
from itertools import count

from veo4k.domain import gate
from veo4k.domain.gate import Gate, Pace, Slots, Wait


def numbered(prefix: str = "id") -> Callable[[], str]:
    """Return a factory of ids: `id1`, `id2` and so on."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


class MemoryGate:
    """The account's gate."""

    def __init__(self, pace: Pace | None = None, new_id: Callable[[], str] | None = None) -> None:
        self.row = Gate()
        self.pace = pace or Pace()
        self._new_id = new_id or numbered("gate")

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        self.row, slots = gate.reserve(self.row, wanted, now, self._new_id(), self.pace, last=last, counted=counted)
        return slots

    def free(self, wanted: int, now: float, *, counted: bool = False) -> int:
        return len(gate.reserve(self.row, wanted, now, "", self.pace, counted=counted)[1].instants)

    def uncount(self, count: int, counted: float) -> None:
        self.row = gate.uncount(self.row, count, counted, self._new_id())

    def limit_used(self, now: float) -> float:
        return gate.submissions_today(self.row, now) / self.pace.daily if self.pace.daily else 0.0

    def pause(self, reason: str, now: float, trial: str) -> float:
        self.row = gate.pause(self.row, reason, now, self._new_id(), self.pace, trial=trial)
        return max(self.row.until, self.row.trial_until, now)

    def finish_trial(self, trial: str, now: float, *, answered: bool) -> None:
        self.row = gate.finish_trial(self.row, trial, now, self._new_id(), self.pace, answered=answered)

    def note_understood(self, task_id: str, now: float) -> None:
        self.row = gate.note_understood(self.row, task_id, now, self._new_id())

    def is_understood_since(self, since: float, task_id: str) -> bool:
        return gate.is_understood_since(self.row, since, task_id)

    def release_trial(self, trial: str) -> None:
        self.row = gate.release_trial(self.row, trial, self._new_id())

    def current_pause(self, now: float) -> Wait | None:
        until = gate.paused_until(self.row, now, self.pace)
        return Wait(until, self.row.reason) if until else None

    def is_paused(self) -> bool:
        return bool(self.row.reason)

    def read(self) -> Gate:
        return self.row

    def pause_by_hand(self) -> Gate:
        self.row = gate.pause_by_hand(self.row, self._new_id())
        return self.row

    def resume(self) -> Gate:
        self.row = gate.resume(self.row, self._new_id())
        return self.row
