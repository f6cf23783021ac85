"""SQS: at least once, visibility, receives, a dead-letter queue, deletes that get lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from veo4k.services.submit import Received

Again = Callable[[Sequence[str] | None], None]
"""Is called with the ids of the messages of a batch to deliver again, None where the function died."""


@dataclass(eq=False)
class Sent:
    """A message in a queue."""

    message_id: str
    body: str
    visible_at: float
    receives: int = 0


@dataclass(eq=False, kw_only=True)
class Queue:
    """A queue as the template makes it, times in seconds, and its pollers. `work` handles a batch."""

    effects: Effects
    visibility: float
    max_receives: int
    batch: int
    pollers: int
    work: Callable[[Sequence[Received], Again], None]
    messages: dict[str, Sent] = field(default_factory=dict)
    dead: list[Sent] = field(default_factory=list)
    _busy: int = 0
    _woken_at: float = float("inf")
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.kernel = self.effects.kernel

    def send(self, body: str, message_id: str = "", delay: int = 0) -> None:
        """Put a message in, to be delivered after so many seconds."""
        message_id = message_id or f"m{next(self._numbers)}"
        self.messages[message_id] = Sent(message_id, body, self.kernel.now + delay)
        self._wake(self.kernel.now + delay + 0.02)

    def deliver_again(self, message_id: str, seconds: float) -> None:
        if message_id in self.messages:
            self.messages[message_id].visible_at = self.kernel.now + int(seconds)
            self._wake(self.kernel.now + int(seconds))

    def _wake(self, instant: float) -> None:
        if instant < self._woken_at:
            self._woken_at = instant
            self.kernel.at(instant, self._poll, instant)

    def _poll(self, planned: float) -> None:
        if planned != self._woken_at:
            return  # an earlier poll was planned since
        self._woken_at = float("inf")
        while self._busy < self.pollers and (batch := self._receive()):
            self._busy += 1
            self.work([Received(m.message_id, m.body, m.message_id, m.receives) for m in batch], self._answer_to(batch))
        waiting = [message.visible_at for message in self.messages.values()]
        if waiting and self._busy < self.pollers:
            self._wake(max(min(waiting), self.kernel.now + 0.05))

    def _receive(self) -> list[Sent]:
        batch: list[Sent] = []
        for message in list(self.messages.values()):
            if message.visible_at > self.kernel.now or len(batch) == self.batch:
                continue
            if message.receives >= self.max_receives:
                self.dead.append(self.messages.pop(message.message_id))
                continue
            fault = self.effects.faults.draw("delivery", self.kernel.now)
            if fault is Fault.REFUSED:
                message.visible_at = self.kernel.now + 60
                continue
            message.receives += 1
            message.visible_at = self.kernel.now + (0.5 if fault is Fault.TWICE else self.visibility)
            batch.append(message)
        return batch

    def _answer_to(self, batch: list[Sent]) -> Again:
        def answer(again: Sequence[str] | None) -> None:
            self._busy -= 1
            for message in batch:
                done = again is not None and message.message_id not in again
                if done and not self.effects.faults.draw("delete", self.kernel.now):
                    self.messages.pop(message.message_id, None)
            self._wake(self.kernel.now + 0.02)

        return answer


@dataclass
class SimulatedQueue:
    """The MessageQueue port over the job queue."""

    queue: Queue
    rejected: list[str] = field(default_factory=list)

    def reject(self, body: str, _reason: str) -> None:
        self.queue.effects.do("reject", "#queue", lambda: self.rejected.append(body))

    def deliver_again(self, receipt: str, seconds: float) -> None:
        self.queue.effects.do("back off", "#queue", lambda: self.queue.deliver_again(receipt, seconds))
