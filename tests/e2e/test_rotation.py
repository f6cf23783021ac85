"""All three secrets are rotated on a running stack with jobs in flight: no job is lost, and none is paid twice.

The first poll comes too late to help, so each job ends by its callback, whose token and signature must be accepted.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row
from tests.integration.callback import post, success, token_under
from tests.integration.command_line import veo4k_json
from tests.integration.conftest import SHORT_WINDOW, running
from tests.integration.leaks import keys_in
from veo4k.adapters.secrets import KEPT_SECONDS

OLD_API_KEY, NEW_API_KEY = "canary-api-key-rotation", "canary-api-key-rotated"
OLD_WEBHOOK_KEY, NEW_WEBHOOK_KEY = "canary-webhook-key-rotation", "canary-webhook-key-rotated"
BEFORE = [f"veo_task_on_time_before_{number}" for number in range(5)]
DURING = [f"veo_task_on_time_during_{number}" for number in range(5)]
AFTER = "veo_task_on_time_after"
TOO_LATE = "600"


class Rotated(NamedTuple):
    """The environment after the rotation, the ended jobs, and the first token key."""

    env: Environment
    rows: dict[str, Row]
    first_token_key: str


def submit(env: Environment, tasks: list[str]) -> None:
    """Send jobs, and wait until the provider has accepted each."""
    env.cloud.send(*({"taskId": task} for task in tasks))
    for task in tasks:
        env.reached(task, "PROCESSING")


def rotate(env: Environment) -> None:
    """Set all three new keys. The old API key is revoked in the same moment, which is too early."""
    veo4k_json(env.cloud, "rotate", "token")
    veo4k_json(env.cloud, "rotate", "webhook", "--value-from-stdin", stdin=NEW_WEBHOOK_KEY)
    env.cloud.set_secret("ApiKeySecretName", NEW_API_KEY)
    env.simulator.control(api_key=NEW_API_KEY)


@pytest.fixture(scope="module")
def rotated() -> Iterator[Rotated]:
    """Jobs from before, during and after the rotation. Callbacks are held until all functions have the new keys."""
    with running("rotation", SHORT_WINDOW, OLD_API_KEY, OLD_WEBHOOK_KEY, FirstProbeSeconds=TOO_LATE) as env:
        first = env.cloud.secret("TokenKeySecretName")
        env.simulator.control(callbacks_held=True)
        submit(env, BEFORE)
        rotate(env)
        known_at = time.monotonic() + KEPT_SECONDS
        submit(env, DURING)
        time.sleep(max(0.0, known_at - time.monotonic()))
        env.simulator.control(webhook_key=NEW_WEBHOOK_KEY, callbacks_held=False)
        env.cloud.send({"taskId": AFTER})
        yield Rotated(env, {task: env.ended(task) for task in [*BEFORE, *DURING, AFTER]}, first)


def test_every_job_succeeds_by_its_callback_and_is_paid_once(rotated: Rotated) -> None:
    for task, row in rotated.rows.items():
        assert (row["state"], row["evidence"], len(rotated.env.charges(task))) == ("SUCCEEDED", "callback", 1)


def test_every_callback_is_accepted_at_its_first_attempt(rotated: Rotated) -> None:
    attempts = rotated.env.simulator.stats()["callbacks"]
    assert {(each["attempt"], each["status"]) for each in attempts} == {(1, 200)}


def test_an_api_key_revoked_too_early_is_refused_and_read_again(rotated: Rotated) -> None:
    cloud = rotated.env.cloud
    assert '"reason":"API_KEY_REFUSED"' in cloud.logs("SubmitFunctionName") + cloud.logs("SweepFunctionName")
    assert veo4k_json(cloud, "gate")["running"] is True


def test_both_token_keys_are_accepted_for_a_while(rotated: Rotated) -> None:
    keys = keys_in(rotated.env.cloud.secret("TokenKeySecretName"))
    assert keys[1:] == [rotated.first_token_key]
    signed = replace(success(rotated.env, AFTER), key=NEW_WEBHOOK_KEY)
    responses = [post(rotated.env, replace(signed, token=token_under(key, AFTER, 0, 1))) for key in keys]
    assert [response.status_code for response in responses] == [200, 200]
