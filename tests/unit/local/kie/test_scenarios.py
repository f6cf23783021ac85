import json
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
WAIT = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."


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


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("answer_lost", 422, WAIT),
        ("in_progress", 422, "4K upgrade in progress, please wait"),
        ("no_msg", 422, ""),
        ("working_400", 400, "4K is processing. It should be ready in 5-10 minutes. Please check back shortly."),
        ("chinese", 422, "4K视频处理中。预计5-10分钟完成。请稍后查看。"),
    ],
)
def test_a_request_whose_response_is_lost_is_charged(client: Client, name: str, code: int, words: str) -> None:
    task = f"veo_task_{name}_1"
    client.register(task, name, minutes=60_000)
    with pytest.raises(RemoteDisconnected):
        client.request(task)
    repeat = client.request(task)
    assert (repeat.code, repeat.msg, "msg" in repeat.json, repeat.data["taskId"]) == (code, words, bool(words), task)
    assert len(client.ledger()) == 1


@pytest.mark.parametrize(("name", "charges", "repeated"), [("garbage", 1, 422), ("garbage_unapplied", 0, 200)])
def test_garbage_is_a_page_for_a_request_that_is_applied_or_not(
    client: Client, name: str, charges: int, repeated: int
) -> None:
    response = client.request(f"veo_task_{name}_1")
    assert (response.status, response.headers["Content-Type"].partition(";")[0]) == (502, "text/html")
    assert (len(client.ledger()), client.request(f"veo_task_{name}_1").code) == (charges, repeated)


def test_unfinished_base_is_refused_for_a_while(client: Client) -> None:
    task = "veo_task_unfinished_base_1"
    client.register(task, "unfinished_base", refused_minutes=200)
    assert (client.request(task).code, client.record(task).data["successFlag"]) == (422, 0)
    assert until(lambda: client.request(task).code == 200)
    assert (client.record(task).data["successFlag"], len(client.ledger())) == (1, 1)


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
    ("name", "in_callback", "in_result_json"),
    [
        ("callback_402", '"code": 402', ""),
        ("callback_408", '"code": 408', ""),
        ("callback_not_success", '"code": 422, "msg": "record status is not success."', ""),
        ("working_400_callback", '"code": 400, "msg": "4K is processing', ""),
        ("strange_failure", '"code": 500, "msg": "Upscale node 7', ""),
        ("record_callback", '"successFlag": 1', "http"),
        ("record_failed_callback", '"successFlag": 3', ""),
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
def test_a_callback_states_something_else_or_has_another_shape(
    client: Client, name: str, in_callback: str, in_result_json: str
) -> None:
    assert in_callback in json.dumps(client.callback(f"veo_task_{name}_1").payload)
    client.create(f"veo_task_{name}_2")
    data = client.receiver.wait_for(2)[1].payload["data"]
    details = json.loads(data) if isinstance(data, str) else data
    assert in_result_json in details.get("resultJson", "")


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


def test_own_id_base_signed_has_one_id_and_signs_the_other(client: Client) -> None:
    callback = client.callback("veo_task_own_id_base_signed_1")
    assert callback.payload["data"]["taskId"] != "veo_task_own_id_base_signed_1"
    assert callback.is_signed_over("veo_task_own_id_base_signed_1")


def test_the_scenarios_can_be_listed(client: Client) -> None:
    listed = client.send("GET", "/_sim/scenarios").json
    assert listed == {name: scenario.summary for name, scenario in SCENARIOS.items()}
