from typing import Any

import pytest

from tests.unit.local.kie.client import TASK, Client, until


def generate(client: Client, prompt: str = "a fox", **fields: Any) -> str:
    """POST generate with the receiver's callback URL. Return the new task's id."""
    body = {"prompt": prompt, "callBackUrl": client.receiver.url("generated")} | fields
    return str(client.send("POST", "/api/v1/veo/generate", body).data["taskId"])


@pytest.mark.parametrize(
    ("fields", "credits_", "resolution"),
    [
        ({}, 60, "720p"),
        ({"model": "veo3_lite", "resolution": "1080p"}, 35, "1080p"),
        ({"resolution": "4k"}, 180, "4k"),
        ({"model": "veo3", "resolution": "4k", "aspect_ratio": "9:16"}, 370, "4k"),
    ],
)
def test_a_generation_is_paid_finished_and_called_back(
    client: Client, fields: dict[str, Any], credits_: int, resolution: str
) -> None:
    task = generate(client, **fields)
    (callback,) = client.receiver.wait_for()
    data = callback.payload["data"]
    assert (callback.payload["code"], data["taskId"], data["fallbackFlag"]) == (200, task, False)
    assert callback.is_signed_over(task)
    response = client.record(task).data["response"]
    assert response == {"taskId": task} | data["info"]
    assert (response["resolution"], bool(response["originUrls"])) == (resolution, "aspect_ratio" in fields)
    assert [(row["kind"], row["taskId"], row["credits"]) for row in client.ledger()] == [("generation", task, credits_)]


def test_a_generation_can_be_upscaled_once_it_is_finished(client: Client) -> None:
    client.control(generations_held=True)
    task = generate(client)
    assert (client.record(task).data["successFlag"], client.request(task).msg) == (0, "record status is not success.")
    client.control(generations_held=False)
    client.finished(task)
    assert [client.request(task, index).code for index in (1, 0)] == [422, 200]
    counts = {name: count for name, count in client.account(task).items() if name != "looks"}
    assert counts == {"posts": 3, "polls": 0, "charges": 2, "credits": 180}


@pytest.mark.parametrize(
    ("name", "code", "flag"),
    [("base_failed", 422, 2), ("base_failed_400", 400, 2), ("base_failed_500", 500, 3), ("base_failed_501", 501, 3)],
)
def test_a_prompt_can_select_how_a_generation_fails(client: Client, name: str, code: int, flag: int) -> None:
    task = generate(client, f"[{name}] a fox")
    (callback,) = client.receiver.wait_for()
    assert (callback.payload["code"], callback.payload["data"]) == (code, {"taskId": task})
    data = client.finished(task, flag)
    assert (data["errorCode"], data["errorMessage"]) == (code, callback.payload["msg"])
    assert (client.account(task)["credits"], client.request(task).code) == (0, 422)


def test_an_extension_is_a_new_task_with_the_whole_video(client: Client) -> None:
    body = {"taskId": TASK, "prompt": "it runs", "model": "lite", "callBackUrl": client.receiver.url("generated")}
    task = client.send("POST", "/api/v1/veo/extend", body).data["taskId"]
    info = client.receiver.wait_for()[0].payload["data"]["info"]
    assert client.fetch(info["fullResultUrls"][0]).status == client.fetch(info["resultUrls"][0]).status == 200
    assert [(row["kind"], row["taskId"], row["credits"]) for row in client.ledger()] == [("extension", task, 30)]
    unknown = client.send("POST", "/api/v1/veo/extend", {"taskId": "unknown", "prompt": "it runs"})
    assert unknown.msg == "record is null."


@pytest.mark.parametrize(
    "fields",
    [{"prompt": " "}, {"model": "veo2"}, {"resolution": "8k"}, {"seeds": 1}, {"imageUrls": "x"}, {"prompt": 7}, {}],
)
def test_a_wrong_or_unaffordable_generation_is_refused_and_not_paid(client: Client, fields: dict[str, Any]) -> None:
    client.control(credits=59)
    refused = client.send("POST", "/api/v1/veo/generate", {"prompt": "a fox"} | fields)
    assert (refused.code, client.ledger()) == (422 if fields else 402, [])
    assert not fields or refused.msg == f"Validation error: {next(iter(fields))}"


def test_a_1080p_version_is_paid_once_and_has_one_link(client: Client) -> None:
    def asked(index: str) -> Any:
        return client.send("GET", f"/api/v1/veo/get-1080p-video?taskId={TASK}&index={index}")

    assert (asked("9").code, asked("x").code, asked("1").code) == (422, 422, 400)
    ready = until(lambda: response if (response := asked("1")).code == 200 else None)
    assert client.fetch(ready.data["resultUrl"]).status == 200
    (row,) = client.ledger()
    assert (row["kind"], row["index"], row["credits"]) == ("1080p", 1, 5)
    assert client.record(row["recordId"]).data["response"]["resolution"] == "1080p"


def test_the_newer_api_generates_as_well(client: Client) -> None:
    body = {"model": "veo-3-1", "callBackUrl": client.receiver.url("generated"), "input": {"prompt": "[four_videos] x"}}
    task = client.send("POST", "/api/v1/jobs/createTask", body).data["taskId"]
    data = client.receiver.wait_for()[0].payload["data"]
    assert (data["taskId"], data["model"], data["resultJson"].count("_base")) == (task, "veo-3-1", 4)
    assert client.create(task).code == 200
