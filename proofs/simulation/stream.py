"""The table's stream and the schedule: records that get lost or come twice, ticks that are missed or overlap."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from veo4k.domain.job import ENDED, State
from veo4k.domain.ports import Change
from veo4k.services.publish import is_trigger, requests_base

BATCH, MOST_TRIES, MINUTE = 100, 6, 60.0
SHOWN = ENDED | {State.READY}
"""States of the rows that publish sees while they are in the due index, as it sees rows that lack their base video.

The template says the same.
"""


@dataclass(eq=False)
class Stream:
    """One shard: in order, batch by batch; a batch whose function dies is tried again, then lost."""

    effects: Effects
    publish: Callable[[Sequence[Change], Callable[[bool | None], None]], None]
    records: deque[Change] = field(default_factory=deque)
    _busy: bool = False

    def record(self, change: Change) -> None:
        """Take a change of the table, if the function's event source lets it through."""
        has_left = change.new.state not in SHOWN or change.new.partition is None
        if has_left and not change.new.lacks_base:
            return
        fault = self.effects.faults.draw("record", self.effects.kernel.now)
        times = {None: 1, Fault.NOT_ARRIVED: 0, Fault.REFUSED: 0, Fault.TWICE: 2}
        self.records.extend([change] * times[fault])
        self._wake()

    def _wake(self) -> None:
        if not self._busy and self.records:
            self._busy = True
            self.effects.kernel.after(0.2, self._read)

    def _read(self) -> None:
        batch = [self.records.popleft() for _ in range(min(BATCH, len(self.records)))]
        self._try(batch, 1)

    def _try(self, batch: Sequence[Change], tries: int) -> None:
        def done(lived: bool | None) -> None:
            if lived or tries == MOST_TRIES:
                self._busy = False
                self._wake()
            else:
                self.effects.kernel.after(1.0, self._try, batch, tries + 1)

        if any(is_trigger(change) or requests_base(change) for change in batch):
            self.publish(batch, done)
        else:
            done(True)  # the function does nothing with most records


@dataclass(eq=False)
class Schedule:
    """A tick every minute; minutes in which nothing is due are passed over, for a sweep would do nothing."""

    effects: Effects
    jobs: MemoryJobs
    sweep: Callable[[], None]
    _begun: int = 0

    def __post_init__(self) -> None:
        self.kernel, self.random = self.effects.kernel, self.effects.random

    def begin(self) -> None:
        """Tick within a minute, and then every minute; restarted when a new call was planned."""
        self._begun += 1
        self.kernel.after(MINUTE * self.random.random(), self._tick, self._begun)

    def _tick(self, begun: int) -> None:
        if begun != self._begun:
            return
        if self._next_due() <= self.kernel.now:
            self._sweep()
        quiet_until = min(self._next_due(), self.kernel.next_event())
        minutes = max(1, int((min(quiet_until, self.kernel.now + 1e7) - self.kernel.now) // MINUTE))
        if quiet_until < float("inf"):
            self.kernel.after(minutes * MINUTE, self._tick, begun)

    def _sweep(self) -> None:
        fault = self.effects.faults.draw("tick", self.kernel.now)
        if fault in (None, Fault.TWICE):
            self.kernel.after(0.5 * self.random.random(), self.sweep)
        if fault is Fault.TWICE:
            self.kernel.after(20 * self.random.random(), self.sweep)

    def _next_due(self) -> float:
        return min((due for partition in self.jobs.index.values() for due in partition.values()), default=float("inf"))
