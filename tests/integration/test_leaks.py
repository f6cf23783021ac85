"""Secrets sent in every place that accepts input. The search of each stack (`running`) must not find them again."""

import base64
import json
from dataclasses import replace

import pytest

from local.cloud.environment import Environment
from local.waiting import wait_until
from tests.integration.callback import post, success
from tests.integration.leaks import TASK_TOKEN, encoded, search

URL = "https://file.example/v/a.mp4?token=canary-query"
SIGNATURE = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def test_a_task_token_is_deleted_after_the_announcement(env: Environment) -> None:
    task = "veo_task_on_time_with_token"
    env.cloud.send({"taskId": task, "taskToken": TASK_TOKEN})
    assert env.ended(task)["state"] == "SUCCEEDED"
    row = wait_until(lambda: next((row for row in env.cloud.runs(task) if "#lane" not in row), None))
    assert TASK_TOKEN not in str(row)


def test_messages_with_secrets_in_the_wrong_place_are_rejected(env: Environment) -> None:
    bodies = [
        json.dumps({"taskId": "veo_task_leak", "taskToken": [TASK_TOKEN]}),
        json.dumps({"taskId": TASK_TOKEN + "!", "taskToken": TASK_TOKEN}),
        f'{{"taskId": "veo_task_leak", "taskToken": "{TASK_TOKEN}"',
    ]
    before = len(env.dead_letters.received())
    env.cloud.send_bodies(bodies)
    wait_until(lambda: len(env.dead_letters.received()) >= before + len(bodies))


@pytest.mark.parametrize("wrong", ["token", "timestamp", "signature", "body"])
def test_callbacks_with_secrets_in_the_wrong_place_are_refused(env: Environment, wrong: str) -> None:
    task, settings = "veo_task_lost_leak", env.simulator.settings
    env.cloud.send({"taskId": task})
    env.reached(task, "PROCESSING")
    valid = success(env, task)
    changed = {
        "token": replace(valid, token=settings.webhook_key),
        "timestamp": replace(valid, headers={"X-Webhook-Timestamp": settings.webhook_key}),
        "signature": replace(valid, headers={"X-Webhook-Signature": env.cloud.secret("TokenKeySecretName")}),
        "body": replace(valid, body=f"{valid.token} {URL} {settings.api_key}".encode()),
    }
    assert post(env, changed[wrong]).status_code in {400, 401, 404}


@pytest.mark.parametrize(
    ("text", "hits"),
    [(f"before {form} after", 1) for form in sorted(encoded(["a secret/key"]))]
    + [(URL, 1), (f'"{SIGNATURE}"', 1), ("/callbacks/veo_task_1/0/1/" + "A" * 43, 1)]
    + [(json.dumps({"resultUrls": ["https://file.example/v/a.mp4"]}), 0)],
)
def test_the_search_finds_secrets_and_their_patterns_alone(text: str, hits: int) -> None:
    assert len(search({"a row": text}, ["a secret/key"])) == hits
