"""Callbacks as the provider sends them, and as it does not."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

import requests

from local.kie.callbacks import signed
from tests.integration.world import World


@dataclass(frozen=True)
class Callback:
    """One request to the callback API. `at` and `key` make its signature; `headers` replace, an empty one removes."""

    task: str
    token: str
    at: int
    key: str
    body: bytes
    index: int = 0
    run: int = 1
    headers: dict[str, str] = field(default_factory=dict)


def success(world: World, task: str) -> Callback:
    """The callback that brings the first run of a task its result."""
    url = f"{world.simulator.base_url}/files/{task}_0.mp4"
    body = {"code": 200, "msg": "success", "data": {"taskId": task, "info": {"resultUrls": [url]}}}
    key = world.simulator.settings.webhook_key
    return Callback(task, token(world, task), int(time.time()), key, json.dumps(body).encode())


def token(world: World, task: str, index: int = 0, run: int = 1) -> str:
    """The token of a run, as docs/interface.md defines it."""
    return token_under(world.secret("TokenKeySecretName"), task, index, run)


def token_under(key: str, task: str, index: int, run: int) -> str:
    """The same under a key of one's own."""
    text = f"4k|{task}|{index}|{run}"
    digest = hmac.digest(key.encode(), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def post(world: World, callback: Callback) -> requests.Response:
    """Send it to the stack."""
    path = f"/callbacks/{callback.task}/{callback.index}/{callback.run}/{callback.token}"
    headers = signed(callback.key, callback.task, callback.at) | callback.headers
    given = {name: value for name, value in headers.items() if value}
    return requests.post(world.cloud.callback_base_url + path, callback.body, headers=given, timeout=30)
