"""Checks of the functions and of what invokes them.

The test events change nothing: empty batches, a forged callback, the archive message of a job that does not exist. The
sweep does what its schedule makes it do every minute.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from veo4k_cli.checks.finding import CHECK_AGAIN, RESTORE, Finding, Findings, Verdict
from veo4k_cli.command import Session
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import printable
from veo4k_cli.invocation import invoke
from veo4k_cli.stack import JOBS_API

ENABLED = "ENABLED"
FEW_EXECUTIONS = 50  # concurrent executions below which the stack's functions may wait for each other
CONCURRENCY = "Lambda concurrency"
NO_JOB = "veo4k_doctor"  # a task id that no job has
_CHANGING = frozenset({"Creating", "Enabling", "Updating"})
_SWEEP_FAILURES = frozenset({"sweep_interrupted", "gate_unreachable"})
_NO_RECORDS: Mapping[str, Any] = {"Records": []}
_NO_FAILURES = {"batchItemFailures": list[Any]()}
_ARCHIVE_MESSAGE = {"messageId": NO_JOB, "eventSource": "aws:sqs", "body": f'{{"taskId": "{NO_JOB}", "run": 1}}'}
_FORGED_CALLBACK: Mapping[str, Any] = {
    "pathParameters": {"taskId": NO_JOB, "index": "0", "run": "1", "token": "A" * 43},
    "headers": {},
    "body": "",
}


_CALL_WITHOUT_TOKEN: Mapping[str, Any] = {
    "rawPath": f"/v1/jobs/{NO_JOB}",
    "headers": {},
    "requestContext": {"stage": "$default", "http": {"method": "GET", "path": f"/v1/jobs/{NO_JOB}"}},
}


class TestEvent(NamedTuple):
    """A test event, what its response must contain (None: no failure of a sweep), and what that proves."""

    event: Mapping[str, Any]
    expected: Any
    proof: str

    def is_expected(self, response: Any) -> bool:
        """Compare a response with the expected one."""
        if not isinstance(response, dict):
            return False
        if self.expected is None:
            return not _SWEEP_FAILURES & response.keys()
        return bool(self.expected.items() <= response.items())


TEST_EVENTS: Mapping[str, TestEvent] = {
    "submit": TestEvent(_NO_RECORDS, _NO_FAILURES, "The function accepts its settings and an empty batch."),
    "callback": TestEvent(
        _FORGED_CALLBACK,
        {"statusCode": 404, "body": ""},
        "The function reads the token key and refuses a forged callback.",
    ),
    "sweep": TestEvent({}, None, "One sweep has run, and it reached the table."),
    "publish": TestEvent(_NO_RECORDS, _NO_FAILURES, "The function accepts its settings and an empty batch."),
    "archive": TestEvent(
        {"Records": [_ARCHIVE_MESSAGE]}, _NO_FAILURES, "The function reaches the table, where the test job is missing."
    ),
    "api": TestEvent(
        _CALL_WITHOUT_TOKEN, {"statusCode": 401}, "The function reads its token and refuses a request without it."
    ),
}


def about_function(name: str) -> str:
    """Return the subject of findings on a function."""
    return f"function {name}"


def about_trigger(name: str) -> str:
    """Return the subject of findings on what invokes a function."""
    return f"trigger of {name}"


def check_function(session: Session, name: str) -> Findings:
    """Check that AWS has prepared a function, and that it responds to its test event as expected."""
    stack, test = session.stack, TEST_EVENTS[name]
    configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.function_name(name))
    if (unready := judge_configuration(name, configuration)) is not None:
        yield unready
        return
    try:
        response = invoke(stack, name, test.event)
    except OperatorError as error:
        todo = "Deploy the former version, or take the changed parameter back. Then find the cause in the logs."
        yield Finding(about_function(name), Verdict.ACT, str(error), todo)
        return
    yield judge_response(name, test.proof, is_expected=test.is_expected(response))


def check_jobs_api(session: Session) -> Findings:
    """Check the function of the HTTP API for jobs, where the stack has one."""
    if session.stack.has_jobs_api():
        yield from check_function(session, JOBS_API)


def judge_configuration(name: str, configuration: Mapping[str, Any]) -> Finding | None:
    """Judge the state of a function. Return None where the function can be invoked."""
    about, state = about_function(name), configuration.get("State", "Active")
    update = configuration.get("LastUpdateStatus", "Successful")
    if "Failed" in (state, update):
        codes = [configuration.get(key) for key in ("StateReasonCode", "LastUpdateStatusReasonCode")]
        reason = ", ".join(code for code in codes if code) or "no reason given"
        text = f"AWS could not prepare the function ({reason})."
        return Finding(about, Verdict.ACT, text, "Fix what the reason names, then deploy again.")
    if state == "Pending" or update == "InProgress":
        return Finding(about, Verdict.WARN, "AWS is still preparing the function.", CHECK_AGAIN)
    if state == "Inactive":
        text = (
            "AWS has made the function inactive, because nothing has invoked it for weeks. The next job activates it."
        )
        return Finding(about, Verdict.NOTE, text)
    return None


def judge_response(name: str, proof: str, *, is_expected: bool) -> Finding:
    """Judge the response to a test event. `proof`: what the expected response proves."""
    if is_expected:
        return Finding(about_function(name), Verdict.WELL, proof)
    text = "The function responded to its test event with an error. It cannot reach what it needs."
    todo = (
        "Read its warnings in the stack's log group. Compare its role's rights with the template. "
        "With SubnetIds, check the subnets' NAT gateway."
    )
    return Finding(about_function(name), Verdict.ACT, text, todo)


def check_event_source_mapping(session: Session, name: str) -> Findings:
    """Check the event source mapping that invokes a function."""
    stack = session.stack
    listed = stack.client("lambda").list_event_source_mappings(FunctionName=stack.function_name(name))
    yield from judge_mappings(name, listed["EventSourceMappings"])


def judge_mappings(name: str, mappings: Sequence[Mapping[str, Any]]) -> Findings:
    """Judge the event source mappings of a function."""
    if not mappings:
        text = "The event source mapping is missing. Nothing invokes the function."
        yield Finding(about_trigger(name), Verdict.ACT, text, RESTORE)
    for mapping in mappings:
        yield _judge_mapping(name, mapping)


def _judge_mapping(name: str, mapping: Mapping[str, Any]) -> Finding:
    about, state, result = about_trigger(name), mapping["State"], mapping.get("LastProcessingResult", "")
    text = f"The event source mapping is {state}."
    if state in _CHANGING:
        return Finding(about, Verdict.WARN, text, CHECK_AGAIN)
    if state != "Enabled":
        todo = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
        return Finding(about, Verdict.ACT, f"{text} Nothing invokes the function.", todo)
    if result.startswith("PROBLEM"):
        todo = "Read the function's errors in the stack's log group."
        return Finding(about, Verdict.WARN, f"{text} Lambda reports: {printable(result)}", todo)
    return Finding(about, Verdict.WELL, text)


def check_sweep(session: Session) -> Findings:
    """Check the sweep's schedule, and the sweep only where it is enabled: an operator may have stopped both."""
    schedule = session.stack.client("scheduler").get_schedule(Name=f"{session.stack.name}-sweep")
    yield judge_schedule(schedule)
    if schedule["State"] == ENABLED:
        yield from check_function(session, "sweep")
    else:
        text = "The doctor has not invoked the function, because its schedule is not enabled."
        yield Finding(about_function("sweep"), Verdict.NOTE, text)


def judge_schedule(schedule: Mapping[str, Any]) -> Finding:
    """Judge the schedule of the sweep."""
    about = about_trigger("sweep")
    if schedule["State"] == ENABLED:
        return Finding(about, Verdict.WELL, f"The schedule is ENABLED, {schedule['ScheduleExpression']}.")
    text = f"The schedule {schedule['Name']} is {schedule['State']}. No job is retried, polled or ended."
    return Finding(about, Verdict.ACT, text, "Enable the schedule in the console of EventBridge Scheduler.")


def check_concurrency(session: Session) -> Findings:
    """Check how many functions the account may run at the same time."""
    limit = session.stack.client("lambda").get_account_settings()["AccountLimit"]
    archives = session.stack.parameter("ArchiveConcurrency")
    yield judge_concurrency(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"], archives)


def judge_concurrency(limit: int, unreserved: int, archives: str) -> Finding:
    """Judge the account's Lambda concurrency. `archives`: the parameter ArchiveConcurrency."""
    text = f"{limit:,} invocations may run at the same time in this account and region, {unreserved:,} unreserved."
    if unreserved >= FEW_EXECUTIONS:
        return Finding(CONCURRENCY, Verdict.WELL, text)
    text += f" Archive may take {archives or 'many'} of these. Callbacks and the sweep may have to wait then."
    todo = (
        "Request a higher quota for Lambda's concurrent executions (docs/operations.md, Young accounts). "
        "Until then deploy with a smaller ArchiveConcurrency."
    )
    return Finding(CONCURRENCY, Verdict.WARN, text, todo)
