"""The receivers of results: the queues, the event bus and Step Functions. Each may refuse a part of a batch."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from veo4k.domain.errors import StorageError
from veo4k.domain.event import detail
from veo4k.domain.job import Job, Key

T = TypeVar("T")


def send_batch(
    effects: Effects, effect: str, subject: str, batch: Sequence[T], send: Callable[[T], object]
) -> Sequence[T]:
    """Send a batch. Return what was refused, if a part was; raise StorageError where the whole may be."""
    fault = effects.draw(effect, subject)
    effects.kernel.pause(0.01)
    refused = batch[-1:] if fault is Fault.PARTLY else ()

    def call() -> None:
        for each in batch:
            if each not in refused:
                send(each)

    effects.suffer(fault, call)
    return refused


@dataclass
class SimulatedEventPublisher:
    """The EventPublisher port. `on_event`: called with every event that the bus took; `refused`: of the tokens."""

    effects: Effects
    to_queue: Callable[..., object]
    on_event: Callable[[Job, dict[str, Any]], None]
    refused: float = 0.0
    completed_tasks: list[tuple[str, Key]] = field(default_factory=list)
    refusals: dict[tuple[str, Key], list[float]] = field(default_factory=dict)

    def refuses(self, token: str) -> bool:
        """Return whether Step Functions may never take this token."""
        return int(token[-2:], 16) < 256 * self.refused

    def send_to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        return self._batch("to archive", jobs, lambda job: self.to_queue(job.key))

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> Mapping[Key, str]:
        return self._batch("base to archive", jobs, lambda job: self.to_queue(job.key, delay, kind="base"))

    def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        return self._batch("to bus", jobs, lambda job: self.on_event(job, detail(job)))

    def send_to_task(self, job: Job, token: str) -> str:
        if self.refuses(token):
            self.refusals.setdefault((token, job.key), []).append(self.effects.kernel.now)
            return "SendTask: KmsAccessDeniedException"
        try:
            self.effects.do("to task", job.task_id, lambda: self.completed_tasks.append((token, job.key)))
        except StorageError as error:
            return str(error)
        return ""

    def _batch(self, effect: str, jobs: Sequence[Job], send: Callable[[Job], object]) -> dict[Key, str]:
        try:
            refused = send_batch(self.effects, effect, " ".join(job.task_id for job in jobs), jobs, send)
        except StorageError as error:
            return {job.key: str(error) for job in jobs}
        return {job.key: "ThrottlingException" for job in refused}


@dataclass(frozen=True)
class SimulatedJobSender:
    """The JobSender port: the queue may take a part of a batch, or take all of it and lose the response."""

    effects: Effects
    to_queue: Callable[[str], object]

    def send_jobs(self, bodies: Sequence[str]) -> None:
        if send_batch(self.effects, "send", json.loads(bodies[0])["taskId"], bodies, self.to_queue):
            raise StorageError("one of the batch was refused")
