"""Sends callbacks: signs them as the provider does, retries them, records every attempt."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientTimeout

from local.kie.callback_payloads import FAILURE, Result
from local.kie.links import result_urls
from local.kie.provider import PaidTask, Provider, clock
from local.kie.scenario import Callback
from local.kie.shapes import CREDITS
from local.kie.wording import written

STALE_SECONDS = 3600
OUTCOMES = {"working": "working", "success": "success", "failed": "failure"}


def signature(key: str, task_id: str, timestamp: str) -> str:
    """Return X-Webhook-Signature: base64 of HMAC-SHA256(key, taskId + "." + timestamp)."""
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed(key: str, task_id: str, seconds: int) -> dict[str, str]:
    """Return the two headers that authenticate a callback. Without a key there are none: signing is opt-in."""
    if not key:
        return {}
    return {"X-Webhook-Timestamp": str(seconds), "X-Webhook-Signature": signature(key, task_id, str(seconds))}


HEADERS: dict[str, Callable[[str, str, int], dict[str, str]]] = {
    "signed": signed,
    "unsigned": lambda _key, _task_id, _seconds: {},
    "wrong": lambda key, task_id, seconds: signed(f"not {key}", task_id, seconds),
    "stale": lambda key, task_id, seconds: signed(key, task_id, seconds - STALE_SECONDS),
}

TARGETS: dict[str, Callable[[str], str]] = {
    "requested": lambda url: url,
    "no_token": lambda url: url.rpartition("/")[0],
    "wrong_token": lambda url: f"{url.rpartition('/')[0]}/{'A' * 43}",
}


async def deliver(provider: Provider, task: PaidTask, callback: Callback) -> None:
    """Send a callback until its response is 2xx or no attempts are left."""
    settings = provider.settings
    pauses = (0.0, *settings.callback_retry_minutes)[: 1 if callback.once else settings.callback_attempts]
    first = int(time.time())
    for number, pause in enumerate(pauses, 1):
        await provider.pass_minutes(pause)
        await provider.callbacks_allowed.wait()
        seconds = int(time.time()) if provider.settings.renew_timestamp else first
        if await _attempt(provider, task, callback, number, seconds):
            return


async def _attempt(provider: Provider, task: PaidTask, callback: Callback, number: int, seconds: int) -> bool:
    url = TARGETS[callback.target](task.callback_url)
    charge, settings = task.charge, provider.settings
    signed_id = charge.task_id if task.scenario.signed_id == "task" else charge.record_id
    headers = HEADERS[callback.headers](settings.webhook_key, signed_id, seconds)
    name = OUTCOMES[task.phase] if callback.payload == "outcome" else callback.payload
    payload = written(task.scenario, task.payload(name, _result(provider, task))).body
    sent = clock()
    status, error = await _post(provider, url, headers | {"Content-Type": "application/json"}, payload)
    task.called_back.set()
    provider.callback_attempts.append(
        {
            "kind": charge.kind,
            "taskId": charge.task_id,
            "index": charge.index,
            "recordId": charge.record_id,
            "host": urlsplit(url).netloc,
        }
        | {"payload": name, "target": callback.target, "headers": callback.headers, "attempt": number}
        | {"at": sent, "seconds": round(clock() - sent, 3), "status": status, "error": error}
    )
    return status // 100 == 2


async def _post(provider: Provider, url: str, headers: dict[str, str], payload: dict[str, Any]) -> tuple[int, str]:
    """Return the status of the response, or 0 and the name of the error."""
    timeout = ClientTimeout(total=provider.settings.callback_timeout_seconds)
    data = json.dumps(payload).encode()
    try:
        async with provider.session.post(
            url, data=data, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            await response.read()
            return response.status, ""
    except (ClientError, TimeoutError) as error:
        return 0, type(error).__name__


def _result(provider: Provider, task: PaidTask) -> Result:
    # A callback always has the first link, however often it is sent.
    urls, posters = result_urls(provider, task, 0)
    return Result(
        task_id=task.charge.record_id,
        urls=urls,
        posters=posters,
        credits=CREDITS[task.scenario.credits_as](task.charge.credits),
        kind=task.charge.kind,
        shape=task.scenario.shape,
        failure=task.failure or FAILURE,
        times=task.times,
    )
