"""What the doctor concludes from states and responses. The findings on a healthy stack are in test_doctor.py."""

from functools import partial
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import TOPIC, subscription
from veo4k.domain.gate import Gate
from veo4k.domain.response import PAUSING
from veo4k_cli.callbacks import Attempt
from veo4k_cli.checks import alarms, callbacks, functions, jobs, stack
from veo4k_cli.checks.clock import judge_clock
from veo4k_cli.checks.finding import Finding
from veo4k_cli.checks.provider import judge_balance, judge_paths, judge_silence
from veo4k_cli.http import Response

PUBLIC, PRIVATE, LOOPBACK = ["8.8.8.8", "2a00:1450:4001::1"], ["8.8.8.8", "10.0.0.1"], ["127.0.0.1"]
EMAIL = "on-call@example.com"
CONFIRMED, PENDING, DELETED = (subscription(EMAIL, arn) for arn in (f"{TOPIC}:1", "PendingConfirmation", "Deleted"))
PAGER = subscription("https://pager.example.com/a-secret")
SUBSCRIBE = f"aws sns subscribe --topic-arn {TOPIC} --protocol email --notification-endpoint {EMAIL}"
HERE, ELSEWHERE, UNKNOWN = "eu-central-1", "us-east-1", ""
OTHER_BUCKET = "to a bucket of this account in eu-central-1, then deploy"


response = partial(Response, code=None, data=None, is_empty=False, date=NOON)
deployment = partial(stack.judge_stack, "stack veo4k", contract="veo")
gate = partial(jobs.judge_gate, now=NOON)
topic = partial(alarms.judge_subscriptions, TOPIC)


def balance(status: int = 200, **fields: Any) -> Finding:
    return next(judge_balance(response(status, **fields), "it"))


def called(*statuses: int, is_empty: bool = True) -> Finding:
    responses = [Response(status, None, None, is_empty, NOON) for status in statuses]
    return callbacks.judge_responses([Attempt("a", *pair) for pair in zip((404, 401, 404), responses, strict=True)])


def configuration(state: str, update: str = "Successful", **codes: str) -> Any:
    return functions.judge_configuration("submit", {"State": state, "LastUpdateStatus": update} | codes)


def mapping(state: str, result: str = "") -> Finding:
    return next(functions.judge_mappings("a", [{"UUID": "4711", "State": state, "LastProcessingResult": result}]))


def bucket(status: int, region: str, is_users: bool = True) -> Finding:
    return stack.judge_bucket(stack.Bucket("videos", region, HERE), status, is_users=is_users)


@pytest.mark.parametrize(
    ("finding", "verdict", "text", "todo"),
    [
        (callbacks.judge_webhook_key(is_set=True, is_optional=False), "well", "proves that it signs", ""),
        (callbacks.judge_webhook_key(is_set=False, is_optional=True), "note", "Only the token", "rotate webhook"),
        (callbacks.judge_webhook_key(is_set=False, is_optional=False), "act", "answered 401", "rotate webhook"),
        (callbacks.judge_token_key(is_set=True), "well", "can be created", ""),
        (callbacks.judge_token_key(is_set=False), "act", "No request can be sent", "rotate token"),
        (callbacks.judge_callback_url("https", PUBLIC, is_local=False), "well", "public addresses", ""),
        (callbacks.judge_callback_url("https", PRIVATE, is_local=False), "act", "private address", "CallbackBaseUrl"),
        (callbacks.judge_callback_url("https", [], is_local=False), "act", "no address", "DNS"),
        (callbacks.judge_callback_url("http", PUBLIC, is_local=False), "act", "plain http", "https"),
        (callbacks.judge_callback_url("http", LOOPBACK, is_local=True), "note", "this machine", ""),
        (gate(Gate(reason="NO_CREDITS")), "act", "NO_CREDITS", "Requests continue automatically after the pause"),
        (gate(Gate(reason="SHUT_BY_HAND")), "act", "by hand", "Run veo4k gate resume when the requests may continue"),
        (jobs.judge_table("UPDATING"), "act", "UPDATING", "DynamoDB console"),
        (jobs.judge_overdue(300), "well", "No job", ""),
        (jobs.judge_overdue(301), "act", "5 min overdue", "sweep"),
        (jobs.judge_queue("JobQueue", 9), "well", "9 messages", ""),
        (jobs.judge_queue("DeadLetterQueue", 1), "act", "1 message.", "veo4k dead list"),
        (deployment("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), "warn", "is running", "again in a minute"),
        (deployment("UPDATE_ROLLBACK_COMPLETE"), "act", "failed", "fix it and deploy again"),
        (deployment("ROLLBACK_COMPLETE"), "act", "failed", "fix it, delete the stack and deploy again"),
        (deployment("DELETE_FAILED"), "act", "failed", "fix it, delete the stack and deploy again"),
        (deployment("UPDATE_ROLLBACK_FAILED"), "act", "failed", "continue the update's rollback and deploy again"),
        (configuration("Failed", StateReasonCode="InvalidSubnet"), "act", "InvalidSubnet", "deploy again"),
        (configuration("Active", "Failed", LastUpdateStatusReasonCode="Quota"), "act", "Quota", "deploy again"),
        (configuration("Pending"), "warn", "preparing", "again in a minute"),
        (configuration("Active", "InProgress"), "warn", "preparing", "again in a minute"),
        (configuration("Inactive"), "note", "inactive", ""),
        (
            functions.judge_response("sweep", "It has run.", is_expected=False),
            "act",
            "cannot reach what it needs",
            "NAT gateway",
        ),
        (mapping("Enabled", "PROBLEM: Function call failed"), "warn", "call failed", "log group"),
        (mapping("Updating"), "warn", "is Updating", "again in a minute"),
        (mapping("Disabled"), "act", "is Disabled", "--uuid 4711 --enabled"),
        (mapping("Deleting"), "act", "is Deleting", "--uuid 4711 --enabled"),
        (next(functions.judge_mappings("a", [])), "act", "is missing", "drift"),
        (
            functions.judge_schedule({"Name": "veo4k-sweep", "State": "DISABLED"}),
            "act",
            "No job is retried",
            "Enable the schedule",
        ),
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
        (topic([CONFIRMED], EMAIL), "well", "1 confirmed subscription.", ""),
        (topic([PAGER], ""), "well", "1 confirmed subscription.", ""),
        (topic([CONFIRMED, PAGER, DELETED], EMAIL), "well", "2 confirmed subscriptions.", ""),
        (topic([], ""), "warn", "no subscription, so alarms reach no one", TOPIC),
        (topic([DELETED], ""), "warn", "no subscription, so alarms reach no one", TOPIC),
        (topic([PENDING], EMAIL), "act", "1 subscription is not confirmed, so alarms reach no one.", "Open the link"),
        (topic([PENDING, PAGER], EMAIL), "warn", "1 subscription is not confirmed.", "Open the link"),
        (topic([], EMAIL), "act", "The subscription of AlarmEmail is gone, so alarms reach no one.", SUBSCRIBE),
        (topic([DELETED], EMAIL), "act", "The subscription of AlarmEmail is gone, so alarms reach no one.", SUBSCRIBE),
        (topic([PAGER], EMAIL), "warn", "The subscription of AlarmEmail is gone.", SUBSCRIBE),
        (alarms.judge_firing(["HeartbeatAlarm"], is_local=True), "note", "HeartbeatAlarm", "docs/alarms.md"),
        (alarms.judge_firing(["A", "B"], is_local=False), "act", "A, B", "docs/alarms.md"),
        (called(404, 401, 404), "well", "Callbacks arrive", ""),
        (called(404, 404, 404, is_empty=False), "act", "does not lead to this stack's API", "test-callback"),
        (called(404, 404, 404), "act", "another token key", "test-callback"),
        (called(404, 401, 401), "act", "another webhook key", "test-callback"),
        (called(404, 503, 503), "act", "could not reach its keys", "test-callback"),
        (called(401, 401, 404), "act", "not as expected", "test-callback"),
        (judge_clock("AWS", NOON, NOON), "well", "0 s", ""),
        (judge_clock("AWS", NOON - 30, NOON), "well", "30 s behind", ""),
        (judge_clock("AWS", NOON + 31, NOON), "note", "31 s ahead of", "five minutes"),
        (judge_clock("AWS", NOON - 301, NOON), "act", "301 s behind", "five minutes"),
        (judge_clock("AWS", None, NOON), "note", "no Date header", ""),
        (judge_silence("a.example", (), "timeout"), "act", "has no address", "DNS"),
        (judge_silence("a.example", ("::1",), "timeout"), "act", "did not respond (timeout)", "status page"),
        (balance(code=500), "act", "code 500", "status page"),
        (balance(code=200, data="many"), "act", "code 200", "status page"),
        (balance(502), "act", "HTTP 502 without its envelope", "proxy"),
        (balance(403), "act", "HTTP 403 without its envelope", "proxy"),
    ],
)
def test_a_state_has_a_verdict_a_text_and_a_remedy(finding: Finding, verdict: str, text: str, todo: str) -> None:
    assert (finding.verdict, text in finding.text) == (verdict, True)
    assert todo in finding.todo if todo else not finding.todo
    assert "a-secret" not in finding.text + finding.todo


def test_an_active_function_has_no_finding_before_its_test() -> None:
    assert configuration("Active") is None


def test_a_remedy_does_not_say_what_is_not_so() -> None:
    """The stack's own bucket is not replaced, and only a person resumes what a person paused."""
    assert not [s for s in (403, 404) if "ArchiveBucketName" in bucket(s, HERE, is_users=False).todo]
    assert "automatically" not in gate(Gate(reason="SHUT_BY_HAND")).todo


def test_each_reason_for_a_missing_balance_has_its_own_remedy() -> None:
    findings = [(reason, balance(code=code)) for code, reason in PAUSING.items()]
    assert [reason for reason, each in findings if each.verdict != "act" or reason not in each.text] == []
    assert len({each.todo for _, each in findings} - {""}) == len(set(PAUSING.values()))


def test_a_balance_proves_the_key_and_must_pay_a_video() -> None:
    for left, verdict in ((1000, "well"), (120, "well"), (119, "act")):
        key, credits_left = judge_balance(response(200, code=200, data=left), "it")
        assert (key.verdict, credits_left.verdict) == ("well", verdict)


PRESENT = [("/a", response(405)), ("/b", response(200, code=422))]
MISSING = [("/a", response(404)), ("/b", response(200, code=422))]


def test_only_a_missing_path_in_use_is_a_problem() -> None:
    for of_veo, of_jobs, in_use, found in (
        (PRESENT, PRESENT, "veo", ["well", "well"]),
        (MISSING, PRESENT, "veo", ["act", "well"]),
        (MISSING, PRESENT, "jobs", ["note", "well"]),
        (MISSING, MISSING, "jobs", ["note", "act"]),
    ):
        veo, jobs_api = judge_paths({"veo": of_veo, "jobs": of_jobs}, in_use)
        assert [veo.verdict, jobs_api.verdict] == found
        assert ("set ProviderContract to jobs" in veo.todo) == (found == ["act", "well"])


def test_a_response_about_something_else_says_nothing_about_a_path() -> None:
    for answer in (response(502), *(response(200, code=code) for code in (401, 404, 429, 500))):
        [finding] = judge_paths({"veo": [("/a", answer)]}, "veo")
        assert finding.verdict == "note"
