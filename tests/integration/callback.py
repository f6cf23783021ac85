"""Callbacks as the provider sends them, and forged ones."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

import requests

from local.cloud.environment import Environment
from local.kie.callbacks import signed


@dataclass(frozen=True)
class Callback:
    """A request to the callback API. `at` and `key` make its signature. `headers` replace; an empty one removes."""

    task: str
    token: str
    at: int
    key: str
    body: bytes
    index: int = 0
    run: int = 1
    headers: dict[str, str] = field(default_factory=dict)


def success(env: Environment, task: str) -> Callback:
    """Return the callback that delivers the result of a task's first run."""
    url = f"{env.simulator.base_url}/files/{task}_0.mp4"
    payload = {"code": 200, "msg": "success", "data": {"taskId": task, "info": {"resultUrls": [url]}}}
    token = token_under(env.cloud.secret("TokenKeySecretName"), task, 0, 1)
    return Callback(task, token, int(time.time()), env.simulator.settings.webhook_key, json.dumps(payload).encode())


def token_under(key: str, task: str, index: int, run: int) -> str:
    """Return the token of a run under a key, as docs/interface.md defines it."""
    return token_of(key, f"4k|{task}|{index}|{run}")


def token_of(key: str, text: str) -> str:
    """Return the token of a text under a key."""
    digest = hmac.digest(key.encode(), text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def post(env: Environment, callback: Callback) -> requests.Response:
    """Send a callback to the stack."""
    path = f"/callbacks/{callback.task}/{callback.index}/{callback.run}/{callback.token}"
    return _send(env, path, callback)


def _send(env: Environment, path: str, callback: Callback) -> requests.Response:
    headers = signed(callback.key, callback.task, callback.at) | callback.headers
    sent = {name: value for name, value in headers.items() if value}
    return requests.post(env.cloud.callback_base_url + path, callback.body, headers=sent, timeout=30)


def generated(env: Environment, task: str, videos: int = 1) -> Callback:
    """Return the callback that reports a finished generation."""
    urls = [f"{env.simulator.base_url}/files/{task}_{index}.mp4" for index in range(videos)]
    payload = {"code": 200, "msg": "success", "data": {"taskId": task, "info": {"resultUrls": urls}}}
    token = token_of(env.cloud.secret("TokenKeySecretName"), "generated")
    return Callback(task, token, int(time.time()), env.simulator.settings.webhook_key, json.dumps(payload).encode())


def post_generated(env: Environment, callback: Callback, query: str = "") -> requests.Response:
    """Send the callback of a generation to the stack."""
    return _send(env, f"/generated/{callback.token}{query}", callback)
