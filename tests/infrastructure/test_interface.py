"""The stack's parameters and outputs, which docs/interface.md lists, and the functions' settings."""

import re

import pytest

from tests.infrastructure.stack import Resources, Template, properties
from veo4k.domain.errors import SettingsError
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES, Settings

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
CONDITIONAL = {
    "ArchiveBucketName": {"Fn::If": ["CreatesBucket", {"Ref": "ArchiveBucket"}, {"Ref": "ArchiveBucketName"}]},
    "CallbackBaseUrl": {
        "Fn::If": ["UsesOwnApi", {"Fn::GetAtt": ["CallbackApi", "ApiEndpoint"]}, {"Ref": "CallbackBaseUrl"}]
    },
}
"""Settings for which the stack has something of its own, unless the parameter names another one."""


@pytest.mark.parametrize("function", SETTINGS)
def test_a_function_gets_the_settings_that_it_needs_and_no_others(resources: Resources, function: str) -> None:
    """The callback gets no CALLBACK_BASE_URL: its own API's address would close a cycle."""
    settings = properties(resources, f"{function}Function")["Environment"]["Variables"]
    assert settings.keys() == SETTINGS[function] | EVERY_FUNCTION
    assert settings["POWERTOOLS_SERVICE_NAME"] == function.lower()
    assert settings["POWERTOOLS_METRICS_NAMESPACE"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("function", SETTINGS)
def test_a_setting_with_a_parameter_comes_from_it(template: Template, resources: Resources, function: str) -> None:
    settings = properties(resources, f"{function}Function")["Environment"]["Variables"]
    values = {"".join(map(str.capitalize, name.split("_"))): value for name, value in settings.items()}
    for parameter in values.keys() & template["Parameters"].keys():
        assert values[parameter] == CONDITIONAL.get(parameter, {"Ref": parameter})


@pytest.mark.parametrize("output", CONDITIONAL)
def test_an_output_shows_the_same_bucket_and_callback_url(
    resources: Resources, template: Template, output: str
) -> None:
    assert template["Outputs"][output]["Value"] == CONDITIONAL[output]


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


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("CallbackSignature", ["required", "optional"]),
        ("ProviderContract", ["veo", "jobs"]),
        ("JobsApi", ["on", "off"]),
        ("KeepBase", ["on", "off"]),
    ],
)
def test_a_choice_accepts_its_values_only(template: Template, parameter: str, values: list[str]) -> None:
    assert template["Parameters"][parameter]["AllowedValues"] == values


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("CallbackBaseUrl", "none"),
        ("CallbackBaseUrl", "https://videos.example.com"),
        ("ArchiveBucketName", "my-videos"),
        ("AlarmEmail", "ops@example.com"),
        ("KmsKeyArn", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("PermissionsBoundaryArn", "arn:aws:iam::111122223333:policy/boundary"),
        ("Tuning", ""),
        ("Tuning", "ProbeSeconds=1"),
        ("Tuning", "ArchiveAttempts=3,LeaseSeconds=99999999"),
    ],
)
def test_a_parameter_accepts_a_value_of_its_kind(template: Template, parameter: str, value: str) -> None:
    assert re.fullmatch(template["Parameters"][parameter]["AllowedPattern"], value)


def test_tuning_accepts_exactly_the_names_that_the_functions_know(template: Template) -> None:
    """The message of a refused value lists them all, and the pattern has no others."""
    message, pattern = (template["Parameters"]["Tuning"][part] for part in ("ConstraintDescription", "AllowedPattern"))
    accepted = {word for word in re.findall(r"\w+", message) if re.fullmatch(pattern, f"{word}=1")}
    assert accepted == set(TUNING_NAMES)
    alternatives = re.findall(r"[A-Z]\w+", pattern.replace("A-Z", ""))
    assert len(alternatives) == len(TUNING_NAMES) + 1  # "Seconds" stands once for all


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


def test_leases_outlast_their_functions_and_deadlines_follow_each_other(resources: Resources) -> None:
    """The last deadline is within the fourteen days for which the provider keeps a base video."""
    times = Times()
    assert times.archive_lease > properties(resources, "ArchiveFunction")["Timeout"]
    assert times.lease > properties(resources, "SubmitFunction")["Timeout"]
    assert times.deadline < times.hard_deadline < times.queued_deadline < 14 * 86400
