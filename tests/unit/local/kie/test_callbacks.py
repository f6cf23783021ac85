import time
from itertools import pairwise

import pytest

from tests.unit.local.kie.client import TASK, Client
from tests.unit.local.kie.conftest import Start


def test_a_callback_is_signed_json_with_urls_and_no_index(client: Client) -> None:
    callback = client.callback()
    assert callback.path == f"/callbacks/{TASK}/0/1/the-token"
    assert callback.headers["Content-Type"] == "application/json"
    assert (callback.payload["code"], callback.payload["msg"]) == (200, "4K Video generated successfully.")
    assert (callback.payload["data"]["taskId"], "index" in callback.payload["data"]) == (TASK, False)
    (url,) = callback.payload["data"]["info"]["resultUrls"]
    assert client.fetch(url).status == 200
    assert callback.is_signed_over(TASK)
    assert abs(int(callback.headers["X-Webhook-Timestamp"]) - time.time()) < 5


def test_a_new_webhook_key_signs_from_then_on_and_an_empty_one_does_not(client: Client) -> None:
    client.control(webhook_key="the-next-key")
    assert client.callback().is_signed_over(TASK, "the-next-key")
    client.control(webhook_key="")
    unsigned = client.all_callbacks("veo_task_on_time_2", 2)[1]
    assert not {name for name in unsigned.headers if name.startswith("X-Webhook")}


@pytest.mark.parametrize("statuses", [[503, 500, 200], [404, 404, 404]])
def test_a_callback_is_retried_twice_after_one_and_five_minutes(client: Client, statuses: list[int]) -> None:
    client.receiver.statuses = [*statuses, 404, 404]
    client.request()
    attempts = client.attempts(count=3)
    assert [(each["attempt"], each["status"]) for each in attempts] == list(enumerate(statuses, 1))
    first, second = (later["at"] - earlier["at"] for earlier, later in pairwise(attempts))
    assert first >= client.simulator.settings.real_seconds(1)
    assert second >= client.simulator.settings.real_seconds(5)
    time.sleep(0.05)
    assert len(client.receiver.received) == 3


def test_a_receiver_that_is_too_slow_has_failed(start: Start) -> None:
    client = start(callback_timeout_seconds=0.05, callback_attempts=1)
    client.receiver.delay = 0.2
    client.request()
    (attempt,) = client.attempts()
    assert (attempt["status"], attempt["error"]) == (0, "TimeoutError")


def test_a_receiver_that_does_not_exist_has_failed(client: Client) -> None:
    client.send("POST", "/api/v1/veo/get-4k-video", {"taskId": TASK, "callBackUrl": "http://127.0.0.1:9/"})
    attempt = client.attempts()[0]
    assert (attempt["status"], attempt["error"]) == (0, "ClientConnectorError")


@pytest.mark.parametrize(("renew_timestamp", "timestamps"), [(True, 2), (False, 1)])
def test_a_retry_renews_the_timestamp_or_keeps_it(start: Start, renew_timestamp: bool, timestamps: int) -> None:
    client = start(renew_timestamp=renew_timestamp, callback_retry_minutes=(420.0,))
    client.receiver.statuses = [500]
    assert len({each.headers["X-Webhook-Timestamp"] for each in client.all_callbacks(TASK, 2)}) == timestamps


def test_callbacks_that_are_held_are_sent_later(client: Client) -> None:
    client.control(callbacks_held=True)
    client.result()
    time.sleep(0.05)
    assert client.receiver.received == []
    client.control(callbacks_held=False)
    assert len(client.receiver.wait_for()) == 1


def test_without_a_callback_url_there_is_no_callback(client: Client) -> None:
    client.send("POST", "/api/v1/veo/get-4k-video", {"taskId": TASK})
    client.result()
    assert client.stats()["callbacks"] == []
