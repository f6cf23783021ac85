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
from typing import Any

import pytest

from local.cloud.local_cloud import LocalCloud
from tests.infrastructure.test_alarms import ALARMS, READS, Read

LOW_CREDITS, DAILY_LIMIT = 500, 100
FROM_TOPICS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}
STRANGER = [{"Name": "service", "Value": "stranger"}]
ONE_OF = {alarm: next(place for place, read in enumerate(READS) if read.alarm == alarm) for alarm in ALARMS}


@dataclass
class Operator:
    """Puts points, advances the time (epoch seconds), and reads what alarms and their topic report."""

    cloud: LocalCloud
    inbox: str
    now: float = field(default_factory=time.time)

    @cached_property
    def cloudwatch(self) -> Any:
        return self.cloud.client("cloudwatch")

    @cached_property
    def sqs(self) -> Any:
        return self.cloud.client("sqs")

    @cached_property
    def resources(self) -> dict[str, str]:
        found = self.cloud.client("cloudformation").describe_stack_resources(StackName=self.cloud.stack)
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found["StackResources"]}

    def alarm(self, name: str) -> dict[str, Any]:
        [found] = self.cloudwatch.describe_alarms(AlarmNames=[self.resources[name]])["MetricAlarms"]
        return dict(found)

    def put(self, metric: dict[str, Any], value: float, **changes: Any) -> None:
        point = {"MetricName": metric["MetricName"], "Dimensions": metric["Dimensions"], "Value": value} | changes
        self.cloudwatch.put_metric_data(Namespace=metric["Namespace"], MetricData=[point | {"Timestamp": self.now}])

    def reported(self, name: str) -> str:
        """Return the newest state of an alarm that its topic reported since the last call."""
        states = []
        asked = {"QueueUrl": self.inbox, "MaxNumberOfMessages": 10}
        while messages := self.sqs.receive_message(**asked).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
                notification = json.loads(json.loads(message["Body"])["Message"])
                states += [notification["NewStateValue"]] * (notification["AlarmName"] == self.resources[name])
        return states[-1] if states else ""


@dataclass(frozen=True)
class Case:
    """One metric of an alarm.

    calm, beyond  its values at the threshold and just beyond it
    period        in seconds; the alarm evaluates `periods` of them, and fires where `needed` are beyond
    """

    metric: dict[str, Any]
    calm: float
    beyond: float
    period: int
    periods: int
    needed: int

    @property
    def window(self) -> int:
        """Seconds after which a point counts no more."""
        return self.period * self.periods


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    options = {"LowCredits": str(LOW_CREDITS), "DailyRequestLimit": str(DAILY_LIMIT), "JobsApi": "on"}
    with LocalCloud(options) as cloud:
        sqs = cloud.client("sqs")
        url: str = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(FROM_TOPICS)})
        cloud.client("sns").subscribe(TopicArn=cloud.outputs["AlarmTopicArn"], Protocol="sqs", Endpoint=arn)
        yield Operator(cloud, url)


def case(operator: Operator, read: Read) -> Case:
    """Return the case of one metric, read from the alarm that was created."""
    alarm = operator.alarm(read.alarm)
    queries = {each["Id"]: each for each in alarm.get("Metrics", [])}
    place = [other for other in READS if other.alarm == read.alarm].index(read) + 1
    metric = queries[f"m{place}"]["MetricStat"]["Metric"] if queries else alarm
    divisor = re.search(rf"FILL\(m{place}, 0\) / (\d+)", queries["all"]["Expression"]) if queries else None
    calm = alarm["Threshold"] * int(divisor[1] if divisor else 1)
    return Case(
        metric=metric,
        calm=calm,
        beyond=calm + (1 if alarm["ComparisonOperator"] == "GreaterThanThreshold" else -1),
        period=read.period,
        periods=alarm["EvaluationPeriods"],
        needed=alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
    )


def started(operator: Operator, read: Read) -> Case:
    """Return the case, after a time in which nothing was put, and with one calm point."""
    found = case(operator, read)
    operator.now += found.window + 1
    operator.put(found.metric, found.calm)
    operator.reported(read.alarm)
    assert operator.alarm(read.alarm)["StateValue"] == "OK"
    return found


@pytest.mark.parametrize("read", READS, ids=[f"{read.alarm}-{number}" for number, read in enumerate(READS)])
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


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_ignores_the_points_of_other_dimensions(operator: Operator, name: str) -> None:
    it = started(operator, READS[ONE_OF[name]])
    for _ in range(it.needed):
        operator.now += it.period
        operator.put(it.metric, it.calm)
        operator.put(it.metric, it.beyond, Dimensions=STRANGER)
    assert operator.alarm(name)["StateValue"] == "OK"


def test_the_heartbeat_alarm_fires_when_no_heartbeat_comes(operator: Operator) -> None:
    it = started(operator, READS[ONE_OF["HeartbeatAlarm"]])
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
