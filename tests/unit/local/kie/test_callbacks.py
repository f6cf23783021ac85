import time
from itertools import count, pairwise
from types import SimpleNamespace

import pytest

from local.kie import callbacks
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


def test_a_receiver_that_is_too_slow_or_missing_has_failed(start: Start) -> None:
    client = start(callback_timeout_seconds=0.05, callback_attempts=1)
    client.receiver.delay = 0.2
    client.request()
    missing = {"taskId": "veo_task_on_time_2", "callBackUrl": "http://127.0.0.1:9/"}
    client.send("POST", "/api/v1/veo/get-4k-video", missing)
    failed = [client.attempts(task) for task in (TASK, "veo_task_on_time_2")]
    errors = [[(attempt["status"], attempt["error"]) for attempt in attempts] for attempts in failed]
    assert errors == [[(0, "TimeoutError")], [(0, "ClientConnectorError")]]


@pytest.mark.parametrize(("renew_timestamp", "timestamps"), [(True, 2), (False, 1)])
def test_a_retry_renews_the_timestamp_or_keeps_it(
    start: Start, monkeypatch: pytest.MonkeyPatch, renew_timestamp: bool, timestamps: int
) -> None:
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(time=count(1).__next__))
    client = start(renew_timestamp=renew_timestamp)
    client.receiver.statuses = [500]
    assert len({each.headers["X-Webhook-Timestamp"] for each in client.all_callbacks(count=2)}) == timestamps


def test_without_a_callback_url_there_is_no_callback(client: Client) -> None:
    client.send("POST", "/api/v1/veo/get-4k-video", {"taskId": TASK})
    client.result()
    assert client.stats()["callbacks"] == []


def test_early_calls_back_before_the_response(client: Client) -> None:
    client.receiver.delay, sent = 0.05, time.time()
    client.request("veo_task_early_1")
    (attempt,) = client.callbacks("veo_task_early_1")
    assert attempt["status"] == 200
    assert sent + 0.05 <= attempt["at"] + attempt["seconds"] <= time.time()


def test_late_calls_back_half_a_simulated_hour_after_the_end(client: Client) -> None:
    client.request("veo_task_late_1")
    (attempt,) = client.attempts("veo_task_late_1")
    assert attempt["at"] - client.tasks()[0]["finishedAt"] >= client.simulator.settings.real_seconds(30)


def test_tampered_has_a_true_signature_and_a_foreign_host(client: Client) -> None:
    callback = client.callback("veo_task_tampered_1")
    assert callback.is_signed_over("veo_task_tampered_1")
    assert not callback.payload["data"]["info"]["resultUrls"][0].startswith(client.base_url)


def test_forged_sends_five_forgeries_once_and_then_the_true_callback(client: Client) -> None:
    task = "veo_task_forged_1"
    client.register(task, "forged", minutes=100)
    client.receiver.statuses = [404, 404, 401, 401, 401]
    no_token, wrong_token, unsigned, wrong, stale, true = client.all_callbacks(task, 6)
    assert no_token.path == f"/callbacks/{task}/0/1"
    assert wrong_token.path == f"/callbacks/{task}/0/1/" + "A" * 43
    assert "X-Webhook-Signature" not in unsigned.headers
    assert not wrong.is_signed_over(task)
    assert stale.is_signed_over(task)
    assert time.time() - int(stale.headers["X-Webhook-Timestamp"]) > 3000
    assert true.payload["data"]["info"]["resultUrls"][0].startswith(client.base_url)
    assert [attempt["status"] for attempt in client.attempts(task, 6)] == [404, 404, 401, 401, 401, 200]
    time.sleep(0.05)
    assert len(client.receiver.received) == 6
