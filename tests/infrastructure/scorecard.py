"""The scorecard: what no scanner checks, each rule over every resource it concerns, printed into docs/scorecard.md.

python -m tests.infrastructure.scorecard    write the page anew; the tests fail where it is not what the template says
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.infrastructure.conftest import transformed
from tests.infrastructure.rights import granted, name_of
from tests.infrastructure.stack import Resources, function_of, of_type, properties

PAGE = Path("docs/scorecard.md")
HEAD = """# Scorecard

What the template keeps to, beyond what scanners look at. Written by `python -m tests.infrastructure.scorecard`
from the template as CloudFormation gets it; the tests fail where this page and the template differ.

| Rule | Holds for | Kept |
|---|---|---|
"""
Finding = tuple[str, bool]
Properties = dict[str, Any]


class Rule(NamedTuple):
    """A sentence, and what it finds: each resource it concerns, and whether it holds there."""

    says: str
    look: Callable[[Resources], Iterator[Finding]]


def queues_of_functions(resources: Resources) -> Iterator[tuple[str, Properties, Properties]]:
    """Each queue that wakes a function: its name, itself and the function."""
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
    """Whatever is delivered without somebody waiting: queues, streams, asynchronous calls and schedules."""
    for name, queue, _ in queues_of_functions(resources):
        yield name, "RedrivePolicy" in queue
    yield from sources(resources, has_on_failure, "StreamArn")
    for name, call in of_type(resources, "AWS::Lambda::EventInvokeConfig").items():
        yield name, has_on_failure(call)
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        yield name, "DeadLetterConfig" in schedule["Target"]


def has_on_failure(edge: Properties) -> bool:
    return "Destination" in edge["DestinationConfig"]["OnFailure"]


def dead_letters(resources: Resources) -> Iterator[Finding]:
    watched = {
        name_of(alarm["Dimensions"][0]["Value"]).split(".")[0]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    for name in of_type(resources, "AWS::SQS::Queue"):
        if name.endswith("DeadLetterQueue"):
            yield name, name in watched


def schedule_retry(resources: Resources) -> Iterator[Finding]:
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        policy = schedule["Target"]["RetryPolicy"]
        yield name, policy["MaximumRetryAttempts"] <= 5 and policy["MaximumEventAgeInSeconds"] <= 3600


def alarms_of_functions(resources: Resources) -> Iterator[Finding]:
    watched = {
        (name_of(alarm["Dimensions"][0]["Value"]), alarm["MetricName"])
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
    }
    for name in at_work(resources):
        yield name, {(name, "Errors"), (name, "Throttles"), (name, "Duration")} <= watched


def at_work(resources: Resources) -> Iterator[str]:
    """All functions but the one that looks at the others' new versions, and whose failure fails the deployment."""
    hooks = {moved["BeforeAllowTrafficHook"]["Ref"] for moved in shifts(resources).values()}
    yield from (name for name in of_type(resources, "AWS::Lambda::Function") if name not in hooks)


def shifts(resources: Resources) -> dict[str, Properties]:
    """How each function's alias is moved to a new version."""
    return {
        properties(resources, name)["FunctionName"]["Ref"]: resources[name]["UpdatePolicy"][
            "CodeDeployLambdaAliasUpdate"
        ]
        for name, alias in of_type(resources, "AWS::Lambda::Alias").items()
        if "UpdatePolicy" in resources[name]
    }


def gradual(resources: Resources) -> Iterator[Finding]:
    groups, moved = of_type(resources, "AWS::CodeDeploy::DeploymentGroup"), shifts(resources)
    for name in at_work(resources):
        group = groups[moved[name]["DeploymentGroupName"]["Ref"]] if name in moved else {}
        yield name, "AlarmConfiguration" in group and group["AutoRollbackConfiguration"]["Enabled"] is True


def retention(resources: Resources) -> Iterator[Finding]:
    for name, group in of_type(resources, "AWS::Logs::LogGroup").items():
        yield name, "RetentionInDays" in group


def own_log(resources: Resources) -> Iterator[Finding]:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        yield name, name_of(function["LoggingConfig"]["LogGroup"]) in groups


def tls(resources: Resources) -> Iterator[Finding]:
    deny = {"Bool": {"aws:SecureTransport": "false"}}
    for policy in of_type(resources, "AWS::Events::EventBusPolicy").values():
        if policy["Statement"].get("Condition") == deny:
            yield name_of(policy["EventBusName"]), policy["Statement"]["Effect"] == "Deny"
    for kind, place in (("AWS::SQS::QueuePolicy", "Queues"), ("AWS::S3::BucketPolicy", "Bucket")):
        for policy in of_type(resources, kind).values():
            kept = any(
                s["Effect"] == "Deny" and s.get("Condition") == deny for s in policy["PolicyDocument"]["Statement"]
            )
            named = policy[place] if isinstance(policy[place], list) else [policy[place]]
            yield from ((name_of(store), kept) for store in named)


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
    for name, api in of_type(resources, "AWS::ApiGatewayV2::Api").items():
        yield name, "$default" not in api["Body"]["paths"]


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
    Rule("A queue hides a message at least six times as long as its function may run", visibility),
    Rule("A message is received at least five times before it is given up", redrive),
    Rule("An event source reports single failures of a batch", partial),
    Rule("A queue's function has a limit at its source, so that throttling burns no receives", bounded),
    Rule("A stream's batch that fails is halved", bisect),
    Rule("A stream's record is tried five times and for six hours at most", stream_ends),
    Rule("Every asynchronous edge has a queue for what it could not deliver", edges),
    Rule("Every queue of dead letters rings at the first one", dead_letters),
    Rule("A schedule tries again, but not for the day that is the default", schedule_retry),
    Rule("Every function at work rings for errors, throttles and near its timeout", alarms_of_functions),
    Rule("Every function at work is checked before a new version gets traffic, and taken back when it rings", gradual),
    Rule("No log is kept for ever", retention),
    Rule("Every function logs into a group of the stack", own_log),
    Rule("What does not come over TLS is refused", tls),
    Rule("Every function has a role of its own", own_role),
    Rule("No role has a wildcard among its actions", no_star),
    Rule("The API is throttled and keeps an access log", throttled),
    Rule("The API has no default route", no_default_route),
    Rule("Deleting the stack deletes no data", kept),
    Rule("Data can be brought back to what it was", restorable),
]


def page(resources: Resources) -> str:
    """The page as it has to be."""
    return HEAD + "".join(f"{row(rule, list(rule.look(resources)))}\n" for rule in RULES)


def row(rule: Rule, found: list[Finding]) -> str:
    """One rule's line."""
    kept_by = [name for name, holds in found if holds]
    return f"| {rule.says} | {', '.join(f'`{name}`' for name in sorted(kept_by))} | {len(kept_by)} of {len(found)} |"


if __name__ == "__main__":
    PAGE.write_text(page(transformed()))
