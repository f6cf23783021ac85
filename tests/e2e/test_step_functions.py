"""The example state machine beside the bundle, on the local cloud; run by `make prove`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud.environment import staged
from local.cloud.local_cloud import LocalCloud
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from tests.integration.world import ROOT, until


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    settings = Settings(speed=600, media_folder=ROOT / ".local/media")
    with staged(settings) as (_, cloud), sweeping(cloud, 1):
        yield cloud


def ended(cloud: LocalCloud, task_id: str) -> dict[str, Any]:
    """Run the example once, for one video; gives the execution when it has ended."""
    definition = (ROOT / "examples/step-functions/upscale.asl.json").read_text()
    states, iam = cloud.client("stepfunctions"), cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    name = f"upscale-{task_id}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=document(send))
    for variable, value in {"JobQueueUrl": cloud.outputs["JobQueueUrl"], "Partition": "aws"}.items():
        definition = definition.replace(f"${{{variable}}}", value)
    machine = states.create_state_machine(name=name, roleArn=role, definition=definition)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps({"taskId": task_id}))["executionArn"]

    def over() -> dict[str, Any] | None:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    return until(over)


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_state_machine_goes_on_with_the_archived_video(cloud: LocalCloud) -> None:
    execution = ended(cloud, "veo_task_on_time_step")
    video = json.loads(execution["output"])["video"]

    assert execution["status"] == "SUCCEEDED"
    assert (video["state"], video["archive"]["width"], video["archive"]["height"]) == ("SUCCEEDED", 3840, 2160)


def test_a_state_machine_catches_the_code_of_a_job_that_failed(cloud: LocalCloud) -> None:
    execution = ended(cloud, "veo_task_failure_step")
    error = json.loads(execution["output"])["error"]

    assert error["Error"] == "NOT_AVAILABLE_IN_4K"
    assert json.loads(error["Cause"])["state"] == "FAILED"
