"""Messages that break the contract, each among nine that keep it."""

import json
import time
from typing import Any

import pytest

from local.cloud.messages import SendError
from tests.integration.world import World, sample, until

BAD = {
    "not JSON": "4K, please",
    "without a taskId": json.dumps({"index": 0}),
    "with an index that is no number": json.dumps({"taskId": "veo_task_on_time_bad", "index": "x"}),
    "of 60 KB": json.dumps({"taskId": "veo_task_on_time_bad", "tags": {"long": "x" * 60_000}}),
}
SECONDS = 15.0  # a cold start included


def tasks(way: str) -> list[str]:
    return [f"veo_task_on_time_{way}_{n}" for n in range(9)]


def ten(way: str, bad: str) -> list[str]:
    """Nine good bodies, and the bad one in their middle."""
    good = [json.dumps({"taskId": task}) for task in tasks(way)]
    return [*good[:4], bad, *good[4:]]


def batch(name: str, bodies: list[str]) -> dict[str, Any]:
    """An event as SQS would hand it to the function."""
    [record] = sample("sqs_submit")["Records"]
    return {"Records": [record | {"messageId": f"{name} {n}", "body": body} for n, body in enumerate(bodies)]}


def rejected(world: World, body: str) -> list[str]:
    """Why a body was rejected, for each time it lies in the dead-letter queue."""
    found = [message for message in world.dead_letters.received() if message["Body"] == body]
    return [message["MessageAttributes"]["Rejected"]["StringValue"] for message in found]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_in_a_batch_of_ten_is_rejected_at_once(world: World, name: str) -> None:
    bad = BAD[name] + " "  # its own body, to be told from the one sent through the queue
    assert world.cloud.invoke("SubmitFunctionName", batch(name, ten("direct", bad))) == {"batchItemFailures": []}
    [reason] = rejected(world, bad)
    assert reason


def test_the_nine_beside_it_are_done(world: World) -> None:
    assert [world.ended(task)["state"] for task in tasks("direct")] == ["SUCCEEDED"] * 9
    assert [len(world.charges(task)) for task in tasks("direct")] == [1] * 9


def test_bad_messages_of_the_queue_are_rejected_within_seconds_and_the_nine_are_done(world: World) -> None:
    sent = time.monotonic()
    world.send_bodies([json.dumps({"taskId": task}) for task in tasks("queued")] + list(BAD.values()))
    until(lambda: all(rejected(world, body) for body in BAD.values()), SECONDS)
    assert time.monotonic() - sent < SECONDS
    assert [world.ended(task)["state"] for task in tasks("queued")] == ["SUCCEEDED"] * 9


def test_a_bad_message_is_rejected_once(world: World) -> None:
    assert [len(rejected(world, body)) for body in BAD.values()] == [1] * len(BAD)


def test_a_body_over_64_kib_is_refused_to_its_sender(world: World) -> None:
    with pytest.raises(SendError, match="shorter than 65536 bytes"):
        world.send_bodies([json.dumps({"taskId": "veo_task_on_time_long", "tags": {"long": "x" * 65_536}})])


def test_a_reason_does_not_repeat_the_message(world: World) -> None:
    assert max(len(reason) for body in BAD.values() for reason in rejected(world, body)) < 100
