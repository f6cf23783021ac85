import json
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from veo4k.domain.event import DETAIL_TYPES, SOURCE
from veo4k.domain.job import Code
from veo4k.domain.message import Message, parse_message
from veo4k.domain.schedule import Times

EXAMPLES = Path("examples")
TASK = "veo_task_abcdef123456"


def step() -> dict[str, Any]:
    machine = json.loads((EXAMPLES / "step-functions/upscale.asl.json").read_text())
    state: dict[str, Any] = machine["States"]["Make4K"]
    return state


def test_the_state_machine_sends_a_message_that_the_bundle_takes() -> None:
    places = {"$.taskId": TASK, "$$.Task.Token": "token"}
    body = {name.removesuffix(".$"): places[path] for name, path in step()["Parameters"]["MessageBody"].items()}

    assert parse_message(json.dumps(body)) == Message(task_id=TASK, task_token="token")


def test_the_state_machine_catches_errors_that_the_bundle_names() -> None:
    caught = [name for catch in step()["Catch"] for name in catch["ErrorEquals"]]

    assert caught
    assert set(caught) <= {code.value for code in Code}


def test_the_state_machine_waits_longer_than_any_job_can_take() -> None:
    assert step()["TimeoutSeconds"] > Times().queued_deadline


def test_the_rules_match_events_that_the_bundle_sends() -> None:
    resources = yaml_parse((EXAMPLES / "announcements/template.yaml").read_text())["Resources"].values()
    patterns = [r["Properties"]["EventPattern"] for r in resources if r["Type"] == "AWS::Events::Rule"]

    assert all(pattern["source"] == [SOURCE] for pattern in patterns)
    assert {kind for pattern in patterns for kind in pattern.get("detail-type", [])} <= set(DETAIL_TYPES.values())
