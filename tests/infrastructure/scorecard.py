"""The scorecard: rules that no scanner checks, each over every resource it concerns (docs/evidence/scorecard.md).

`python -m tests.infrastructure.scorecard` writes the page; the tests fail where page and template differ.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.infrastructure.conftest import transformed
from tests.infrastructure.rights import granted, name_of, statements
from tests.infrastructure.stack import Resources, function_of, of_type, properties

PAGE = Path("docs/evidence/scorecard.md")
HEAD = """# Scorecard

Rules that the template keeps and that no scanner checks. `python -m tests.infrastructure.scorecard` writes this page
from the template as CloudFormation receives it. The tests fail where this page and the template differ.

| Rule | Kept by | Kept |
|---|---|---|
"""
Finding = tuple[str, bool]
Properties = dict[str, Any]


class Rule(NamedTuple):
    """A sentence and its check, which yields each resource it concerns and whether the resource keeps the rule."""

    sentence: str
    check: Callable[[Resources], Iterator[Finding]]


def queues_of_functions(resources: Resources) -> Iterator[tuple[str, Properties, Properties]]:
    """Yield each queue that invokes a function: its name, its properties and those of the function."""
    for name, source in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        queue = name_of(source["EventSourceArn"]).split(".")[0]
        if resources[queue]["Type"] == "AWS::SQS::Queue":
            yield queue, properties(resources, queue), function_of(resources, name)


def visibility(resources: Resources) -> Iterator[Finding]:
    for name, queue, function in queues_of_functions(resources):
        yield name, queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def redrive(resources: Resources) -> Iterator[Finding]:
    for name, queue, _ in queues_of_functions(resources):
        yield name, queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def sources(resources: Resources, holds: Callable[[Properties], bool], kind: str = "") -> Iterator[Finding]:
    for name, source in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        if kind in name_of(source["EventSourceArn"]):
            yield name, holds(source)


def partial(resources: Resources) -> Iterator[Finding]:
    yield from sources(resources, lambda source: source["FunctionResponseTypes"] == ["ReportBatchItemFailures"])


def bounded(resources: Resources) -> Iterator[Finding]:
    for name, source in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        if "StreamArn" not in name_of(source["EventSourceArn"]):
            yield name, "MaximumConcurrency" in source["ScalingConfig"]


def bisect(resources: Resources) -> Iterator[Finding]:
    yield from sources(resources, lambda source: source["BisectBatchOnFunctionError"] is True, "StreamArn")


def stream_ends(resources: Resources) -> Iterator[Finding]:
    def limited(source: Properties) -> bool:
        return source["MaximumRetryAttempts"] in range(6) and source["MaximumRecordAgeInSeconds"] in range(6 * 3600 + 1)

    yield from sources(resources, limited, "StreamArn")


def edges(resources: Resources) -> Iterator[Finding]:
    """Yield every asynchronous delivery: queues, streams, asynchronous invocations and schedules."""
    for name, queue, _ in queues_of_functions(resources):
        yield name, "RedrivePolicy" in queue
    yield from sources(resources, has_on_failure, "StreamArn")
    for name, call in of_type(resources, "AWS::Lambda::EventInvokeConfig").items():
        yield name, has_on_failure(call)
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        yield name, "DeadLetterConfig" in schedule["Target"]


def has_on_failure(edge: Properties) -> bool:
    return "Destination" in edge["DestinationConfig"]["OnFailure"]


def metrics_of(alarm: Properties) -> Iterator[tuple[str, str]]:
    """Yield the resource and the metric's name of each metric that an alarm reads, directly or in an expression."""
    entries = [entry.get("Fn::If", [None, entry])[1] for entry in alarm.get("Metrics", [])]
    read = [entry["MetricStat"]["Metric"] for entry in entries if "MetricStat" in entry] or [alarm]
    for metric in read:
        yield name_of(metric["Dimensions"][0]["Value"]).split(".")[0], metric["MetricName"]


def watched(resources: Resources) -> set[tuple[str, str]]:
    """Return every resource with the name of a metric of it that an alarm reads."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    return {pair for alarm in alarms for pair in metrics_of(alarm)}


def dead_letters(resources: Resources) -> Iterator[Finding]:
    first = {
        name
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        for name, metric in metrics_of(alarm)
        if metric == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    for name in of_type(resources, "AWS::SQS::Queue"):
        if name.endswith("DeadLetterQueue"):
            yield name, name in first


def schedule_retry(resources: Resources) -> Iterator[Finding]:
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        policy = schedule["Target"]["RetryPolicy"]
        yield name, policy["MaximumRetryAttempts"] <= 5 and policy["MaximumEventAgeInSeconds"] <= 3600


def alarms_of_functions(resources: Resources) -> Iterator[Finding]:
    pairs = watched(resources)
    for name in of_type(resources, "AWS::Lambda::Function"):
        yield name, {(name, "Errors"), (name, "Throttles")} <= pairs


def durations(resources: Resources) -> Iterator[Finding]:
    """Check that the dashboard draws a function's longest run with the timeout in its label."""
    [dashboard] = of_type(resources, "AWS::CloudWatch::Dashboard").values()
    drawn = re.findall(r'"Duration", "FunctionName", "\$\{(\w+)\}", \{"label": "([^"]+)"', dashboard_text(dashboard))
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        labels = [label for function_name, label in drawn if function_name == name]
        yield name, any(label.endswith(f"(killed at {function['Timeout'] * 1000:,})") for label in labels)


def dashboard_text(dashboard: Properties) -> str:
    """Return the text of the dashboard's body with all that options add."""
    body, options = dashboard["DashboardBody"]["Fn::Sub"]
    for name, option in options.items():
        body = body.replace(f"${{{name}}}", option["Fn::If"][1]["Fn::Sub"])
    return str(body)


def retention(resources: Resources) -> Iterator[Finding]:
    for name, group in of_type(resources, "AWS::Logs::LogGroup").items():
        yield name, "RetentionInDays" in group


def own_log(resources: Resources) -> Iterator[Finding]:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        yield name, name_of(function["LoggingConfig"]["LogGroup"]) in groups


ONLY_OVER_TLS = {"Bool": {"aws:SecureTransport": "false"}}
POLICIES = {"AWS::SQS::QueuePolicy": "Queues", "AWS::S3::BucketPolicy": "Bucket", "AWS::SNS::TopicPolicy": "Topics"}
"""Types of resource policies, with the property that names what the policy protects."""


def tls(resources: Resources) -> Iterator[Finding]:
    for name, bus in of_type(resources, "AWS::Events::EventBus").items():
        yield name, refuses_plain_http(bus["Policy"])
    for kind, place in POLICIES.items():
        for policy in of_type(resources, kind).values():
            named = policy[place] if isinstance(policy[place], list) else [policy[place]]
            yield from ((name_of(store), refuses_plain_http(policy["PolicyDocument"])) for store in named)


def refuses_plain_http(policy: Properties) -> bool:
    return any(s["Effect"] == "Deny" and s.get("Condition") == ONLY_OVER_TLS for s in policy["Statement"])


def own_role(resources: Resources) -> Iterator[Finding]:
    roles = [name_of(function["Role"]) for function in of_type(resources, "AWS::Lambda::Function").values()]
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        yield name, roles.count(name_of(function["Role"])) == 1


def no_star(resources: Resources) -> Iterator[Finding]:
    for name in of_type(resources, "AWS::IAM::Role"):
        yield name, not any("*" in right.action for right in granted(resources, name))


def throttled(resources: Resources) -> Iterator[Finding]:
    for name, stage in of_type(resources, "AWS::ApiGatewayV2::Stage").items():
        yield name, stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0 and "AccessLogSettings" in stage


def no_default_route(resources: Resources) -> Iterator[Finding]:
    for name, route in of_type(resources, "AWS::ApiGatewayV2::Route").items():
        yield name, route["RouteKey"] != "$default"


def boundary(resources: Resources) -> Iterator[Finding]:
    optional = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        yield name, role["PermissionsBoundary"] == optional


def own_account(resources: Resources) -> Iterator[Finding]:
    own = {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    for name in of_type(resources, "AWS::IAM::Role"):
        bucket = [s for _, s in statements(resources, name) if json.dumps(s["Action"]).count("s3:")]
        if bucket:
            yield name, all(statement.get("Condition") == own for statement in bucket)


def kept(resources: Resources) -> Iterator[Finding]:
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket"):
        for name in of_type(resources, kind):
            yield name, resources[name].get("DeletionPolicy") == "Retain"


def restorable(resources: Resources) -> Iterator[Finding]:
    for name, table in of_type(resources, "AWS::DynamoDB::Table").items():
        yield name, table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    for name, bucket in of_type(resources, "AWS::S3::Bucket").items():
        yield name, bucket["VersioningConfiguration"]["Status"] == "Enabled"


RULES = [
    Rule("A queue hides a message for at least six times the timeout of its function", visibility),
    Rule("A message is received at least five times before it goes to a dead-letter queue", redrive),
    Rule("An event source reports single failures of a batch", partial),
    Rule("A queue's event source limits the concurrency, so that throttling burns no receives", bounded),
    Rule("A failed batch of a stream is split in half", bisect),
    Rule("A stream record is retried five times and for six hours at most", stream_ends),
    Rule("Every asynchronous delivery has a dead-letter queue", edges),
    Rule("Every dead-letter queue has an alarm that fires at the first message", dead_letters),
    Rule("A schedule retries, but not for a day, which is the default", schedule_retry),
    Rule("Every function has an alarm for errors and one for throttles", alarms_of_functions),
    Rule("The dashboard shows every function's longest run beside its timeout", durations),
    Rule("Every log group has a retention", retention),
    Rule("Every function logs into a group of the stack", own_log),
    Rule("Requests without TLS are refused", tls),
    Rule("Every function has a role of its own", own_role),
    Rule("No role has a wildcard among its actions", no_star),
    Rule("Every role takes the permissions boundary", boundary),
    Rule("Rights on a bucket demand that this account owns it", own_account),
    Rule("The API is throttled and keeps an access log", throttled),
    Rule("The API has no default route", no_default_route),
    Rule("Deleting the stack deletes no data", kept),
    Rule("Data can be restored to an earlier state", restorable),
]


def page(resources: Resources) -> str:
    """Return the page for these resources."""
    return HEAD + "".join(f"{row(rule, list(rule.check(resources)))}\n" for rule in RULES)


def row(rule: Rule, found: list[Finding]) -> str:
    """Return the line of one rule."""
    kept_by = [name for name, holds in found if holds]
    return (
        f"| {rule.sentence} | {', '.join(f'`{name}`' for name in sorted(kept_by))} | {len(kept_by)} of {len(found)} |"
    )


if __name__ == "__main__":
    PAGE.write_text(page(transformed()["Resources"]))
