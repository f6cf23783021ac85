"""A recording for the dashboard's picture: jobs of every kind on the local cloud, and what its functions counted."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.cloud.environment import staged
from local.cloud.function_logs import function_logs
from local.cloud.messages import send
from local.cloud.parameters import SPEED
from local.cloud.rows import has_ended
from local.cloud.sweep_schedule import sweeping
from local.cloud.table_watcher import Watch
from local.demo.cases import CASES
from local.kie import Settings

ROUNDS = 4
ROUND_SECONDS = 8.0
CREDITS, PRICE = 100_000, 120
OUT_OF_CREDITS = 1  # the round in which they are spent
PATIENCE = 60.0
SWEEP_SECONDS = 1.0
SETTINGS = Settings(speed=SPEED, generation_minutes=(5.0, 7.0), credits=CREDITS, price=PRICE)
Series = dict[tuple[str, str], list[tuple[float, float]]]
"""By metric and function: epoch second and value, in order."""


class Recording(NamedTuple):
    """What the functions counted and logged."""

    series: Series
    lines: list[dict[str, Any]]


def record() -> Recording:
    """Play for about a minute: rounds of jobs, and one without credits."""
    with staged(SETTINGS, {"PauseSeconds": "25"}) as (simulator, cloud), sweeping(cloud, SWEEP_SECONDS):
        watch = Watch(cloud)
        for number in range(ROUNDS):
            simulator.control(credits=0 if number == OUT_OF_CREDITS else CREDITS - 1500 * number)
            names = {case.task_id: f"{case.task_id}_{number}" for case in CASES}
            for case in CASES:
                simulator.register(names[case.task_id], case.scenario, **case.changes)
            messages = [{"taskId": name} for name in names.values()]
            send(cloud.client("sqs"), cloud.outputs["JobQueueUrl"], messages)
            time.sleep(ROUND_SECONDS)
        _wait(watch)
        return Recording(*_read("\n".join(function_logs(cloud).values())))


def _wait(watch: Watch) -> None:
    stop = time.monotonic() + PATIENCE
    while time.monotonic() < stop:
        watch.look()
        if all(has_ended(row) for row in watch.rows.values()):
            return
        time.sleep(1)


def _read(logs: str) -> tuple[Series, list[dict[str, Any]]]:
    lines = list(_json_lines(logs))
    series: Series = defaultdict(list)
    for line in lines:
        for name, value in _metrics(line):
            series[name, line["service"]].append((line["_aws"]["Timestamp"] / 1000, value))
    return {key: sorted(points) for key, points in series.items()}, [line for line in lines if "_aws" not in line]


def _metrics(line: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for metrics in line.get("_aws", {}).get("CloudWatchMetrics", []):
        for metric in metrics["Metrics"]:
            yield from ((metric["Name"], float(value)) for value in line[metric["Name"]])


def _json_lines(logs: str) -> Iterator[dict[str, Any]]:
    for line in logs.splitlines():
        if line.startswith("{"):
            yield json.loads(line)
