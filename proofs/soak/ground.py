"""What a proof stands on: the provider, the wire, the stack with its functions behind it, and whoever looks on."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from local.cloud.environment import give_keys
from local.cloud.event_listener import Announcements
from local.cloud.function_logs import collected
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send
from local.cloud.parameters import beside
from local.cloud.rows import Row, has_ended
from local.cloud.table_watcher import Watch
from local.faults.fault_proxy import Wire, wire
from local.kie import Settings, Simulator
from local.kie.media import ensure_media
from local.kie.simulator_process import SimulatorProcess
from local.paths import LOGS, ROOT
from proofs.soak.sweeps import Sweeps, sweeping

LIMIT = 20
WINDOW = 2  # seconds: the provider's is five times longer, and so would be the waiting for it
SPEED = 120.0  # two of the provider's minutes in a second: much faster, and its callbacks would come all at once
PATIENCE = 240.0
REDELIVERED_SECONDS = 20
LOOK_SECONDS, SWEEP_SECONDS = 0.5, 1.0
MEDIA = ROOT / ".local/soak/media"
LOG = LOGS / "soak.log"
MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108  a folder of its own is made there

TIMES = {
    "WindowSeconds": str(WINDOW),
    "FirstProbeSeconds": "6",
    "ProbeSeconds": "2",
    "UnknownWaitSeconds": "2",
    "LeaseSeconds": "10",  # for requests that are answered or not within a second
    "PauseSeconds": "1",
    "ArchiveRetrySeconds": "1",
    "ArchiveLeaseSeconds": "10",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A running stack behind a wire, and the tasks that are asked of it."""

    tasks: Sequence[str]
    wire: Wire
    simulator: Simulator
    cloud: LocalCloud
    announcements: Announcements
    watch: Watch
    sweeps: Sweeps

    def send(self) -> None:
        """Ask for all videos at once."""
        messages = [{"taskId": task} for task in self.tasks]
        send(self.cloud.client("sqs"), self.cloud.outputs["JobQueueUrl"], messages)

    def comes(self, look: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Look again and again, at the rows too; False where it has not come in time."""
        end = time.monotonic() + seconds
        while not (seen := look()) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            self.watch.look()
        self.watch.look()
        return seen

    def ended(self) -> list[Row]:
        """Jobs that have ended."""
        return [row for row in self.watch.rows.values() if has_ended(row)]

    def all_have_ended(self) -> bool:
        """Tell whether every job has."""
        return len(self.ended()) == len(self.tasks)

    def all_are_announced(self) -> bool:
        """Tell whether the stack holds every end to be announced."""
        return self.all_have_ended() and not any("#lane" in row for row in self.ended())


@contextmanager
def ground(
    tasks: Sequence[str], settings: Mapping[str, object], parameters: Mapping[str, str], sweeps_at_once: int
) -> Iterator[Ground]:
    """Set everything up; `settings` of the simulator and `parameters` of the stack go before those that all share."""
    ensure_media(MEDIA, frames=1)
    with ExitStack() as stage:
        line = stage.enter_context(wire())
        simulator = stage.enter_context(SimulatorProcess(_settings(line, settings)))
        place = {"KieBaseUrl": line.provider, "ResultHosts": urlsplit(line.provider).netloc}
        told = beside(simulator) | TIMES | place | dict(parameters)
        environment = {"AWS_ENDPOINT_URL": line.aws, "TMPDIR": stage.enter_context(_room())}
        cloud = stage.enter_context(LocalCloud(told, environment))
        line.lead(aws=cloud.endpoint, provider=simulator.base_url)
        give_keys(cloud, simulator.settings)
        stage.enter_context(collected(cloud, LOG))
        _hurry(cloud)
        sweeps = stage.enter_context(sweeping(cloud, sweeps_at_once, SWEEP_SECONDS))
        yield Ground(tasks, line, simulator, cloud, Announcements(cloud), Watch(cloud), sweeps)


def _room() -> TemporaryDirectory[str]:
    """Give functions a place to be unpacked, in memory where there is enough: each that dies comes back as a whole."""
    roomy = MEMORY.is_dir() and disk_usage(MEMORY).free > ROOM
    return TemporaryDirectory(prefix="veo4k-", dir=MEMORY if roomy else None, ignore_cleanup_errors=True)


def _hurry(cloud: LocalCloud) -> None:
    """Let the proofs sweep by themselves, and a message whose function died come back within the time of a proof."""
    cloud.client("scheduler").delete_schedule(Name="veo4k-sweep")
    visible = {"VisibilityTimeout": str(REDELIVERED_SECONDS)}
    cloud.client("sqs").set_queue_attributes(QueueUrl=cloud.outputs["JobQueueUrl"], Attributes=visible)


def _settings(line: Wire, changes: Mapping[str, object]) -> Settings:
    shared = {
        "speed": SPEED,
        "window_seconds": float(WINDOW),
        "media_folder": MEDIA,
        "log_file": LOGS / "soak-kie.jsonl",
    }
    return Settings(public_base=line.provider, **shared | dict(changes))  # type: ignore[arg-type]
