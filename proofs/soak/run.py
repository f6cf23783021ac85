"""One run of a proof: an environment with the fault proxy, and the jobs that are sent to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.cloud.environment import Environment
from local.cloud.rows import is_announced
from local.cloud.table_watcher import TableWatcher
from local.faults.environment import faulty_environment
from local.faults.fault_proxy import FaultProxy
from local.kie import Settings
from local.kie.media import ensure_media
from local.paths import LOGS, ROOT
from local.waiting import wait_until

LIMIT = 20
WINDOW = 2  # seconds: a fifth of the provider's, so that the proofs wait less for it
TIMEOUT_SECONDS = 240.0
UPDATE_SECONDS = 0.5
MEDIA = ROOT / ".local/soak/media"
LOG = LOGS / "soak.log"
SETTINGS: Mapping[str, Any] = {
    "speed": 120.0,  # two of the provider's minutes in a second: faster, and all callbacks would come at once
    "window_seconds": float(WINDOW),
    "media_folder": MEDIA,
    "log_file": LOGS / "soak-kie.jsonl",
}
TIMES = {
    "WindowSeconds": str(WINDOW),
    "FirstProbeSeconds": "6",
    "ProbeSeconds": "2",
    "UnknownWaitSeconds": "2",
    "LeaseSeconds": "10",  # requests here are answered or lost within a second
    "PauseSeconds": "1",
    "ArchiveRetrySeconds": "1",
    "ArchiveLeaseSeconds": "10",
}


@dataclass(frozen=True, slots=True)
class Run:
    """The environment, its proxy, the watcher of its table, and the tasks of the jobs."""

    environment: Environment
    proxy: FaultProxy
    watcher: TableWatcher
    tasks: Sequence[str]

    def send(self) -> None:
        """Send all jobs at once."""
        self.environment.cloud.send(*({"taskId": task} for task in self.tasks))

    def holds_in_time(self, condition: Callable[[], bool]) -> bool:
        """Wait until a condition holds, and update the rows meanwhile. Return False where it does not in time."""

        def updated() -> bool:
            self.watcher.update()
            return condition()

        try:
            wait_until(updated, TIMEOUT_SECONDS, UPDATE_SECONDS)
        except TimeoutError:
            return False
        finally:
            self.watcher.update()
        return True

    def all_have_ended(self) -> bool:
        """Return whether every job has ended."""
        return len(self.watcher.ended()) == len(self.tasks)

    def all_are_announced(self) -> bool:
        """Return whether the stack has announced the end of every job."""
        return len([row for row in self.watcher.rows.values() if is_announced(row)]) == len(self.tasks)


@contextmanager
def started(
    tasks: Sequence[str], settings: Mapping[str, object], parameters: Mapping[str, str], sweeps_at_once: int
) -> Iterator[Run]:
    """Start a run; `settings` and `parameters` replace those that all proofs share."""
    ensure_media(MEDIA, frames=1)
    all_settings: dict[str, Any] = {**SETTINGS, **settings}
    start = faulty_environment(Settings(**all_settings), TIMES | dict(parameters), sweeps_at_once, LOG)
    with start as (environment, proxy):
        yield Run(environment, proxy, TableWatcher(environment.cloud), tasks)
