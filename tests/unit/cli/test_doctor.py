"""The command `doctor` over a stack: every check runs, and each problem is found."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD, WITH_MAPPING, client_error, subscription
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Partition
from veo4k.domain.provider_words import Words
from veo4k_cli import doctor
from veo4k_cli.checks.functions import TEST_EVENTS
from veo4k_cli.stack import FUNCTIONS

EMAIL = "on-call@example.com"
KEYS = ("API key", "webhook key", "token key")
HEALTHY = (
    *("stack", "gate", "table", "due jobs", "result hosts", "answers", "answers 404", "JobQueue", "DeadLetterQueue"),
    *(f"function {name}" for name in FUNCTIONS),
    *(f"trigger of {name}" for name in (*WITH_MAPPING, "sweep")),
    *("Lambda concurrency", "archive bucket", "alarm topic", "alarms"),
)


@pytest.fixture
def operator(operator: Operator) -> Operator:
    """A healthy stack without keys and without callbacks: no request leaves this machine."""
    operator.outputs["CallbackBaseUrl"] = "none"
    operator.parameters |= {"AlarmEmail": EMAIL, "ArchiveBucketName": "videos", "JobsApi": "on"}
    operator.subscriptions.append(subscription(EMAIL))
    return operator


def findings(operator: Operator) -> dict[str, dict[str, str]]:
    result = operator.run("doctor", "--json")
    found = {finding["about"]: finding for finding in result.json}
    assert result.status == int("act" in {finding["verdict"] for finding in found.values()})
    return found


def problems(operator: Operator) -> dict[str, str]:
    """Return the verdicts that a healthy stack does not have."""
    found = {about: finding["verdict"] for about, finding in findings(operator).items()}
    return {about: found.get(about, "missing") for about in HEALTHY if found.get(about) != "well"}


def test_a_healthy_stack_lacks_nothing_but_keys(operator: Operator) -> None:
    assert problems(operator) == {}
    assert {findings(operator)[about]["verdict"] for about in KEYS} == {"act"}


def test_people_read_what_to_do(operator: Operator) -> None:
    text = operator.run("doctor").out
    assert "→ Put the key into the secret ApiKeySecretName" in text
    assert text.rstrip().endswith("3 findings for you to act on.")


def test_a_failed_check_is_a_finding_and_the_others_go_on(operator: Operator) -> None:
    del operator.outputs["ApiKeySecretName"]
    assert findings(operator)["provider"]["verdict"] == "act"
    assert problems(operator) == {}


def test_the_function_of_the_jobs_api_is_checked_where_it_is_on(operator: Operator) -> None:
    operator.parameters["JobsApi"] = "off"
    assert "function api" not in findings(operator)


def test_every_function_receives_a_harmless_event(operator: Operator) -> None:
    findings(operator)
    events = operator.functions.invoked
    assert events == {name: TEST_EVENTS[name].event for name in FUNCTIONS}
    assert [events[name] for name in ("submit", "publish", "sweep")] == [{"Records": []}, {"Records": []}, {}]
    [record] = events["archive"]["Records"]
    assert json.loads(record["body"]) == {"taskId": "veo4k_doctor", "run": 1}
    assert events["callback"]["pathParameters"]["taskId"] == "veo4k_doctor"


@pytest.mark.parametrize(
    ("name", "response", "verdicts"),
    [
        ("submit", {"batchItemFailures": [{"itemIdentifier": "1"}]}, ["act"]),
        ("callback", {"statusCode": 503, "body": ""}, ["act"]),
        ("sweep", {"sweep_interrupted": 1}, ["act"]),
        ("sweep", {"gate_unreachable": 1}, ["act"]),
        ("sweep", {"poll_claimed": 2, "result_received": 1, "job_skipped": 1}, []),
        ("publish", None, ["act"]),
        ("api", {"statusCode": 503, "body": "{}"}, ["act"]),
        ("archive", {"batchItemFailures": [{"itemIdentifier": "veo4k_doctor"}]}, ["act"]),
    ],
)
def test_an_unexpected_response_is_a_problem(operator: Operator, name: str, response: Any, verdicts: list[str]) -> None:
    operator.functions.responses[name] = response
    assert problems(operator) == {f"function {name}": verdict for verdict in verdicts}


def test_a_function_that_raises_is_named_with_its_setting(operator: Operator) -> None:
    operator.functions.fail("publish", "SettingsError", "TUNING: unknown name 'X'")
    assert problems(operator) == {"function publish": "act"}
    finding = findings(operator)["function publish"]
    assert "TUNING: unknown name 'X'" in finding["text"]
    assert "Deploy the former version" in finding["todo"]


def test_a_function_in_preparation_is_not_invoked(operator: Operator) -> None:
    operator.functions.configuration["LastUpdateStatus"] = "InProgress"
    assert problems(operator) == {f"function {name}": "warn" for name in FUNCTIONS}
    assert operator.functions.invoked == {}


def test_a_throttled_function_is_named_as_throttled(operator: Operator) -> None:
    operator.functions.errors["submit"] = client_error("TooManyRequestsException", "Invoke")
    finding = findings(operator)["function submit"]
    assert (finding["verdict"], "concurrency or request rate" in finding["text"]) == ("act", True)


@pytest.mark.parametrize(("state", "text"), [("DISABLED", "is DISABLED"), ("", "does not exist")])
def test_the_doctor_does_not_sweep_without_a_schedule(operator: Operator, state: str, text: str) -> None:
    operator.schedules.state = state
    found = findings(operator)
    assert (found["trigger of sweep"]["verdict"], text in found["trigger of sweep"]["text"]) == ("act", True)
    assert found.get("function sweep", {}).get("verdict", "note") == "note"
    assert "sweep" not in operator.functions.invoked


def test_the_doctor_searches_the_schedule_that_the_template_names() -> None:
    assert re.search(r"^ +Name: !Sub \${AWS::StackName}-sweep$", Path("template.yaml").read_text(), re.MULTILINE)


def test_overdue_jobs_are_counted_before_the_doctor_sweeps(operator: Operator) -> None:
    operator.add_job(partition=Partition.LIVE, due=NOON - 600)
    found = list(findings(operator))
    assert problems(operator) == {"due jobs": "act"}
    assert found.index("due jobs") < found.index("function sweep")


@pytest.mark.parametrize(
    ("about", "waiting", "text"),
    [
        ("result hosts", {"wait_text": "HOST_NOT_ALLOWED: files.example"}, "allow: files.example (2)."),
        ("answers", {"wait_text": "UNCLEAR_ANSWER", "words": Words(422, "Oh?")}, "2 jobs wait after an answer in"),
        ("answers 404", {"wait_text": "NOT_FOUND"}, "2 jobs wait after an answer 404."),
    ],
)
def test_jobs_that_wait_because_of_an_answer_are_found(
    operator: Operator, about: str, waiting: dict[str, Any], text: str
) -> None:
    reason = waiting["wait_text"].split(":")[0]
    for run, partition in enumerate(Partition, 1):
        operator.add_job(run=run, partition=partition, due=NOON + 60, wait_reason=reason, **waiting)
    assert problems(operator).keys() == {about}
    assert text in findings(operator)[about]["text"]


def test_the_bucket_must_belong_to_the_stacks_account(operator: Operator) -> None:
    assert findings(operator)["archive bucket"]["text"].startswith("Your bucket")
    assert operator.buckets.requests == [{"Bucket": "videos", "ExpectedBucketOwner": "123456789012"}]


@pytest.mark.parametrize(("status", "text"), [(301, "in another region"), (503, "The check failed.")])
def test_a_bucket_elsewhere_is_a_problem(operator: Operator, status: int, text: str) -> None:
    operator.buckets.status, operator.buckets.region = status, ""
    finding = findings(operator)["archive bucket"]
    assert (finding["verdict"], text in finding["text"]) == ("act", True)


@pytest.mark.parametrize(("local", "verdict"), [(False, "act"), (True, "note")])
def test_alarms_without_a_receiver_are_found(operator: Operator, local: bool, verdict: str) -> None:
    operator.subscriptions, operator.local = [subscription(EMAIL, "PendingConfirmation")], local
    assert problems(operator) == {"alarm topic": verdict}


def test_no_endpoint_of_a_subscription_is_printed(operator: Operator) -> None:
    operator.subscriptions = [subscription("https://a-secret", arn) for arn in ("arn:aws:sns:1", "PendingConfirmation")]
    assert "a-secret" not in operator.run("doctor").out


def test_alarms_of_other_stacks_do_not_count(operator: Operator) -> None:
    operator.firing = ["veo4k-dev-HeartbeatAlarm-9Z8Y"]
    assert problems(operator) == {}
    operator.firing.append("veo4k-HeartbeatAlarm-1X2Y")
    assert findings(operator)["alarms"]["text"] == "Firing: HeartbeatAlarm."


def test_state_of_stack_queue_and_mapping_is_read(operator: Operator) -> None:
    operator.status = "UPDATE_ROLLBACK_COMPLETE"
    operator.queues.send_message(QueueUrl=DEAD, MessageBody="{}")
    operator.functions.mapping["State"] = "Disabled"
    triggers = (f"trigger of {name}" for name in WITH_MAPPING)
    assert problems(operator) == dict.fromkeys(("stack", "DeadLetterQueue", *triggers), "act")


def test_a_warning_alone_is_status_0(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "Lambda concurrency"])
    assert operator.run("doctor").out.rstrip().endswith("Nothing needs you.")
    operator.functions.limit = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    result = operator.run("doctor")
    assert (result.status, result.out.rstrip().endswith("Nothing needs you, 1 warning.")) == (0, True)
