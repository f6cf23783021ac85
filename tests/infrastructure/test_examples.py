import contextlib
import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse
from standardwebhooks import Webhook, WebhookVerificationError

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


@pytest.mark.parametrize("example", ["notify", "webhook"])
def test_the_rules_match_events_that_the_bundle_sends(example: str) -> None:
    resources = yaml_parse((EXAMPLES / example / "template.yaml").read_text())["Resources"].values()
    patterns = [r["Properties"]["EventPattern"] for r in resources if r["Type"] == "AWS::Events::Rule"]

    assert all(pattern["source"] == [SOURCE] for pattern in patterns)
    assert {kind for pattern in patterns for kind in pattern.get("detail-type", [])} <= set(DETAIL_TYPES.values())


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return import_module("examples.webhook.function.app")


@pytest.mark.parametrize("prefix", ["", "whsec_"])
def test_the_reference_verifies_the_webhooks_signature(webhook: Any, prefix: str) -> None:
    secret, body = prefix + "a" * 64, webhook.payload({"state": "FAILED", "finishedAt": "2026-11-22T10:02:03.123Z"})
    sent = webhook.headers(secret, "veo_task_abcdef123456#0#1#FAILED", int(time.time()), body)
    assert Webhook(secret).verify(body, sent)["type"] == "veo4k.job.failed"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", sent)


@pytest.mark.parametrize(("status", "is_kept"), [(200, False), (204, False), (302, True), (500, True)])
def test_a_webhook_that_is_not_taken_stays_on_the_queue(
    webhook: Any, monkeypatch: pytest.MonkeyPatch, status: int, is_kept: bool
) -> None:
    detail = {"eventId": "a", "state": "FAILED", "finishedAt": ""}
    monkeypatch.setattr(webhook, "post", lambda *_: status)
    monkeypatch.setattr(webhook.secrets, "get_secret_value", lambda **_: {"SecretString": "a" * 64}, raising=False)
    monkeypatch.setenv("SECRET_ARN", "arn")
    monkeypatch.setenv("ENDPOINT", "https://example.com")
    with pytest.raises(RuntimeError) if is_kept else contextlib.nullcontext():
        webhook.handler({"Records": [{"body": json.dumps({"detail": detail})}]}, None)
