"""The local cloud runs the template as it is, enforces its policies and leaves nothing behind."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local import aws
from local.build import SAM, built_template
from local.cloud import LocalCloud
from local.deploy import STACK
from local.emulator import emulator
from local.gaps import close_gaps

ROOT = Path(__file__).resolve().parents[2]

SAM_OPTIONS = ["--stack-name", STACK, "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-confirm-changeset"]
SAM_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": aws.REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SAM_CLI_TELEMETRY": "0",
}

ALLOWED = (
    "boto3.client('dynamodb').update_item(TableName='{table}', Key={{'taskId': {{'S': 'a'}}, 'run': {{'N': '1'}}}})"
)
FORBIDDEN = "boto3.client('dynamodb').scan(TableName='{table}')"
TRIES = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        {call}
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
"""

RUNS_UNTIL_KILLED = "from local.emulator import emulator\nwith emulator() as url: print(url, flush=True); input()"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_ministack/health", timeout=5).ok
    except requests.RequestException:
        return False


def ended_within(seconds: float, url: str) -> bool:
    deadline = time.monotonic() + seconds
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not answers(url)


def test_an_emulator_ends_with_its_block() -> None:
    with emulator() as url:
        assert answers(url)
    assert not answers(url)


def test_two_emulators_share_nothing() -> None:
    with emulator() as one, emulator() as other:
        aws.client(one, "sqs").create_queue(QueueName="jobs")
        assert not aws.client(other, "sqs").list_queues().get("QueueUrls")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_emulator_does_not_outlive_whoever_started_it(how: signal.Signals) -> None:
    owner = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-c", RUNS_UNTIL_KILLED], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout
        url = owner.stdout.readline().strip()
        assert answers(url)
        owner.send_signal(how)
        assert ended_within(5, url)


def test_the_outputs_name_what_was_deployed(cloud: LocalCloud) -> None:
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["JobTableName"])
    assert table["Table"]["TableStatus"] == "ACTIVE"


def test_parameters_reach_the_functions() -> None:
    with LocalCloud({"KieBaseUrl": "http://127.0.0.1:1", "ProbeSeconds": "1"}) as cloud:
        name = cloud.outputs["SweepFunctionName"]
        found = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert (found["KIE_BASE_URL"], found["PROBE_SECONDS"]) == ("http://127.0.0.1:1", "1")


def test_a_secret_can_be_set_by_its_output(cloud: LocalCloud) -> None:
    cloud.set_secret("ApiKeySecretName", "a key")
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=cloud.outputs["ApiKeySecretName"])
    assert secret["SecretString"] == "a key"


def zipped(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", code)
    return packed.getvalue()


@pytest.mark.parametrize(("call", "answer"), [(ALLOWED, "done"), (FORBIDDEN, "AccessDeniedException")])
def test_a_function_has_the_rights_of_its_role_and_no_others(cloud: LocalCloud, call: str, answer: str) -> None:
    functions = cloud.client("lambda")
    role = functions.get_function_configuration(FunctionName=cloud.outputs["CallbackFunctionName"])["Role"]
    functions.create_function(
        FunctionName=answer,
        Runtime="python3.13",
        Handler="app.handler",
        Timeout=60,  # importing the SDK takes long on a busy machine
        Role=role,
        Code={"ZipFile": zipped(TRIES.format(call=call.format(table=cloud.outputs["JobTableName"])))},
    )
    assert functions.invoke(FunctionName=answer)["Payload"].read().decode() == f'"{answer}"'


def from_the_function(response: requests.Response) -> bool:
    """Tell our own 404, which is empty, from that of an API without such a route."""
    return (response.status_code, response.content) == (404, b"")


def test_the_callback_api_answers_at_the_endpoint(cloud: LocalCloud) -> None:
    url = cloud.callback_base_url + "/callbacks/task12345678/0/1/no-such-token"
    assert from_the_function(requests.post(url, timeout=30))
    assert "callback" in cloud.logs("CallbackFunctionName")


def test_the_callback_api_answers_under_its_own_name(cloud: LocalCloud) -> None:
    [api] = cloud.client("apigatewayv2").get_apis()["Items"]
    path, host = "/callbacks/task12345678/0/1/no-such-token", api["ApiEndpoint"].removeprefix("http://")
    assert from_the_function(requests.post(cloud.endpoint + path, headers={"Host": host}, timeout=30))


def test_the_gaps_of_the_emulator_are_closed_once(cloud: LocalCloud) -> None:
    close_gaps(cloud.endpoint, STACK)
    [api] = cloud.client("apigatewayv2").get_apis()["Items"]
    routes = cloud.client("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"]
    assert [route["RouteKey"] for route in routes] == ["POST /callbacks/{taskId}/{index}/{run}/{token}"]


def test_sam_deploys_the_same_stack() -> None:
    template = built_template()
    with emulator() as url:
        done = subprocess.run(  # noqa: S603  our own SAM CLI and template
            [SAM, "deploy", *SAM_OPTIONS, "--template-file", template],
            cwd=template.parent,
            env=os.environ | SAM_ENVIRONMENT | {"AWS_ENDPOINT_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        close_gaps(url, STACK)
        [stack] = aws.client(url, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        answer = aws.client(url, "lambda").invoke(FunctionName=outputs["SweepFunctionName"], Payload=b"{}")
    assert "FunctionError" not in answer
