import json
from http.client import RemoteDisconnected
from typing import Any

import pytest

from local.kie import Simulator
from tests.unit.local.doubles import Caller, Receiver, until
from tests.unit.local.test_callbacks import signature_over


def record(caller: Caller, task_id: str) -> Any:
    return caller.send("GET", f"/api/v1/jobs/recordInfo?taskId={task_id}").data


def test_a_task_gets_an_id_of_its_own(caller: Caller) -> None:
    reply = caller.create("veo_task_on_time_1")
    assert (reply.code, set(reply.data)) == (200, {"taskId"})
    assert reply.data["taskId"] != "veo_task_on_time_1"


def test_a_task_waits_queues_generates_and_succeeds(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_1", minutes=150)
    own = caller.create("veo_task_1").data["taskId"]
    for state in ("waiting", "queuing", "generating", "success"):
        until(lambda: record(caller, own)["state"] == state)  # noqa: B023 - asked within this turn of the loop


def test_a_result_is_a_json_string(caller: Caller) -> None:
    own = caller.create("veo_task_on_time_1").data["taskId"]
    data = until(lambda: (data := record(caller, own))["state"] == "success" and data)
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert caller.fetch(url).status == 200


def test_a_working_task_has_no_result(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_on_time_1", minutes=60_000)
    own = caller.create("veo_task_on_time_1").data["taskId"]
    data = record(caller, own)
    assert (data["resultJson"], data["failCode"], data["completeTime"]) == ("", None, None)


def test_a_failed_task_says_why(caller: Caller) -> None:
    own = caller.create("veo_task_failure_1").data["taskId"]
    data = until(lambda: (data := record(caller, own))["state"] == "fail" and data)
    assert (data["failCode"], "4K version" in data["failMsg"]) == ("500", True)


def test_every_request_is_a_new_paid_task(simulator: Simulator, caller: Caller) -> None:
    first, second = (caller.create("veo_task_on_time_1").data["taskId"] for _ in range(2))
    assert first != second
    assert [row["recordId"] for row in simulator.ledger()] == [first, second]


def test_the_callback_carries_the_tasks_details_signed_over_the_own_id(caller: Caller, receiver: Receiver) -> None:
    own = caller.create("veo_task_on_time_1", receiver.url("veo_task_on_time_1")).data["taskId"]
    (call,) = receiver.wait_for()
    assert (call.body["code"], call.body["data"]["state"]) == (200, "success")
    assert call.body["data"]["taskId"] == own
    assert "_0.mp4?token=" in json.loads(call.body["data"]["resultJson"])["resultUrls"][0]
    assert call.headers["X-Webhook-Signature"] == signature_over(own, call)


def test_the_callback_of_a_failure_says_fail(caller: Caller, receiver: Receiver) -> None:
    caller.create("veo_task_failure_1", receiver.url("veo_task_failure_1"))
    (call,) = receiver.wait_for()
    assert (call.body["code"], call.body["data"]["state"]) == (501, "fail")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("data_null", None),
        ("tampered", "off-list.example"),
        ("no_urls", '"resultJson": ""'),
        ("on_time", "consumeCredits"),
    ],
)
def test_the_callback_goes_wrong_in_the_same_ways(caller: Caller, receiver: Receiver, name: str, data: str) -> None:
    caller.create(f"veo_task_{name}_1", receiver.url("x"))
    (call,) = receiver.wait_for()
    assert call.body["data"] is None if data is None else data in json.dumps(call.body["data"])


def test_an_answer_is_lost_here_too(simulator: Simulator, caller: Caller) -> None:
    with pytest.raises(RemoteDisconnected):
        caller.create("veo_task_answer_lost_1")
    assert len(simulator.ledger()) == 1


def test_a_base_task_that_cannot_be_upscaled_is_refused_here_too(caller: Caller) -> None:
    assert caller.create("veo_task_expired_1").msg == "Temporarily supports records within 14 days."


def test_another_model_is_refused(caller: Caller) -> None:
    body = {"model": "veo/other", "input": {"task_id": "veo_task_on_time_1"}}
    assert caller.send("POST", "/api/v1/jobs/createTask", body).code == 422


def test_an_unknown_task_has_no_details(caller: Caller) -> None:
    assert caller.send("GET", "/api/v1/jobs/recordInfo?taskId=nobody").code == 422
