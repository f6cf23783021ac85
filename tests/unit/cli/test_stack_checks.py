"""What the doctor concludes from the state of a stack."""

from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import TOPIC, subscription
from veo4k.domain.gate import Gate
from veo4k_cli.callbacks import Attempt
from veo4k_cli.checks import alarms, callbacks, functions, jobs, stack
from veo4k_cli.checks.finding import Finding
from veo4k_cli.http import Response

PUBLIC, PRIVATE, LOOPBACK = ["8.8.8.8", "2a00:1450:4001::1"], ["8.8.8.8", "10.0.0.1"], ["127.0.0.1"]
EMAIL = "on-call@example.com"
CONFIRMED, PENDING, DELETED = (subscription(EMAIL, arn) for arn in (f"{TOPIC}:1", "PendingConfirmation", "Deleted"))
PAGER = subscription("https://pager.example.com/a-secret")
SUBSCRIBE = f"aws sns subscribe --topic-arn {TOPIC} --protocol email --notification-endpoint {EMAIL}"
HERE, ELSEWHERE, UNKNOWN = "eu-central-1", "us-east-1", ""
OTHER_BUCKET = "to a bucket of this account in eu-central-1, then deploy"


def webhook_key(is_set: bool, is_optional: bool) -> Finding:
    return callbacks.judge_webhook_key(is_set=is_set, is_optional=is_optional)


def callback_url(scheme: str, addresses: list[str], is_local: bool = False) -> Finding:
    return callbacks.judge_callback_url(scheme, addresses, is_local=is_local)


def gate(reason: str) -> Finding:
    return jobs.judge_gate(Gate(reason=reason, until=NOON), NOON)


def deployment(status: str) -> Finding:
    return stack.judge_stack("stack veo4k", status, "veo")


def response(is_expected: bool) -> Finding:
    return functions.judge_response("sweep", "It has run.", is_expected=is_expected)


def configuration(state: str, update: str = "Successful", **codes: str) -> Any:
    return functions.judge_configuration("submit", {"State": state, "LastUpdateStatus": update} | codes)


def mapping(state: str, result: str = "") -> Finding:
    return next(functions.judge_mappings("a", [{"UUID": "4711", "State": state, "LastProcessingResult": result}]))


def schedule(state: str) -> Finding:
    return functions.judge_schedule({"Name": "veo4k-sweep", "ScheduleExpression": "rate(1 minute)", "State": state})


def bucket(status: int, region: str, is_users: bool = True) -> Finding:
    return stack.judge_bucket(stack.Bucket("videos", region, HERE), status, is_users=is_users)


def topic(email: str, *subscriptions: dict[str, str]) -> Finding:
    return alarms.judge_subscriptions(TOPIC, subscriptions, email)


@pytest.mark.parametrize(
    ("finding", "verdict", "text", "todo"),
    [
        (webhook_key(is_set=True, is_optional=False), "well", "can be verified", ""),
        (webhook_key(is_set=False, is_optional=True), "note", "Only the token", "rotate webhook"),
        (webhook_key(is_set=False, is_optional=False), "act", "answered 401", "rotate webhook"),
        (callbacks.judge_token_key(is_set=True), "well", "can be created", ""),
        (callbacks.judge_token_key(is_set=False), "act", "No request can be sent", "rotate token"),
        (callback_url("https", PUBLIC), "well", "public addresses", ""),
        (callback_url("https", PRIVATE), "act", "private address", "CallbackBaseUrl"),
        (callback_url("https", []), "act", "no address", "DNS"),
        (callback_url("http", PUBLIC), "act", "plain http", "https"),
        (callback_url("http", LOOPBACK, is_local=True), "note", "this machine", ""),
        (gate(""), "well", "running", ""),
        (gate("NO_CREDITS"), "act", "NO_CREDITS", "Requests continue automatically after the pause"),
        (gate("SHUT_BY_HAND"), "act", "by hand", "Run veo4k gate resume when the requests may continue"),
        (jobs.judge_table("ACTIVE"), "well", "ACTIVE", ""),
        (jobs.judge_table("UPDATING"), "act", "UPDATING", "DynamoDB console"),
        (jobs.judge_overdue(300), "well", "No job", ""),
        (jobs.judge_overdue(301), "act", "5 min overdue", "sweep"),
        (jobs.judge_queue("JobQueue", 9), "well", "9 messages", ""),
        (jobs.judge_queue("DeadLetterQueue", 0), "well", "0 messages", ""),
        (jobs.judge_queue("DeadLetterQueue", 1), "act", "1 message.", "veo4k dead list"),
        (deployment("CREATE_COMPLETE"), "well", "Stack veo4k", ""),
        (deployment("UPDATE_COMPLETE"), "well", "Stack veo4k", ""),
        (deployment("UPDATE_IN_PROGRESS"), "warn", "is running", "again in a minute"),
        (deployment("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), "warn", "is running", "again in a minute"),
        (deployment("UPDATE_ROLLBACK_COMPLETE"), "act", "failed", "deploy again"),
        (deployment("ROLLBACK_COMPLETE"), "act", "failed", "deploy again"),
        (deployment("UPDATE_ROLLBACK_FAILED"), "act", "failed", "deploy again"),
        (deployment("DELETE_FAILED"), "act", "failed", "deploy again"),
        (configuration("Failed", StateReasonCode="InvalidSubnet"), "act", "InvalidSubnet", "deploy again"),
        (configuration("Active", "Failed", LastUpdateStatusReasonCode="Quota"), "act", "Quota", "deploy again"),
        (configuration("Pending"), "warn", "preparing", "again in a minute"),
        (configuration("Active", "InProgress"), "warn", "preparing", "again in a minute"),
        (configuration("Inactive"), "note", "inactive", ""),
        (response(is_expected=True), "well", "It has run.", ""),
        (response(is_expected=False), "act", "cannot reach what it needs", "NAT gateway"),
        (mapping("Enabled", "No records processed"), "well", "is Enabled", ""),
        (mapping("Enabled"), "well", "is Enabled", ""),
        (mapping("Enabled", "PROBLEM: Function call failed"), "warn", "call failed", "log group"),
        (mapping("Updating"), "warn", "is Updating", "again in a minute"),
        (mapping("Disabled"), "act", "is Disabled", "--uuid 4711 --enabled"),
        (mapping("Deleting"), "act", "is Deleting", "--uuid 4711 --enabled"),
        (next(functions.judge_mappings("a", [])), "act", "is missing", "drift"),
        (schedule("ENABLED"), "well", "rate(1 minute)", ""),
        (schedule("DISABLED"), "act", "No job is retried", "Enable the schedule"),
        (functions.judge_concurrency(1000, 50, "5"), "well", "50 unreserved", ""),
        (functions.judge_concurrency(1000, 49, "5"), "warn", "49 unreserved", "higher quota"),
        (functions.judge_concurrency(10, 10, "5"), "warn", "take 5 of these.", "smaller ArchiveConcurrency"),
        (bucket(200, HERE), "well", "Your bucket videos exists in eu-central-1, in this account.", ""),
        (bucket(200, UNKNOWN), "well", "Your bucket videos exists, in this account.", ""),
        (bucket(200, ELSEWHERE), "act", "The bucket videos is in us-east-1, the stack in eu-central-1.", OTHER_BUCKET),
        (bucket(301, UNKNOWN), "act", "is in another region, the stack in eu-central-1.", OTHER_BUCKET),
        (bucket(403, ELSEWHERE), "act", "The bucket videos is in us-east-1", OTHER_BUCKET),
        (bucket(403, HERE), "act", "belongs to another account, or you lack s3:ListBucket", OTHER_BUCKET),
        (bucket(403, HERE, is_users=False), "act", "you lack s3:ListBucket", "Check your own rights to the bucket."),
        (bucket(404, UNKNOWN), "act", "The bucket videos does not exist", OTHER_BUCKET),
        (bucket(404, HERE, is_users=False), "act", "does not exist", "drift"),
        (topic(EMAIL, CONFIRMED), "well", "1 confirmed subscription.", ""),
        (topic("", PAGER), "well", "1 confirmed subscription.", ""),
        (topic(EMAIL, CONFIRMED, PAGER, DELETED), "well", "2 confirmed subscriptions.", ""),
        (topic(""), "warn", "no subscription, so alarms reach no one", TOPIC),
        (topic("", DELETED), "warn", "no subscription, so alarms reach no one", TOPIC),
        (topic(EMAIL, PENDING), "act", "1 subscription is not confirmed, so alarms reach no one.", "Open the link"),
        (topic(EMAIL, PENDING, PAGER), "warn", "1 subscription is not confirmed.", "Open the link"),
        (topic(EMAIL), "act", "The subscription of AlarmEmail is gone, so alarms reach no one.", SUBSCRIBE),
        (topic(EMAIL, DELETED), "act", "The subscription of AlarmEmail is gone, so alarms reach no one.", SUBSCRIBE),
        (topic(EMAIL, PAGER), "warn", "The subscription of AlarmEmail is gone.", SUBSCRIBE),
        (alarms.judge_firing([], is_local=False), "well", "No alarm fires.", ""),
        (alarms.judge_firing(["HeartbeatAlarm"], is_local=True), "note", "HeartbeatAlarm", "docs/alarms.md"),
        (alarms.judge_firing(["A", "B"], is_local=False), "act", "A, B", "docs/alarms.md"),
    ],
)
def test_a_state_has_a_verdict_a_text_and_a_remedy(finding: Finding, verdict: str, text: str, todo: str) -> None:
    assert (finding.verdict, text in finding.text) == (verdict, True)
    assert todo in finding.todo if todo else not finding.todo
    assert "a-secret" not in finding.text + finding.todo


def test_an_active_function_has_no_finding_before_its_test() -> None:
    assert configuration("Active") is None


@pytest.mark.parametrize("status", [403, 404])
def test_the_stacks_own_bucket_is_not_replaced(status: int) -> None:
    assert "ArchiveBucketName" not in bucket(status, HERE, is_users=False).todo


def test_only_a_person_resumes_what_a_person_paused() -> None:
    assert "automatically" not in gate("SHUT_BY_HAND").todo


OWN_404, OWN_401, OWN_503 = (Response(status, None, None, True, NOON) for status in (404, 401, 503))
GATEWAYS_404 = OWN_404._replace(is_empty=False)


@pytest.mark.parametrize(
    ("responses", "verdict", "text"),
    [
        ((OWN_404, OWN_401, OWN_404), "well", "Callbacks arrive"),
        ((GATEWAYS_404, GATEWAYS_404, GATEWAYS_404), "act", "does not lead to this stack's API"),
        ((OWN_404, OWN_404, OWN_404), "act", "another token key"),
        ((OWN_404, OWN_401, OWN_401), "act", "another webhook key"),
        ((OWN_404, OWN_503, OWN_503), "act", "could not reach its keys"),
        ((OWN_401, OWN_401, OWN_404), "act", "not as expected"),
    ],
)
def test_responses_to_test_callbacks_are_explained(responses: tuple[Response, ...], verdict: str, text: str) -> None:
    expected = (404, 401, 404)
    finding = callbacks.judge_responses([Attempt("a", *pair) for pair in zip(expected, responses, strict=True)])
    assert (finding.verdict, text in finding.text) == (verdict, True)
