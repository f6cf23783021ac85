"""Callbacks of generations to a running stack: each video gets its job, and a forged callback requests nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from local.cloud.environment import Environment
from tests.integration.callback import Callback, generated, post, post_generated

TASK, FORGED = "veo_task_per_index_generated", "veo_task_per_index_generated_forged"


def test_each_video_of_a_generation_is_archived_in_4k(env: Environment) -> None:
    callback = generated(env, TASK, videos=2)
    for _ in range(2):
        response = post_generated(env, callback, "?customer=Zo%C3%AB&=unusable")
        assert (response.status_code, response.content) == (200, b"")
    rows = [env.ended(TASK, run) for run in (1, 2)]
    assert {(row["index"], row["state"], row["tags"]["customer"]) for row in rows} == {
        (0, "SUCCEEDED", "Zoë"),
        (1, "SUCCEEDED", "Zoë"),
    }
    assert len(env.charges(TASK)) == len(env.cloud.runs(TASK)) == 2
    assert "tags_dropped" in env.cloud.logs("CallbackFunctionName")


FORGERIES: dict[str, tuple[int, Callable[[Callback], Callback]]] = {
    "a signature under another key": (401, lambda it: replace(it, key="another key")),
    "the signature of another task": (401, lambda it: replace(it, task=TASK)),
    "no code": (400, lambda it: replace(it, body=it.body.replace(b"code", b"cod"))),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_callback_of_a_generation_requests_nothing(env: Environment, name: str) -> None:
    status, changed = FORGERIES[name]
    response = post_generated(env, changed(generated(env, FORGED)))
    assert (response.status_code, response.content, env.cloud.runs(FORGED)) == (status, b"", [])


def test_the_token_for_generations_opens_no_job(env: Environment) -> None:
    assert post(env, generated(env, TASK)).status_code == 404
