"""Least privilege: what each role may do is what its function's code calls, read from that code, and no more.

That it is no less is shown by the tests on the local cloud, which enforces the roles.
"""

from itertools import chain

import pytest

from tests.infrastructure.aws_calls import aws_calls
from tests.infrastructure.rights import Right, granted, name_of, needed, statements
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties

SCHEDULE_RIGHTS = {
    Right("lambda:InvokeFunction", "SweepFunction.Arn"),
    Right("sqs:SendMessage", "SweepDeadLetterQueue.Arn"),
    Right("kms:Decrypt", "KmsKeyArn", "HasKmsKey"),
    Right("kms:GenerateDataKey", "KmsKeyArn", "HasKmsKey"),
}
WITHOUT_ARN = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "dynamodb:ListStreams",
    "states:SendTaskSuccess",
    "states:SendTaskFailure",
}
"""Actions that AWS lets nobody narrow to a resource."""


def roles(resources: Resources) -> set[str]:
    return set(of_type(resources, "AWS::IAM::Role"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_exactly_what_its_code_calls(resources: Resources, function: str) -> None:
    assert granted(resources, f"{function}Role") == needed(resources, function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_of_a_function_needs_a_right(resources: Resources, function: str) -> None:
    services = {call.operation.split(":")[0].replace("stepfunctions", "states") for call in aws_calls(function.lower())}
    assert services <= {right.action.split(":")[0] for right in granted(resources, f"{function}Role")}
    assert "dynamodb" in services


@pytest.mark.parametrize(
    ("function", "never"),
    [
        ("Submit", {"s3", "events", "states"}),
        ("Callback", {"sqs", "s3", "events", "states"}),
        ("Sweep", {"s3", "events", "states"}),
        ("Publish", {"secretsmanager", "s3"}),
        ("Archive", {"secretsmanager", "events", "states"}),
    ],
)
def test_a_function_never_touches_what_is_not_its_business(
    resources: Resources, function: str, never: set[str]
) -> None:
    assert not never & {right.action.split(":")[0] for right in granted(resources, f"{function}Role")}


def test_the_keys_of_the_provider_are_known_to_those_who_use_them(resources: Resources) -> None:
    readers = {
        secret: {f for f in FUNCTIONS if Right("secretsmanager:GetSecretValue", secret) in needed(resources, f)}
        for secret in ("ApiKeySecret.Id", "WebhookKeySecret.Id", "TokenKeySecret.Id")
    }
    assert readers == {
        "ApiKeySecret.Id": {"Submit", "Sweep"},
        "WebhookKeySecret.Id": {"Callback"},
        "TokenKeySecret.Id": {"Submit", "Callback", "Sweep"},
    }


@pytest.mark.parametrize("role", ["CallbackRole", "PublishRole", "ArchiveRole"])
def test_the_private_rows_of_the_table_are_for_submit_and_sweep_alone(resources: Resources, role: str) -> None:
    own = [s for _, s in statements(resources, role) if name_of_first(s) == "JobTable.Arn"]
    assert own
    for statement in own:
        assert statement["Condition"] == {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["#*"]}}


def name_of_first(statement: dict[str, object]) -> str:
    resource = statement["Resource"]
    return name_of(resource[0] if isinstance(resource, list) else resource)


def test_publish_speaks_on_the_bus_in_its_own_name_only(resources: Resources) -> None:
    [statement] = [s for _, s in statements(resources, "PublishRole") if s["Action"] == "events:PutEvents"]
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": "veo4k"}}


def test_the_schedule_may_start_the_sweep_and_nothing_else(resources: Resources) -> None:
    assert granted(resources, "SweepScheduleRole") == SCHEDULE_RIGHTS


def test_the_schedules_role_is_for_schedules_of_this_account_only(resources: Resources) -> None:
    [trust] = properties(resources, "SweepScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    named = trust["Condition"]["StringEquals"]
    assert named["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert named["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/default")


def test_there_are_no_roles_but_these(resources: Resources) -> None:
    assert roles(resources) == {f"{function}Role" for function in FUNCTIONS} | {"SweepScheduleRole"}


def test_every_function_has_a_role_of_its_own(resources: Resources) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {name: function["Role"]["Fn::GetAtt"][0] for name, function in functions.items()} == {
        f"{name}Function": f"{name}Role" for name in FUNCTIONS
    }


def test_a_role_is_for_the_one_service_that_needs_it(resources: Resources) -> None:
    for role, found in of_type(resources, "AWS::IAM::Role").items():
        [trust] = found["AssumeRolePolicyDocument"]["Statement"]
        service = "scheduler" if role == "SweepScheduleRole" else "lambda"
        assert (trust["Principal"], trust["Action"]) == ({"Service": f"{service}.amazonaws.com"}, "sts:AssumeRole")


def test_no_role_has_a_managed_policy_beside_its_own_statements(resources: Resources) -> None:
    for role in roles(resources):
        assert "ManagedPolicyArns" not in properties(resources, role)


def every_right(resources: Resources) -> set[Right]:
    return set(chain.from_iterable(granted(resources, role) for role in roles(resources)))


def test_no_action_is_a_wildcard(resources: Resources) -> None:
    assert not [right for right in every_right(resources) if "*" in right.action]


def test_only_actions_that_know_no_resource_are_allowed_on_all(resources: Resources) -> None:
    assert {right.action for right in every_right(resources) if right.resource == "*"} == WITHOUT_ARN
