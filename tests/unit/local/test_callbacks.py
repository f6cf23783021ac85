import base64
import hashlib
import hmac
import time
from itertools import pairwise

from local.kie import Simulator
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import WEBHOOK_KEY, Call, Caller, Receiver, until


def signature_over(task_id: str, call: Call, key: str = WEBHOOK_KEY) -> str:
    message = task_id + "." + call.headers["X-Webhook-Timestamp"]
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), hashlib.sha256)).decode()


def test_a_callback_is_posted_as_json_to_the_url_given(caller: Caller, receiver: Receiver) -> None:
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    assert call.path == "/callbacks/veo_task_on_time_1/0/1/the-token"
    assert call.headers["Content-Type"] == "application/json"


def test_a_success_brings_the_urls_and_no_index(caller: Caller, receiver: Receiver) -> None:
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    assert (call.body["code"], call.body["msg"]) == (200, "4K Video generated successfully.")
    assert call.body["data"]["taskId"] == "veo_task_on_time_1"
    assert "index" not in call.body["data"]
    (url,) = call.body["data"]["info"]["resultUrls"]
    assert caller.fetch(url).status == 200


def test_a_callback_is_signed_over_task_id_and_time(caller: Caller, receiver: Receiver) -> None:
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    assert call.headers["X-Webhook-Signature"] == signature_over("veo_task_on_time_1", call)
    assert abs(int(call.headers["X-Webhook-Timestamp"]) - time.time()) < 5


def test_without_a_webhook_key_nothing_is_signed(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    simulator.control(webhook_key="")
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    assert not {name for name in call.headers if name.startswith("X-Webhook")}


def test_a_new_webhook_key_signs_from_then_on(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    simulator.control(webhook_key="the-next-key")
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    assert call.headers["X-Webhook-Signature"] == signature_over("veo_task_on_time_1", call, "the-next-key")


def test_a_callback_refused_twice_is_tried_a_third_time(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    receiver.answers = [503, 500]
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    receiver.wait_for(3)
    tries = until(lambda: (rows := simulator.callbacks("veo_task_on_time_1")) and len(rows) == 3 and rows)
    assert [(row["try"], row["status"]) for row in tries] == [(1, 503), (2, 500), (3, 200)]


def test_after_three_failed_tries_it_is_given_up(start: Start, receiver: Receiver) -> None:
    simulator = start(speed=60_000.0)
    receiver.answers = [404] * 9
    Caller(simulator.host_port).ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    receiver.wait_for(3)
    time.sleep(0.1)
    assert [row["status"] for row in simulator.callbacks("veo_task_on_time_1")] == [404, 404, 404]


def test_the_tries_are_one_and_five_simulated_minutes_apart(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    receiver.answers = [500, 500]
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    receiver.wait_for(3)
    stamps = [
        row["at"] for row in until(lambda: len(simulator.stats()["callbacks"]) == 3 and simulator.stats()["callbacks"])
    ]
    first, second = (later - earlier for earlier, later in pairwise(stamps))
    assert first >= simulator.settings.real_seconds(1)
    assert second >= simulator.settings.real_seconds(5)


def test_a_receiver_that_does_not_answer_in_time_has_failed(start: Start, receiver: Receiver) -> None:
    simulator = start(callback_timeout_seconds=0.05, callback_tries=1)
    receiver.delay = 0.2
    Caller(simulator.host_port).ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (row,) = until(lambda: simulator.callbacks("veo_task_on_time_1"))
    assert (row["status"], row["error"]) == (0, "TimeoutError")


def test_a_receiver_that_is_not_there_is_recorded(simulator: Simulator, caller: Caller) -> None:
    caller.ask("veo_task_on_time_1", callback="http://127.0.0.1:9/callbacks/veo_task_on_time_1/0/1/t")
    row = until(lambda: simulator.callbacks("veo_task_on_time_1"))[0]
    assert (row["status"], row["error"]) == (0, "ClientConnectorError")


def test_the_timestamp_of_a_retry_is_renewed_or_kept_as_set(start: Start, receiver: Receiver) -> None:
    receiver.answers = [500, 500]
    for renewed in (True, False):
        simulator = start(renew_timestamp=renewed, callback_retry_minutes=(420.0,))
        Caller(simulator.host_port).ask("veo_task_on_time_1", callback=receiver.url(f"renewed_{renewed}"))
    stamps: dict[str, set[str]] = {}
    for call in receiver.wait_for(4):
        stamps.setdefault(call.path, set()).add(call.headers["X-Webhook-Timestamp"])
    assert [len(stamps[path]) for path in sorted(stamps)] == [1, 2]


def test_held_callbacks_come_when_they_are_released(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    simulator.control(callbacks_held=True)
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    caller.result("veo_task_on_time_1")
    time.sleep(0.05)
    assert receiver.calls == []
    simulator.control(callbacks_held=False)
    assert len(receiver.wait_for()) == 1


def test_without_a_callback_url_nobody_is_called(simulator: Simulator, caller: Caller) -> None:
    caller.result("veo_task_on_time_1")
    assert simulator.stats()["callbacks"] == []
