"""The stack's parameters, outputs and the functions' settings: names and defaults are the public interface."""

import re
from typing import Any

import pytest

from tests.infrastructure.stack import Resources
from veo4k.domain.errors import SettingsError
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES, Settings

Template = dict[str, Any]

DEFAULTS = {
    "KieBaseUrl": "https://api.kie.ai",
    "ProviderContract": "veo",
    "ResultHosts": ".aiquickdraw.com",
    "RequestsPerWindow": 20,
    "DailyRequestLimit": 0,
    "LowCredits": 1200,
    "JobsApi": "off",
    "CallbackSignature": "required",
    "CallbackBaseUrl": "",
    "KeepBase": "on",
    "ArchiveBucketName": "",
    "ArchiveConcurrency": 5,
    "ExpireAfterDays": 0,
    "AlarmEmail": "",
    "RetentionDays": 90,
    "LogRetentionDays": 30,
    "LogLevel": "INFO",
    "Tuning": "",
    "KmsKeyArn": "",
    "PermissionsBoundaryArn": "",
    "SubnetIds": "",
    "SecurityGroupIds": "",
}

OUTPUTS = {
    "JobQueueUrl",
    "DeadLetterQueueUrl",
    "JobTableName",
    "ArchiveBucketName",
    "EventBusName",
    "CallbackBaseUrl",
    "SubmitFunctionName",
    "CallbackFunctionName",
    "SweepFunctionName",
    "PublishFunctionName",
    "ArchiveFunctionName",
    "ApiKeySecretName",
    "WebhookKeySecretName",
    "TokenKeySecretName",
    "AlarmTopicArn",
    "SubmitPolicyArn",
    "ArchiveRoleArn",
    "JobsApiUrl",
    "JobsApiTokenSecretName",
    "ApiRoleArn",
}

EVERY_FUNCTION = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
    "JOB_TABLE_NAME",
    "KIE_BASE_URL",
    "RESULT_HOSTS",
    "TUNING",
}
SENDS_REQUESTS = {
    "API_KEY_SECRET_NAME",
    "TOKEN_KEY_SECRET_NAME",
    "CALLBACK_BASE_URL",
    "PROVIDER_CONTRACT",
    "REQUESTS_PER_WINDOW",
    "DAILY_REQUEST_LIMIT",
}
SETTINGS = {
    "Submit": SENDS_REQUESTS | {"JOB_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"},
    "Sweep": SENDS_REQUESTS,
    "Callback": {"WEBHOOK_KEY_SECRET_NAME", "TOKEN_KEY_SECRET_NAME", "CALLBACK_SIGNATURE", "JOB_QUEUE_URL"},
    "Publish": {"ARCHIVE_QUEUE_URL", "EVENT_BUS_NAME", "RETENTION_DAYS", "KEEP_BASE"},
    "Archive": {"ARCHIVE_BUCKET_NAME", "ARCHIVE_QUEUE_URL"},
    "Api": {"JOB_QUEUE_URL", "ARCHIVE_BUCKET_NAME", "JOBS_API_TOKEN_SECRET_NAME", "JOBS_API_URL"},
}
OWN_API = {"Fn::If": ["UsesOwnApi", {"Fn::GetAtt": ["CallbackApi", "ApiEndpoint"]}, {"Ref": "CallbackBaseUrl"}]}


def settings(resources: Resources, function: str) -> dict[str, Any]:
    variables: dict[str, Any] = resources[f"{function}Function"]["Properties"]["Environment"]["Variables"]
    return variables


def test_the_parameters_are_the_published_ones_with_their_defaults(template: Template) -> None:
    defaults = {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
    assert defaults == DEFAULTS


def test_every_parameter_and_output_is_described(template: Template) -> None:
    for entry in [*template["Parameters"].values(), *template["Outputs"].values()]:
        assert entry["Description"]


def test_every_parameter_stands_in_a_group_once(template: Template) -> None:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


def test_a_number_accepts_every_value_that_makes_sense(template: Template) -> None:
    numbers = {n: p for n, p in template["Parameters"].items() if p["Type"] == "Number" and "AllowedValues" not in p}
    never = dict.fromkeys(["ExpireAfterDays", "DailyRequestLimit", "LowCredits"], 0)
    least = {"RequestsPerWindow": 1, "ArchiveConcurrency": 2, "RetentionDays": 15} | never
    assert {n: p["MinValue"] for n, p in numbers.items()} == least


def tuning_names(template: Template) -> set[str]:
    """Return the names that the parameter's pattern accepts, found by trying every word of its description."""
    parameter = template["Parameters"]["Tuning"]
    words = re.findall(r"\w+", parameter["ConstraintDescription"])
    return {word for word in words if re.fullmatch(parameter["AllowedPattern"], f"{word}=1")}


def test_tuning_accepts_exactly_the_names_that_the_functions_know(template: Template) -> None:
    """The message of a refused value lists them all, and the pattern has no others."""
    assert tuning_names(template) == set(TUNING_NAMES)
    alternatives = re.findall(r"[A-Z]\w+", template["Parameters"]["Tuning"]["AllowedPattern"].replace("A-Z", ""))
    assert len(alternatives) == len(TUNING_NAMES) + 1  # "Seconds" stands once for all


@pytest.mark.parametrize("value", ["", "ProbeSeconds=1", "ArchiveAttempts=3,LeaseSeconds=99999999"])
def test_tuning_accepts_names_with_whole_numbers(template: Template, value: str) -> None:
    assert re.fullmatch(template["Parameters"]["Tuning"]["AllowedPattern"], value)


@pytest.mark.parametrize(
    "value",
    [
        "ProbeSecond=5",
        "ProbeSeconds",
        "ProbeSeconds=",
        "ProbeSeconds=0",
        "ProbeSeconds=-1",
        "ProbeSeconds=1.5",
        "ProbeSeconds=1e3",
        "ProbeSeconds=999999999",
        "ProbeSeconds=5,",
        ",ProbeSeconds=5",
        "ProbeSeconds=5 ,LeaseSeconds=9",
        "ProbeSeconds=5;LeaseSeconds=9",
        "probeseconds=5",
        "ArchiveAttemptsSeconds=5",
    ],
)
def test_tuning_refuses_everything_else_as_the_functions_do(template: Template, value: str) -> None:
    assert not re.fullmatch(template["Parameters"]["Tuning"]["AllowedPattern"], value)
    with pytest.raises(SettingsError, match="TUNING"):
        Settings({"TUNING": value})


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("CallbackSignature", ["required", "optional"]),
        ("ProviderContract", ["veo", "jobs"]),
        ("JobsApi", ["on", "off"]),
    ],
)
def test_a_choice_accepts_its_values_only(template: Template, parameter: str, values: list[str]) -> None:
    assert template["Parameters"][parameter]["AllowedValues"] == values


def test_the_outputs_are_the_published_ones(template: Template) -> None:
    assert template["Outputs"].keys() == OUTPUTS


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_gets_the_settings_that_it_needs_and_no_others(resources: Resources, function: str) -> None:
    assert settings(resources, function).keys() == SETTINGS[function] | EVERY_FUNCTION


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_names_itself_in_its_logs_and_metrics(resources: Resources, function: str) -> None:
    variables = settings(resources, function)
    assert variables["POWERTOOLS_SERVICE_NAME"] == function.lower()
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("function", SETTINGS)
def test_a_setting_with_a_parameter_comes_from_it(template: Template, resources: Resources, function: str) -> None:
    parameters = {camel_case(name): name for name in SETTINGS[function] | EVERY_FUNCTION}
    for parameter in parameters.keys() & template["Parameters"].keys() - {"CallbackBaseUrl", "ArchiveBucketName"}:
        assert settings(resources, function)[parameters[parameter]] == {"Ref": parameter}


@pytest.mark.parametrize("function", ["Archive", "Api"])
def test_the_own_bucket_is_used_unless_another_is_named(resources: Resources, function: str) -> None:
    bucket = settings(resources, function)["ARCHIVE_BUCKET_NAME"]
    assert bucket == {"Fn::If": ["CreatesBucket", {"Ref": "ArchiveBucket"}, {"Ref": "ArchiveBucketName"}]}


def camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


@pytest.mark.parametrize("function", ["Submit", "Sweep"])
def test_requests_name_the_own_api_for_callbacks_unless_set_otherwise(resources: Resources, function: str) -> None:
    assert settings(resources, function)["CALLBACK_BASE_URL"] == OWN_API


def test_the_output_shows_the_same_callback_url(template: Template) -> None:
    assert template["Outputs"]["CallbackBaseUrl"]["Value"] == OWN_API


def test_the_callback_has_no_own_url_because_that_would_close_a_cycle(resources: Resources) -> None:
    assert "CALLBACK_BASE_URL" not in settings(resources, "Callback")


def test_an_archive_lease_outlasts_the_function(resources: Resources) -> None:
    assert Times().archive_lease > resources["ArchiveFunction"]["Properties"]["Timeout"]


def test_a_lease_to_submit_outlasts_the_function(resources: Resources) -> None:
    assert Times().lease > resources["SubmitFunction"]["Properties"]["Timeout"]


def test_the_deadlines_follow_each_other_within_the_life_of_the_base_video() -> None:
    assert Times().deadline < Times().hard_deadline < Times().queued_deadline < 14 * 86400
