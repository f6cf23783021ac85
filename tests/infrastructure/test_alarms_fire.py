"""The alarms on the local cloud: each fires just beyond its threshold at points of each of its metrics, and goes back.

Points of SQS and Lambda are put by hand, as those services put them on AWS. Time passes by the points' timestamps: the
emulator evaluates alarms at the newest one.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import pytest

from local.cloud.local_cloud import LocalCloud
from local.cloud.queue_reader import QueueReader
from tests.infrastructure.alarms import READS, Read
from tests.infrastructure.inbox import inbox

LOW_CREDITS, DAILY_LIMIT = 500, 100


@dataclass
class Operator:
    """Puts points, advances the time (epoch seconds), and reads what alarms and their topic report."""

    cloud: LocalCloud
    inbox: QueueReader
    now: float = field(default_factory=time.time)
    read: int = 0

    @property
    def cloudwatch(self) -> Any:
        return self.cloud.client("cloudwatch")

    @cached_property
    def resources(self) -> dict[str, str]:
        found = self.cloud.client("cloudformation").describe_stack_resources(StackName=self.cloud.stack)
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found["StackResources"]}

    def alarm(self, name: str) -> dict[str, Any]:
        [found] = self.cloudwatch.describe_alarms(AlarmNames=[self.resources[name]])["MetricAlarms"]
        return dict(found)

    def put(self, metric: dict[str, Any], value: float) -> None:
        point = {name: metric[name] for name in ("MetricName", "Dimensions")} | {"Value": value, "Timestamp": self.now}
        self.cloudwatch.put_metric_data(Namespace=metric["Namespace"], MetricData=[point])

    def reported(self, name: str) -> str:
        """Return the newest state of an alarm that its topic reported since the last call."""
        received = self.inbox.received()
        new = [json.loads(json.loads(each["Body"])["Message"]) for each in received[self.read :]]
        self.read = len(received)
        states = [each["NewStateValue"] for each in new if each["AlarmName"] == self.resources[name]]
        return states[-1] if states else ""


class Case(NamedTuple):
    """One metric of an alarm.

    calm, beyond    its values at the threshold and just beyond it
    period, needed  the alarm fires after so many periods (seconds) beyond
    window          seconds after which a point counts no more
    """

    metric: dict[str, Any]
    calm: float
    beyond: float
    period: int
    needed: int
    window: int


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    options = {"LowCredits": str(LOW_CREDITS), "DailyRequestLimit": str(DAILY_LIMIT), "JobsApi": "on"}
    with LocalCloud(options) as cloud:
        yield Operator(cloud, inbox(cloud, cloud.outputs["AlarmTopicArn"], "inbox"))


def case(operator: Operator, read: Read) -> Case:
    """Return the case of one metric, read from the alarm that was created."""
    alarm = operator.alarm(read.alarm)
    queries = {each["Id"]: each for each in alarm.get("Metrics", [])}
    metric = queries[f"m{read.place}"]["MetricStat"]["Metric"] if queries else alarm
    divisor = re.search(rf"FILL\(m{read.place}, 0\) / (\d+)", queries["all"]["Expression"]) if queries else None
    calm = alarm["Threshold"] * int(divisor[1] if divisor else 1)
    return Case(
        metric=metric,
        calm=calm,
        beyond=calm + (1 if alarm["ComparisonOperator"] == "GreaterThanThreshold" else -1),
        period=read.period,
        needed=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
        window=read.period * alarm["EvaluationPeriods"],
    )


def started(operator: Operator, read: Read) -> Case:
    """Return the case, after a time in which nothing was put, and with one calm point."""
    found = case(operator, read)
    operator.now += found.window + 1
    operator.put(found.metric, found.calm)
    operator.reported(read.alarm)
    assert operator.alarm(read.alarm)["StateValue"] == "OK"
    return found


@pytest.mark.parametrize("read", READS, ids=lambda read: f"{read.alarm}-{read.place}")
def test_an_alarm_fires_just_beyond_its_threshold_and_goes_back(operator: Operator, read: Read) -> None:
    it = started(operator, read)
    for number in range(1, it.needed + 1):
        assert operator.alarm(read.alarm)["StateValue"] == "OK"
        operator.now += it.period
        operator.put(it.metric, it.beyond)
        assert number < it.needed or operator.alarm(read.alarm)["StateValue"] == "ALARM"
    assert operator.reported(read.alarm) == "ALARM"

    operator.now += it.window + 1
    operator.put(it.metric, it.calm)
    assert operator.alarm(read.alarm)["StateValue"] == "OK"
    assert operator.reported(read.alarm) == "OK"


def test_the_heartbeat_alarm_fires_when_no_heartbeat_comes(operator: Operator) -> None:
    [heartbeat] = [read for read in READS if read.alarm == "HeartbeatAlarm"]
    it = started(operator, heartbeat)
    operator.now += it.window + 1
    operator.put({"Namespace": "clock", "MetricName": "tick", "Dimensions": []}, 1)
    assert operator.reported("HeartbeatAlarm") == "ALARM"


def test_what_a_function_writes_is_the_metric_that_an_alarm_reads(operator: Operator) -> None:
    operator.cloud.invoke("SweepFunctionName", {})
    logged = operator.cloud.logs("SweepFunctionName").splitlines()
    lines = [json.loads(line) for line in logged if '"_aws"' in line]
    [metrics] = lines[-1]["_aws"]["CloudWatchMetrics"]
    alarm = operator.alarm("OverdueAlarm")

    assert metrics["Namespace"] == alarm["Namespace"]
    assert metrics["Dimensions"] == [[dimension["Name"] for dimension in alarm["Dimensions"]]]
    assert lines[-1]["service"] == alarm["Dimensions"][0]["Value"]
    assert {"Heartbeat", "OldestDueSeconds", "GateOpen", "DailyLimitUsed"} <= {m["Name"] for m in metrics["Metrics"]}


def test_alarms_follow_an_update_of_the_stack(operator: Operator) -> None:
    """The last test: it changes the stack that all share."""
    assert operator.alarm("LowCreditsAlarm")["Threshold"] == LOW_CREDITS
    operator.cloud.change(LowCredits=str(LOW_CREDITS + 1), DailyRequestLimit="0")
    assert operator.alarm("LowCreditsAlarm")["Threshold"] == LOW_CREDITS + 1
    gone = operator.resources["DailyLimitAlarm"]
    assert operator.cloudwatch.describe_alarms(AlarmNames=[gone])["MetricAlarms"] == []
