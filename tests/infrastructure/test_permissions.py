"""Least privilege: what each role may do is what its function's code calls, read from that code, and no more.

That it is no less is shown by the tests on the local cloud, which enforces the roles.
"""

from collections.abc import Callable
from copy import deepcopy
from itertools import chain
from typing import Any

import pytest

from tests.infrastructure.aws_calls import aws_calls
from tests.infrastructure.rights import (
    BUCKET,
    INTERFACES,
    Right,
    as_list,
    granted,
    name_of,
    needed,
    required,
    statements,
)
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties

WITHOUT_ARN = {
    "dynamodb:ListStreams",
    "states:SendTaskSuccess",
    "states:SendTaskFailure",
    *INTERFACES,
}
"""Actions that cannot be narrowed to a resource of the stack."""

ROLES = [*(f"{name}Role" for name in FUNCTIONS), "SweepScheduleRole"]


def roles(resources: Resources) -> set[str]:
    return set(of_type(resources, "AWS::IAM::Role"))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_what_its_function_or_service_calls(resources: Resources, role: str) -> None:
    assert granted(resources, role) == required(resources, role)


NEVER_NEEDED = (
    "dynamodb:DeleteItem",
    "sqs:PurgeQueue",
    "s3:GetObjectVersion",
    "secretsmanager:PutSecretValue",
    "iam:PassRole",
)


def changed(resources: Resources, role: str, change: Callable[[dict[str, Any]], None], place: int) -> set[Right]:
    """Return the rights of a role with that statement changed, or removed if it has no actions left."""
    mutant = {role: deepcopy(resources[role])}
    statement = [statement for _, statement in statements(mutant, role)][place]
    change(statement)
    return granted(mutant, role)


def without(action: str) -> Callable[[dict[str, Any]], None]:
    return lambda statement: statement.update(Action=[each for each in as_list(statement["Action"]) if each != action])


def with_more(action: str) -> Callable[[dict[str, Any]], None]:
    return lambda statement: statement.update(Action=[*as_list(statement["Action"]), action])


@pytest.mark.parametrize("role", ROLES)
def test_one_action_less_in_any_statement_of_a_role_is_noticed(resources: Resources, role: str) -> None:
    places = [(place, action) for place, actions in enumerate(actions_of(resources, role)) for action in actions]
    needs = required(resources, role)
    kept = [(p, a) for p, a in places if changed(resources, role, without(a), p) == needs]
    assert places
    assert kept == []


@pytest.mark.parametrize("role", ROLES)
def test_one_action_more_in_any_statement_of_a_role_is_noticed(resources: Resources, role: str) -> None:
    every = {right.action for other in ROLES for right in granted(resources, other)} | set(NEVER_NEEDED)
    present = actions_of(resources, role)
    # Two statements on one resource: what one of them grants is nothing more in the other.
    more = [(p, a) for p, own in enumerate(present) for a in sorted(every - set(own))]
    has, needs = granted(resources, role), required(resources, role)
    then = {(p, a): changed(resources, role, with_more(a), p) for p, a in more}
    added = {place: rights for place, rights in then.items() if rights != has}
    assert len(added) > 50
    assert [place for place, rights in added.items() if rights == needs] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_statement_on_all_resources_instead_of_its_own_is_noticed(resources: Resources, role: str) -> None:
    narrow = [p for p, (_, s) in enumerate(statements(resources, role)) if s["Resource"] != "*"]
    needs = required(resources, role)
    wide = [p for p in narrow if changed(resources, role, lambda s: s.update(Resource="*"), p) == needs]
    assert narrow
    assert wide == []


def actions_of(resources: Resources, role: str) -> list[list[str]]:
    """Return the actions of each statement of a role."""
    return [as_list(statement["Action"]) for _, statement in statements(resources, role)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_of_a_function_needs_a_right(resources: Resources, function: str) -> None:
    services = {call.operation.split(":")[0].replace("stepfunctions", "states") for call in aws_calls(function.lower())}
    assert services <= {right.action.split(":")[0] for right in granted(resources, f"{function}Role")}
    assert "dynamodb" in services


@pytest.mark.parametrize(
    ("function", "never"),
    [
        ("Submit", {"s3", "events", "states"}),
        ("Callback", {"s3", "events", "states"}),
        ("Sweep", {"s3", "events", "states"}),
        ("Publish", {"secretsmanager", "s3"}),
        ("Archive", {"secretsmanager", "events", "states"}),
        ("Api", {"events", "states"}),
    ],
)
def test_a_function_never_touches_what_is_not_its_business(
    resources: Resources, function: str, never: set[str]
) -> None:
    assert not never & {right.action.split(":")[0] for right in granted(resources, f"{function}Role")}


def test_only_functions_that_use_provider_keys_know_them(resources: Resources) -> None:
    readers = {
        secret: {f for f in FUNCTIONS if Right("secretsmanager:GetSecretValue", secret) in needed(resources, f)}
        for secret in ("ApiKeySecret.Id", "WebhookKeySecret.Id", "TokenKeySecret.Id", "JobsApiTokenSecret.Id")
    }
    assert readers == {
        "ApiKeySecret.Id": {"Submit", "Sweep"},
        "WebhookKeySecret.Id": {"Callback"},
        "TokenKeySecret.Id": {"Submit", "Callback", "Sweep"},
        "JobsApiTokenSecret.Id": {"Api"},
    }


@pytest.mark.parametrize("role", ["CallbackRole", "PublishRole", "ArchiveRole", "ApiRole"])
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


def test_the_schedules_role_is_for_schedules_of_this_account_only(resources: Resources) -> None:
    [trust] = properties(resources, "SweepScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    named = trust["Condition"]["StringEquals"]
    assert named["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert named["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/default")


def test_videos_are_in_buckets_of_this_account_only(resources: Resources) -> None:
    roles = ("ArchiveRole", "ApiRole")
    own = [s for role in roles for _, s in statements(resources, role) if name_of_first(s).startswith(BUCKET)]
    assert len(own) == 3
    for statement in own:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_role_is_bounded_where_a_boundary_is_given(resources: Resources) -> None:
    bounded = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    for role in roles(resources):
        assert properties(resources, role)["PermissionsBoundary"] == bounded


def test_a_sender_may_send_jobs_and_nothing_else(resources: Resources) -> None:
    send, key = properties(resources, "SubmitPolicy")["PolicyDocument"]["Statement"]
    assert send["Action"] == ["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
    assert name_of(send["Resource"]) == "JobQueue.Arn"
    assert key["Fn::If"][0] == "HasKmsKey"
    assert key["Fn::If"][1]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_there_are_no_roles_but_these(resources: Resources) -> None:
    assert roles(resources) == set(ROLES)


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
