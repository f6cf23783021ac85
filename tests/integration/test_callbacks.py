"""Callbacks that do not hold, at a job that waits for one: what they are answered, and that nothing changes."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.integration.callback import Callback, post, success
from tests.integration.world import World, until

TASK = "veo_task_lost_callbacks"
OTHER = "veo_task_lost_elsewhere"
LONG = 6000.0  # minutes; the generation outlasts the tests


@pytest.fixture(scope="module")
def job(world: World) -> Callback:
    """A job that waits, and the callback that would end its waiting."""
    world.simulator.register(TASK, "lost", minutes=LONG)
    world.send({"taskId": TASK})
    world.reached(TASK, "PROCESSING")
    return success(world, TASK)


Spoil = Callable[[Callback], Callback]
SPOILT: dict[str, tuple[int, Spoil]] = {
    "a token of nobody": (404, lambda it: replace(it, token="A" * 43)),
    "a token too short": (404, lambda it: replace(it, token=it.token[:-1])),
    "a token with a foreign letter": (404, lambda it: replace(it, token=it.token[:-1] + "%C3%A9")),
    "another index": (404, lambda it: replace(it, index=1)),
    "another run": (404, lambda it: replace(it, run=2)),
    "another task in the path": (404, lambda it: replace(it, task=OTHER)),
    "no signature": (401, lambda it: replace(it, headers={"X-Webhook-Signature": "", "X-Webhook-Timestamp": ""})),
    "no timestamp": (401, lambda it: replace(it, headers={"X-Webhook-Timestamp": ""})),
    "a signature under another key": (401, lambda it: replace(it, key="another key")),
    "a signature of before": (401, lambda it: replace(it, at=it.at - 400)),
    "a signature from ahead": (401, lambda it: replace(it, at=it.at + 400)),
    "a timestamp beside its signature": (401, lambda it: replace(it, headers={"X-Webhook-Timestamp": str(it.at + 1)})),
    "a timestamp in milliseconds": (401, lambda it: replace(it, at=it.at * 1000)),
    "a body over 64 KiB": (413, lambda it: replace(it, body=it.body + b" " * 65_536)),
    "a body that is no JSON": (400, lambda it: replace(it, body=b"done")),
    "a body with a name twice": (400, lambda it: replace(it, body=it.body.replace(b'"msg"', b'"code": 500, "msg"'))),
    "a body with NaN": (400, lambda it: replace(it, body=it.body.replace(b'"success"', b"NaN"))),
    "a body that is not UTF-8": (400, lambda it: replace(it, body=it.body.replace(b"success", b"\xff"))),
    "a body about another task": (400, lambda it: replace(it, body=it.body.replace(TASK.encode(), OTHER.encode()))),
    "an empty body": (400, lambda it: replace(it, body=b"")),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_callback_that_does_not_hold_changes_nothing(world: World, job: Callback, name: str) -> None:
    status, spoil = SPOILT[name]
    with world.sweeps.turn:
        before = world.runs(TASK)
        answer = post(world, spoil(job))
        after = world.runs(TASK)
    assert (answer.status_code, answer.content) == (status, b"")
    assert after == before


def test_a_callback_for_a_job_nobody_knows_is_answered_404(world: World) -> None:
    assert (post(world, success(world, OTHER)).status_code, world.runs(OTHER)) == (404, [])


def test_the_callback_that_holds_is_taken(world: World, job: Callback) -> None:
    answer = post(world, replace(job, at=int(time.time())))
    assert (answer.status_code, answer.content) == (200, b"")
    assert until(lambda: world.runs(TASK)[0]["state"] != "PROCESSING")
