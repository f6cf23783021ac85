import json
import time
from http.client import RemoteDisconnected

import pytest

from local.kie.base_task import BASE_ERRORS
from local.kie.callback_payloads import PAYLOADS
from local.kie.callbacks import HEADERS, TARGETS
from local.kie.files import DOWNLOADS, LINKS
from local.kie.post_faults import POST_FAULTS
from local.kie.record_info import LOOKS
from local.kie.responses import REFUSALS
from local.kie.scenario_choice import scenario_of
from local.kie.scenarios import SCENARIOS
from local.kie.shapes import CREDITS, SHAPES
from local.kie.wording import WORKING
from tests.unit.local.kie.client import TASK, Client, until

UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."
UNKNOWN_ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_task_id_selects_its_scenario_and_every_value_is_known(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario_of(f"veo_task_{name}_0001") is scenario_of(f"veo_task_{name}") is scenario
    assert {callback.payload for callback in scenario.callbacks} <= PAYLOADS.keys() | {"outcome"}
    assert {callback.headers for callback in scenario.callbacks} <= HEADERS.keys()
    assert {callback.target for callback in scenario.callbacks} <= TARGETS.keys()
    assert set(scenario.post_faults) <= POST_FAULTS.keys()
    assert {*scenario.links, scenario.base} <= LINKS.keys()
    assert set(scenario.downloads) <= DOWNLOADS.keys()
    assert set(scenario.looks) <= LOOKS.keys()
    assert {scenario.refusal} <= REFUSALS.keys() | {""}
    assert {scenario.base_error} <= BASE_ERRORS.keys() | {0}
    names = (scenario.shape, scenario.credits_as, scenario.working)
    assert all(name in table for name, table in zip(names, (SHAPES, CREDITS, WORKING), strict=True))


@pytest.mark.parametrize(
    ("task_id", "name"),
    [("veo_task_abcdef123456", "on_time"), ("veo_task_lostandfound", "on_time"), (UNKNOWN_ID, "unknown_task")],
)
def test_other_ids_are_on_time_with_the_prefix_and_else_unknown(task_id: str, name: str) -> None:
    assert scenario_of(task_id) is SCENARIOS[name]


def test_a_registration_may_change_scenario_fields_and_callbacks(client: Client) -> None:
    callbacks = [{"payload": "working", "at": 0.001}, {"payload": "flat"}]
    client.register(UNKNOWN_ID, "lost", minutes=60_000, callbacks=callbacks)
    assert client.callback(UNKNOWN_ID).payload["code"] == 422
    assert "processing" in client.request(UNKNOWN_ID).msg


def test_a_wrong_registration_is_refused_with_the_reason(client: Client) -> None:
    with pytest.raises(ValueError, match="no such scenario: nonsense"):
        client.register(TASK, "nonsense")
    with pytest.raises(ValueError, match="minutes must be a float"):
        client.register(TASK, minutes="long")


def test_doubled_sends_the_same_payload_twice(client: Client) -> None:
    first, second = client.all_callbacks("veo_task_doubled_1", 2)
    assert first.payload == second.payload


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
    assert "127.0.0.1" in json.dumps(true.payload)
    assert [attempt["status"] for attempt in client.attempts(task, 6)] == [404, 404, 401, 401, 401, 200]
    time.sleep(0.05)
    assert len(client.receiver.received) == 6


def test_answer_lost_is_charged_and_called_back(client: Client) -> None:
    client.register("veo_task_answer_lost_1", "answer_lost", minutes=100)
    with pytest.raises(RemoteDisconnected):
        client.request("veo_task_answer_lost_1")
    assert len(client.ledger()) == 1
    assert "processing" in client.request("veo_task_answer_lost_1").msg
    assert client.receiver.wait_for()[0].payload["code"] == 200


@pytest.mark.parametrize(("name", "charges", "repeated"), [("garbage", 1, 422), ("garbage_unapplied", 0, 200)])
def test_garbage_is_a_page_for_a_request_that_is_applied_or_not(
    client: Client, name: str, charges: int, repeated: int
) -> None:
    response = client.request(f"veo_task_{name}_1")
    assert (response.status, response.headers["Content-Type"].partition(";")[0]) == (502, "text/html")
    assert (len(client.ledger()), client.request(f"veo_task_{name}_1").code) == (charges, repeated)


def test_unfinished_base_is_refused_for_a_while(client: Client) -> None:
    task = "veo_task_unfinished_base_1"
    assert (client.request(task).code, client.record(task).data["successFlag"]) == (422, 0)
    assert until(lambda: client.request(task).code == 200)
    assert (client.record(task).data["successFlag"], len(client.ledger())) == (1, 1)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("in_progress", 422, "4K upgrade in progress, please wait"),
        ("no_msg", 422, ""),
        ("working_400", 400, "4K is processing. It should be ready in 5-10 minutes. Please check back shortly."),
        ("chinese", 422, "4K视频处理中。预计5-10分钟完成。请稍后查看。"),
    ],
)
def test_a_repeat_after_a_lost_response_has_other_words(client: Client, name: str, code: int, words: str) -> None:
    task = f"veo_task_{name}_1"
    client.register(task, name, minutes=60_000)
    with pytest.raises(RemoteDisconnected):
        client.request(task)
    repeat = client.request(task)
    assert (repeat.code, repeat.msg, "msg" in repeat.json, repeat.data["taskId"]) == (code, words, bool(words), task)
    assert len(client.ledger()) == 1


@pytest.mark.parametrize(
    ("name", "codes", "words"),
    [
        ("chinese_unfinished_base", [422], "记录状态不是成功。"),
        ("chinese_no_credits", [422, 200], "积分不足。请充值。"),
        ("unavailable_4k", [500, 500], UNAVAILABLE),
        ("not_found_404", [404], "Not Found"),
        ("frequency_430", [430, 200], "call frequency"),
        ("service_unavailable", [500, 200], "4K service is temporarily unavailable. Please try again later."),
        ("strange_500", [500, 500, 200], "Upscale node 7"),
        ("always_strange", [422, 422], "The asset pipeline declined this clip."),
        ("wrong_parameter", [500, 500], "parameter"),
        ("blocked_1010", [0, 200], ""),
    ],
)
def test_a_refusal_in_other_words_costs_nothing(client: Client, name: str, codes: list[int], words: str) -> None:
    responses = [client.request(f"veo_task_{name}_1") for _ in codes]
    assert [response.code for response in responses] == codes
    assert words in responses[0].msg
    assert len(client.ledger()) == codes.count(200)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("callback_402", 402, "credits"),
        ("callback_408", 408, "Upstream"),
        ("callback_not_success", 422, "record status is not success."),
        ("working_400_callback", 400, "is processing"),
        ("strange_failure", 500, "Upscale node 7"),
    ],
)
def test_a_callback_may_state_something_else(client: Client, name: str, code: int, words: str) -> None:
    payload = client.callback(f"veo_task_{name}_1").payload
    assert (payload["code"], words in payload["msg"]) == (code, True)


@pytest.mark.parametrize(("name", "flag"), [("record_callback", 1), ("record_failed_callback", 3)])
def test_a_callback_may_be_a_record(client: Client, name: str, flag: int) -> None:
    assert client.callback(f"veo_task_{name}_1").payload["data"]["successFlag"] == flag


@pytest.mark.parametrize(
    ("name", "in_callback", "in_result_json"),
    [
        ("result_url", '"info": {"resultUrl": "http', '{"resultUrl": "http'),
        ("full_urls", '"info": {"fullResultUrls": ["http', '{"fullResultUrls": ["http'),
        ("object_urls", '"resultUrls": [{"url": "http', '{"resultUrls": [{"url": "http'),
        ("text_with_tail", '] #cached"', "]} #cached"),
        ("no_link", '"resultUrls": []', '{"resultUrls": []}'),
        ("unreadable_link", '"resultUrls": [{"fileId"', '{"resultUrls": [{"fileId"'),
        ("credits_double", '"creditsConsumed": 120.0', "http"),
        ("credits_text", '"creditsConsumed": "120"', "http"),
        ("new_host", "http://127.0.0.2:", "http://127.0.0.2:"),
        ("data_text", '"data": "{', "http"),
    ],
)
def test_a_result_has_another_shape_under_either_api(
    client: Client, name: str, in_callback: str, in_result_json: str
) -> None:
    assert in_callback in json.dumps(client.callback(f"veo_task_{name}_1").payload)
    client.create(f"veo_task_{name}_2")
    data = client.receiver.wait_for(2)[1].payload["data"]
    details = json.loads(data) if isinstance(data, str) else data
    assert in_result_json in details["resultJson"]


def test_own_id_is_in_response_callback_signature_and_record(client: Client) -> None:
    client.register("veo_task_own_id_1", "own_id", minutes=100)
    own = client.request("veo_task_own_id_1").data["taskId"]
    assert own != "veo_task_own_id_1"
    assert client.record(own).data["successFlag"] == 0
    (callback,) = client.receiver.wait_for()
    assert (callback.payload["data"]["taskId"], callback.is_signed_over(own)) == (own, True)
    data = client.record(own).data
    assert (data["successFlag"], data["response"]["resolution"]) == (1, "4k")
    assert "veo_task_own_id_1_0.mp4" in data["response"]["resultUrls"][0]


def test_a_failure_under_an_own_id_is_in_callback_and_record(client: Client) -> None:
    client.register(TASK, "own_id", fails=True)
    callback, data = client.callback(), client.record(client.tasks()[0]["recordId"]).data
    assert (callback.payload["code"], callback.payload["msg"]) == (500, UNAVAILABLE)
    assert (data["successFlag"], data["errorCode"], data["errorMessage"]) == (3, 500, UNAVAILABLE)


def test_own_id_base_signed_has_one_id_and_signs_the_other(client: Client) -> None:
    callback = client.callback("veo_task_own_id_base_signed_1")
    assert callback.payload["data"]["taskId"] != "veo_task_own_id_base_signed_1"
    assert callback.is_signed_over("veo_task_own_id_base_signed_1")


def test_per_index_charges_for_every_index(client: Client) -> None:
    assert [client.request("veo_task_per_index_1", index).code for index in (0, 1, 0)] == [200, 200, 422]
    assert [row["index"] for row in client.ledger()] == [0, 1]


def test_the_scenarios_can_be_listed(client: Client) -> None:
    listed = client.send("GET", "/_sim/scenarios").json
    assert listed == {name: scenario.summary for name, scenario in SCENARIOS.items()}
