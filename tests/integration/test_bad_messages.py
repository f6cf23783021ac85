"""Messages that break the contract, each in a batch with nine valid ones."""

import json
from typing import Any

import pytest

from local.cloud.environment import Environment
from local.cloud.messages import SendError
from local.waiting import wait_until
from tests.integration.conftest import sample

BAD = {
    "not JSON": "4K, please",
    "without a taskId": json.dumps({"index": 0}),
    "with an index that is no number": json.dumps({"taskId": "veo_task_on_time_bad", "index": "x"}),
    "of 60 KB": json.dumps({"taskId": "veo_task_on_time_bad", "tags": {"long": "x" * 60_000}}),
}
SECONDS = 15.0  # with a cold start


def tasks(batch: str) -> list[str]:
    return [f"veo_task_on_time_{batch}_{n}" for n in range(9)]


def bodies(batch: str) -> list[str]:
    return [json.dumps({"taskId": task}) for task in tasks(batch)]


def rejections(env: Environment, body: str) -> list[str]:
    """Return the reason of each message with this body in the dead-letter queue."""
    found = [message for message in env.dead_letters.received() if message["Body"] == body]
    return [message["MessageAttributes"]["Rejected"]["StringValue"] for message in found]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_in_a_batch_is_rejected_at_once(env: Environment, name: str) -> None:
    bad = BAD[name] + " "  # differs from the body sent through the queue
    good, [record] = bodies("direct"), sample("sqs_submit")["Records"]
    batch = [*good[:4], bad, *good[4:]]
    records: list[dict[str, Any]] = [
        record | {"messageId": f"{name} {n}", "body": body} for n, body in enumerate(batch)
    ]
    assert env.cloud.invoke("SubmitFunctionName", {"Records": records}) == {"batchItemFailures": []}
    [reason] = rejections(env, bad)
    assert 0 < len(reason) < 100  # so it cannot repeat a long message


def test_the_valid_messages_of_the_batch_become_jobs(env: Environment) -> None:
    assert [env.ended(task)["state"] for task in tasks("direct")] == ["SUCCEEDED"] * 9
    assert [len(env.charges(task)) for task in tasks("direct")] == [1] * 9


def test_bad_messages_in_the_queue_are_rejected_once_within_seconds(env: Environment) -> None:
    env.cloud.send_bodies([*bodies("queued"), *BAD.values()])
    wait_until(lambda: all(rejections(env, body) for body in BAD.values()), SECONDS)
    assert [env.ended(task)["state"] for task in tasks("queued")] == ["SUCCEEDED"] * 9
    assert [len(rejections(env, body)) for body in BAD.values()] == [1] * len(BAD)


def test_the_queue_refuses_a_body_over_64_kib(env: Environment) -> None:
    with pytest.raises(SendError, match="shorter than 65536 bytes"):
        env.cloud.send({"taskId": "veo_task_on_time_long", "tags": {"long": "x" * 65_536}})
