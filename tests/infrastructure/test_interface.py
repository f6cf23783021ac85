"""The stack's parameters and outputs, which docs/interface.md lists, and the functions' settings."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.infrastructure.stack import Resources, Template, properties
from veo4k.domain.errors import SettingsError
from veo4k.domain.result_url import MAX_PORT, ResultHosts
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


HOSTS = [
    *(".aiquickdraw.com", "tempfile.aiquickdraw.com", "files.example.com:8443", "cdn.example,.aiquickdraw.com"),
    *("127.0.0.1", "127.0.0.2:9000", "255.249.100.0:1", "localhost", "localhost:8080", "a:1", "A.Example.COM:65535"),
    *("a-b.xn--p1ai", "1.a", ".1.co", "a" * 63 + ".example", "a." * 126 + "a"),
]
NO_HOSTS = [
    *("", ",", "a.example,", ",a.example", "a.example,,b.example", "a.example, b.example", " a.example"),
    *(".com", ".aiquickdraw.com:443", ".", "..", ".a..com", ".aiquickdraw.com.", ".-a.com", ".a.c", "*.a.com"),
    *("files.example.com:0", "files.example.com:", "files.example.com:08443", ":08443", ":443", "a.b:100000"),
    *("a..b", "a.example.", "-", "-a", "a-", "a-.b", "1.2.3", "1", "256.1.1.1", "1.2.3.04", "1.2.3.4.5", "a_b.example"),
    *("a" * 64 + ".example", "a." * 127 + "a", "https://a.example", "a.example/", "a.example\n", "a@b.example"),
]


@pytest.mark.parametrize("value", HOSTS)
def test_hosts_are_accepted_that_the_functions_know(template: Template, value: str) -> None:
    assert re.fullmatch(template["Parameters"]["ResultHosts"]["AllowedPattern"], value)
    hosts = ResultHosts.parse(value, "http://127.0.0.1")
    assert len(hosts.entries) + len(hosts.domains) == 1 + value.count(",")


def test_the_default_is_among_the_hosts_that_are_accepted(template: Template) -> None:
    assert template["Parameters"]["ResultHosts"]["Default"] in HOSTS


@pytest.mark.parametrize("value", NO_HOSTS)
def test_what_is_no_list_of_hosts_is_refused_at_once(template: Template, value: str) -> None:
    assert not re.fullmatch(template["Parameters"]["ResultHosts"]["AllowedPattern"], value)


LABELS = st.lists(st.sampled_from(["a", "Z9", "com", "a-b", "1", "0", "255", "256", "01", "-", ""]), max_size=5)
ENTRIES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "."]),
    LABELS.map(".".join),
    st.sampled_from(["", ":1", ":0", ":443", ":65535", ":65536", ":08443", ":"]),
)


@settings(max_examples=400, deadline=None)
@example(".aZ.a9,a:1")
@example("255.0.1.9:65535")
@given(st.text("aZ-.019:,", max_size=10) | st.lists(ENTRIES, max_size=2).map(",".join))
def test_a_function_starts_with_all_hosts_that_are_accepted(template: Template, value: str) -> None:
    """But for ports from 65536 to 99999, which the pattern lets through and the functions refuse."""
    is_accepted = re.fullmatch(template["Parameters"]["ResultHosts"]["AllowedPattern"], value)
    if is_accepted and not any(int(port) > MAX_PORT for port in re.findall(r":(\d+)", value)):
        ResultHosts.parse(value, "https://api.kie.ai")


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
