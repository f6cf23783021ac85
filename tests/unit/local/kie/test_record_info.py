from http.client import RemoteDisconnected
from typing import Any

import pytest

from tests.unit.local.kie.client import TASK, Client, until


def details(client: Client, name: str) -> Any:
    return client.record(f"veo_task_{name}_1").data


@pytest.mark.parametrize(
    ("name", "flag", "legacy", "result"),
    [
        ("on_time", 1, False, (4, "720p")),
        ("made_in_4k", 1, False, (4, "4k")),
        ("false_4k", 1, False, (4, "4k")),
        ("fallback", 1, True, (4, "720p")),
        ("one_video", 1, False, (1, "720p")),
        ("blank", 1, False, (0, "720p")),
        ("base_failed", 2, False, None),
        ("never_finished_base", 0, False, None),
    ],
)
def test_the_record_of_a_base_task_shows_what_it_is(
    client: Client, name: str, flag: int, legacy: bool, result: tuple[int, str] | None
) -> None:
    data = details(client, name)
    response = data["response"]
    assert (data["successFlag"], data["fallbackFlag"]) == (flag, legacy)
    assert (response and (len(response["resultUrls"]), response["resolution"])) == result


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown_task", "record is null."),
        ("record_info_null", "recordInfo is null"),
        ("record_missing", "Record does not exist"),
        ("no_generation", "No generation found"),
        ("chinese_expired", "记录为空。暂时支持14天内的记录。"),
    ],
)
def test_a_missing_task_has_no_record(client: Client, name: str, words: str) -> None:
    for response in (client.record(f"veo_task_{name}_1"), client.request(f"veo_task_{name}_1")):
        assert (response.code, response.msg, response.data) == (422, words, None)


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("look_500", [(200, 500), (200, 500)]),
        ("look_html", [(502, 0), (502, 0)]),
        ("look_unknown", [(200, 422), (200, 422)]),
        ("look_429", [(200, 429), (200, 200)]),
    ],
)
def test_a_look_fails_and_the_task_can_be_upscaled(client: Client, name: str, looks: list[tuple[int, int]]) -> None:
    records = [client.record(f"veo_task_{name}_1") for _ in looks]
    assert [(record.status, record.code) for record in records] == looks
    assert client.request(f"veo_task_{name}_1").code == 200


def test_the_first_look_can_be_lost(client: Client) -> None:
    with pytest.raises(RemoteDisconnected):
        client.record("veo_task_look_lost_1")
    assert details(client, "look_lost")["successFlag"] == 1


def test_looks_polls_and_posts_of_a_task_are_counted_apart(client: Client) -> None:
    client.register(TASK, "own_id")
    client.record()
    own = client.request().data["taskId"]
    client.finished(own)
    counts = client.account(TASK)
    assert (counts["posts"], counts["looks"], counts["charges"], counts["credits"]) == (1, 1, 1, 120)
    assert counts["polls"] >= 1


def test_the_callback_can_be_the_first_to_name_the_own_id(client: Client) -> None:
    task = "veo_task_own_id_by_callback_1"
    callback = client.callback(task)
    own = callback.payload["data"]["taskId"]
    assert (client.request(task).data["taskId"], own == task) == (task, False)
    assert callback.is_signed_over(own)
    data = client.finished(own)
    assert ("fallbackFlag" in data, data["response"]["mediaIds"]) == (False, ["media-1"])


def test_a_new_task_can_be_without_a_record_for_a_while(client: Client) -> None:
    client.register(TASK, "hidden_record", minutes=100, hidden_minutes=50)
    own = client.request().data["taskId"]
    assert client.record(own).msg == "recordInfo is null"
    assert until(lambda: client.record(own).code == 200)
