"""Each alarm means something that an operator can do about it, and its metrics exist."""

import json
import re
from pathlib import Path

import pytest

from bench.cost import FREE_DASHBOARD_METRICS
from tests.infrastructure.alarms import ALARMS, READS, Read
from tests.infrastructure.metrics import counted
from tests.infrastructure.scorecard import dashboard_text
from tests.infrastructure.stack import FUNCTIONS, Resources, Template, properties

SUM = "SUM(FILL(METRICS(), 0))"
LATEST = 300  # seconds by which a point may be late and still fire an alarm
MOST_METRICS = 10  # that one math expression may read (CloudWatch quotas)


def entries() -> dict[str, str]:
    """Return the runbook's entries by alarm."""
    _, *parts = re.split(r"^### (\w+)$", Path("docs/alarms.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alarm_has_a_runbook_entry_and_every_entry_an_alarm() -> None:
    assert entries().keys() == ALARMS.keys()


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_names_the_runbook_which_says_where_to_look_and_what_to_do(alarm: str) -> None:
    assert ALARMS[alarm]["AlarmDescription"].endswith(" (docs/alarms.md)")
    assert {"look", "do"} <= {word.lower() for word in re.findall(r"\*\*(\w+)\*\*", entries()[alarm])}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_notifies_the_topic_when_it_fires_and_when_it_ends(alarm: str) -> None:
    assert ALARMS[alarm]["AlarmActions"] == ALARMS[alarm]["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_the_topic_always_exists_and_an_address_subscribes_to_it(template: Template) -> None:
    assert "Condition" not in template["Resources"]["AlarmTopic"]
    subscription = template["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


def test_only_alarms_of_this_account_may_publish_to_the_topic(resources: Resources) -> None:
    allowed, _ = properties(resources, "AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


OWN = [read for read in READS if read.namespace == {"Ref": "AWS::StackName"}]


@pytest.mark.parametrize("read", OWN, ids=lambda read: f"{read.name}-{read.of}")
def test_a_metric_of_the_stack_is_counted_by_its_function(read: Read) -> None:
    assert read.dimension == "service"
    assert read.name in counted(read.of)


@pytest.mark.parametrize("alarm", [name for name, alarm in ALARMS.items() if alarm["Metrics"]])
def test_a_math_alarm_treats_a_missing_metric_as_zero(alarm: str) -> None:
    [expression] = [entry["Expression"] for entry in ALARMS[alarm]["Metrics"] if entry["ReturnData"]]
    names = [entry["Id"] for entry in ALARMS[alarm]["Metrics"] if "MetricStat" in entry]
    assert expression == SUM or all(f"FILL({name}, 0)" in expression for name in names)
    assert 1 < len(names) <= MOST_METRICS


@pytest.mark.parametrize("alarm", [name for name, alarm in ALARMS.items() if alarm["Metrics"]])
def test_an_alarm_that_fills_missing_points_looks_at_more_than_one(alarm: str) -> None:
    """The newest point is the fill value until the metric's own point comes late: it must count then too."""
    periods = ALARMS[alarm]["EvaluationPeriods"]
    assert ALARMS[alarm].get("DatapointsToAlarm", periods) < periods
    [period] = {read.period for read in READS if read.alarm == alarm}
    assert periods * period >= LATEST


def test_every_source_of_work_fires_when_its_oldest_entry_waits_too_long() -> None:
    assert {(read.name, read.of) for read in READS if read.alarm == "BacklogAlarm"} == {
        ("ApproximateAgeOfOldestMessage", "JobQueue"),
        ("ApproximateAgeOfOldestMessage", "ArchiveQueue"),
        ("IteratorAge", "PublishFunction"),
    }


def test_the_dashboard_is_free_and_readable_with_every_option(resources: Resources) -> None:
    widgets = json.loads(dashboard_text(properties(resources, "Dashboard")))["widgets"]
    drawn = [tuple(metric[:4]) for widget in widgets for metric in widget["properties"].get("metrics", [])]
    assert len(drawn) < FREE_DASHBOARD_METRICS
    assert {f"${{{function}Function}}" for function in FUNCTIONS} <= {metric[3] for metric in drawn}


def test_missing_data_fires_only_when_the_sweep_has_not_run_for_five_minutes() -> None:
    assert [name for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"] == ["HeartbeatAlarm"]
    assert ALARMS["HeartbeatAlarm"]["Period"] * ALARMS["HeartbeatAlarm"]["EvaluationPeriods"] <= 300
