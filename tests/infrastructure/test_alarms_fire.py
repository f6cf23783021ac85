"""The alarms on the local cloud: each rings at the data points of its own metric, and at no others.

The emulator looks at what was put, not at what is missing: of the heartbeat's silence the definition alone is tested
(test_alarms.py). Points of SQS and Lambda are put by hand, as those services put them on AWS.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.deploy import STACK
from tests.infrastructure.test_alarms import ALARMS

TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
LOW_CREDITS = 500
FROM_TOPICS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud({"AlarmTopicArn": TOPIC, "LowCredits": str(LOW_CREDITS)}) as running:
        yield running


@pytest.fixture(scope="module")
def inbox(cloud: LocalCloud) -> str:
    """A queue that hears what the topic is told."""
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    url: str = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(FROM_TOPICS)})
    assert sns.create_topic(Name="alarms")["TopicArn"] == TOPIC
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
    return url


@cache
def client(cloud: LocalCloud, service: str) -> Any:
    return cloud.client(service)


def found(cloud: LocalCloud, name: str) -> dict[str, Any]:
    resource = client(cloud, "cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    physical = resource["StackResourceDetail"]["PhysicalResourceId"]
    [alarm] = client(cloud, "cloudwatch").describe_alarms(AlarmNames=[physical])["MetricAlarms"]
    return dict(alarm)


def put(cloud: LocalCloud, alarm: dict[str, Any], value: float) -> None:
    point = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": value}
    now = {"Timestamp": datetime.now(tz=UTC)}
    client(cloud, "cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[point | now])


def in_order(alarm: dict[str, Any]) -> list[tuple[float, str]]:
    """The value next to the threshold on either side, and what the alarm says: points of one period add up."""
    up, threshold = alarm["ComparisonOperator"] == "GreaterThanThreshold", float(alarm["Threshold"])
    calm, alarming = (threshold, "OK"), (threshold + (1 if up else -1), "ALARM")
    return [calm, alarming] if up or alarm["Statistic"] == "Minimum" else [alarming, calm]


def heard(cloud: LocalCloud, inbox: str) -> list[tuple[str, str]]:
    messages = client(cloud, "sqs").receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        client(cloud, "sqs").delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])
    told = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
    return [(alarm["AlarmName"], alarm["NewStateValue"]) for alarm in told]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_rings_just_beyond_its_threshold_and_tells_the_topic(cloud: LocalCloud, inbox: str, name: str) -> None:
    alarm = found(cloud, name)
    for value, state in in_order(alarm):
        put(cloud, alarm, value)
        assert found(cloud, name)["StateValue"] == state
        assert (alarm["AlarmName"], state) in heard(cloud, inbox)


def test_credits_are_low_where_the_parameter_says_so(cloud: LocalCloud) -> None:
    assert found(cloud, "LowCreditsAlarm")["Threshold"] == LOW_CREDITS


def test_what_a_function_really_writes_is_the_metric_that_an_alarm_watches(cloud: LocalCloud) -> None:
    cloud.invoke("SweepFunctionName", {})
    lines = [json.loads(line) for line in cloud.logs("SweepFunctionName").splitlines() if '"_aws"' in line]
    [metrics] = lines[-1]["_aws"]["CloudWatchMetrics"]
    alarm = found(cloud, "OverdueAlarm")

    assert metrics["Namespace"] == alarm["Namespace"]
    assert metrics["Dimensions"] == [[dimension["Name"] for dimension in alarm["Dimensions"]]]
    assert lines[-1]["service"] == alarm["Dimensions"][0]["Value"]
    assert {"Heartbeat", "OldestDueSeconds", "GateOpen", "DailyLimitUsed"} <= {m["Name"] for m in metrics["Metrics"]}
