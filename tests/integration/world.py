"""The deployed stack as these tests see it: what they can do to it, and where they look."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from local.cloud.event_listener import Announcements
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send, send_bodies
from local.cloud.queue_reader import Inbox
from local.cloud.rows import Row, has_ended, read_rows, read_runs
from local.cloud.sweep_schedule import Sweeps
from local.demo.checks import Stored
from local.demo.evidence import stored_videos
from local.kie import Simulator

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def until(look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first true thing seen, looked for again and again; fails when it does not come."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
    return seen


def sample(name: str) -> dict[str, Any]:
    """One of the sample events in events/."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


@dataclass(frozen=True, eq=False)
class World:
    """A provider, a stack, whoever listens to its events, its dead-letter queue, and its sweeps."""

    simulator: Simulator
    cloud: LocalCloud
    announcements: Announcements
    dead_letters: Inbox
    sweeps: Sweeps

    @cache  # noqa: B019 - one world lives as long as the tests; a client takes a tenth of a second to make
    def client(self, service: str) -> Any:
        """A client with the rights of the account's owner."""
        return self.cloud.client(service)

    def send(self, *messages: Mapping[str, Any]) -> None:
        """Put messages on the job queue."""
        send(self.client("sqs"), self.cloud.outputs["JobQueueUrl"], messages)

    def send_bodies(self, bodies: Sequence[str]) -> None:
        """Put whatever bodies on the job queue."""
        send_bodies(self.client("sqs"), self.cloud.outputs["JobQueueUrl"], bodies)

    def rows(self) -> list[Row]:
        """All jobs, the oldest first."""
        return read_rows(self.client("dynamodb"), self.cloud.outputs["JobTableName"])

    def runs(self, task_id: str) -> list[Row]:
        """The runs of a task."""
        return read_runs(self.client("dynamodb"), self.cloud.outputs["JobTableName"], task_id)

    def reached(self, task_id: str, state: str) -> Row:
        """A run of a task, once one is in that state."""
        return until(lambda: next((row for row in self.runs(task_id) if row["state"] == state), None))

    def ended(self, task_id: str, run: int = 1) -> Row:
        """A run of a task, once it has ended."""
        return until(lambda: next((row for row in self.runs(task_id) if row["run"] == run and has_ended(row)), None))

    def charges(self, task_id: str) -> list[dict[str, Any]]:
        """What the provider charged for a task."""
        return [charge for charge in self.simulator.ledger() if charge["taskId"] == task_id]

    def stored(self, task_id: str) -> list[Stored]:
        """The videos of a task that lie in the bucket, fetched and decoded."""
        return stored_videos(self.client("s3"), self.cloud.outputs["ArchiveBucketName"], task_id)

    def events(self, task_id: str, count: int = 1) -> list[dict[str, Any]]:
        """The events about a task, once there are so many."""
        return until(lambda: found if len(found := self.announcements.about(task_id)) >= count else None)

    def secret(self, output: str) -> str:
        """What a secret, named by its stack output, holds."""
        secrets = self.client("secretsmanager")
        return str(secrets.get_secret_value(SecretId=self.cloud.outputs[output])["SecretString"])
