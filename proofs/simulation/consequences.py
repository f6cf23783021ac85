"""The receivers of results: the archive queue, the event bus and Step Functions. Each may refuse a part of a batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from veo4k.domain.errors import StorageError
from veo4k.domain.event import detail
from veo4k.domain.job import Job, Key


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
        """Send jobs to the archive queue."""
        return self._batch("to archive", jobs, lambda job: self.to_queue(job.key))

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> Mapping[Key, str]:
        """Request base videos."""
        return self._batch("base to archive", jobs, lambda job: self.to_queue(job.key, delay, kind="base"))

    def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Put ends on the bus."""
        return self._batch("to bus", jobs, lambda job: self.on_event(job, detail(job)))

    def send_to_task(self, job: Job, token: str) -> str:
        """Complete a task of Step Functions."""
        if self.refuses(token):
            self.refusals.setdefault((token, job.key), []).append(self.effects.kernel.now)
            return "SendTask: KmsAccessDeniedException"
        try:
            self.effects.do("to task", job.task_id, lambda: self.completed_tasks.append((token, job.key)))
        except StorageError as error:
            return str(error)
        return ""

    def _batch(self, effect: str, jobs: Sequence[Job], send: Callable[[Job], object]) -> dict[Key, str]:
        effects, subject = self.effects, " ".join(job.task_id for job in jobs)
        fault = effects.draw(effect, subject)
        effects.kernel.pause(0.01)
        failing = [jobs[-1]] if fault is Fault.PARTLY else []

        def call() -> None:
            for job in jobs:
                if job not in failing:
                    send(job)

        try:
            effects.suffer(fault, call) if fault else call()
        except StorageError as error:
            return {job.key: str(error) for job in jobs}
        return {job.key: "ThrottlingException" for job in failing}
