"""All three secrets are rotated on a running stack while jobs are in flight: none is lost, and none is paid twice.

Probes come too late to help: what ends here ends by a callback, under a token and a signature that are believed.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.command import World as Operator
from cli.stack import local_stack
from local.cloud.environment import give_keys
from local.cloud.rows import Row
from tests.integration.callback import post, success, token_under
from tests.integration.conftest import SHORT_WINDOW, running
from tests.integration.leaks import keys_in
from tests.integration.world import World, until
from veo4k.adapters.secrets import KEPT_SECONDS

OLD_API_KEY, NEW_API_KEY = "canary-api-key-rotation", "canary-api-key-rotated"
OLD_WEBHOOK_KEY, NEW_WEBHOOK_KEY = "canary-webhook-key-rotation", "canary-webhook-key-rotated"
BEFORE = [f"veo_task_on_time_before_{number}" for number in range(5)]
MEANWHILE = [f"veo_task_on_time_meanwhile_{number}" for number in range(5)]
AFTER = "veo_task_on_time_after"
TOO_LATE = "600"


class Rotated(NamedTuple):
    """The stack after it all, its jobs, and the token key that was there at first."""

    world: World
    rows: dict[str, Row]
    first_token_key: str


def veo4k(world: World, *words: str, **given: Any) -> Any:
    """Run a command on this stack; gives its JSON."""
    endpoint = world.cloud.endpoint
    operator = Operator(find=lambda name, *, local: local_stack(endpoint), environment={})  # noqa: ARG005  the protocol's names
    done = CliRunner().invoke(app, [*words, "--json"], obj=operator, catch_exceptions=False, **given)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def ask(world: World, tasks: list[str]) -> None:
    """Ask for jobs, and wait until the provider has accepted each."""
    world.send(*({"taskId": task} for task in tasks))
    for task in tasks:
        world.reached(task, "PROCESSING")


def rotate(world: World) -> None:
    """Put all three new keys in use; the API key's predecessor is revoked in the same moment, which is too early."""
    veo4k(world, "rotate", "token")
    veo4k(world, "rotate", "webhook", "--value-from-stdin", input=NEW_WEBHOOK_KEY)
    world.cloud.set_secret("ApiKeySecretName", NEW_API_KEY)
    world.simulator.control(api_key=NEW_API_KEY)


@pytest.fixture(scope="module")
def rotated() -> Iterator[Rotated]:
    """Jobs asked for before, meanwhile and after; callbacks are held back until the new keys are in use everywhere."""
    with running("rotation", SHORT_WINDOW, OLD_API_KEY, OLD_WEBHOOK_KEY, FirstProbeSeconds=TOO_LATE) as world:
        give_keys(world.cloud, world.simulator.settings)
        first = world.secret("TokenKeySecretName")
        world.simulator.control(callbacks_held=True)
        ask(world, BEFORE)
        rotate(world)
        known_at = time.monotonic() + KEPT_SECONDS
        ask(world, MEANWHILE)
        time.sleep(max(0.0, known_at - time.monotonic()))
        world.simulator.control(webhook_key=NEW_WEBHOOK_KEY, callbacks_held=False)
        world.send({"taskId": AFTER})
        yield Rotated(world, {task: world.ended(task) for task in [*BEFORE, *MEANWHILE, AFTER]}, first)


def test_no_job_is_lost(rotated: Rotated) -> None:
    assert {task: row["state"] for task, row in rotated.rows.items()} == dict.fromkeys(rotated.rows, "SUCCEEDED")


def test_no_job_is_paid_twice(rotated: Rotated) -> None:
    assert {task: len(rotated.world.charges(task)) for task in rotated.rows} == dict.fromkeys(rotated.rows, 1)


def test_every_job_was_ended_by_its_callback(rotated: Rotated) -> None:
    assert {row["evidence"] for row in rotated.rows.values()} == {"callback"}


def test_every_callback_was_believed_at_once(rotated: Rotated) -> None:
    tries = until(lambda: rotated.world.simulator.stats()["callbacks"])
    assert {(call["attempt"], call["status"]) for call in tries} == {(1, 200)}


def test_an_api_key_that_was_revoked_too_early_was_refused_and_looked_up_again(rotated: Rotated) -> None:
    logged = rotated.world.cloud.logs("SubmitFunctionName") + rotated.world.cloud.logs("SweepFunctionName")
    assert '"reason":"API_KEY_REFUSED"' in logged
    assert veo4k(rotated.world, "gate")["open"] is True


def test_both_token_keys_are_believed_for_a_while(rotated: Rotated) -> None:
    keys = keys_in(rotated.world.secret("TokenKeySecretName"))
    assert keys[1:] == [rotated.first_token_key]
    signed = replace(success(rotated.world, AFTER), key=NEW_WEBHOOK_KEY)
    answers = [post(rotated.world, replace(signed, token=token_under(key, AFTER, 0, 1))) for key in keys]
    assert [answer.status_code for answer in answers] == [200, 200]
