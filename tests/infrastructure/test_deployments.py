"""Gradual deployments: what wakes a function wakes its alias, and the alias moves only when all is well.

The emulator knows aliases and versions but no CodeDeploy: that a deployment shifts, waits and rolls back by these rules
only AWS can show.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.infrastructure.rights import name_of
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties
from veo4k.adapters.new_versions import NewVersions
from veo4k.services.check import check

WITHOUT_WAITING = "AllAtOnce"
SUBSTITUTED = re.compile(r"\$\{(\w+)\}")
LONGEST_DESCRIPTION = 256
ROOM = 60  # characters that the addresses of a stack may be longer than the defaults


def alias(function: str) -> dict[str, str]:
    return {"Ref": f"{function}FunctionAliaslive"}


def test_every_function_has_an_alias_that_a_deployment_moves_after_the_check(resources: Resources) -> None:
    for function in FUNCTIONS:
        moved = resources[f"{function}FunctionAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert moved["BeforeAllowTrafficHook"] == {"Ref": "CheckFunction"}
        assert moved["DeploymentGroupName"] == {"Ref": f"{function}FunctionDeploymentGroup"}


def test_what_wakes_a_function_wakes_the_version_behind_its_alias(resources: Resources) -> None:
    sources = of_type(resources, "AWS::Lambda::EventSourceMapping").items()
    assert {name: source["FunctionName"] for name, source in sources} == {
        "SubmitFunctionJobs": alias("Submit"),
        "PublishFunctionRows": alias("Publish"),
        "ArchiveFunctionResults": alias("Archive"),
    }
    assert properties(resources, "SweepFunctionEveryMinute")["Target"]["Arn"] == alias("Sweep")
    [method] = properties(resources, "CallbackApi")["Body"]["paths"][
        "/callbacks/{taskId}/{index}/{run}/{token}"
    ].values()
    assert "${CallbackFunctionAliaslive}" in method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


def test_a_new_layer_is_a_new_version_of_each_function(template: dict[str, Any]) -> None:
    found = template["Resources"]
    assert all(found[layer]["Properties"]["PublishLambdaVersion"] for layer in ("VendorLayer", "CoreLayer"))
    assert all(found[f"{function}Function"]["Properties"]["AutoPublishAliasAllProperties"] for function in FUNCTIONS)


def parameters_in(template: dict[str, Any], value: Any) -> set[str]:
    """The parameters that a value refers to, by the conditions it depends on too."""
    known: dict[str, Any] = template["Parameters"]
    if isinstance(value, list):
        return {name for each in value for name in parameters_in(template, each)}
    if not isinstance(value, dict):
        return set()
    named = {value["Ref"]} if value.get("Ref") in known else set()
    asked = template["Conditions"][value["Fn::If"][0]] if "Fn::If" in value else None
    told = set(SUBSTITUTED.findall(str(value.get("Fn::Sub", ""))))
    inner = [*value.values(), asked]
    return named | told & known.keys() | {name for each in inner for name in parameters_in(template, each)}


def description(template: dict[str, Any], function: str) -> Any:
    return template["Resources"][f"{function}Function"]["Properties"]["VersionDescription"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_setting_that_is_changed_is_a_new_version_of_each_function_that_is_told_it(
    template: dict[str, Any], function: str
) -> None:
    shared = [template["Globals"]["Function"][part] for part in ("Environment", "Tracing")]
    own = template["Resources"][f"{function}Function"]["Properties"]["Environment"]
    assert parameters_in(template, description(template, function)) == parameters_in(template, [*shared, own])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_settings_fit_into_the_description_of_a_version(template: dict[str, Any], function: str) -> None:
    told = str(description(template, function)["Fn::Sub"])
    for name, parameter in template["Parameters"].items():
        told = told.replace(f"${{{name}}}", str(parameter.get("Default", "")))
    assert len(told) + ROOM <= LONGEST_DESCRIPTION


def test_a_changed_parameter_reaches_the_version_behind_the_alias(cloud: LocalCloud) -> None:
    cloud.change(ProviderContract="jobs")
    name = cloud.outputs["SubmitFunctionName"]
    behind = cloud.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
    assert behind["Environment"]["Variables"]["PROVIDER_CONTRACT"] == "jobs"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_shift_stops_at_the_alarms_of_its_function_unless_all_is_moved_at_once(
    resources: Resources, function: str
) -> None:
    group = properties(resources, f"{function}FunctionDeploymentGroup")
    condition, gradual, at_once = group["AlarmConfiguration"]["Fn::If"]
    watched = {alarm["Name"]["Ref"] for alarm in gradual["Alarms"]}
    assert (condition, at_once) == ("IsGradual", {})
    assert {f"{function}ErrorsAlarm", f"{function}ThrottlesAlarm", f"{function}DurationAlarm"} <= watched
    assert watched <= of_type(resources, "AWS::CloudWatch::Alarm").keys()


def test_a_shift_that_fails_or_rings_is_taken_back(resources: Resources) -> None:
    for group in of_type(resources, "AWS::CodeDeploy::DeploymentGroup").values():
        rollback = group["AutoRollbackConfiguration"]
        assert rollback["Enabled"] is True
        assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(rollback["Events"])


def test_the_check_is_asked_for_every_function_and_is_not_deployed_gradually_itself(resources: Resources) -> None:
    groups = of_type(resources, "AWS::CodeDeploy::DeploymentGroup")
    assert groups.keys() == {f"{function}FunctionDeploymentGroup" for function in FUNCTIONS}
    versions = properties(resources, "CheckFunction")["Environment"]["Variables"]
    for function in FUNCTIONS:
        assert name_of(versions[f"{function.upper()}_VERSION"]).startswith(f"{function}FunctionVersion")


def test_the_check_has_the_time_of_a_whole_sweep(resources: Resources) -> None:
    assert properties(resources, "CheckFunction")["Timeout"] > properties(resources, "SweepFunction")["Timeout"]


def test_whoever_has_to_mend_a_stack_that_rings_need_not_wait(template: dict[str, Any]) -> None:
    assert WITHOUT_WAITING in template["Parameters"]["DeploymentType"]["AllowedValues"]
    assert template["Conditions"]["IsGradual"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "DeploymentType"}, "AllAtOnce"]}]
    }


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


def published(cloud: LocalCloud) -> dict[str, str]:
    """Each function's newest version, as the check is told of them."""
    arn, lambdas = "arn:aws:lambda:us-east-1:000000000000:function", cloud.client("lambda")
    names = {function.lower(): cloud.outputs[f"{function}FunctionName"] for function in FUNCTIONS}
    versions = {key: lambdas.list_versions_by_function(FunctionName=name)["Versions"] for key, name in names.items()}
    return {key: f"{arn}:{names[key]}:{found[-1]['Version']}" for key, found in versions.items()}


def test_the_versions_of_this_tree_pass_the_check(cloud: LocalCloud) -> None:
    candidates = NewVersions(cloud.client("lambda"), None, published(cloud))
    assert [(entry.detail, entry.event) for entry in check(candidates)] == [
        ({"function": function.lower()}, "version_sound") for function in FUNCTIONS
    ]


def test_a_version_whose_table_is_gone_does_not(cloud: LocalCloud) -> None:
    name = cloud.outputs["SweepFunctionName"]
    settings = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"]
    broken = {"Variables": settings["Variables"] | {"JOB_TABLE_NAME": "none"}}
    cloud.client("lambda").update_function_configuration(FunctionName=name, Environment=broken)
    newer = cloud.client("lambda").publish_version(FunctionName=name)["FunctionArn"]
    entries = check(NewVersions(cloud.client("lambda"), None, published(cloud) | {"sweep": newer}))
    assert [entry.detail["function"] for entry in entries if entry.event == "version_unsound"] == ["sweep"]


def test_the_aliases_are_what_the_queues_the_stream_and_the_schedule_wake(cloud: LocalCloud) -> None:
    mappings = cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    woken = [mapping["FunctionArn"] for mapping in mappings]
    woken.append(cloud.client("scheduler").get_schedule(Name="veo4k-sweep")["Target"]["Arn"])
    assert len(woken) == 4
    assert all(arn.endswith(":live") for arn in woken)
