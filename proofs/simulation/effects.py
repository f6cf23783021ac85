"""One effect of a function: it takes time, others go on meanwhile, and it may go wrong."""

from collections.abc import Callable
from random import Random
from typing import TypeVar

from proofs.simulation.faults import Fault, Faults
from proofs.simulation.kernel import Kernel
from proofs.simulation.timeline import Timeline
from veo4k.domain.errors import StorageError

T = TypeVar("T")
STRANGER = "forged"  # the name of an invocation by a sender without keys
LONGEST_LAG = 30.0  # seconds an effect hangs when it is slow


class Effects:
    """Makes effects happen."""

    def __init__(self, kernel: Kernel, random: Random, faults: Faults, timeline: Timeline) -> None:
        self.kernel, self.random, self.faults, self.timeline = kernel, random, faults, timeline
        self.by_strangers: set[str] = set()  # the effects of requests without keys

    def do(self, effect: str, subject: str, call: Callable[[], T]) -> T:
        """Do it, or what its fault makes of it."""
        fault = self.draw(effect, subject)
        self.kernel.pause(0.002 + 0.008 * self.random.random())
        return self.suffer(fault, call)

    def draw(self, effect: str, subject: str) -> Fault | None:
        """Draw the fault of an effect."""
        fault = self.faults.draw(effect, self.kernel.now)
        if self.kernel.running().name == STRANGER:
            self.by_strangers.add(effect)
        self.note(subject, effect, fault or "")
        return fault

    def note(self, subject: str, what: str, how: object) -> None:
        """Add what the running function does to the timeline."""
        if self.timeline.is_traced:
            self.timeline.add(subject, self.kernel.running().name, what, str(how))

    def suffer(self, fault: Fault | None, call: Callable[[], T]) -> T:
        """Do it with a fault that any effect may have, or with none."""
        if fault is None:
            return call()
        self.kernel.running().is_hurt |= fault not in (Fault.REPEATED, Fault.SLOW_BEFORE, Fault.SLOW_AFTER)
        if fault is Fault.CRASH_BEFORE:
            self.kernel.running().crash()
        if fault is Fault.REFUSED:
            raise StorageError("refused")
        if fault is Fault.SLOW_BEFORE:
            self.lag()
        value = call()
        if fault is Fault.CRASH_AFTER:
            self.kernel.running().crash()
        if fault is Fault.LOST:
            raise StorageError("response lost")
        if fault is Fault.REPEATED:
            self.kernel.pause(0.05 + self.random.random())
            return call()
        if fault is Fault.SLOW_AFTER:
            self.lag()
        return value

    def lag(self) -> None:
        self.kernel.pause(LONGEST_LAG * self.random.random() ** 3)
