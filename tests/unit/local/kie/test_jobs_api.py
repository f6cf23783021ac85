import json
from typing import Any

import pytest

from tests.unit.local.kie.client import TASK, Client, until


def record(client: Client, task_id: str) -> Any:
    return client.send("GET", f"/api/v1/jobs/recordInfo?taskId={task_id}").data


def created(client: Client, task_id: str = TASK) -> str:
    return str(client.create(task_id).data["taskId"])


def reached(client: Client, own: str, state: str) -> Any:
    """Return a task's record, once it is in that state."""
    return until(lambda: data if (data := record(client, own))["state"] == state else None)


def test_every_request_creates_a_paid_task_with_its_own_id(client: Client) -> None:
    first, second = created(client), created(client)
    assert len({TASK, first, second}) == 3
    assert [row["recordId"] for row in client.ledger()] == [first, second]


def test_a_task_waits_queues_generates_and_succeeds(client: Client) -> None:
    client.register(TASK, minutes=600)
    own = created(client)
    for state in ("waiting", "queuing", "generating"):
        data = reached(client, own, state)
        assert (data["resultJson"], data["failCode"], data["completeTime"]) == ("", None, None)
    (url,) = json.loads(reached(client, own, "success")["resultJson"])["resultUrls"]
    assert client.fetch(url).status == 200


@pytest.mark.parametrize(
    ("scenario", "code", "state", "reason"), [("on_time", 200, "success", None), ("failure", 501, "fail", "500")]
)
def test_callback_and_record_have_the_details_of_their_task(
    client: Client, scenario: str, code: int, state: str, reason: str | None
) -> None:
    own = created(client, f"veo_task_{scenario}_1")
    (callback,) = client.receiver.wait_for()
    data = callback.payload["data"]
    assert (callback.payload["code"], data["taskId"], data["state"]) == (code, own, state)
    assert callback.is_signed_over(own)
    failure = reached(client, own, state)
    assert (failure["failCode"], "4K version" in str(failure["failMsg"])) == (reason, bool(reason))


def test_an_unknown_model_is_answered_422(client: Client) -> None:
    body = {"model": "veo/other", "input": {"task_id": TASK}}
    assert client.send("POST", "/api/v1/jobs/createTask", body).code == 422


def test_the_record_knows_only_tasks_that_were_created_here(client: Client) -> None:
    own = client.request("veo_task_own_id_1").data["taskId"]
    for task in ("unknown", TASK, own):
        response = client.send("GET", f"/api/v1/jobs/recordInfo?taskId={task}")
        assert (response.code, response.msg) == (422, "recordInfo is null")
