"""Records metrics and log lines for the dashboard's picture: jobs of every scenario on the local cloud."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.cloud.environment import environment
from local.cloud.function_logs import function_logs
from local.cloud.parameters import SPEED
from local.cloud.rows import has_ended
from local.demo.cases import CASES
from local.kie import Settings
from local.waiting import wait_until

SENT = [case for case in CASES if not case.by]  # by a message; and they end by themselves
ROUNDS = 4
ROUND_SECONDS = 8.0
CREDITS, PRICE = 100_000, 120
ROUND_WITHOUT_CREDITS = 1
SETTINGS = Settings(speed=SPEED, generation_minutes=(5.0, 7.0), credits=CREDITS, price=PRICE)
Series = dict[tuple[str, str], list[tuple[float, float]]]
"""Epoch second and value of each point, in order, by metric and function."""


class Recording(NamedTuple):
    """The metrics and the log lines of the functions."""

    series: Series
    lines: list[dict[str, Any]]


def record() -> Recording:
    """Submit rounds of jobs, one of them without credits, for about a minute."""
    with environment(SETTINGS, {"PauseSeconds": "25"}) as running:
        simulator, cloud = running.simulator, running.cloud
        for number in range(ROUNDS):
            simulator.control(credits=0 if number == ROUND_WITHOUT_CREDITS else CREDITS - 1500 * number)
            for case in SENT:
                simulator.register(f"{case.task_id}_{number}", case.scenario, **case.changes)
            cloud.send(*({"taskId": f"{case.task_id}_{number}", "index": case.index} for case in SENT))
            time.sleep(ROUND_SECONDS)
        wait_until(lambda: all(has_ended(row) for row in cloud.rows()), pause=1)
        return Recording(*_read("\n".join(function_logs(cloud).values())))


def _read(logs: str) -> tuple[Series, list[dict[str, Any]]]:
    lines = [json.loads(line) for line in logs.splitlines() if line.startswith("{")]
    series: Series = defaultdict(list)
    for line in lines:
        for name, value in _metrics(line):
            series[name, line["service"]].append((line["_aws"]["Timestamp"] / 1000, value))
    return {key: sorted(points) for key, points in series.items()}, [line for line in lines if "_aws" not in line]


def _metrics(line: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for metrics in line.get("_aws", {}).get("CloudWatchMetrics", []):
        for metric in metrics["Metrics"]:
            yield from ((metric["Name"], float(value)) for value in line[metric["Name"]])
