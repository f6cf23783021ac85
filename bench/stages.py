"""How long a job's last stages take on the local cloud, from the provider's own clock and the functions' own lines."""

import json
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import NamedTuple

from local.cloud.environment import Environment, environment
from local.cloud.function_logs import function_logs
from local.cloud.local_cloud import LocalCloud
from local.cloud.rows import is_announced
from local.kie import Settings
from local.paths import LOGS
from local.waiting import wait_until

JOBS = 6  # one after the other; the first one warms up and is not counted
SPEED = 600  # a generation takes a second or less
SWEEP_SECONDS = 60.0  # as the template's schedule
STAGES = {
    "row READY to archive requested": ("result_received", "archive_requested", "one SendMessageBatch"),
    "archive requested to archived, a small file": (
        *("archive_requested", "job_archived"),
        "a claim, one pass from download to upload, poster, JSON, a write",
    ),
    "READY to archived, a small file": ("result_received", "job_archived", "the two above"),
    "row final to event": ("job_archived", "announcement_sent", "one PutEvents, one write"),
}


class Stage(NamedTuple):
    """A stage, its median in seconds, and what of it is ours: the rest is the local cloud's delivery."""

    name: str
    seconds: float
    own: str


def measure() -> list[Stage]:
    """Run jobs through the local cloud. Return how long their stages took."""
    with environment(Settings(speed=SPEED, log_file=LOGS / "bench.log"), sweep_seconds=SWEEP_SECONDS) as running:
        tasks = [f"veo_task_on_time_bench_{n:03}" for n in range(JOBS)]
        for task in tasks:
            _run_job(running.cloud, task)
        return [*_stages(running, tasks[1:])]


def _run_job(cloud: LocalCloud, task: str) -> None:
    cloud.send({"taskId": task})
    wait_until(lambda: any(map(is_announced, cloud.runs(task))))


def _stages(running: Environment, tasks: list[str]) -> Iterator[Stage]:
    answered = [float(call["seconds"]) for task in tasks for call in running.simulator.callbacks(task)]
    yield Stage("local cloud, s: callback to row final and 200", median(answered), "own: two checks, one write")
    at = _moments(running.cloud)
    for name, (begin, end, own) in STAGES.items():
        seconds = median(at[task, end] - at[task, begin] for task in tasks)
        yield Stage(f"local cloud, s: {name}", seconds, f"own: {own}")


def _moments(cloud: LocalCloud) -> dict[tuple[str, str], float]:
    """Return when each event of each task was logged, in epoch seconds."""
    moments: dict[tuple[str, str], float] = {}
    for text in function_logs(cloud).values():
        for line in text.splitlines():
            if line.startswith("{") and "jobId" in (event := json.loads(line)):
                stamp = datetime.strptime(event["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z")
                moments[event["jobId"].partition("#")[0], event["message"]] = stamp.timestamp()
    return moments
