"""What the doctor checks of a deployment: functions, triggers, concurrency, bucket and alarms.

What the functions are invoked with changes nothing: empty batches, a forged callback, the archive message of a job that
does not exist. The sweep does what its schedule makes it do every minute.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from veo4k_cli import deployment_findings as findings
from veo4k_cli.command import Session
from veo4k_cli.errors import OperatorError
from veo4k_cli.findings import Finding, Findings, Verdict
from veo4k_cli.invocation import invoke

NOBODY = "veo4k_doctor"  # a task id that no job has
_EMPTY: Mapping[str, Any] = {"Records": []}
_RESULT = {"messageId": NOBODY, "eventSource": "aws:sqs", "body": f'{{"taskId": "{NOBODY}", "run": 1}}'}
_FORGED: Mapping[str, Any] = {
    "pathParameters": {"taskId": NOBODY, "index": "0", "run": "1", "token": "A" * 43},
    "headers": {},
    "body": "",
}
_TROUBLE = frozenset({"sweep_interrupted", "gate_unreachable"})


class Trial(NamedTuple):
    """A test event for a function, the test of its response, and what a right response proves."""

    event: Mapping[str, Any]
    is_right: Callable[[Any], bool]
    proves: str


def _nothing_failed(response: Any) -> bool:
    return bool(response == {"batchItemFailures": []})


def _not_found(response: Any) -> bool:
    return bool(response == {"statusCode": 404, "body": ""})


def _swept(response: Any) -> bool:
    return isinstance(response, dict) and not _TROUBLE & response.keys()


TRIALS: Mapping[str, Trial] = {
    "submit": Trial(_EMPTY, _nothing_failed, "It accepts its settings and an empty batch."),
    "callback": Trial(_FORGED, _not_found, "It reads the token key and refuses a forged callback."),
    "sweep": Trial({}, _swept, "One sweep has run, and it reached the table."),
    "publish": Trial(_EMPTY, _nothing_failed, "It accepts its settings and an empty batch."),
    "archive": Trial({"Records": [_RESULT]}, _nothing_failed, "It reaches the table, where the test job is missing."),
}


def function(session: Session, name: str) -> Findings:
    """Check that AWS has finished a function and that it answers its test event as it must."""
    stack, trial = session.stack, TRIALS[name]
    configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.function_name(name))
    if (unready := findings.unready(name, configuration)) is not None:
        yield unready
        return
    try:
        response = invoke(stack, name, trial.event)
    except OperatorError as error:
        yield findings.raised(name, str(error))
        return
    yield findings.answered(name, trial.proves, is_right=trial.is_right(response))


def mapping(session: Session, name: str) -> Findings:
    """Check the event source mapping that invokes a function."""
    stack = session.stack
    listed = stack.client("lambda").list_event_source_mappings(FunctionName=stack.function_name(name))
    yield from findings.mappings(name, listed["EventSourceMappings"])


def sweep(session: Session) -> Findings:
    """Check the schedule of the sweep and, only where it is enabled, the sweep: an operator may have stopped both."""
    schedule = session.stack.client("scheduler").get_schedule(Name=f"{session.stack.name}-sweep")
    yield findings.schedule(schedule)
    if schedule["State"] == findings.ENABLED:
        yield from function(session, "sweep")
    else:
        text = "The doctor has not invoked it, because its schedule is not enabled."
        yield Finding(findings.about_function("sweep"), Verdict.NOTE, text)


def concurrency(session: Session) -> Findings:
    """Check how many functions the account may run at the same time."""
    limit = session.stack.client("lambda").get_account_settings()["AccountLimit"]
    yield findings.concurrency(
        limit["ConcurrentExecutions"],
        limit["UnreservedConcurrentExecutions"],
        session.stack.parameter("ArchiveConcurrency"),
    )


def bucket(session: Session) -> Findings:
    """Check that the archive bucket is there, in the stack's region, and belongs to the stack's account."""
    stack, name = session.stack, session.stack.output("ArchiveBucketName")
    try:
        http = stack.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=stack.account)["ResponseMetadata"]
    except ClientError as error:
        http = error.response["ResponseMetadata"]
        if http["HTTPStatusCode"] not in findings.BUCKET_PROBLEMS:
            raise
    region = http["HTTPHeaders"].get("x-amz-bucket-region", "")
    place = findings.BucketPlace(name, region, stack.region)
    yield findings.bucket(place, http["HTTPStatusCode"], is_users=bool(stack.parameter("ArchiveBucketName")))


def alarm_topic(session: Session) -> Findings:
    """Check that the alarms reach somebody."""
    stack = session.stack
    topic = stack.output("AlarmTopicArn")
    if stack.local:
        yield Finding(findings.TOPIC, Verdict.NOTE, "The local cloud sends its alarms to nobody.")
        return
    pages = stack.client("sns").get_paginator("list_subscriptions_by_topic")
    listed = [subscription for page in pages.paginate(TopicArn=topic) for subscription in page["Subscriptions"]]
    yield from findings.subscriptions(topic, listed, stack.parameter("AlarmEmail"))


def alarms(session: Session) -> Findings:
    """Check which of the stack's alarms fire."""
    stack = session.stack
    ids = {one.physical_id: one.logical_id for one in stack.resources() if one.kind == "AWS::CloudWatch::Alarm"}
    found = stack.client("cloudwatch").describe_alarms(AlarmNames=sorted(ids), StateValue="ALARM")["MetricAlarms"]
    names = {alarm["AlarmName"] for alarm in found}
    yield findings.firing(sorted(ids[name] for name in names & ids.keys()), local=stack.local)
