"""The stack's parameters, outputs and the functions' settings: names and defaults are the public interface."""

from typing import Any

import pytest

from tests.infrastructure.stack import Resources

Template = dict[str, Any]

DEFAULTS = {
    "KieBaseUrl": "https://api.kie.ai",
    "ResultHosts": "file.aiquickdraw.com,tempfile.aiquickdraw.com",
    "CallbackSignature": "required",
    "CallbackBaseUrl": "",
    "FirstProbeSeconds": 720,
    "ProbeSeconds": 120,
    "UnknownWaitSeconds": 120,
    "LeaseSeconds": 90,
    "PauseSeconds": 60,
    "BaseRetrySeconds": 300,
    "DeadlineSeconds": 86400,
    "HardDeadlineSeconds": 259200,
    "QueuedDeadlineSeconds": 1123200,
    "ArchiveAttempts": 10,
    "ArchiveRetrySeconds": 60,
    "ArchiveLeaseSeconds": 960,
    "ProviderContract": "veo",
    "RequestsPerWindow": 20,
    "WindowSeconds": 10,
    "NudgeSeconds": 60,
    "RetentionDays": 90,
    "AlarmTopicArn": "",
}
OPERATION = {
    "ArchiveConcurrency": 10,
    "ColdAfterDays": 0,
    "ColdClass": "GLACIER_IR",
    "ExpireAfterDays": 0,
    "LogRetentionDays": 30,
    "LogLevel": "INFO",
    "Tracing": "Active",
    "DailyRequestLimit": 0,
    "LowCredits": 1200,
    "KmsKeyArn": "",
    "DeploymentType": "Canary10Percent5Minutes",
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
}

EVERY_FUNCTION = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL", "JOB_TABLE_NAME"}
ASKS_THE_PROVIDER = {
    "API_KEY_SECRET_NAME",
    "TOKEN_KEY_SECRET_NAME",
    "KIE_BASE_URL",
    "RESULT_HOSTS",
    "CALLBACK_BASE_URL",
    "FIRST_PROBE_SECONDS",
    "PROBE_SECONDS",
    "NUDGE_SECONDS",
    "UNKNOWN_WAIT_SECONDS",
    "LEASE_SECONDS",
    "PAUSE_SECONDS",
    "BASE_RETRY_SECONDS",
    "DEADLINE_SECONDS",
    "HARD_DEADLINE_SECONDS",
    "QUEUED_DEADLINE_SECONDS",
    "ARCHIVE_ATTEMPTS",
    "ARCHIVE_RETRY_SECONDS",
    "PROVIDER_CONTRACT",
    "REQUESTS_PER_WINDOW",
    "WINDOW_SECONDS",
    "DAILY_REQUEST_LIMIT",
}
SETTINGS = {
    "Submit": ASKS_THE_PROVIDER | {"JOB_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"},
    "Sweep": ASKS_THE_PROVIDER,
    "Callback": {
        "WEBHOOK_KEY_SECRET_NAME",
        "TOKEN_KEY_SECRET_NAME",
        "KIE_BASE_URL",
        "RESULT_HOSTS",
        "CALLBACK_SIGNATURE",
        "NUDGE_SECONDS",
        "PROBE_SECONDS",
    },
    "Publish": {"ARCHIVE_QUEUE_URL", "EVENT_BUS_NAME", "RETENTION_DAYS"},
    "Archive": {
        "ARCHIVE_BUCKET_NAME",
        "KIE_BASE_URL",
        "RESULT_HOSTS",
        "ARCHIVE_ATTEMPTS",
        "ARCHIVE_RETRY_SECONDS",
        "ARCHIVE_LEASE_SECONDS",
        "NUDGE_SECONDS",
        "PROBE_SECONDS",
    },
}
OWN_API = {"Fn::If": ["HasOwnCallbackUrl", {"Fn::GetAtt": ["CallbackApi", "ApiEndpoint"]}, {"Ref": "CallbackBaseUrl"}]}


def settings(resources: Resources, function: str) -> dict[str, Any]:
    variables: dict[str, Any] = resources[f"{function}Function"]["Properties"]["Environment"]["Variables"]
    return variables


def test_the_parameters_are_the_published_ones_with_their_defaults(template: Template) -> None:
    defaults = {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
    assert defaults == DEFAULTS | OPERATION


def test_every_parameter_and_output_is_described(template: Template) -> None:
    for entry in [*template["Parameters"].values(), *template["Outputs"].values()]:
        assert entry["Description"]


def test_every_parameter_stands_in_a_group_once(template: Template) -> None:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


def test_every_number_accepts_one_so_that_a_test_can_shorten_it(template: Template) -> None:
    exceptions = {"RetentionDays": 15, "ArchiveConcurrency": 2} | dict.fromkeys(CAN_BE_NEVER, 0)
    numbers = {n: p for n, p in template["Parameters"].items() if p["Type"] == "Number" and "AllowedValues" not in p}
    assert {n: p["MinValue"] for n, p in numbers.items()} == dict.fromkeys(numbers, 1) | exceptions


@pytest.mark.parametrize(
    ("parameter", "values"), [("CallbackSignature", ["required", "optional"]), ("ProviderContract", ["veo", "jobs"])]
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
def test_a_setting_that_has_a_parameter_comes_from_it(template: Template, resources: Resources, function: str) -> None:
    parameters = {camel_case(name): name for name in SETTINGS[function]}
    for parameter in parameters.keys() & template["Parameters"].keys() - {"CallbackBaseUrl"}:
        assert settings(resources, function)[parameters[parameter]] == {"Ref": parameter}


def camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


@pytest.mark.parametrize("function", ["Submit", "Sweep"])
def test_who_asks_for_callbacks_names_the_own_api_unless_told_otherwise(resources: Resources, function: str) -> None:
    assert settings(resources, function)["CALLBACK_BASE_URL"] == OWN_API


def test_the_output_tells_the_same_callback_url(template: Template) -> None:
    assert template["Outputs"]["CallbackBaseUrl"]["Value"] == OWN_API


def test_the_callback_does_not_know_its_own_url_because_that_would_close_a_circle(resources: Resources) -> None:
    assert "CALLBACK_BASE_URL" not in settings(resources, "Callback")


def test_the_archive_owns_a_job_longer_than_it_can_live(template: Template, resources: Resources) -> None:
    lease = template["Parameters"]["ArchiveLeaseSeconds"]["Default"]
    assert lease > resources["ArchiveFunction"]["Properties"]["Timeout"]


def test_an_attempt_to_submit_is_owned_longer_than_submit_can_live(template: Template, resources: Resources) -> None:
    lease = template["Parameters"]["LeaseSeconds"]["Default"]
    assert lease > resources["SubmitFunction"]["Properties"]["Timeout"]


def test_the_deadlines_follow_each_other_within_the_life_of_the_base_video(template: Template) -> None:
    days = [template["Parameters"][name]["Default"] for name in DEADLINES]
    assert days == sorted(days)
    assert days[-1] < 14 * 86400


CAN_BE_NEVER = ["ColdAfterDays", "ExpireAfterDays", "DailyRequestLimit", "LowCredits"]
DEADLINES = ["DeadlineSeconds", "HardDeadlineSeconds", "QueuedDeadlineSeconds"]
