"""What CloudFormation would refuse in the transformed template, and what two stacks of an account could not share."""

import re
from pathlib import Path

from tests.infrastructure.cloudformation import cycle, references
from tests.infrastructure.stack import Resources, Template, of_type


def test_resources_refer_to_each_other_without_a_cycle(resources: Resources) -> None:
    """CloudFormation evaluates no condition before it orders the resources, so neither does this test."""
    assert cycle(resources) == []


def test_the_jobs_api_is_absent_while_it_is_off(template: Template) -> None:
    """Nothing of it is billed, callable or named then; cfn-lint refuses a reference to what a condition removes."""
    resources = {"ApiFunction", "ApiRole", "JobsApiTokenSecret"}
    resources |= {f"Jobs{part}" for part in ("HttpApi", "Integration", "Route", "Stage", "Permission")}
    entries = template["Resources"] | template["Outputs"]
    conditional = {name for name, entry in entries.items() if entry.get("Condition") == "HasJobsApi"}
    assert conditional == resources | {"JobsApiUrl", "JobsApiTokenSecretName", "ApiRoleArn"}


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

NOT_UNIQUE = {"DisplayName", "LayerName", "MetricName", "StageName"}
NAMES_A_FUNCTION = {"AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig"}


def test_the_only_names_that_are_set_carry_the_stack_and_fit(resources: Resources) -> None:
    """Two stacks of one account must not claim the same name, and a stack's name may have 50 characters."""
    names = {
        (resource["Type"], key): str(text)
        for resource in resources.values()
        for key, text in resource["Properties"].items()
        if key.endswith("Name") and key not in NOT_UNIQUE and resource["Type"] not in NAMES_A_FUNCTION
    }
    assert names.keys() == LIMITS.keys()
    for place, text in names.items():
        assert "${AWS::StackName}" in text
        name = text.replace("${AWS::StackName}", LONGEST_STACK_NAME).replace("${AWS::Region}", "ap-southeast-1")
        assert len(name) - len("{'Fn::Sub': ''}") <= LIMITS[place]


def test_a_stack_name_of_30_characters_is_never_cut(resources: Resources) -> None:
    """The deployer's policy names resources by it. CloudFormation cuts names so that 13 random characters fit."""
    limits = {"AWS::IAM::Role": 64, "AWS::Lambda::Function": 64, "AWS::S3::Bucket": 63, "AWS::SQS::Queue": 80}
    for kind, most in limits.items():
        assert max(len(f"{'s' * 30}-{name}-") + 13 for name in of_type(resources, kind)) <= most


def test_no_partition_region_or_url_suffix_is_written_out() -> None:
    for path in [Path("template.yaml"), *Path("examples").glob("*/template.yaml"), *Path("examples").glob("*/*.json")]:
        assert not re.findall(r"arn:aws[a-z-]*:|amazonaws\.com/|\b[a-z]{2}-[a-z]+-\d\b", path.read_text())


def test_every_parameter_is_used(template: Template) -> None:
    """cfn-lint searches a SAM template for unused conditions, but not for unused parameters."""
    assert template["Parameters"].keys() <= {name for part in template.values() for name in references(part)}


def test_the_template_stays_as_small_as_its_users_need(template: Template) -> None:
    alarms = of_type(template["Resources"], "AWS::CloudWatch::Alarm").values()
    metrics = [
        entry for alarm in alarms for entry in alarm.get("Metrics", ["MetricStat"]) if "MetricStat" in str(entry)
    ]
    assert len(Path("template.yaml").read_text().splitlines()) <= 1350
    assert len(template["Parameters"]) <= 22
    assert len(alarms) <= 14
    assert len(metrics) <= 36
