import json
import threading
from http.client import RemoteDisconnected
from typing import Any

import pytest

from tests.unit.local.kie.client import KEY, TASK, WEBHOOK_KEY, Client, until


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"maintenance": True}, 455)] + [({"refuse_with": code}, code) for code in (401, 402, 403, 433, 500, 505)],
)
def test_requests_are_refused_until_the_setting_is_back(client: Client, changes: dict[str, Any], code: int) -> None:
    client.control(**changes)
    assert (client.request().code, client.record().code, client.ledger()) == (code, code, [])
    client.control(maintenance=False, refuse_with=0)
    assert client.request().code == 200


def test_a_hanging_request_is_logged_and_neither_applied_nor_answered(client: Client) -> None:
    client.control(outage="hang")
    resume = threading.Timer(0.1, client.control, kwargs={"outage": "none"})
    resume.start()
    with pytest.raises(RemoteDisconnected):
        client.request()
    resume.join()
    (row,) = until(lambda: client.stats()["requests"])
    assert (row["taskId"], row["http"]) == (TASK, 0)
    assert (client.ledger(), client.request().code) == ([], 200)


def test_other_outages_reset_connections_or_answer_with_a_page(client: Client) -> None:
    client.control(outage="reset")
    with pytest.raises(RemoteDisconnected):
        client.request()
    for outage, status in (("html", 502), ("blocked", 403)):
        client.control(outage=outage)
        assert (client.request().status, client.ledger()) == (status, [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outage": "partly"}, "outage is one of none, hang, reset, html, blocked"),
        ({"colour": "red"}, "unknown: colour"),
        ({"port": 1}, "fixed while the simulator runs: port"),
        ({"maintenance": 1}, "maintenance must be a bool"),
        ({"window_count": True}, "window_count must be a int"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_reason(client: Client, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        client.control(**changes)


def test_every_request_is_logged_without_secrets(client: Client) -> None:
    callback = client.callback()
    client.fetch(client.result())
    client.send("POST", "/api/v1/veo/get-8k-video", {"taskId": TASK})
    log = client.simulator.settings.log_file.read_text()
    rows = [json.loads(line) for line in log.splitlines()]
    fields = ("method", "path", "http", "code", "taskId", "index")
    assert [rows[0][name] for name in fields] == ["POST", "/api/v1/veo/get-4k-video", 200, 200, TASK, 0]
    assert [rows[-1][name] for name in fields] == ["POST", "/api/v1/veo/get-8k-video", 404, None, TASK, None]
    secrets = (KEY, WEBHOOK_KEY, callback.headers["X-Webhook-Signature"], "the-token", "token=")
    for text in (log, json.dumps(client.stats()), repr(client.simulator.settings)):
        assert [secret for secret in secrets if secret in text] == []
