"""The alarms as they are defined: what each reads, what an operator can do about it, and that its metrics exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.cost import FREE_DASHBOARD_METRICS
from tests.infrastructure.conftest import read_whole_template
from tests.infrastructure.metrics import counted
from tests.infrastructure.scorecard import dashboard_text
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties

RUNBOOK = Path("docs/alarms.md")
KIND = "AWS::CloudWatch::Alarm"
ALARMS = of_type(read_whole_template()["Resources"], KIND)
SUM = "SUM(FILL(METRICS(), 0))"
MOST_METRICS = 10  # that one math expression may read (CloudWatch quotas)


class Read(NamedTuple):
    """One metric that an alarm reads; `of` is its only dimension's value."""

    alarm: str
    namespace: Any
    name: str
    dimension: str
    of: Any
    period: int
    statistic: str


def reads(alarm: str) -> Iterator[Read]:
    """Yield the metrics of an alarm, of its math expression or its own."""
    found = ALARMS[alarm]
    stats = [entry["MetricStat"] for entry in found.get("Metrics", []) if "MetricStat" in entry]
    for stat in stats or [{"Metric": found, "Period": found["Period"], "Stat": found["Statistic"]}]:
        metric = stat["Metric"]
        [dimension] = metric["Dimensions"]
        place = (dimension["Name"], dimension["Value"])
        yield Read(alarm, metric["Namespace"], metric["MetricName"], *place, stat["Period"], stat["Stat"])


READS = [read for alarm in ALARMS for read in reads(alarm)]
OWN = [read for read in READS if read.namespace == {"Ref": "AWS::StackName"}]


def entries() -> dict[str, str]:
    """Return the runbook's entries by alarm."""
    _, *parts = re.split(r"^### (\w+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alarm_has_a_runbook_entry_and_every_entry_an_alarm() -> None:
    assert entries().keys() == ALARMS.keys()


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_entry_says_where_to_look_and_what_to_do(alarm: str) -> None:
    assert {"look", "do"} <= {word.lower() for word in re.findall(r"\*\*(\w+)\*\*", entries()[alarm])}


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_description_names_the_runbook(alarm: str) -> None:
    assert ALARMS[alarm]["AlarmDescription"].endswith(" (docs/alarms.md)")


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_notifies_the_topic_when_it_fires_and_when_it_ends(resources: Resources, alarm: str) -> None:
    found = properties(resources, alarm)
    assert found["AlarmActions"] == found["OKActions"] == [{"Ref": "AlarmTopic"}]


def test_the_topic_always_exists_and_an_address_subscribes_to_it(template: dict[str, Any]) -> None:
    assert "Condition" not in template["Resources"]["AlarmTopic"]
    subscription = template["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


def test_only_alarms_of_this_account_may_publish_to_the_topic(resources: Resources) -> None:
    allowed, denied = properties(resources, "AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize("read", OWN, ids=lambda read: f"{read.name}-{read.of}")
def test_a_metric_of_the_stack_is_counted_by_its_function(read: Read) -> None:
    assert read.dimension == "service"
    assert read.name in counted(read.of)


@pytest.mark.parametrize("alarm", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_a_math_alarm_treats_a_missing_metric_as_zero(alarm: str) -> None:
    returned = [entry for entry in ALARMS[alarm]["Metrics"] if entry["ReturnData"]]
    [expression] = [entry["Expression"] for entry in returned]
    names = [entry["Id"] for entry in ALARMS[alarm]["Metrics"] if "MetricStat" in entry]
    assert expression == SUM or all(f"FILL({name}, 0)" in expression for name in names)
    assert 1 < len(names) <= MOST_METRICS


def read_of(alarm: str) -> set[tuple[str, str]]:
    """Return metric name and resource of what an alarm reads."""
    return {(read.name, str(next(iter(read.of.values())))) for read in READS if read.alarm == alarm}


def test_every_dead_letter_queue_fires_at_its_first_message(resources: Resources) -> None:
    queues = {name for name in of_type(resources, "AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}
    visible = "ApproximateNumberOfMessagesVisible"
    assert read_of("DeadLetterAlarm") == {(visible, str([queue, "QueueName"])) for queue in queues}
    assert ALARMS["DeadLetterAlarm"]["Threshold"] == 0


def test_every_source_of_work_fires_when_its_oldest_entry_waits_too_long() -> None:
    age = "ApproximateAgeOfOldestMessage"
    assert read_of("BacklogAlarm") == {
        (age, str(["JobQueue", "QueueName"])),
        (age, str(["ArchiveQueue", "QueueName"])),
        ("IteratorAge", "PublishFunction"),
    }


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_fires_on_errors_and_throttles(metric: str) -> None:
    assert read_of(f"Function{metric}Alarm") == {(metric, f"{function}Function") for function in FUNCTIONS}


def test_every_function_shows_its_longest_run_and_its_timeout(resources: Resources) -> None:
    """A run that comes near the timeout is for the dashboard: no operator has to get up for it."""
    body = dashboard_text(properties(resources, "Dashboard"))
    for function in FUNCTIONS:
        milliseconds = 1000 * properties(resources, f"{function}Function")["Timeout"]
        label = f"{function.lower()} (killed at {milliseconds:,})"
        assert f'["AWS/Lambda", "Duration", "FunctionName", "${{{function}Function}}", {{"label": "{label}"}}]' in body


def test_the_dashboard_is_free_and_readable_with_every_option(resources: Resources) -> None:
    widgets = json.loads(dashboard_text(properties(resources, "Dashboard")))["widgets"]
    drawn = [tuple(metric[:4]) for widget in widgets for metric in widget["properties"].get("metrics", [])]
    assert len(drawn) < FREE_DASHBOARD_METRICS
    assert {f"${{{function}Function}}" for function in FUNCTIONS} <= {metric[3] for metric in drawn}


def test_a_sweep_that_stops_running_fires_within_five_minutes() -> None:
    alarm = ALARMS["HeartbeatAlarm"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 300


def test_missing_data_fires_only_for_the_heartbeat() -> None:
    assert [name for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"] == ["HeartbeatAlarm"]
