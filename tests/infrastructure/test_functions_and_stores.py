"""Functions, API, table, bucket and secrets: what must be true of each."""

import json
import re
from typing import Any

import pytest

from callback.app import GENERATED
from tests.infrastructure.stack import FUNCTIONS, Resources, of_type, properties
from veo4k.domain.job import ATTRIBUTES

SIZES = {"Submit": (60, 256), "Callback": (10, 256), "Sweep": (120, 256), "Publish": (30, 256), "Archive": (900, 1024)}
SIZES |= {"Api": (10, 256)}
PROVIDER_WAITS = 15
WINDOW = 10  # seconds of the provider's rate limit
GENERATION = 600  # seconds that the provider says a video takes, at most


def test_there_are_six_functions_without_versions_or_aliases(resources: Resources) -> None:
    assert of_type(resources, "AWS::Lambda::Function").keys() == {f"{name}Function" for name in FUNCTIONS}
    kinds = {resource["Type"] for resource in resources.values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::CodeDeploy", "AWS::Lambda::Alias"))}
    assert "AWS::Lambda::Version" not in kinds


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_on_python_3_13_and_arm_without_traces(resources: Resources, function: str) -> None:
    found = properties(resources, f"{function}Function")
    assert (found["Runtime"], found["Architectures"], found["Handler"]) == ("python3.13", ["arm64"], "app.handler")
    assert "TracingConfig" not in found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_time_and_memory_of_the_design(resources: Resources, function: str) -> None:
    found = properties(resources, f"{function}Function")
    assert (found["Timeout"], found["MemorySize"]) == SIZES[function]


def test_the_callback_answers_before_the_provider_hangs_up(resources: Resources) -> None:
    assert properties(resources, "CallbackFunction")["Timeout"] < PROVIDER_WAITS


def test_the_layers_are_for_the_same_python_and_machine(resources: Resources) -> None:
    layers = of_type(resources, "AWS::Lambda::LayerVersion").values()
    assert len(layers) == 2
    for layer in layers:
        assert layer["CompatibleRuntimes"] == ["python3.13"]
        assert layer["CompatibleArchitectures"] == ["arm64"]


def test_all_functions_log_into_one_group(resources: Resources) -> None:
    """One query over one group shows the whole life of a job."""
    for name in FUNCTIONS:
        assert properties(resources, f"{name}Function")["LoggingConfig"] == {"LogGroup": {"Ref": "LogGroup"}}
    assert of_type(resources, "AWS::Logs::LogGroup").keys() == {"LogGroup", "AccessLogGroup"}


def test_no_log_is_kept_for_ever(resources: Resources) -> None:
    for group in of_type(resources, "AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


ROUTES = {
    "Callback": (
        "CallbackApi",
        "Callback",
        "POST /callbacks/{taskId}/{index}/{run}/{token}",
        "/*/POST/callbacks/*/*/*/*",
    ),
    "Generated": ("CallbackApi", "Callback", GENERATED, "/*/POST/generated/*"),
    "Jobs": ("JobsHttpApi", "Api", "ANY /v1/{proxy+}", "/*/*/v1/*"),
}


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_leads_to_its_function(resources: Resources, name: str) -> None:
    api, function, key, permitted = ROUTES[name]
    route, permission = (properties(resources, f"{name}{part}") for part in ("Route", "Permission"))
    target = route["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
    integration = properties(resources, target)
    assert route["ApiId"] == integration["ApiId"] == {"Ref": api}
    assert route["RouteKey"] == key
    assert integration["IntegrationUri"] == permission["FunctionName"] == {"Fn::GetAtt": [f"{function}Function", "Arn"]}
    assert integration["PayloadFormatVersion"] == "2.0"
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(f":${{{api}}}{permitted}")


def test_there_are_no_apis_or_routes_but_these(resources: Resources) -> None:
    for kind in ("Api", "Stage", "Integration"):
        assert len(of_type(resources, f"AWS::ApiGatewayV2::{kind}")) == len({api for api, *_ in ROUTES.values()})
    for kind in ("ApiGatewayV2::Route", "Lambda::Permission"):
        assert len(of_type(resources, f"AWS::{kind}")) == len(ROUTES)


def test_the_jobs_api_takes_twenty_requests_a_second(resources: Resources) -> None:
    limits = properties(resources, "JobsStage")["DefaultRouteSettings"]
    assert limits == {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}


def test_a_guided_deployment_does_not_ask_about_authentication(template: dict[str, Any]) -> None:
    """SAM asks about each of its own API events without an authorizer."""
    for resource in template["Resources"].values():
        events = resource.get("Properties", {}).get("Events", {}).values()
        assert not [event for event in events if event["Type"] in ("Api", "HttpApi")]


def test_the_api_limits_a_flood_above_every_possible_burst(template: dict[str, Any], resources: Resources) -> None:
    """After an outage all callbacks that are on their way may come at once."""
    stage = properties(resources, "CallbackStage")
    pace = template["Parameters"]["RequestsPerWindow"]["MaxValue"] / WINDOW
    assert pace * GENERATION <= stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 2 * pace * GENERATION
    assert 10 * pace <= stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 100 * pace


@pytest.mark.parametrize("api", ["Callback", "Jobs"])
def test_an_access_log_never_shows_a_path_because_it_may_hold_a_token(resources: Resources, api: str) -> None:
    stage = properties(resources, f"{api}Stage")
    entry = stage["AccessLogSettings"]["Format"]
    assert json.loads(entry)["routeKey"] == "$context.routeKey"
    assert set(re.findall(r"\$context\.[\w.]+", entry)) == {
        "$context.requestId",
        "$context.routeKey",
        "$context.status",
        "$context.identity.sourceIp",
        "$context.responseLatency",
        "$context.integrationErrorMessage",
    }


def test_the_table_is_keyed_by_task_and_run(resources: Resources) -> None:
    keys = properties(resources, "JobTable")["KeySchema"]
    assert [(key["AttributeName"], key["KeyType"]) for key in keys] == [("taskId", "HASH"), ("run", "RANGE")]


def test_due_jobs_are_found_in_an_index_that_holds_keys_only(resources: Resources) -> None:
    due, _ = properties(resources, "JobTable")["GlobalSecondaryIndexes"]
    keys = [(key["AttributeName"], key["KeyType"]) for key in due["KeySchema"]]
    assert (due["IndexName"], keys) == ("due", [("#lane", "HASH"), ("#due", "RANGE")])
    assert due["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_ended_jobs_are_found_by_day_with_what_lists_and_sums_read(resources: Resources) -> None:
    _, day = properties(resources, "JobTable")["GlobalSecondaryIndexes"]
    keys = [(key["AttributeName"], key["KeyType"]) for key in day["KeySchema"]]
    assert (day["IndexName"], keys) == ("day", [("#day", "HASH"), ("finishedAt", "RANGE")])
    public = {attribute for attribute in ATTRIBUTES.values() if not attribute.startswith("#")} | {"jobId"}
    private = {ATTRIBUTES[name] for name in ("acceptances", "lost_responses")}
    in_every_index, left_out = {"taskId", "run", "finishedAt"}, {"resultUrls", "waitReason", "base"}
    assert set(day["Projection"]["NonKeyAttributes"]) == (public | private) - in_every_index - left_out
    assert len(day["Projection"]["NonKeyAttributes"]) <= 20  # as many as DynamoDB allows


def test_the_table_streams_both_images_and_forgets_by_its_private_mark(resources: Resources) -> None:
    table = properties(resources, "JobTable")
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "#ttl", "Enabled": True}


def test_the_table_is_billed_by_request_and_can_be_restored(resources: Resources) -> None:
    table = properties(resources, "JobTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("store", ["JobTable", "ArchiveBucket"])
def test_deleting_the_stack_deletes_no_job_and_no_video(resources: Resources, store: str) -> None:
    assert (resources[store]["DeletionPolicy"], resources[store]["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_nothing_in_the_bucket_can_be_public(resources: Resources) -> None:
    block = properties(resources, "ArchiveBucket")["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True
    )


def test_the_bucket_is_versioned(resources: Resources) -> None:
    assert properties(resources, "ArchiveBucket")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_expires_unfinished_uploads_and_old_versions(
    resources: Resources,
) -> None:
    unfinished, replaced, *_ = properties(resources, "ArchiveBucket")["LifecycleConfiguration"]["Rules"]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert replaced["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_the_bucket_refuses_what_does_not_come_over_tls(resources: Resources) -> None:
    [statement] = properties(resources, "ArchiveBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("secret", ["ApiKeySecret", "WebhookKeySecret"])
def test_a_key_of_the_provider_is_created_without_a_value(resources: Resources, secret: str) -> None:
    assert properties(resources, secret).keys() == {"Description", "KmsKeyId"}


@pytest.mark.parametrize("secret", ["TokenKeySecret", "JobsApiTokenSecret"])
def test_a_generated_secret_is_generated_by_exactly_these_properties(resources: Resources, secret: str) -> None:
    """Any other value makes CloudFormation generate a new one at the next update, and those in use fail."""
    generated = properties(resources, secret)["GenerateSecretString"]
    assert generated == {"PasswordLength": 64, "ExcludePunctuation": True}


def test_a_bucket_of_the_users_is_neither_created_nor_changed(template: dict[str, Any]) -> None:
    own = {n for n, r in template["Resources"].items() if r["Type"].startswith("AWS::S3::")}
    assert own == {"ArchiveBucket", "ArchiveBucketPolicy"}
    assert {template["Resources"][name]["Condition"] for name in own} == {"CreatesBucket"}
