import json
import time
from http.client import RemoteDisconnected
from typing import Any

import pytest

from local.kie import Simulator
from local.kie.callback_payloads import BODIES
from local.kie.callbacks import HEADERS, TARGETS
from local.kie.files import DOWNLOADS, LINKS
from local.kie.scenarios import SCENARIOS, scenario_of
from local.kie.veo_api import MANNERS
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import Caller, Receiver, until
from tests.unit.local.test_callbacks import signature_over

UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."


def called(caller: Caller, receiver: Receiver, name: str, count: int = 1) -> list[dict[str, Any]]:
    """The bodies of the first callbacks of a scenario."""
    task_id = f"veo_task_{name}_1"
    caller.ask(task_id, callback=receiver.url(task_id))
    return [call.body for call in receiver.wait_for(count)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_task_id_names_its_scenario(name: str) -> None:
    assert scenario_of(f"veo_task_{name}_0001") is scenario_of(f"veo_task_{name}") is SCENARIOS[name]


def test_an_id_with_the_prefix_that_names_nothing_is_on_time() -> None:
    assert scenario_of("veo_task_abcdef123456") is SCENARIOS["on_time"]
    assert scenario_of("veo_task_lostandfound") is SCENARIOS["on_time"]


def test_any_other_id_is_unknown() -> None:
    assert scenario_of("0123456789abcdef0123456789abcdef") is SCENARIOS["unknown_task"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_word_of_the_table_is_known_where_it_is_used(name: str) -> None:
    scenario = SCENARIOS[name]
    assert {callback.body for callback in scenario.callbacks} <= BODIES.keys() | {"outcome"}
    assert {callback.headers for callback in scenario.callbacks} <= HEADERS.keys()
    assert {callback.target for callback in scenario.callbacks} <= TARGETS.keys()
    assert set(scenario.manners) <= MANNERS.keys()
    assert set(scenario.links) <= LINKS.keys()
    assert set(scenario.downloads) <= DOWNLOADS.keys()


def test_a_registered_task_behaves_as_registered_whatever_its_id(simulator: Simulator, caller: Caller) -> None:
    simulator.register("0123456789abcdef0123456789abcdef", "expired")
    assert "14 days" in caller.ask("0123456789abcdef0123456789abcdef").msg


def test_a_registration_may_change_single_fields(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_1", minutes=60_000)
    caller.ask("veo_task_1")
    time.sleep(0.15)
    assert "processing" in caller.ask("veo_task_1").msg


def test_a_registration_may_bring_callbacks_of_its_own(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    simulator.register("veo_task_mine_1", callbacks=[{"body": "working", "at": 0.1}, {"body": "flat"}])
    bodies = called(caller, receiver, "mine", 2)
    assert [body["code"] for body in bodies] == [422, 200]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scenario": "nonsense"}, "no such scenario: nonsense"),
        ({"colour": "red"}, "unknown: colour"),
        ({"minutes": "long"}, "minutes must be a float"),
        ({"links": "uhd"}, "links must be a tuple"),
    ],
)
def test_a_wrong_registration_is_explained(simulator: Simulator, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        simulator.register("veo_task_1", **changes)


def test_lost_finishes_and_calls_nobody(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    caller.ask("veo_task_lost_1", callback=receiver.url("veo_task_lost_1"))
    caller.result("veo_task_lost_1")
    time.sleep(0.05)
    assert receiver.calls == []


def test_doubled_calls_twice_with_the_same_body(caller: Caller, receiver: Receiver) -> None:
    one, other = called(caller, receiver, "doubled", 2)
    assert one == other


def test_early_calls_before_the_post_is_answered(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    receiver.delay = 0.05
    sent = time.time()
    caller.ask("veo_task_early_1", callback=receiver.url("veo_task_early_1"))
    (row,) = simulator.callbacks("veo_task_early_1")
    assert row["status"] == 200
    assert sent + 0.05 <= row["at"] + row["seconds"] <= time.time()


def test_late_calls_half_a_simulated_hour_after_the_video_is_done(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    called(caller, receiver, "late")
    row = until(lambda: simulator.callbacks("veo_task_late_1"))[0]
    assert row["at"] - simulator.tasks()[0]["finishedAt"] >= simulator.settings.real_seconds(30)


def test_failure_says_so_and_names_the_task(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "failure")
    assert body == {"code": 500, "msg": UNAVAILABLE, "data": {"taskId": "veo_task_failure_1"}}


def test_data_null_says_so_and_names_nobody(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "data_null")
    assert body == {"code": 500, "msg": UNAVAILABLE, "data": None}


def test_tampered_has_a_true_signature_and_a_foreign_host(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "tampered")
    (call,) = receiver.calls
    assert call.headers["X-Webhook-Signature"] == signature_over("veo_task_tampered_1", call)
    assert not body["data"]["info"]["resultUrls"][0].startswith(f"http://{caller.host_port}/")
    assert caller.result("veo_task_tampered_1").startswith(f"http://{caller.host_port}/")


def test_forged_sends_five_forgeries_and_then_the_truth(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    simulator.register("veo_task_forged_1", "forged", minutes=100)
    receiver.answers = [404, 404, 401, 401, 401]
    called(caller, receiver, "forged", 6)
    no_token, wrong_token, unsigned, wrong, stale, true = receiver.calls
    assert no_token.path == "/callbacks/veo_task_forged_1/0/1"
    assert wrong_token.path == "/callbacks/veo_task_forged_1/0/1/" + "A" * 43
    assert "X-Webhook-Signature" not in unsigned.headers
    assert wrong.headers["X-Webhook-Signature"] != signature_over("veo_task_forged_1", wrong)
    assert stale.headers["X-Webhook-Signature"] == signature_over("veo_task_forged_1", stale)
    assert time.time() - int(stale.headers["X-Webhook-Timestamp"]) > 3000
    assert "127.0.0.1" in json.dumps(true.body)
    rows = until(lambda: len(rows := simulator.callbacks("veo_task_forged_1")) == 6 and rows)
    assert [row["status"] for row in rows] == [404, 404, 401, 401, 401, 200]


def test_a_forger_does_not_try_again(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    receiver.answers = [401] * 5
    called(caller, receiver, "forged", 6)
    time.sleep(0.05)
    assert len(receiver.calls) == 6


def test_answer_lost_is_charged_and_called_back(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    simulator.register("veo_task_answer_lost_1", "answer_lost", minutes=100)
    with pytest.raises(RemoteDisconnected):
        caller.ask("veo_task_answer_lost_1", callback=receiver.url("veo_task_answer_lost_1"))
    assert len(simulator.ledger()) == 1
    assert "processing" in caller.ask("veo_task_answer_lost_1").msg
    assert receiver.wait_for()[0].body["code"] == 200


def test_answer_and_callback_lost_can_only_be_found_by_asking(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    with pytest.raises(RemoteDisconnected):
        caller.ask("veo_task_answer_and_callback_lost_1", callback=receiver.url("x"))
    assert caller.result("veo_task_answer_and_callback_lost_1")
    assert (len(simulator.ledger()), receiver.calls) == (1, [])


def test_garbage_is_applied_and_answered_with_a_page(simulator: Simulator, caller: Caller) -> None:
    reply = caller.ask("veo_task_garbage_1")
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (502, "text/html")
    assert (len(simulator.ledger()), caller.ask("veo_task_garbage_1").code) == (1, 422)


def test_garbage_unapplied_is_answered_with_a_page_and_not_applied(simulator: Simulator, caller: Caller) -> None:
    assert caller.ask("veo_task_garbage_unapplied_1").status == 502
    assert simulator.ledger() == []
    assert caller.ask("veo_task_garbage_unapplied_1").code == 200


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("unknown_task", 422, "record is null."),
        ("expired", 422, "Temporarily supports records within 14 days."),
        ("blank", 422, "record result data is blank."),
        ("never_finished_base", 422, "record status is not success."),
        ("fallback", 400, "4K version of this video is unavailable"),
    ],
)
def test_a_base_task_that_cannot_be_upscaled_is_refused(caller: Caller, name: str, code: int, words: str) -> None:
    reply = caller.ask(f"veo_task_{name}_1")
    assert reply.code == code
    assert words in reply.msg


def test_a_fallback_task_says_so_in_its_details(caller: Caller) -> None:
    assert caller.record("veo_task_fallback_1").data["fallbackFlag"] is True
    assert caller.record("veo_task_on_time_1").data["fallbackFlag"] is False


def test_unfinished_base_is_refused_for_a_while_and_then_accepted(simulator: Simulator, caller: Caller) -> None:
    assert caller.ask("veo_task_unfinished_base_1").msg == "record status is not success."
    assert caller.record("veo_task_unfinished_base_1").data["successFlag"] == 0
    assert until(lambda: caller.ask("veo_task_unfinished_base_1").code == 200)
    assert caller.record("veo_task_unfinished_base_1").data["successFlag"] == 1
    assert len(simulator.ledger()) == 1


def test_own_id_is_told_called_back_and_signed(simulator: Simulator, caller: Caller, receiver: Receiver) -> None:
    simulator.register("veo_task_own_id_1", "own_id", minutes=100)
    own = caller.ask("veo_task_own_id_1", callback=receiver.url("veo_task_own_id_1")).data["taskId"]
    assert own != "veo_task_own_id_1"
    assert caller.record(own).data["successFlag"] == 0
    (call,) = receiver.wait_for()
    assert call.body["data"]["taskId"] == own
    assert call.headers["X-Webhook-Signature"] == signature_over(own, call)


def test_task_details_under_an_own_id_bring_the_4k_video(caller: Caller) -> None:
    own = caller.ask("veo_task_own_id_1").data["taskId"]
    data = until(lambda: (data := caller.record(own).data)["successFlag"] == 1 and data)
    assert data["response"]["resolution"] == "4k"
    assert "veo_task_own_id_1_0.mp4" in data["response"]["resultUrls"][0]


def test_task_details_under_an_own_id_tell_a_failure(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_1", "own_id", fails=True)
    own = caller.ask("veo_task_1").data["taskId"]
    data = until(lambda: (data := caller.record(own).data)["successFlag"] == 3 and data)
    assert (data["errorCode"], data["errorMessage"]) == (500, UNAVAILABLE)


def test_a_failure_under_an_own_id_is_called_back_as_one(
    simulator: Simulator, caller: Caller, receiver: Receiver
) -> None:
    simulator.register("veo_task_broken_1", "own_id", fails=True)
    (body,) = called(caller, receiver, "broken")
    assert (body["code"], body["msg"]) == (500, UNAVAILABLE)


def test_own_id_base_signed_names_one_id_and_signs_the_other(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "own_id_base_signed")
    (call,) = receiver.calls
    assert body["data"]["taskId"] != "veo_task_own_id_base_signed_1"
    assert call.headers["X-Webhook-Signature"] == signature_over("veo_task_own_id_base_signed_1", call)


def test_snake_case_carries_no_camel(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "snake_case")
    assert body["data"]["task_id"] == "veo_task_snake_case_1"
    assert set(body["data"]["info"]) == {"result_urls", "image_urls", "media_ids"}


def test_json_string_and_bare_url_bring_the_urls_as_text(caller: Caller, receiver: Receiver) -> None:
    called(caller, receiver, "json_string")
    called(caller, receiver, "bare_url", 2)
    listed, bare = (call.body["data"]["info"]["resultUrls"] for call in receiver.calls)
    assert "/files/veo_task_json_string_1_0.mp4" in json.loads(listed)[0]
    assert "/files/veo_task_bare_url_1_0.mp4" in bare


def test_flat_brings_the_urls_directly_under_data(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "flat")
    assert "/files/veo_task_flat_1_0.mp4" in body["data"]["resultUrls"][0]


def test_no_urls_is_a_success_with_nothing_in_it(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "no_urls")
    assert (body["code"], body["data"]) == (200, {"taskId": "veo_task_no_urls_1"})


def test_working_422_callback_is_news_without_a_result(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "working_422_callback")
    assert (body["code"], "processing" in body["msg"]) == (422, True)


def test_a_success_tells_the_credits_and_the_older_callback_does_not(caller: Caller, receiver: Receiver) -> None:
    called(caller, receiver, "on_time")
    called(caller, receiver, "plain", 2)
    new, old = (call.body["data"] for call in receiver.calls)
    assert new["creditsConsumed"] == 120
    assert "creditsConsumed" not in old


def test_per_index_pays_for_every_index(simulator: Simulator, caller: Caller) -> None:
    assert [caller.ask("veo_task_per_index_1", index).code for index in (0, 1, 0)] == [200, 200, 422]
    assert [row["index"] for row in simulator.ledger()] == [0, 1]


def test_off_list_hands_out_a_foreign_host_everywhere(caller: Caller, receiver: Receiver) -> None:
    (body,) = called(caller, receiver, "off_list")
    assert body["data"]["info"]["resultUrls"][0].startswith("https://files.off-list.example/")
    assert caller.result("veo_task_off_list_1").startswith("https://files.off-list.example/")


def test_the_scenarios_can_be_listed(start: Start) -> None:
    listed = Caller(start().host_port).send("GET", "/_sim/scenarios").json
    assert listed.keys() == SCENARIOS.keys()
    assert all(listed.values())
