"""Invalid callbacks to a job that waits for a callback: the status of the response, and that the row stays the same."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from local.cloud.environment import Environment
from local.waiting import wait_until
from tests.integration.callback import Callback, post, success

TASK = "veo_task_lost_callbacks"
OTHER = "veo_task_lost_elsewhere"
LONG = 6000.0  # minutes: the generation outlasts the tests


@pytest.fixture(scope="module")
def valid(env: Environment) -> Callback:
    """The valid callback of a job that waits for it."""
    env.simulator.register(TASK, "lost", minutes=LONG)
    env.cloud.send({"taskId": TASK})
    env.reached(TASK, "PROCESSING")
    wait_until(lambda: "base" in env.cloud.runs(TASK)[0])  # the row's last change before the generation ends
    return success(env, TASK)


# No success and no failure, so the id in it cannot be the own one of this job.
IS_PROCESSING = b'{"code": 422, "msg": "4k is processing", "data": {"taskId": "%s"}}' % OTHER.encode()

INVALID: dict[str, tuple[int, Callable[[Callback], Callback]]] = {
    "another token": (404, lambda it: replace(it, token="A" * 43)),
    "a token with a foreign letter": (404, lambda it: replace(it, token=it.token[:-1] + "%C3%A9")),
    "another index": (404, lambda it: replace(it, index=1)),
    "no signature": (401, lambda it: replace(it, headers={"X-Webhook-Signature": "", "X-Webhook-Timestamp": ""})),
    "a signature under another key": (401, lambda it: replace(it, key="another key")),
    "a signature from the past": (401, lambda it: replace(it, at=it.at - 400)),
    "a body over 64 KiB": (413, lambda it: replace(it, body=it.body + b" " * 65_536)),
    "a body that is not UTF-8": (400, lambda it: replace(it, body=it.body.replace(b"success", b"\xff"))),
    "a body about another task": (400, lambda it: replace(it, body=IS_PROCESSING)),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_callback_changes_nothing(env: Environment, valid: Callback, name: str) -> None:
    status, changed = INVALID[name]
    with env.sweeps.turn:
        before = env.cloud.runs(TASK)
        response = post(env, changed(valid))
        after = env.cloud.runs(TASK)
    assert (response.status_code, response.content, after) == (status, b"", before)


def test_a_callback_for_an_unknown_job_is_answered_404(env: Environment) -> None:
    assert (post(env, success(env, OTHER)).status_code, env.cloud.runs(OTHER)) == (404, [])


def test_the_valid_callback_is_accepted(env: Environment, valid: Callback) -> None:
    response = post(env, replace(valid, at=int(time.time())))
    assert (response.status_code, response.content) == (200, b"")
    assert wait_until(lambda: env.cloud.runs(TASK)[0]["state"] != "PROCESSING")
