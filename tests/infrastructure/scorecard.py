"""The scorecard: rules that no scanner checks, each over every resource it concerns (docs/evidence/scorecard.md).

`python -m tests.infrastructure.scorecard` writes the page; the tests fail where page and template differ.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.infrastructure.alarms import ALARMS, READS
from tests.infrastructure.conftest import transformed_resources
from tests.infrastructure.rights import granted, name_of, statements
from tests.infrastructure.stack import Resources, of_type, properties

PAGE = Path("docs/evidence/scorecard.md")
HEAD = """# Scorecard

Rules that the template keeps and that no scanner checks. `python -m tests.infrastructure.scorecard` writes this page
from the template as CloudFormation receives it. The tests fail where this page and the template differ.

| Rule | Kept by | Kept |
|---|---|---|
"""
Properties = dict[str, Any]
Finding = tuple[str, bool]
Check = Callable[[Resources], Iterator[Finding]]


class Rule(NamedTuple):
    """A sentence and its check, which yields each resource it concerns and whether the resource keeps the rule."""

    sentence: str
    check: Check


def each(kind: str, holds: Callable[[Properties], bool], only: Callable[[Properties], bool] = bool) -> Check:
    """Return the check of every resource of a type, or of those that `only` selects, by their properties."""
    return lambda resources: ((n, holds(found)) for n, found in of_type(resources, kind).items() if only(found))


SOURCE = "AWS::Lambda::EventSourceMapping"
FUNCTION = "AWS::Lambda::Function"


def is_queue(source: Properties) -> bool:
    return "StartingPosition" not in source


def is_stream(source: Properties) -> bool:
    return not is_queue(source)


def queues_of_functions(resources: Resources) -> Iterator[tuple[str, Properties, Properties]]:
    """Yield each queue that invokes a function: its name, its properties and those of the function."""
    for source in filter(is_queue, of_type(resources, SOURCE).values()):
        queue = name_of(source["EventSourceArn"]).removesuffix(".Arn")
        yield queue, properties(resources, queue), properties(resources, name_of(source["FunctionName"]))


def visibility(resources: Resources) -> Iterator[Finding]:
    for name, queue, function in queues_of_functions(resources):
        yield name, queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def redrive(resources: Resources) -> Iterator[Finding]:
    for name, queue, _ in queues_of_functions(resources):
        yield name, queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def ends_soon(source: Properties) -> bool:
    return source["MaximumRetryAttempts"] in range(6) and source["MaximumRecordAgeInSeconds"] in range(6 * 3600 + 1)


def has_on_failure(edge: Properties) -> bool:
    return bool(edge["DestinationConfig"]["OnFailure"]["Destination"])


def asynchronous(resources: Resources) -> Iterator[Finding]:
    """Yield every asynchronous delivery: queues, streams, asynchronous invocations and schedules."""
    for name, queue, _ in queues_of_functions(resources):
        yield name, "RedrivePolicy" in queue
    yield from each(SOURCE, has_on_failure, is_stream)(resources)
    yield from each("AWS::Lambda::EventInvokeConfig", has_on_failure)(resources)
    yield from each("AWS::Scheduler::Schedule", lambda schedule: "DeadLetterConfig" in schedule["Target"])(resources)


def dead_letters(resources: Resources) -> Iterator[Finding]:
    visible = [read for read in READS if read.name == "ApproximateNumberOfMessagesVisible"]
    first = {read.of for read in visible if ALARMS[read.alarm]["Threshold"] == 0}
    for name in of_type(resources, "AWS::SQS::Queue"):
        if name.endswith("DeadLetterQueue"):
            yield name, name in first


def retries_for_an_hour_at_most(schedule: Properties) -> bool:
    policy = schedule["Target"]["RetryPolicy"]
    return policy["MaximumRetryAttempts"] in range(6) and policy["MaximumEventAgeInSeconds"] in range(3601)


def errors_and_throttles(resources: Resources) -> Iterator[Finding]:
    watched = {(read.of, read.name) for read in READS}
    for name in of_type(resources, FUNCTION):
        yield name, {(name, "Errors"), (name, "Throttles")} <= watched


def durations(resources: Resources) -> Iterator[Finding]:
    """Check that the dashboard draws a function's longest run with the timeout in its label."""
    [dashboard] = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    drawn = re.findall(r'"Duration", "FunctionName", "\$\{(\w+)\}", \{"label": "([^"]+)"', dashboard_text(dashboard))
    for name, function in of_type(resources, FUNCTION).items():
        label = f"{name.removesuffix('Function').lower()} (killed at {function['Timeout'] * 1000:,})"
        yield name, (name, label) in drawn


def dashboard_text(dashboard: Properties) -> str:
    """Return the text of the dashboard's body with all that options add."""
    body, options = dashboard["DashboardBody"]["Fn::Sub"]
    for name, option in options.items():
        body = body.replace(f"${{{name}}}", option["Fn::If"][1]["Fn::Sub"])
    return str(body)


POLICIES = {"AWS::SQS::QueuePolicy": "Queues", "AWS::S3::BucketPolicy": "Bucket", "AWS::SNS::TopicPolicy": "Topics"}
"""Types of resource policies, with the property that names what the policy protects."""


def tls(resources: Resources) -> Iterator[Finding]:
    """Yield every store and channel. Where two policies name the same one, the second would replace the first."""
    policies = [
        (name_of(store), policy["PolicyDocument"])
        for kind, place in POLICIES.items()
        for policy in of_type(resources, kind).values()
        for store in (policy[place] if isinstance(policy[place], list) else [policy[place]])
    ]
    policies += [(name, bus["Policy"]) for name, bus in of_type(resources, "AWS::Events::EventBus").items()]
    closed = [name for name, policy in policies if refuses_plain_http(policy)]
    for kind in ("AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::Events::EventBus"):
        for name in of_type(resources, kind):
            yield name, closed.count(name) == 1 == [store for store, _ in policies].count(name)


def refuses_plain_http(policy: Properties) -> bool:
    denied = {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    actions = ("sqs:*", "s3:*", "sns:Publish", "events:PutEvents")
    return any(denied.items() <= each.items() and each["Action"] in actions for each in policy["Statement"])


def own_role(resources: Resources) -> Iterator[Finding]:
    for name, function in of_type(resources, FUNCTION).items():
        yield name, name_of(function["Role"]) == f"{name.removesuffix('Function')}Role.Arn"


def no_star(resources: Resources) -> Iterator[Finding]:
    for name in of_type(resources, "AWS::IAM::Role"):
        yield name, not any("*" in right.action for right in granted(resources, name))


def own_account(resources: Resources) -> Iterator[Finding]:
    own = {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    for name in of_type(resources, "AWS::IAM::Role"):
        bucket = [s for _, s in statements(resources, name) if "s3:" in json.dumps(s["Action"])]
        if bucket:
            yield name, all(statement.get("Condition") == own for statement in bucket)


def kept(resources: Resources) -> Iterator[Finding]:
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket"):
        for name in of_type(resources, kind):
            policies = {resources[name].get(policy) for policy in ("DeletionPolicy", "UpdateReplacePolicy")}
            yield name, policies == {"Retain"}


def restorable(resources: Resources) -> Iterator[Finding]:
    restored = {"PointInTimeRecoveryEnabled": True}
    yield from each("AWS::DynamoDB::Table", lambda t: t["PointInTimeRecoverySpecification"] == restored)(resources)
    yield from each("AWS::S3::Bucket", lambda b: b["VersioningConfiguration"] == {"Status": "Enabled"})(resources)


BOUNDARY = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
RULES = [
    Rule("A queue hides a message for at least six times the timeout of its function", visibility),
    Rule("A message is received at least five times before it goes to a dead-letter queue", redrive),
    Rule(
        "An event source reports single failures of a batch",
        each(SOURCE, lambda source: source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]),
    ),
    Rule(
        "A queue's event source limits the concurrency, so that throttling burns no receives",
        each(SOURCE, lambda source: "MaximumConcurrency" in source["ScalingConfig"], is_queue),
    ),
    Rule(
        "A failed batch of a stream is split in half",
        each(SOURCE, lambda source: source["BisectBatchOnFunctionError"] is True, is_stream),
    ),
    Rule("A stream record is retried five times and for six hours at most", each(SOURCE, ends_soon, is_stream)),
    Rule("Every asynchronous delivery has a dead-letter queue", asynchronous),
    Rule("Every dead-letter queue has an alarm that fires at the first message", dead_letters),
    Rule(
        "A schedule retries, but not for a day, which is the default",
        each("AWS::Scheduler::Schedule", retries_for_an_hour_at_most),
    ),
    Rule("Every function has an alarm for errors and one for throttles", errors_and_throttles),
    Rule("The dashboard shows every function's longest run beside its timeout", durations),
    Rule(
        "Every log group has a retention",
        each("AWS::Logs::LogGroup", lambda group: group["RetentionInDays"] == {"Ref": "LogRetentionDays"}),
    ),
    Rule(
        "Every function logs into a group of the stack",
        each(FUNCTION, lambda function: function["LoggingConfig"] == {"LogGroup": {"Ref": "LogGroup"}}),
    ),
    Rule("Requests without TLS are refused", tls),
    Rule("Every function has a role of its own", own_role),
    Rule("No role has a wildcard among its actions", no_star),
    Rule(
        "Every role takes the permissions boundary",
        each("AWS::IAM::Role", lambda role: bool(role["PermissionsBoundary"] == BOUNDARY)),
    ),
    Rule("Rights on a bucket demand that this account owns it", own_account),
    Rule(
        "The API is throttled and keeps an access log",
        each(
            "AWS::ApiGatewayV2::Stage",
            lambda s: s["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0 and "AccessLogSettings" in s,
        ),
    ),
    Rule(
        "The API has no default route",
        each("AWS::ApiGatewayV2::Route", lambda route: bool(route["RouteKey"] != "$default")),
    ),
    Rule("Deleting the stack deletes no data", kept),
    Rule("Data can be restored to an earlier state", restorable),
]


def page(resources: Resources) -> str:
    """Return the page for these resources."""
    return HEAD + "".join(f"{row(rule, list(rule.check(resources)))}\n" for rule in RULES)


def row(rule: Rule, found: list[Finding]) -> str:
    """Return the line of one rule."""
    names = sorted(name for name, holds in found if holds)
    return f"| {rule.sentence} | {', '.join(f'`{name}`' for name in names)} | {len(names)} of {len(found)} |"


if __name__ == "__main__":
    PAGE.write_text(page(transformed_resources()))
