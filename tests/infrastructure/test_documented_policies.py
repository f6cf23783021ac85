"""The policies of the pages can do on AWS what their pages say, by AWS' own data of actions and resources."""

import json
import subprocess
from fnmatch import fnmatchcase
from typing import Any

import pytest

from local.cloud.build import SAM
from tests.infrastructure.authorization import arns_of, calls, can_grant, grants, is_action, is_granted
from tests.infrastructure.conftest import transformed_resources
from tests.infrastructure.rights import granted
from tests.infrastructure.stack import Resources
from tests.infrastructure.test_permissions import ROLES
from tests.unit.docs.pages import blocks, page, rows, section, words

OPERATIONS = "docs/operations.md"
[DEPLOYER] = [json.loads(text) for info, text in blocks(page(OPERATIONS)) if info == "json deployer"]
[READER] = [json.loads(text) for info, text in blocks(page("docs/console.md")) if info == "json"]

ARNS = {
    "AWS::ApiGatewayV2::Api": "arn:aws:apigateway:us-east-1::/apis/a1b2c3",
    "AWS::ApiGatewayV2::Integration": "arn:aws:apigateway:us-east-1::/apis/a1b2c3/integrations/d4e5f6",
    "AWS::ApiGatewayV2::Route": "arn:aws:apigateway:us-east-1::/apis/a1b2c3/routes/d4e5f6",
    "AWS::ApiGatewayV2::Stage": "arn:aws:apigateway:us-east-1::/apis/a1b2c3/stages/$default",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:veo4k-PausedAlarm-A1B2C3",
    "AWS::CloudWatch::Dashboard": "arn:aws:cloudwatch::111122223333:dashboard/veo4k-us-east-1",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111122223333:table/veo4k-JobTable-A1B2C3",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:111122223333:event-bus/veo4k-jobs",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::111122223333:policy/veo4k-SubmitPolicy-A1B2C3",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/veo4k-SubmitRole-A1B2C3",
    "AWS::Lambda::EventInvokeConfig": "arn:aws:lambda:us-east-1:111122223333:function:veo4k-SweepFunction-A1B2C3",
    "AWS::Lambda::EventSourceMapping": "arn:aws:lambda:us-east-1:111122223333:event-source-mapping:a1b2c3",
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:111122223333:function:veo4k-SubmitFunction-A1B2C3",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:us-east-1:111122223333:layer:CoreLayerA1B2C3:1",
    "AWS::Lambda::Permission": "arn:aws:lambda:us-east-1:111122223333:function:veo4k-CallbackFunction-A1B2C3",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/veo4k",
    "AWS::Logs::QueryDefinition": "",
    "AWS::S3::Bucket": "arn:aws:s3:::veo4k-archivebucket-a1b2c3",
    "AWS::S3::BucketPolicy": "arn:aws:s3:::veo4k-archivebucket-a1b2c3",
    "AWS::SNS::Subscription": "arn:aws:sns:us-east-1:111122223333:veo4k-AlarmTopic-A1B2C3:d4e5f6",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:111122223333:veo4k-AlarmTopic-A1B2C3",
    "AWS::SNS::TopicPolicy": "arn:aws:sns:us-east-1:111122223333:veo4k-AlarmTopic-A1B2C3",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111122223333:veo4k-JobQueue-A1B2C3",
    "AWS::SQS::QueuePolicy": "arn:aws:sqs:us-east-1:111122223333:veo4k-JobQueue-A1B2C3",
    "AWS::Scheduler::Schedule": "arn:aws:scheduler:us-east-1:111122223333:schedule/default/veo4k-sweep",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:ApiKeySecret-A1B2C3-d4e5f6",
}
"""A resource of a stack veo4k of each type, as CloudFormation names it."""

NOT_CALLED = {
    "kept when the stack is deleted": "dynamodb:DeleteTable s3:DeleteBucket",
    "no replicas, no import, no Kinesis stream, no policy and no Contributor Insights of the table": """
        dynamodb:AssociateTableReplica dynamodb:BatchWriteItem dynamodb:CreateTableReplica dynamodb:DeleteItem
        dynamodb:DeleteResourcePolicy dynamodb:DisableKinesisStreamingDestination dynamodb:GetItem dynamodb:ImportTable
        dynamodb:EnableKinesisStreamingDestination dynamodb:PutItem dynamodb:PutResourcePolicy dynamodb:Query
        dynamodb:Scan dynamodb:UpdateContributorInsights dynamodb:UpdateItem dynamodb:UpdateKinesisStreamingDestination
        iam:CreateServiceLinkedRole kinesis:DescribeStream kinesis:PutRecords kms:ListAliases kms:RevokeGrant
        logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents""",
    "the managed policy is attached to nothing, the roles have no managed policies and no description": """
        iam:AttachGroupPolicy iam:AttachRolePolicy iam:AttachUserPolicy iam:DetachGroupPolicy iam:DetachRolePolicy
        iam:DetachUserPolicy iam:UpdateRoleDescription""",
    "no file system, no code signing and no capacity provider of the functions": """
        elasticfilesystem:DescribeMountTargets lambda:GetCodeSigningConfig lambda:PassCapacityProvider
        s3files:ListMountTargets""",
    "no data protection, index or deletion protection of the log groups, and always a retention": """
        firehose:TagDeliveryStream logs:DeleteDataProtectionPolicy logs:DeleteIndexPolicy logs:DeleteResourcePolicy
        logs:DeleteRetentionPolicy logs:PutBearerTokenAuthentication logs:PutDataProtectionPolicy logs:PutIndexPolicy
        logs:PutLogGroupDeletionProtection""",
    "no acceleration, analytics, inventory, metrics, replication, tables, tiering or web site of the bucket": """
        s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketMetadataTableConfiguration s3:DeleteBucketWebsite
        s3:DeleteObject s3:PutAccelerateConfiguration s3:PutAnalyticsConfiguration s3:PutIntelligentTieringConfiguration
        s3:PutInventoryConfiguration s3:PutMetricsConfiguration s3:PutObjectAcl s3:PutReplicationConfiguration
        s3:UpdateBucketMetadataAnnotationTableConfiguration s3:UpdateBucketMetadataInventoryTableConfiguration
        s3:UpdateBucketMetadataJournalTableConfiguration s3tables:CreateNamespace s3tables:CreateTable
        s3tables:CreateTableBucket s3tables:GetTable s3tables:GetTableMetadataLocation s3tables:PutTableBucketPolicy
        s3tables:PutTableEncryption s3tables:PutTablePolicy s3tables:UpdateTableMetadataLocation""",
    "no replicas of the secrets": """
        secretsmanager:RemoveRegionsFromReplication secretsmanager:ReplicateSecretToRegions""",
}
"""Actions that the handlers of the types list, and that no resource of this template needs, by the reason."""

WITHOUT_TYPE_IN_THE_MANUAL = {"sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes"}
"""The page of the reference names no type of resource for these, its data names the topic: only `*` satisfies both."""


def deployed_types() -> set[str]:
    return {resource["Type"] for resource in transformed_resources().values()}


def needed(kind: str) -> set[str]:
    return calls(kind) - {action for reason in NOT_CALLED.values() for action in reason.split()}


@pytest.mark.parametrize("policy", [DEPLOYER, READER], ids=["deployer", "reader"])
def test_every_action_is_granted_on_resources_that_it_knows(policy: dict[str, Any]) -> None:
    """An action without a type of resource is granted on `*` alone. Of what a star stands for, the next test checks."""
    written_out = [(action, resources) for action, resources in grants(policy) if "*" not in action]
    assert [action for action, _ in written_out if not is_action(action)] == []
    assert [a for a, resources in written_out if not any(can_grant(a, resource) for resource in resources)] == []


@pytest.mark.parametrize("kind", sorted(deployed_types()))
def test_the_deployer_may_do_what_cloudformation_does_for_a_resource(kind: str) -> None:
    called = {action for action in needed(kind) if not action.startswith("kms:")}
    assert {action for action in called if not is_granted(DEPLOYER, action, ARNS[kind])} == set()


def test_the_table_of_the_key_names_what_the_deployer_needs_on_it() -> None:
    [row] = [right for who, right in rows(OPERATIONS, "A key of your own") if who == "the deployer"]
    called = {action for kind in deployed_types() for action in needed(kind) if action.startswith("kms:")}
    assert {action for action in called if not any(fnmatchcase(action, listed) for listed in words(row))} == set()


def test_what_is_called_not_called_is_listed_by_aws_and_not_granted() -> None:
    listed = {action for kind in deployed_types() for action in calls(kind)}
    for reason in NOT_CALLED.values():
        assert set(reason.split()) <= listed
    assert ARNS.keys() == deployed_types()


@pytest.mark.parametrize("action", sorted(WITHOUT_TYPE_IN_THE_MANUAL))
def test_the_deployer_may_handle_the_subscription_by_manual_and_data(action: str) -> None:
    assert any(granted == action and "*" in resources for granted, resources in grants(DEPLOYER))


def test_the_deployer_may_look_for_the_stacks_that_sam_delete_looks_for() -> None:
    """The SAM CLI searches for two more stacks, and gives up where the answer is not that they do not exist."""
    stacks = (
        "from samcli.lib.bootstrap.companion_stack.data_types import CompanionStack\n"
        "from samcli.lib.bootstrap.web_function_code_bucket import WebFunctionCodeBucketStack\n"
        "print(CompanionStack('veo4k').stack_name, WebFunctionCodeBucketStack('veo4k').stack_name)"
    )
    done = subprocess.run([SAM.parent / "python", "-c", stacks], capture_output=True, text=True, check=True)  # noqa: S603
    for name in ["veo4k", "aws-sam-cli-managed-default", *done.stdout.split()]:
        arn = f"arn:aws:cloudformation:us-east-1:111122223333:stack/{name}/*"
        assert is_granted(DEPLOYER, "cloudformation:DescribeStacks", arn), name


def test_the_deployer_may_do_what_the_steps_of_a_deletion_need() -> None:
    assert is_granted(DEPLOYER, "events:ListRules", ARNS["AWS::Events::EventBus"])
    assert is_granted(DEPLOYER, "iam:ListEntitiesForPolicy", ARNS["AWS::IAM::ManagedPolicy"])


def test_the_page_of_the_command_line_says_which_rights_are_for_all_resources() -> None:
    table, _, below = section("docs/cli.md", "Rights").rpartition("|\n")
    listed = {word for word in words(table) if ":" in word and is_action(word)}
    assert {action for action in listed if not arns_of(action)} == {word for word in words(below) if ":" in word}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_actions_without_a_type_of_resource_on_all(resources: Resources, role: str) -> None:
    assert {right for right in granted(resources, role) if not arns_of(right.action) and right.resource != "*"} == set()
