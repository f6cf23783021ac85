"""Least privilege: what each role may do is what its function's code calls, read from that code, and no more.

That it is no less is shown by the tests on the local cloud, which enforces the roles.
"""

import pytest

from tests.infrastructure.rights import Right, as_list, granted, name_of, required, rights_of, statements
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties

ROLES = [*(f"{name}Role" for name in FUNCTIONS), "SweepScheduleRole"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_what_its_function_or_service_calls(resources: Resources, role: str) -> None:
    assert granted(resources, role) == required(resources, role)


@pytest.mark.parametrize("role", ROLES)
def test_no_right_is_granted_twice(resources: Resources, role: str) -> None:
    """Else one could be taken out of a statement, or a statement be narrowed, without any effect."""
    assert len(list(rights_of(resources, role))) == len(granted(resources, role))


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
        secret: {
            f for f in FUNCTIONS if Right("secretsmanager:GetSecretValue", secret) in granted(resources, f"{f}Role")
        }
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
    """What the condition refuses is tried on the local cloud."""
    own = [s for _, s in statements(resources, role) if "JobTable.Arn" in map(name_of, as_list(s["Resource"]))]
    assert own
    for statement in own:
        assert statement["Condition"] == {"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["#*"]}}


def test_publish_speaks_on_the_bus_in_its_own_name_only(resources: Resources) -> None:
    [statement] = [s for _, s in statements(resources, "PublishRole") if s["Action"] == "events:PutEvents"]
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": "veo4k"}}


def test_the_schedules_role_is_for_schedules_of_this_account_only(resources: Resources) -> None:
    [trust] = properties(resources, "SweepScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    named = trust["Condition"]["StringEquals"]
    assert named["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert named["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/default")


def test_a_sender_may_send_jobs_and_nothing_else(resources: Resources) -> None:
    send, key = properties(resources, "SubmitPolicy")["PolicyDocument"]["Statement"]
    assert send["Action"] == ["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
    assert name_of(send["Resource"]) == "JobQueue.Arn"
    assert key["Fn::If"][0] == "HasKmsKey"
    assert key["Fn::If"][1]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_each_role_is_for_one_service_and_has_no_managed_policy(resources: Resources) -> None:
    found = of_type(resources, "AWS::IAM::Role")
    assert found.keys() == set(ROLES)
    for name, role in found.items():
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        service = "scheduler" if name == "SweepScheduleRole" else "lambda"
        assert (trust["Principal"], trust["Action"]) == ({"Service": f"{service}.amazonaws.com"}, "sts:AssumeRole")
        assert "ManagedPolicyArns" not in role
