"""The command `doctor` over a stack: every check runs, and each problem is found."""

import json
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from proofs.doubles.fake_aws import refusal
from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD, JOBS, WITH_MAPPING, subscription
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Partition
from veo4k.domain.provider_words import Words
from veo4k_cli import doctor
from veo4k_cli.stack import FUNCTIONS

EMAIL = "on-call@example.com"
PARAMETERS = {"AlarmEmail": EMAIL, "ArchiveBucketName": "videos", "JobsApi": "on"}
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
    operator.parameters |= PARAMETERS
    operator.subscriptions.append(subscription(EMAIL))
    return operator


def problems(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return the verdicts that a healthy stack does not have."""
    verdicts = {about: found.get(about, {}).get("verdict", "missing") for about in HEALTHY}
    return {about: verdict for about, verdict in verdicts.items() if verdict != "well"}


def test_a_healthy_stack_lacks_nothing_but_keys(operator: Operator) -> None:
    found = operator.doctor()
    assert problems(found) == {}
    assert {found[about]["verdict"] for about in ("API key", "webhook key", "token key")} == {"act"}
    assert found["archive bucket"]["text"].startswith("Your bucket")
    text = operator.run("doctor").out
    assert "→ Put the key into the secret ApiKeySecretName" in text
    assert text.rstrip().endswith("3 findings for you to act on.")


def test_a_dead_message_counts_also_while_another_reader_hides_it(operator: Operator) -> None:
    operator.queues.send_message(QueueUrl=DEAD, MessageBody="{}", MessageAttributes={})
    assert operator.queues.receive_message(QueueUrl=DEAD, MaxNumberOfMessages=1, VisibilityTimeout=60)["Messages"]
    assert operator.doctor()["DeadLetterQueue"]["text"] == "The queue holds 1 message."


def test_a_failed_check_is_a_finding_and_the_others_go_on(operator: Operator) -> None:
    del operator.outputs["ApiKeySecretName"]
    found = operator.doctor()
    assert (found["provider"]["verdict"], problems(found)) == ("act", {})


def test_every_function_receives_a_harmless_event(operator: Operator) -> None:
    operator.doctor()
    events = operator.functions.invoked
    assert events.keys() == set(FUNCTIONS)
    assert [events[name] for name in ("submit", "publish", "sweep")] == [{"Records": []}, {"Records": []}, {}]
    [record] = events["archive"]["Records"]
    assert json.loads(record["body"]) == {"taskId": "veo4k_doctor", "run": 1}
    assert events["callback"]["pathParameters"]["taskId"] == "veo4k_doctor"


FAILED = {"batchItemFailures": [{"itemIdentifier": "veo4k_doctor"}]}
RAISED = {"errorType": "SettingsError", "errorMessage": "TUNING: unknown name X"}
THROTTLED = refusal("TooManyRequestsException", operation="Invoke")
PREPARING = {"State": "Active", "LastUpdateStatus": "InProgress"}
DISABLED = {"UUID": "4711", "State": "Disabled"}
UNCONFIRMED = [subscription(EMAIL, "PendingConfirmation")]


@pytest.mark.parametrize(
    ("part", "state", "expected", "text"),
    [
        ("functions.responses", {"submit": FAILED}, {"function submit": "act"}, "cannot reach what it needs"),
        ("functions.responses", {"submit": THROTTLED}, {"function submit": "act"}, "concurrency or request rate"),
        ("functions.responses", {"callback": {"statusCode": 503, "body": ""}}, {"function callback": "act"}, "reach"),
        ("functions.responses", {"sweep": {"sweep_interrupted": 1}}, {"function sweep": "act"}, "reach"),
        ("functions.responses", {"sweep": {"gate_unreachable": 1}}, {"function sweep": "act"}, "reach"),
        ("functions.responses", {"sweep": {"poll_claimed": 2, "result_received": 1, "job_skipped": 1}}, {}, ""),
        ("functions.responses", {"publish": None}, {"function publish": "act"}, "cannot reach what it needs"),
        ("functions.responses", {"publish": RAISED}, {"function publish": "act"}, "TUNING: unknown name X"),
        ("functions.responses", {"publish": RAISED}, {"function publish": "act"}, "Deploy the former version"),
        ("functions.responses", {"api": {"statusCode": 503, "body": "{}"}}, {"function api": "act"}, "reach"),
        ("functions.responses", {"archive": FAILED}, {"function archive": "act"}, "cannot reach what it needs"),
        ("functions", {"configuration": PREPARING}, {f"function {name}": "warn" for name in FUNCTIONS}, "preparing"),
        ("functions", {"mapping": DISABLED}, {f"trigger of {name}": "act" for name in WITH_MAPPING}, "is Disabled"),
        ("schedules", {"state": "DISABLED"}, {"trigger of sweep": "act", "function sweep": "note"}, "is DISABLED"),
        ("schedules", {"state": ""}, {"trigger of sweep": "act", "function sweep": "missing"}, "does not exist"),
        ("buckets", {"status": 301, "region": ""}, {"archive bucket": "act"}, "in another region"),
        ("buckets", {"status": 503}, {"archive bucket": "act"}, "The check failed."),
        (
            "queues",
            {"messages": {JOBS: [], DEAD: [{"MessageId": "1"}]}},
            {"DeadLetterQueue": "act"},
            "holds 1 message.",
        ),
        ("parameters", {"JobsApi": "off"}, {"function api": "missing"}, ""),
        ("", {"status": "UPDATE_ROLLBACK_COMPLETE"}, {"stack": "act"}, "The last deployment failed"),
        ("", {"subscriptions": UNCONFIRMED}, {"alarm topic": "act"}, "not confirmed"),
        ("", {"subscriptions": UNCONFIRMED, "local": True}, {"alarm topic": "note"}, "sends its alarms nowhere"),
        ("", {"firing": ["veo4k-dev-HeartbeatAlarm-9Z8Y"]}, {}, ""),  # of another stack
        ("", {"firing": ["veo4k-HeartbeatAlarm-1X2Y"]}, {"alarms": "act"}, "Firing: HeartbeatAlarm."),
    ],
)
def test_a_problem_is_found_and_nothing_unready_invoked(
    operator: Operator, part: str, state: dict[str, Any], expected: dict[str, str], text: str
) -> None:
    changed = attrgetter(part)(operator) if part else operator
    (changed if isinstance(changed, dict) else vars(changed)).update(state)
    found = operator.doctor()
    assert problems(found) == expected
    assert text in str(found.get(next(iter(expected), "")))
    assert not [name for name in operator.functions.invoked if expected.get(f"function {name}", "act") != "act"]


def test_the_doctor_searches_the_schedule_that_the_template_names() -> None:
    assert re.search(r"^ +Name: !Sub \${AWS::StackName}-sweep$", Path("template.yaml").read_text(), re.MULTILINE)


def test_overdue_jobs_are_counted_before_the_doctor_sweeps(operator: Operator) -> None:
    operator.add_job(partition=Partition.LIVE, due=NOON - 600)
    found = operator.doctor()
    assert problems(found) == {"due jobs": "act"}
    assert [*found].index("due jobs") < [*found].index("function sweep")


def test_jobs_that_wait_are_found(operator: Operator) -> None:
    for about, reason, waiting, text in (
        ("result hosts", "HOST_NOT_ALLOWED", {"wait_text": "HOST_NOT_ALLOWED: files.example"}, "files.example (2)."),
        ("answers", "UNCLEAR_ANSWER", {"words": Words(422, "Oh?")}, "2 jobs wait after an answer in"),
        ("answers 404", "NOT_FOUND", {}, "2 jobs wait after an answer 404."),
    ):
        for run, partition in enumerate(Partition, 1):
            operator.add_job(run=run, partition=partition, due=NOON + 60, wait_reason=reason, **waiting)
        found = operator.doctor()
        assert ([*problems(found)], text in found[about]["text"]) == ([about], True)


def test_no_endpoint_of_a_subscription_is_printed(operator: Operator) -> None:
    operator.subscriptions = [subscription("https://a-secret", arn) for arn in ("arn:aws:sns:1", "PendingConfirmation")]
    assert "a-secret" not in operator.run("doctor").out


def test_a_warning_alone_is_status_0(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [check for check in doctor.CHECKS if check[0] == "Lambda concurrency"])
    assert operator.run("doctor").out.rstrip().endswith("Nothing needs you.")
    operator.functions.limit = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    result = operator.run("doctor")
    assert (result.status, result.out.rstrip().endswith("Nothing needs you, 1 warning.")) == (0, True)
