"""The example state machine on the local cloud. Run by `make prove`."""

import json
from typing import Any

from local.cloud.environment import Environment
from local.cloud.local_cloud import LocalCloud
from local.paths import ROOT
from local.waiting import wait_until


def execution(cloud: LocalCloud, task_id: str) -> dict[str, Any]:
    """Run the example for one video. Return the execution when it has ended."""
    definition = (ROOT / "examples/step-functions/upscale.asl.json").read_text()
    states, iam = cloud.client("stepfunctions"), cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    name = f"upscale-{task_id}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=policy(send))
    for variable, value in {"JobQueueUrl": cloud.outputs["JobQueueUrl"], "Partition": "aws"}.items():
        definition = definition.replace(f"${{{variable}}}", value)
    machine = states.create_state_machine(name=name, roleArn=role, definition=definition)["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps({"taskId": task_id}))["executionArn"]

    def ended() -> dict[str, Any] | None:
        described: dict[str, Any] = states.describe_execution(executionArn=arn)
        return described if described["status"] != "RUNNING" else None

    return wait_until(ended)


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_state_machine_continues_with_the_archived_video(env: Environment) -> None:
    ended = execution(env.cloud, "veo_task_on_time_step")
    video = json.loads(ended["output"])["video"]

    assert ended["status"] == "SUCCEEDED"
    assert (video["state"], video["archive"]["width"], video["archive"]["height"]) == ("SUCCEEDED", 3840, 2160)


def test_a_state_machine_catches_the_code_of_a_failed_job(env: Environment) -> None:
    error = json.loads(execution(env.cloud, "veo_task_failure_step")["output"])["error"]

    assert error["Error"] == "NOT_AVAILABLE_IN_4K"
    assert json.loads(error["Cause"])["state"] == "FAILED"
