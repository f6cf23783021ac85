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
        """Reserve instants."""
        self.row, slots = gate.reserve(self.row, wanted, now, self._new_id(), self.pace, last=last, counted=counted)
        return slots

    def free(self, wanted: int, now: float) -> int:
        """Return how many of so many instants are free."""
        return len(gate.reserve(self.row, wanted, now, "", self.pace)[1].instants)

    def uncount(self, count: int, counted: float) -> None:
        """Take submissions back."""
        self.row = gate.uncount(self.row, count, counted, self._new_id())

    def limit_used(self, now: float) -> float:
        """Return the share of the daily limit that is used."""
        return gate.submissions_today(self.row, now) / self.pace.daily if self.pace.daily else 0.0

    def pause(self, reason: str, now: float, trial: str) -> float:
        """Pause the gate. Return when the gate may grant a slot again."""
        self.row = gate.pause(self.row, reason, now, self._new_id(), self.pace, trial=trial)
        return max(self.row.until, self.row.trial_until, now)

    def finish_trial(self, trial: str, now: float, *, answered: bool) -> None:
        """Record whether the request of the trial slot got a response."""
        self.row = gate.finish_trial(self.row, trial, now, self._new_id(), self.pace, answered=answered)

    def note_understood(self, task_id: str, now: float) -> None:
        """Record that a submission's response was understood."""
        self.row = gate.note_understood(self.row, task_id, now, self._new_id())

    def is_understood_since(self, since: float, task_id: str) -> bool:
        """Return whether another task's submission was understood since then."""
        return gate.is_understood_since(self.row, since, task_id)

    def release_trial(self, trial: str) -> None:
        """Release the unused trial slot."""
        self.row = gate.release_trial(self.row, trial, self._new_id())

    def current_pause(self, now: float) -> Wait | None:
        """Return until when and why the gate is paused; None when a slot may be had."""
        until = gate.paused_until(self.row, now, self.pace)
        return Wait(until, self.row.reason) if until else None

    def read(self) -> Gate:
        """Read the row."""
        return self.row

    def pause_by_hand(self) -> Gate:
        """Pause the gate until an operator resumes it."""
        self.row = gate.pause_by_hand(self.row, self._new_id())
        return self.row

    def resume(self) -> Gate:
        """Let the gate run, whatever paused it."""
        self.row = gate.resume(self.row, self._new_id())
        return self.row
