"""The local cloud runs the template as it is, enforces its policies and leaves nothing behind."""

import io
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest
import requests
from botocore.exceptions import ClientError

from local.cloud import aws
from local.cloud.emulator import emulator
from local.cloud.local_cloud import LocalCloud
from local.paths import ROOT
from local.waiting import wait_until

UPDATE = (
    "boto3.client('dynamodb').update_item(TableName='{table}', Key={{'taskId': {{'S': '%s'}}, 'run': {{'N': '1'}}}})"
)
SCAN = "boto3.client('dynamodb').scan(TableName='{table}')"
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

# A test run in the background of a script ignores SIGINT, and so would its children.
RUNS_UNTIL_KILLED = """
import signal
from local.cloud.emulator import emulator
signal.signal(signal.SIGINT, signal.default_int_handler)
with emulator() as url: print(url, flush=True); input()
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_ministack/health", timeout=5).ok
    except requests.RequestException:
        return False


def test_two_emulators_share_nothing_and_end_with_their_block() -> None:
    with emulator() as one, emulator() as other:
        aws.client(one, "sqs").create_queue(QueueName="jobs")
        assert not aws.client(other, "sqs").list_queues().get("QueueUrls")
    assert not answers(one)
    assert not answers(other)


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
        assert wait_until(lambda: not answers(url), seconds=5, pause=0.05)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"Tuning": "ProbeSeconds=5;LeaseSeconds=5"}, "FirstProbeSeconds, ProbeSeconds"),
        ({"SubnetIds": "subnet-1"}, "rule"),
        ({"SecurityGroupIds": "sg-1"}, "rule"),
        ({"ArchiveBucketName": "videos", "ExpireAfterDays": "30"}, "rule"),
    ],
    ids=["a wrong tuning", "subnets alone", "security groups alone", "expiry of a bucket that the stack does not own"],
)
def test_options_that_are_wrong_or_do_not_go_together_are_refused(
    cloud: LocalCloud, options: dict[str, str], refusal: str
) -> None:
    with pytest.raises(ClientError, match=refusal), LocalCloud(options, stack="wrong", endpoint=cloud.endpoint):
        pass


def test_a_changed_tuning_is_refused_too(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="FirstProbeSeconds"):
        cloud.change(Tuning="ProbeSecond=5")


def zipped(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", code)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "function", "call", "outcome"),
    [
        ("writes-a-job", "Callback", UPDATE % "task12345678", "done"),
        ("reads-the-whole-table", "Callback", SCAN, "AccessDeniedException"),
        ("writes-the-gate", "Callback", UPDATE % "#gate", "AccessDeniedException"),
        ("paces-the-account-by-the-gate", "Submit", UPDATE % "#gate", "done"),
    ],
)
def test_a_function_has_the_rights_of_its_role_and_no_others(
    cloud: LocalCloud, name: str, function: str, call: str, outcome: str
) -> None:
    functions = cloud.client("lambda")
    role = functions.get_function_configuration(FunctionName=cloud.outputs[f"{function}FunctionName"])["Role"]
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Timeout=60,  # importing the SDK takes long on a busy machine
        Role=role,
        Code={"ZipFile": zipped(TRIES.format(call=call.format(table=cloud.outputs["JobTableName"])))},
    )
    assert functions.invoke(FunctionName=name)["Payload"].read().decode() == f'"{outcome}"'
