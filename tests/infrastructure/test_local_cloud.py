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
from botocore.exceptions import ClientError

from local.cloud import aws
from local.cloud.build import SAM, built_template
from local.cloud.deploy import STACK, outputs
from local.cloud.emulator import emulator
from local.cloud.local_cloud import LocalCloud
from veo4k.settings import TUNING_NAMES

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

RUNS_UNTIL_KILLED = "from local.cloud.emulator import emulator\nwith emulator() as url: print(url, flush=True); input()"


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
def test_an_emulator_does_not_outlive_the_process_that_started_it(how: signal.Signals) -> None:
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


def variables(cloud: LocalCloud) -> dict[str, str]:
    """Return the environment variables of the function sweep."""
    name = cloud.outputs["SweepFunctionName"]
    found: dict[str, str] = cloud.client("lambda").get_function_configuration(FunctionName=name)["Environment"][
        "Variables"
    ]
    return found


def test_parameters_reach_the_functions_and_so_does_a_change_of_them(cloud: LocalCloud) -> None:
    with LocalCloud({"ProbeSeconds": "1", "LogLevel": "DEBUG"}, stack="changed", endpoint=cloud.endpoint) as other:
        first = variables(other)
        other.invoke("SweepFunctionName", {})
        other.change(LeaseSeconds="7", KieBaseUrl="http://127.0.0.1:1")
        second = variables(other)
        other.invoke("SweepFunctionName", {})
    assert (first["TUNING"], first["KIE_BASE_URL"]) == ("ProbeSeconds=1", "https://api.kie.ai")
    assert (second["TUNING"], second["KIE_BASE_URL"]) == ("ProbeSeconds=1,LeaseSeconds=7", "http://127.0.0.1:1")
    assert (second["POWERTOOLS_LOG_LEVEL"], first.keys()) == ("DEBUG", second.keys())


@pytest.mark.parametrize(
    "wrong", ["ProbeSecond=5", "ProbeSeconds=soon", "ProbeSeconds=0", "ProbeSeconds=5;LeaseSeconds=5"]
)
def test_a_wrong_tuning_is_refused_with_the_names_that_are_allowed(cloud: LocalCloud, wrong: str) -> None:
    with pytest.raises(ClientError) as refusal, LocalCloud({"Tuning": wrong}, stack="wrong", endpoint=cloud.endpoint):
        pass
    message = refusal.value.response["Error"]["Message"]
    assert [name for name in TUNING_NAMES if name not in message] == []


@pytest.mark.parametrize(
    "options", [{"SubnetIds": "subnet-1"}, {"ArchiveBucketName": "videos", "ExpireAfterDays": "30"}], ids=" ".join
)
def test_options_that_do_not_go_together_are_refused(cloud: LocalCloud, options: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="rule"), LocalCloud(options, stack="wrong", endpoint=cloud.endpoint):
        pass


def test_a_changed_tuning_is_refused_too(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="FirstProbeSeconds"):
        cloud.client("cloudformation").create_change_set(
            StackName=STACK,
            ChangeSetName="wrong",
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": "Tuning", "ParameterValue": "ProbeSecond=5"}],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )


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
    """Check for our own 404, which is empty, unlike that of an API without the route."""
    return (response.status_code, response.content) == (404, b"")


def test_the_callback_api_answers_at_an_address_of_its_own(cloud: LocalCloud) -> None:
    url = cloud.callback_base_url + "/callbacks/task12345678/0/1/no-such-token"
    assert from_the_function(requests.post(url, timeout=30))
    assert "callback" in cloud.logs("CallbackFunctionName")
    assert not from_the_function(requests.post(url.replace("callbacks", "other"), timeout=30))


def test_a_functions_log_has_the_lines_of_that_function_alone(cloud: LocalCloud) -> None:
    cloud.invoke("SweepFunctionName", {})
    requests.post(cloud.callback_base_url + "/callbacks/task12345678/0/1/no-such-token", timeout=30)
    assert '"service":"sweep"' in cloud.logs("SweepFunctionName")
    assert '"service":"callback"' not in cloud.logs("SweepFunctionName")


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
        sweep = outputs(url, STACK)["SweepFunctionName"]
        answer = aws.client(url, "lambda").invoke(FunctionName=sweep, Payload=b"{}")
    assert "FunctionError" not in answer
