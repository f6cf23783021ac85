"""Functions, API, table, bucket and secrets: what must be true of each."""

import json
import re

import pytest

from bench.stack import function_module
from tests.infrastructure.stack import FUNCTIONS, Resources, Template, of_type, properties
from veo4k.domain.job import ATTRIBUTES

SIZES = {
    "Submit": (60, 256),
    "Callback": (10, 256),  # the provider hangs up after 15 s
    "Sweep": (120, 256),
    "Publish": (30, 256),
    "Archive": (900, 1024),
    "Api": (10, 256),
}
"""Seconds and MiB of each function."""

UNUSED = {
    "DeadLetterConfig",  # never filled by queues and streams; the sweep's invocations have a destination
    "KmsKeyArn",  # settings hold no secrets
    "ReservedConcurrentExecutions",  # throttled messages would burn their receives
    "TracingConfig",  # one query over the one log group shows a job's life
}
WINDOW = 10  # seconds of the provider's rate limit
GENERATION = 600  # seconds that the provider says a video takes, at most


def test_there_are_six_functions_of_the_designs_time_and_memory(resources: Resources) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    sizes = {name: (function["Timeout"], function["MemorySize"]) for name, function in functions.items()}
    assert sizes == {f"{name}Function": size for name, size in SIZES.items()}
    assert not {r["Type"] for r in resources.values()} & {"AWS::Lambda::Alias", "AWS::Lambda::Version"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_on_python_3_13_and_arm_with_nothing_unused(resources: Resources, function: str) -> None:
    found = properties(resources, f"{function}Function")
    assert (found["Runtime"], found["Architectures"], found["Handler"]) == ("python3.13", ["arm64"], "app.handler")
    assert not found.keys() & UNUSED


def test_the_layers_are_for_the_same_python_and_machine(resources: Resources) -> None:
    layers = of_type(resources, "AWS::Lambda::LayerVersion").values()
    places = [(layer["CompatibleRuntimes"], layer["CompatibleArchitectures"]) for layer in layers]
    assert places == [(["python3.13"], ["arm64"])] * 2


GENERATED = function_module("callback").GENERATED
CALLBACK_ROUTE = "POST /callbacks/{taskId}/{index}/{run}/{token}"
ROUTES = {
    "Callback": ("CallbackApi", "Callback", CALLBACK_ROUTE, "/*/POST/callbacks/*/*/*/*"),
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


def test_a_guided_deployment_does_not_ask_about_authentication(template: Template) -> None:
    """SAM asks about each of its own API events without an authorizer."""
    for resource in template["Resources"].values():
        events = resource.get("Properties", {}).get("Events", {}).values()
        assert not [event for event in events if event["Type"] in ("Api", "HttpApi")]


def test_the_jobs_api_takes_twenty_requests_a_second(resources: Resources) -> None:
    limits = properties(resources, "JobsStage")["DefaultRouteSettings"]
    assert limits == {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}


def test_the_callback_api_limits_a_flood_above_every_possible_burst(template: Template, resources: Resources) -> None:
    """After an outage all callbacks that are on their way may come at once."""
    limits = properties(resources, "CallbackStage")["DefaultRouteSettings"]
    pace = template["Parameters"]["RequestsPerWindow"]["MaxValue"] / WINDOW
    assert pace * GENERATION <= limits["ThrottlingBurstLimit"] <= 2 * pace * GENERATION
    assert 10 * pace <= limits["ThrottlingRateLimit"] <= 100 * pace


@pytest.mark.parametrize("api", ["Callback", "Jobs"])
def test_an_access_log_never_shows_a_path_because_it_may_hold_a_token(resources: Resources, api: str) -> None:
    entry = properties(resources, f"{api}Stage")["AccessLogSettings"]["Format"]
    assert json.loads(entry)["routeKey"] == "$context.routeKey"
    assert set(re.findall(r"\$context\.([\w.]+)", entry)) == {
        "requestId",
        "routeKey",
        "status",
        "identity.sourceIp",
        "responseLatency",
        "integrationErrorMessage",
    }


def test_ended_jobs_are_found_by_day_with_what_lists_and_sums_read(resources: Resources) -> None:
    due, day = properties(resources, "JobTable")["GlobalSecondaryIndexes"]
    public = {attribute for attribute in ATTRIBUTES.values() if not attribute.startswith("#")} | {"jobId"}
    private = {ATTRIBUTES[name] for name in ("acceptances", "lost_responses")}
    in_every_index, left_out = {"taskId", "run", "finishedAt"}, {"resultUrls", "waitReason", "base"}
    assert due["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert set(day["Projection"]["NonKeyAttributes"]) == (public | private) - in_every_index - left_out
    assert len(day["Projection"]["NonKeyAttributes"]) <= 20  # as many as DynamoDB allows


def test_the_table_streams_both_images_and_forgets_by_its_private_mark(resources: Resources) -> None:
    table = properties(resources, "JobTable")
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "#ttl", "Enabled": True}


def test_the_table_is_billed_by_request_and_cannot_be_deleted(resources: Resources) -> None:
    table = properties(resources, "JobTable")
    assert (table["BillingMode"], table["DeletionProtectionEnabled"]) == ("PAY_PER_REQUEST", True)


def test_the_bucket_expires_unfinished_uploads_and_old_versions(resources: Resources) -> None:
    unfinished, replaced, *_ = properties(resources, "ArchiveBucket")["LifecycleConfiguration"]["Rules"]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert replaced["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


@pytest.mark.parametrize("secret", ["ApiKeySecret", "WebhookKeySecret"])
def test_a_key_of_the_provider_is_created_without_a_value(resources: Resources, secret: str) -> None:
    assert properties(resources, secret).keys() == {"Description", "KmsKeyId"}


@pytest.mark.parametrize("secret", ["TokenKeySecret", "JobsApiTokenSecret"])
def test_a_generated_secret_is_generated_by_exactly_these_properties(resources: Resources, secret: str) -> None:
    """Any other value makes CloudFormation generate a new one at the next update, and those in use fail."""
    generated = properties(resources, secret)["GenerateSecretString"]
    assert generated == {"PasswordLength": 64, "ExcludePunctuation": True}


def test_a_bucket_of_the_users_is_neither_created_nor_changed(template: Template) -> None:
    own = {n: r["Condition"] for n, r in template["Resources"].items() if r["Type"].startswith("AWS::S3::")}
    assert own == dict.fromkeys(("ArchiveBucket", "ArchiveBucketPolicy"), "CreatesBucket")
