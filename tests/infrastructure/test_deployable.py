"""What CloudFormation would refuse in the transformed template, for every option of the stack."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint import lint_file
from cfnlint.config import ManualArgs

from tests.infrastructure.cloudformation import Resolver, Template, cycle, dangling, references

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPTIONS: dict[str, dict[str, str]] = {
    "defaults": {},
    "jobs API": {"ProviderContract": "jobs"},
    "no callback": {"CallbackBaseUrl": "none"},
    "own callback URL": {"CallbackBaseUrl": "https://videos.example.com"},
    "optional signature": {"CallbackSignature": "optional"},
    "own key": {"KmsKeyArn": KEY},
    "own bucket": {"ArchiveBucketName": "my-videos"},
    "no base video": {"KeepBase": "off"},
    "expiry": {"ExpireAfterDays": "30"},
    "subnets": {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
    "boundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/boundary"},
    "e-mail": {"AlarmEmail": "ops@example.com"},
    "daily limit": {"DailyRequestLimit": "50"},
    "no credits alarm": {"LowCredits": "0"},
    "jobs by HTTP": {"JobsApi": "on"},
    "tuning": {"Tuning": "ProbeSeconds=5,ArchiveAttempts=3"},
}
REFUSED = {
    "subnets alone": {"SubnetIds": "subnet-1"},
    "security groups alone": {"SecurityGroupIds": "sg-1"},
    "expiry of a bucket that the stack does not own": {"ArchiveBucketName": "my-videos", "ExpireAfterDays": "30"},
}
EVERYTHING = {name: value for chosen in OPTIONS.values() for name, value in chosen.items()}


def test_resources_refer_to_each_other_without_a_cycle(transformed_template: Template) -> None:
    """CloudFormation evaluates no condition before it orders the resources, so neither does this test."""
    assert cycle(transformed_template["Resources"]) == []


def test_every_parameter_is_tried_by_an_option(template: Template) -> None:
    numbers = {"RequestsPerWindow", "ArchiveConcurrency", "RetentionDays"}
    texts = {"KieBaseUrl", "ResultHosts", "LogRetentionDays", "LogLevel"}
    assert EVERYTHING.keys() | numbers | texts == template["Parameters"].keys()


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_obeys_the_rules_and_its_own_pattern(template: Template, option: str) -> None:
    for name, value in OPTIONS[option].items():
        assert re.fullmatch(template["Parameters"][name].get("AllowedPattern", ".*"), value)
    assert Resolver.of(template, **OPTIONS[option]).broken_rules() == []


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_leaves_no_reference_to_a_missing_resource(transformed_template: Template, option: str) -> None:
    assert dangling(Resolver.of(transformed_template, **OPTIONS[option]).template_in_force()) == set()


def test_the_jobs_api_is_absent_while_it_is_off(transformed_template: Template) -> None:
    """Nothing of it is billed, callable or named then; no metric of it is drawn or watched."""
    off, on = (Resolver.of(transformed_template, JobsApi=choice).template_in_force() for choice in ("off", "on"))
    resources = {"ApiFunction", "ApiRole", "JobsApiTokenSecret"}
    resources |= {f"Jobs{part}" for part in ("HttpApi", "Integration", "Route", "Stage", "Permission")}
    assert on["Resources"].keys() - off["Resources"].keys() == resources
    assert on["Outputs"].keys() - off["Outputs"].keys() == {"JobsApiUrl", "JobsApiTokenSecretName", "ApiRoleArn"}
    assert not set(references({part: off[part] for part in ("Resources", "Outputs")})) & resources


@pytest.mark.parametrize("options", REFUSED)
def test_options_that_contradict_each_other_break_a_rule(template: Template, options: str) -> None:
    assert len(Resolver.of(template, **REFUSED[options]).broken_rules()) == 1


def test_a_resource_of_every_condition_exists_in_one_option_only(transformed_template: Template) -> None:
    """A condition that no option changes would be tested by nothing."""
    conditional = {n for n, r in transformed_template["Resources"].items() if "Condition" in r}
    kept = [Resolver.of(transformed_template, **o).template_in_force()["Resources"].keys() for o in OPTIONS.values()]
    for name in conditional:
        assert {name in resources for resources in kept} == {True, False}


def test_cfn_lint_accepts_the_transformed_template(transformed_template: Template, tmp_path: Path) -> None:
    """W1001 (a reference that a condition may remove) counts as an error: a deployment fails at it."""
    path = tmp_path / "transformed.json"
    path.write_text(json.dumps(transformed_template))
    found = lint_file(path, ManualArgs(regions=["us-east-1"], ignore_checks=["W"], mandatory_checks=["W1001"]))
    assert [str(match) for match in found] == []


LONGEST_STACK_NAME = "s" * 50
LIMITS = {
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::Events::EventBus", "Name"): 256,
    ("AWS::Scheduler::Schedule", "Name"): 64,
    ("AWS::ApiGatewayV2::Api", "Name"): 128,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::Logs::QueryDefinition", "Name"): 255,
}
"""Characters that AWS allows, by the type's own page of the CloudFormation reference."""


def test_a_name_that_is_set_carries_the_stack_and_fits(transformed_template: Template) -> None:
    """Two stacks of one account must not claim the same name, and a stack's name may have 50 characters."""
    found = {}
    for resource in transformed_template["Resources"].values():
        for key in ("LogGroupName", "Name", "DashboardName"):
            if text := resource["Properties"].get(key):
                found[resource["Type"], key] = str(text["Fn::Sub"])
    assert found.keys() == LIMITS.keys()
    for place, text in found.items():
        assert "${AWS::StackName}" in text
        name = text.replace("${AWS::StackName}", LONGEST_STACK_NAME).replace("${AWS::Region}", "ap-southeast-1")
        assert len(name) <= LIMITS[place]


CLAIMED = {"FunctionName", "RoleName", "QueueName", "TableName", "BucketName", "TopicName", "AlarmName", "PolicyName"}


def test_no_other_name_is_set(transformed_template: Template) -> None:
    owners = {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket"}
    owners |= {"AWS::SNS::Topic", "AWS::CloudWatch::Alarm", "AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"}
    for resource in transformed_template["Resources"].values():
        if resource["Type"] in owners:
            assert not resource["Properties"].keys() & (CLAIMED | {"Name", "ManagedPolicyName"})


def test_no_partition_region_or_url_suffix_is_written_out() -> None:
    for path in [Path("template.yaml"), *Path("examples").glob("*/template.yaml"), *Path("examples").glob("*/*.json")]:
        assert not re.findall(r"arn:aws[a-z-]*:|amazonaws\.com/|\b[a-z]{2}-[a-z]+-\d\b", path.read_text())


def test_every_resource_that_is_defined_is_used_or_does_something(transformed_template: Template) -> None:
    """A condition, parameter or mapping that nothing refers to is left over."""
    text = json.dumps({key: transformed_template[key] for key in ("Resources", "Outputs", "Conditions", "Rules")})
    used = set(references(json.loads(text))) | set(re.findall(r'"(?:Condition|Fn::If)": \[?"(\w+)"', text))
    assert transformed_template["Parameters"].keys() | transformed_template["Conditions"].keys() <= used


def _lines(path: str) -> int:
    return len(Path(path).read_text().splitlines())


def test_the_template_stays_as_small_as_its_users_need(template: Template) -> None:
    resources: list[Any] = list(template["Resources"].values())
    alarms = [r["Properties"] for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = sum(sum("MetricStat" in str(entry) for entry in alarm.get("Metrics", [1])) or 1 for alarm in alarms)
    assert _lines("template.yaml") <= 1350
    assert len(template["Parameters"]) <= 22
    assert len(alarms) <= 14
    assert metrics <= 36
