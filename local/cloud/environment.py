"""A whole environment on this machine: the provider's simulator, a stack beside it, and observers of both."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cloud.event_listener import EventListener
from local.cloud.function_logs import logs_written
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import parameters_beside
from local.cloud.queue_reader import QueueReader
from local.cloud.rows import Row, has_ended
from local.cloud.stored_videos import StoredVideo, stored_videos
from local.cloud.sweep_schedule import Sweeps, sweeping
from local.kie import Settings, Simulator
from local.kie.simulator_process import SimulatorProcess
from local.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Environment:
    """A simulator and a running stack, with the stack's events, dead letters and sweeps."""

    simulator: Simulator
    cloud: LocalCloud
    events: EventListener
    dead_letters: QueueReader
    sweeps: Sweeps

    def reached(self, task_id: str, state: str) -> Row:
        """Wait until a run of a task is in that state. Return its row."""
        return wait_until(lambda: next((row for row in self.cloud.runs(task_id) if row["state"] == state), None))

    def ended(self, task_id: str, run: int = 1) -> Row:
        """Wait until a run of a task has ended. Return its row."""
        runs = self.cloud.runs
        return wait_until(lambda: next((row for row in runs(task_id) if row["run"] == run and has_ended(row)), None))

    def events_about(self, task_id: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until there are `count` events about a task. Return all of them."""
        return wait_until(lambda: found if len(found := self.events.about(task_id)) >= count else None)

    def charges(self, task_id: str) -> list[dict[str, Any]]:
        """Return what the provider charged for a task."""
        return [charge for charge in self.simulator.ledger() if charge["taskId"] == task_id]

    def stored(self, task_id: str, *, bases: bool = False) -> list[StoredVideo]:
        """Return the results of a task in the bucket, or instead its base videos that are kept."""
        return stored_videos(self.cloud.client("s3"), self.cloud.outputs["ArchiveBucketName"], task_id, bases=bases)


@contextlib.contextmanager
def environment(
    settings: Settings,
    parameters: Mapping[str, str] | None = None,
    *,
    sweep_seconds: float = 1.0,
    log: Path | None = None,
    keys: bool = True,
) -> Iterator[Environment]:
    """Run a simulator and a stack.

    Args:
        settings: of the simulator.
        parameters: of the stack, in addition to those that the simulator's address and speed need, or instead of them.
        sweep_seconds: from the end of a sweep to the next.
        log: file for the functions' logs.
        keys: whether the stack's secrets hold the simulator's keys.
    """
    with contextlib.ExitStack() as running:
        simulator = running.enter_context(SimulatorProcess(settings))
        cloud = running.enter_context(LocalCloud(parameters_beside(simulator) | dict(parameters or {})))
        if keys:
            set_keys(cloud, settings)
        if log:
            running.enter_context(logs_written(cloud, log))
        yield running.enter_context(observed(simulator, cloud, sweep_seconds))


@contextlib.contextmanager
def observed(
    simulator: Simulator, cloud: LocalCloud, sweep_seconds: float, sweeps_at_once: int = 1
) -> Iterator[Environment]:
    """Sweep a running stack, and listen to its events."""
    dead_letters = QueueReader(cloud.client("sqs"), cloud.outputs["DeadLetterQueueUrl"])
    events = EventListener(cloud)
    with sweeping(cloud, sweep_seconds, sweeps_at_once) as sweeps:
        yield Environment(simulator, cloud, events, dead_letters, sweeps)


def set_keys(cloud: LocalCloud, settings: Settings) -> None:
    """Put the simulator's API key and webhook key into the stack's secrets."""
    cloud.set_secret("ApiKeySecretName", settings.api_key)
    cloud.set_secret("WebhookKeySecretName", settings.webhook_key)
