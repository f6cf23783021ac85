"""Twenty results on a host that ResultHosts does not have: they wait, and go on once it does. Run by `make prove`."""

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.waiting import wait_until
from tests.e2e.metrics import emitted
from tests.integration.command_line import veo4k
from tests.integration.conftest import SHORT_WINDOW, running

TASKS = [f"veo_task_new_host_{number:02}" for number in range(20)]


class Waited(NamedTuple):
    """The rows while they waited and at their ends, and what metric, alarm and doctor said meanwhile."""

    env: Environment
    host: str
    waiting: list[Row]
    counted: float
    alarm: str
    finding: dict[str, str]
    ended: list[Row]


def all_waiting(env: Environment) -> list[Row] | None:
    rows = [row for task in TASKS for row in env.cloud.runs(task) if row.get("#reason") == "HOST_NOT_ALLOWED"]
    return rows if len(rows) == len(TASKS) else None


def alarm_at(env: Environment, value: float) -> str:
    """Return the state of ResultAlarm at a value of its metric. Unlike AWS, the emulator reads no metrics from logs."""
    cloudwatch, resources = env.cloud.client("cloudwatch"), env.cloud.client("cloudformation")
    found = resources.describe_stack_resource(StackName=env.cloud.stack, LogicalResourceId="ResultAlarm")
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    metric = next(m["MetricStat"]["Metric"] for m in alarm["Metrics"] if "Blocked" in json.dumps(m))
    point = {"MetricName": metric["MetricName"], "Dimensions": metric["Dimensions"], "Value": value}
    cloudwatch.put_metric_data(Namespace=metric["Namespace"], MetricData=[point])
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


def doctors_finding(env: Environment) -> dict[str, str]:
    """Return what `veo4k doctor` says about hosts."""
    findings = json.loads(veo4k(env.cloud, "doctor", "--json").stdout)
    return next(finding for finding in findings if finding["about"] == "result hosts")


@pytest.fixture(scope="module")
def waited() -> Iterator[Waited]:
    with running("new-host", SHORT_WINDOW) as env:
        host = f"127.0.0.2:{urlsplit(env.simulator.base_url).port}"
        env.cloud.send(*({"taskId": task} for task in TASKS))
        waiting = wait_until(lambda: all_waiting(env))
        counted = wait_until(
            lambda: (
                total if (total := sum(emitted(env, "SweepFunctionName", "ResultHostBlocked"))) >= len(TASKS) else None
            )
        )
        alarm = alarm_at(env, counted)
        # A late callback has a job asked about once more, so that it waits for nothing until the answer.
        finding = wait_until(lambda: found if f"({len(TASKS)})" in (found := doctors_finding(env))["text"] else None)
        with env.sweeps.turn:  # unlike AWS, the emulator kills a running function when it updates it
            env.cloud.change(ResultHosts=f"{env.simulator.host_port},{host}")
        yield Waited(env, host, waiting, counted, alarm, finding, [env.ended(task) for task in TASKS])


def test_the_results_wait_and_name_their_host(waited: Waited) -> None:
    assert {(row["state"], row["waitReason"]) for row in waited.waiting} == {
        ("PROCESSING", f"HOST_NOT_ALLOWED: {waited.host}")
    }


def test_the_sweep_counts_them_and_the_alarm_fires(waited: Waited) -> None:
    assert (waited.counted >= len(TASKS), waited.alarm) == (True, "ALARM")


def test_the_doctor_names_the_host_and_says_what_to_do(waited: Waited) -> None:
    assert f"{waited.host} ({len(TASKS)})" in waited.finding["text"]
    assert (waited.finding["verdict"], "add it to ResultHosts" in waited.finding["todo"]) == ("act", True)


def test_all_go_on_once_the_host_is_allowed_and_are_paid_once(waited: Waited) -> None:
    assert [(row["state"], "waitReason" in row) for row in waited.ended] == [("SUCCEEDED", False)] * len(TASKS)
    assert [len(waited.env.charges(task)) for task in TASKS] == [1] * len(TASKS)
