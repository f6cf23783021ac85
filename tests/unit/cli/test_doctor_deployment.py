"""The doctor after a deployment: functions, triggers, concurrency, bucket and alarms."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.time_manual import NOON
from tests.unit.cli.doubles import TRIGGERED, refusal
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Lane
from veo4k_cli import doctor
from veo4k_cli.deployment import TRIALS
from veo4k_cli.stack import FUNCTIONS

DEPLOYED = (
    *(f"function {name}" for name in FUNCTIONS),
    *(f"trigger of {name}" for name in (*TRIGGERED, "sweep")),
    *("Lambda concurrency", "archive bucket", "alarm topic", "alarms"),
)
EMAIL = "on-call@example.com"


@pytest.fixture
def operator(operator: Operator) -> Operator:
    """Return an operator whose stack is well: somebody receives its alarms, and no callback leaves this machine."""
    operator.outputs["CallbackBaseUrl"] = "none"
    operator.parameters["AlarmEmail"] = EMAIL
    operator.topics.subscribe(EMAIL)
    return operator


def checked(operator: Operator) -> dict[str, dict[str, str]]:
    return {finding["about"]: finding for finding in operator.runs("doctor", "--json").json}


def verdicts(operator: Operator) -> dict[str, str]:
    found = checked(operator)
    return {about: found[about]["verdict"] for about in DEPLOYED if about in found}


def test_a_deployment_that_is_well_needs_nobody(operator: Operator) -> None:
    assert verdicts(operator) == dict.fromkeys(DEPLOYED, "well")


def test_every_function_is_tried(operator: Operator) -> None:
    checked(operator)
    assert TRIALS.keys() == set(FUNCTIONS)
    assert dict(operator.functions.invoked) == {name: TRIALS[name].event for name in FUNCTIONS}


def test_no_test_event_names_a_job_or_carries_a_message(operator: Operator) -> None:
    checked(operator)
    events = dict(operator.functions.invoked)
    assert [events[name] for name in ("submit", "publish", "sweep")] == [{"Records": []}, {"Records": []}, {}]
    [record] = events["archive"]["Records"]
    assert json.loads(record["body"]) == {"taskId": "veo4k_doctor", "run": 1}
    assert events["callback"]["pathParameters"]["taskId"] == "veo4k_doctor"


def test_a_function_that_raises_is_named_with_its_setting(operator: Operator) -> None:
    operator.functions.failed.add("publish")
    operator.functions.responses["publish"] = {"errorType": "SettingsError", "errorMessage": "TUNING: unknown name 'X'"}
    found = checked(operator)
    assert (found["function publish"]["verdict"], found["function archive"]["verdict"]) == ("act", "well")
    assert "TUNING: unknown name 'X'" in found["function publish"]["text"]
    assert "Deploy the former version" in found["function publish"]["todo"]


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("submit", {"batchItemFailures": [{"itemIdentifier": "1"}]}),
        ("callback", {"statusCode": 503, "body": ""}),
        ("sweep", {"sweep_interrupted": 1}),
        ("sweep", {"gate_unreachable": 1}),
        ("publish", None),
        ("archive", {"batchItemFailures": [{"itemIdentifier": "veo4k_doctor"}]}),
    ],
)
def test_a_function_that_cannot_reach_what_it_needs_is_found(operator: Operator, name: str, response: Any) -> None:
    operator.functions.responses[name] = response
    assert verdicts(operator) == dict.fromkeys(DEPLOYED, "well") | {f"function {name}": "act"}


def test_a_sweep_that_did_something_is_well(operator: Operator) -> None:
    operator.functions.responses["sweep"] = {"probe_claimed": 2, "result_ready": 1, "job_passed_over": 1}
    assert verdicts(operator)["function sweep"] == "well"


def test_a_function_that_aws_still_prepares_is_not_invoked(operator: Operator) -> None:
    operator.functions.configuration["LastUpdateStatus"] = "InProgress"
    assert {verdicts(operator)[f"function {name}"] for name in FUNCTIONS} == {"warn"}
    assert operator.functions.invoked == []


def test_a_function_that_is_throttled_is_told_so(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(**_: Any) -> None:
        raise refusal("TooManyRequestsException", "Invoke")

    monkeypatch.setattr(operator.functions, "invoke", invoke)
    finding = checked(operator)["function submit"]
    assert (finding["verdict"], "concurrency or request rate" in finding["text"]) == ("act", True)


def test_a_mapping_that_is_disabled_needs_somebody(operator: Operator) -> None:
    operator.functions.mapping["State"] = "Disabled"
    found = verdicts(operator)
    assert {found[f"trigger of {name}"] for name in TRIGGERED} == {"act"}


def test_a_disabled_schedule_needs_somebody_and_the_doctor_does_not_sweep(operator: Operator) -> None:
    operator.schedules.state = "DISABLED"
    found = verdicts(operator)
    assert (found["trigger of sweep"], found["function sweep"]) == ("act", "note")
    assert "sweep" not in dict(operator.functions.invoked)


def test_a_schedule_that_is_gone_needs_somebody_and_the_doctor_does_not_sweep(operator: Operator) -> None:
    operator.schedules.state = ""
    finding = checked(operator)["trigger of sweep"]
    assert (finding["verdict"], "does not exist" in finding["text"]) == ("act", True)
    assert "sweep" not in dict(operator.functions.invoked)


def test_the_schedule_has_the_name_that_the_template_gives_it() -> None:
    assert re.search(r"^ +Name: !Sub \${AWS::StackName}-sweep$", Path("template.yaml").read_text(), re.MULTILINE)


def test_an_overdue_job_is_found_before_the_doctor_sweeps(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    job = operator.has(lane=Lane.LIVE, due=NOON - 600)
    invoke = operator.functions.invoke

    def sweep_first(**request: Any) -> dict[str, Any]:
        operator.has(lane=Lane.LIVE, due=NOON + 600, run=job.run)
        return invoke(**request)

    monkeypatch.setattr(operator.functions, "invoke", sweep_first)
    assert checked(operator)["due jobs"]["verdict"] == "act"


def test_the_concurrency_of_a_young_account_is_a_warning(operator: Operator) -> None:
    operator.functions.limit = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    seen = operator.runs("doctor", "--json").json
    [finding] = [finding for finding in seen if finding["about"] == "Lambda concurrency"]
    assert (finding["verdict"], "Archive may take 5" in finding["text"]) == ("warn", True)


def test_the_bucket_is_asked_for_with_the_account_that_must_own_it(operator: Operator) -> None:
    operator.parameters["ArchiveBucketName"] = "videos"
    found = checked(operator)["archive bucket"]
    assert operator.buckets.requests == [{"Bucket": "videos", "ExpectedBucketOwner": "123456789012"}]
    assert (found["verdict"], found["text"].startswith("Your bucket")) == ("well", True)


@pytest.mark.parametrize(("status", "region"), [(200, "us-east-1"), (301, ""), (403, "eu-central-1"), (404, "")])
def test_a_bucket_of_another_region_or_account_needs_somebody(operator: Operator, status: int, region: str) -> None:
    operator.parameters["ArchiveBucketName"] = "videos"
    operator.buckets.status, operator.buckets.region = status, region
    finding = checked(operator)["archive bucket"]
    assert (finding["verdict"], "a bucket of this account in eu-central-1" in finding["todo"]) == ("act", True)


def test_a_bucket_that_could_not_be_checked_is_not_judged(operator: Operator) -> None:
    operator.buckets.status = 503
    finding = checked(operator)["archive bucket"]
    assert (finding["verdict"], "could not be checked" in finding["text"]) == ("act", True)


def test_alarms_that_reach_nobody_are_a_warning(operator: Operator) -> None:
    operator.parameters["AlarmEmail"] = ""
    operator.topics.subscriptions.clear()
    assert checked(operator)["alarm topic"]["verdict"] == "warn"


def test_an_unconfirmed_subscription_needs_somebody(operator: Operator) -> None:
    operator.topics.subscriptions.clear()
    operator.topics.subscribe(EMAIL, "PendingConfirmation")
    assert checked(operator)["alarm topic"]["verdict"] == "act"


def test_no_endpoint_of_a_subscription_is_printed(operator: Operator) -> None:
    operator.topics.subscribe("https://pager.example.com/a-secret")
    operator.topics.subscribe("https://chat.example.com/a-secret", "PendingConfirmation")
    assert "a-secret" not in operator.runs("doctor").out


def test_the_local_cloud_needs_no_subscription(operator: Operator) -> None:
    operator.local = True
    operator.topics.subscriptions.clear()
    assert checked(operator)["alarm topic"]["verdict"] == "note"


def test_only_the_stacks_own_alarms_count(operator: Operator) -> None:
    operator.alarms.firing = ["veo4k-dev-HeartbeatAlarm-9Z8Y"]
    assert verdicts(operator)["alarms"] == "well"
    operator.alarms.firing.append("veo4k-HeartbeatAlarm-1X2Y")
    assert checked(operator)["alarms"]["text"] == "Firing: HeartbeatAlarm."


def test_a_deployment_that_was_rolled_back_needs_somebody(operator: Operator) -> None:
    operator.status = "UPDATE_ROLLBACK_COMPLETE"
    assert checked(operator)["stack"]["verdict"] == "act"


def test_a_warning_alone_is_no_failure(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "Lambda concurrency"])
    assert operator.runs("doctor").out.rstrip().endswith("Nothing needs you.")
    operator.functions.limit = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    seen = operator.runs("doctor")
    assert (seen.status, seen.out.rstrip().endswith("Nothing needs you, 1 warning.")) == (0, True)
