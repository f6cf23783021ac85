"""What the doctor makes of a deployment."""

from typing import Any

import pytest

from veo4k_cli import deployment_findings as findings
from veo4k_cli.deployment_findings import BucketPlace
from veo4k_cli.findings import Finding

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
EMAIL = "on-call@example.com"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("CREATE_COMPLETE", "well"),
        ("UPDATE_COMPLETE", "well"),
        ("UPDATE_IN_PROGRESS", "warn"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "warn"),
        ("UPDATE_ROLLBACK_COMPLETE", "act"),
        ("ROLLBACK_COMPLETE", "act"),
        ("UPDATE_ROLLBACK_FAILED", "act"),
        ("DELETE_FAILED", "act"),
    ],
)
def test_a_failed_deployment_needs_somebody(status: str, verdict: str) -> None:
    finding = findings.stack("stack veo4k", status, "veo")
    assert (finding.verdict, bool(finding.todo)) == (verdict, verdict != "well")


@pytest.mark.parametrize(
    ("configuration", "verdict"),
    [
        ({"State": "Failed", "StateReasonCode": "InvalidSubnet"}, "act"),
        ({"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidSubnet"}, "act"),
        ({"State": "Pending", "LastUpdateStatus": "Successful"}, "warn"),
        ({"State": "Active", "LastUpdateStatus": "InProgress"}, "warn"),
        ({"State": "Inactive", "LastUpdateStatus": "Successful"}, "note"),
    ],
)
def test_a_function_that_cannot_be_invoked_is_a_finding(configuration: dict[str, str], verdict: str) -> None:
    finding = findings.unready("submit", configuration)
    assert finding is not None
    assert (finding.about, finding.verdict) == ("function submit", verdict)
    assert ("InvalidSubnet" in finding.text) == (verdict == "act")


def test_an_active_function_can_be_invoked() -> None:
    assert findings.unready("submit", {"State": "Active", "LastUpdateStatus": "Successful"}) is None


def test_a_wrong_response_says_where_to_look() -> None:
    finding = findings.answered("sweep", "It has run.", is_right=False)
    assert (finding.verdict, "NAT gateway" in finding.todo) == ("act", True)


@pytest.mark.parametrize(
    ("state", "result", "verdict"),
    [
        ("Enabled", "No records processed", "well"),
        ("Enabled", "", "well"),
        ("Enabled", "PROBLEM: Function call failed", "warn"),
        ("Updating", "OK", "warn"),
        ("Disabled", "OK", "act"),
        ("Deleting", "OK", "act"),
    ],
)
def test_a_mapping_must_be_enabled(state: str, result: str, verdict: str) -> None:
    mapping = {"UUID": "4711", "State": state, "LastProcessingResult": result}
    [finding] = findings.mappings("archive", [mapping])
    assert (finding.about, finding.verdict) == ("trigger of archive", verdict)
    assert ("--uuid 4711 --enabled" in finding.todo) == (verdict == "act")


def test_a_missing_mapping_needs_somebody() -> None:
    [finding] = findings.mappings("archive", [])
    assert (finding.verdict, "drift" in finding.todo) == ("act", True)


def test_a_mapping_without_a_result_is_judged_by_its_state() -> None:
    [finding] = findings.mappings("submit", [{"UUID": "4711", "State": "Enabled"}])
    assert finding.verdict == "well"


@pytest.mark.parametrize(("state", "verdict"), [("ENABLED", "well"), ("DISABLED", "act")])
def test_the_schedule_must_be_enabled(state: str, verdict: str) -> None:
    found = {"Name": "veo4k-sweep", "State": state, "ScheduleExpression": "rate(1 minute)"}
    assert findings.schedule(found).verdict == verdict


@pytest.mark.parametrize(("unreserved", "verdict"), [(10, "warn"), (49, "warn"), (50, "well"), (1000, "well")])
def test_concurrency_below_fifty_is_a_warning(unreserved: int, verdict: str) -> None:
    assert findings.concurrency(1000, unreserved, "5").verdict == verdict


def test_a_warning_about_concurrency_says_what_to_do() -> None:
    finding = findings.concurrency(10, 10, "5")
    assert "10 unreserved. Archive may take 5 of these." in finding.text
    assert "higher quota" in finding.todo
    assert "smaller ArchiveConcurrency" in finding.todo


HERE, ELSEWHERE, UNKNOWN = "eu-central-1", "us-east-1", ""


@pytest.mark.parametrize(
    ("status", "region", "verdict", "words"),
    [
        (200, HERE, "well", "Your bucket videos is there in eu-central-1, in this account."),
        (200, UNKNOWN, "well", "Your bucket videos is there, in this account."),
        (200, ELSEWHERE, "act", "The bucket videos is in us-east-1, the stack in eu-central-1."),
        (301, UNKNOWN, "act", "The bucket videos is in another region, the stack in eu-central-1."),
        (403, ELSEWHERE, "act", "The bucket videos is in us-east-1, the stack in eu-central-1."),
        (403, HERE, "act", "belongs to another account, or you lack s3:ListBucket"),
        (404, UNKNOWN, "act", "The bucket videos does not exist"),
    ],
)
def test_a_bucket_must_be_in_the_region_and_account(status: int, region: str, verdict: str, words: str) -> None:
    finding = findings.bucket(BucketPlace("videos", region, HERE), status, is_users=True)
    assert (finding.verdict, words in finding.text) == (verdict, True)
    assert ("to a bucket of this account in eu-central-1, then deploy" in finding.todo) == (verdict == "act")


@pytest.mark.parametrize("status", [403, 404])
def test_the_stacks_own_bucket_is_not_replaced_by_a_parameter(status: int) -> None:
    finding = findings.bucket(BucketPlace("videos", HERE, HERE), status, is_users=False)
    assert (finding.verdict, "ArchiveBucketName" in finding.todo) == ("act", False)


def subscription(arn: str = f"{TOPIC}:1", protocol: str = "email", endpoint: str = EMAIL) -> dict[str, str]:
    return {"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": endpoint}


PENDING, DELETED = subscription("PendingConfirmation"), subscription("Deleted")
PAGER = subscription(f"{TOPIC}:2", "https", "https://pager.example.com/a-secret")


def judged(listed: list[dict[str, str]], email: str) -> Finding:
    [finding] = findings.subscriptions(TOPIC, listed, email)
    return finding


@pytest.mark.parametrize(
    ("listed", "email", "verdict", "words"),
    [
        ([subscription()], EMAIL, "well", "1 confirmed subscription."),
        ([PAGER], "", "well", "1 confirmed subscription."),
        ([subscription(), PAGER, DELETED], EMAIL, "well", "2 confirmed subscriptions."),
        ([], "", "warn", "no subscription, so alarms reach nobody"),
        ([DELETED], "", "warn", "no subscription, so alarms reach nobody"),
        ([PENDING], EMAIL, "act", "Not confirmed: 1 subscription, so alarms reach nobody."),
        ([PENDING, PAGER], EMAIL, "warn", "Not confirmed: 1 subscription."),
        ([], EMAIL, "act", "The subscription of AlarmEmail is gone, so alarms reach nobody."),
        ([DELETED], EMAIL, "act", "The subscription of AlarmEmail is gone, so alarms reach nobody."),
        ([PAGER], EMAIL, "warn", "The subscription of AlarmEmail is gone."),
    ],
)
def test_alarms_must_reach_somebody(listed: list[dict[str, str]], email: str, verdict: str, words: str) -> None:
    finding = judged(listed, email)
    assert (finding.verdict, words in finding.text) == (verdict, True)
    assert bool(finding.todo) == (verdict != "well")


def test_a_topic_without_subscriptions_says_how_to_subscribe() -> None:
    assert TOPIC in judged([], "").todo
    assert f"aws sns subscribe --topic-arn {TOPIC} --protocol email --notification-endpoint {EMAIL}" in (
        judged([], EMAIL).todo
    )


def test_no_endpoint_is_shown() -> None:
    told: list[Any] = [*judged([PAGER], ""), *judged([PENDING, PAGER], EMAIL), *judged([PAGER], EMAIL)]
    assert "a-secret" not in "".join(told)


def test_firing_alarms_need_somebody() -> None:
    finding = findings.firing(["HeartbeatAlarm", "PaymentAlarm"], local=False)
    assert (finding.verdict, finding.text) == ("act", "Firing: HeartbeatAlarm, PaymentAlarm.")
    assert findings.firing(["HeartbeatAlarm"], local=True).verdict == "note"
    assert findings.firing([], local=False).verdict == "well"
