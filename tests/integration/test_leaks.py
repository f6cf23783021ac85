"""Six secrets are sent down every path, with trouble on the way; every stack's writings are searched when it ends.

The search itself stands in `running` (conftest.py): it comes after the last test. Here are the paths, and the proof
that it finds what it looks for.
"""

import base64
import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.integration.callback import post, success
from tests.integration.leaks import TASK_TOKEN, disguised, search
from tests.integration.world import World, until

URL = "https://file.example/v/a.mp4?token=canary-query"
SIGNATURE = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def test_a_task_token_goes_with_a_job_to_its_end(world: World) -> None:
    task = "veo_task_on_time_with_token"
    world.send({"taskId": task, "taskToken": TASK_TOKEN})
    assert world.ended(task)["state"] == "SUCCEEDED"
    row = until(lambda: next((row for row in world.runs(task) if "#lane" not in row), None))
    assert TASK_TOKEN not in str(row)


def test_a_message_with_secrets_where_none_belong_is_rejected(world: World) -> None:
    bodies = [
        json.dumps({"taskId": "veo_task_leak", "taskToken": [TASK_TOKEN]}),
        json.dumps({"taskId": TASK_TOKEN + "!", "taskToken": TASK_TOKEN}),
        f'{{"taskId": "veo_task_leak", "taskToken": "{TASK_TOKEN}"',
    ]
    before = len(world.dead_letters.received())
    world.send_bodies(bodies)
    until(lambda: len(world.dead_letters.received()) >= before + len(bodies))


@pytest.mark.parametrize("wrong", ["token", "timestamp", "signature", "body"])
def test_a_callback_with_secrets_where_none_belong_is_refused(world: World, wrong: str) -> None:
    task = "veo_task_lost_leak"
    world.send({"taskId": task})
    world.reached(task, "PROCESSING")
    true = success(world, task)
    wrongs = {
        "token": replace(true, token=world.simulator.settings.webhook_key),
        "timestamp": replace(true, headers={"X-Webhook-Timestamp": world.simulator.settings.webhook_key}),
        "signature": replace(true, headers={"X-Webhook-Signature": world.secret("TokenKeySecretName")}),
        "body": replace(true, body=f"{true.token} {URL} {world.simulator.settings.api_key}".encode()),
    }
    assert post(world, wrongs[wrong]).status_code in {400, 401, 404}


@pytest.mark.parametrize("form", sorted(disguised(["a secret/key"])))
def test_the_search_finds_a_secret_in_any_disguise(form: str) -> None:
    assert search({"a log": f"before {form} after"}, ["a secret/key"]).hits == ["a log: a known secret"]


@pytest.mark.parametrize("text", [URL, f'"{SIGNATURE}"', "/callbacks/veo_task_1/0/1/" + "A" * 43, quote("/x") + URL])
def test_the_search_finds_what_looks_like_a_secret(text: str) -> None:
    assert len(search({"a row": text}, []).hits) == 1


def test_the_search_finds_nothing_in_what_is_public() -> None:
    assert search({"a row": json.dumps({"resultUrls": ["https://file.example/v/a.mp4"]})}, ["a secret"]).hits == []
