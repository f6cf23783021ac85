"""How long a job's last stages take on the local cloud, from the provider's own clock and the functions' own lines."""

import json
import time
from datetime import datetime
from statistics import median
from typing import NamedTuple

from local.cloud.environment import staged
from local.cloud.function_logs import function_logs
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send
from local.cloud.rows import has_ended, read_runs
from local.kie import Settings, Simulator
from local.paths import LOGS, ROOT

JOBS = 6  # one after the other; the first one warms up and is not counted
SPEED = 600  # a generation takes a second or less
PATIENCE, LOOK_SECONDS = 60.0, 0.2
STAGES = (
    (
        "local cloud, s: row READY to archive requested",
        "result_ready",
        "archive_requested",
        "own: one SendMessageBatch",
    ),
    (
        "local cloud, s: archive requested to archived, a small file",
        "archive_requested",
        "job_archived",
        "own: a claim, one pass from download to upload, poster, JSON, a write",
    ),
    ("local cloud, s: READY to archived, a small file", "result_ready", "job_archived", "own: the two above"),
    ("local cloud, s: row final to event", "job_archived", "end_announced", "own: one PutEvents, one write"),
)


class Stage(NamedTuple):
    """A stage, its median in seconds, and what of it is ours: the rest is the local cloud's delivery."""

    name: str
    seconds: float
    own: str


def measure() -> list[Stage]:
    """Take jobs through the local cloud and tell how long their stages took."""
    settings = Settings(speed=SPEED, media_folder=ROOT / ".local/media", log_file=LOGS / "bench.log")
    with staged(settings) as (simulator, cloud):
        tasks = [f"veo_task_on_time_bench_{n:03}" for n in range(JOBS)]
        for task in tasks:
            _take(cloud, task)
        return _told(simulator, cloud, tasks[1:])


def _take(cloud: LocalCloud, task: str) -> None:
    send(cloud.client("sqs"), cloud.outputs["JobQueueUrl"], [{"taskId": task}])
    dynamodb, table, end = cloud.client("dynamodb"), cloud.outputs["JobTableName"], time.monotonic() + PATIENCE
    while not [run for run in read_runs(dynamodb, table, task) if has_ended(run) and "#lane" not in run]:
        if time.monotonic() > end:
            raise TimeoutError(f"{task} did not end")
        time.sleep(LOOK_SECONDS)


def _told(simulator: Simulator, cloud: LocalCloud, tasks: list[str]) -> list[Stage]:
    answered = [float(call["seconds"]) for task in tasks for call in simulator.callbacks(task)]
    at = _moments(cloud)
    first = Stage("local cloud, s: callback to row final and 200", median(answered), "own: two checks, one write")
    return [first, *(Stage(name, _median(at, tasks, begin, end), own) for name, begin, end, own in STAGES)]


def _median(at: dict[tuple[str, str], float], tasks: list[str], begin: str, end: str) -> float:
    return median(at[task, end] - at[task, begin] for task in tasks)


def _moments(cloud: LocalCloud) -> dict[tuple[str, str], float]:
    """Give when each thing happened to each task, in epoch seconds."""
    moments: dict[tuple[str, str], float] = {}
    for text in function_logs(cloud).values():
        for line in text.splitlines():
            if line.startswith("{") and "jobId" in (told := json.loads(line)):
                stamp = datetime.strptime(told["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z")
                moments[told["jobId"].partition("#")[0], told["message"]] = stamp.timestamp()
    return moments


if __name__ == "__main__":
    for stage in measure():
        print(f"{stage.seconds:8.3f} s  {stage.name}")
