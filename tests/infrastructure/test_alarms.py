"""The alarms as they are defined: what is watched, that somebody can act on it, and that its metric exists."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import read_template
from tests.infrastructure.metrics import counted
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties

RUNBOOK = Path("docs/alarms.md")
KIND = "AWS::CloudWatch::Alarm"
ALARMS = of_type(read_template()["Resources"], KIND)
OWN = {name: alarm for name, alarm in ALARMS.items() if not str(alarm["Namespace"]).startswith("AWS/")}


def entries() -> dict[str, str]:
    """The runbook's entries by alarm."""
    _, *parts = re.split(r"^### (\w+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alarm_has_a_runbook_entry_and_every_entry_an_alarm() -> None:
    assert entries().keys() == ALARMS.keys()


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_entry_says_where_to_look_and_what_to_do(alarm: str) -> None:
    assert {"look", "do"} <= {word.lower() for word in re.findall(r"\*\*(\w+)\*\*", entries()[alarm])}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_leads_to_the_runbook(alarm: str) -> None:
    assert ALARMS[alarm]["AlarmDescription"].endswith(" (docs/alarms.md)")


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_the_topic_if_there_is_one_when_it_rings_and_when_it_is_over(
    resources: Resources, alarm: str
) -> None:
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    found = properties(resources, alarm)
    assert (found["AlarmActions"], found["OKActions"]) == (told, told)


@pytest.mark.parametrize("alarm", OWN)
def test_an_alarm_of_our_own_watches_a_metric_that_its_function_counts(resources: Resources, alarm: str) -> None:
    found = properties(resources, alarm)
    [service] = found["Dimensions"]
    assert found["Namespace"] == {"Ref": "AWS::StackName"}
    assert service["Name"] == "service"
    assert found["MetricName"] in counted(service["Value"])


def test_every_queue_of_dead_letters_has_an_alarm_at_the_first_message(resources: Resources) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(resources, KIND).values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    assert watched == {name for name in of_type(resources, "AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}


def test_every_queue_of_work_has_an_alarm_on_its_oldest_message(resources: Resources) -> None:
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm["Threshold"]
        for alarm in of_type(resources, KIND).values()
        if alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    }
    assert watched == {"JobQueue": 3600, "ArchiveQueue": 4 * 3600}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_every_function_has_an_alarm_on_its_errors_throttles_and_duration(
    resources: Resources, function: str, metric: str
) -> None:
    alarm = properties(resources, f"{function}{metric}Alarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", metric)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": f"{function}Function"}}]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_comes_near_its_timeout_is_an_alarm_before_it_is_killed(
    resources: Resources, function: str
) -> None:
    timeout = 1000 * properties(resources, f"{function}Function")["Timeout"]
    assert 0.8 * timeout <= properties(resources, f"{function}DurationAlarm")["Threshold"] < timeout


def test_a_sweep_that_no_longer_reports_is_an_alarm_because_nothing_else_would_ring(resources: Resources) -> None:
    alarm = properties(resources, "HeartbeatAlarm")
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 300


def test_only_the_heartbeat_rings_for_silence(resources: Resources) -> None:
    found = of_type(resources, KIND)
    assert [name for name, alarm in found.items() if alarm["TreatMissingData"] == "breaching"] == ["HeartbeatAlarm"]


def test_the_publisher_that_reads_a_minute_late_is_an_alarm(resources: Resources) -> None:
    alarm: dict[str, Any] = properties(resources, "StreamAgeAlarm")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("IteratorAge", 60_000)
    assert alarm["Dimensions"][0]["Value"] == {"Ref": "PublishFunction"}
