import pytest

from local.kie import Simulator
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import Caller


def test_an_accepted_post_names_the_task_and_has_no_urls_yet(caller: Caller) -> None:
    reply = caller.ask("veo_task_on_time_1")
    assert (reply.status, reply.code, reply.msg) == (200, 200, "success")
    assert reply.data == {"taskId": "veo_task_on_time_1", "resultUrls": None, "imageUrls": None}


def test_a_repeated_post_is_answered_422_while_it_works(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_on_time_1", minutes=60_000)
    caller.ask("veo_task_on_time_1")
    reply = caller.ask("veo_task_on_time_1")
    assert reply.code == 422
    assert reply.msg == "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."
    assert reply.data == {"taskId": "veo_task_on_time_1", "resultUrls": None, "imageUrls": None}


def test_a_repeated_post_is_answered_422_with_the_result_once_it_is_made(caller: Caller) -> None:
    reply = caller.ask_until("veo_task_on_time_1", "The video has been generated successfully")
    assert reply.code == 422
    assert reply.data["resultUrls"][0].startswith(f"http://{caller.host_port}/files/veo_task_on_time_1_0.mp4?token=")
    assert reply.data["imageUrls"][0].startswith(f"http://{caller.host_port}/files/veo_task_on_time_1_0.jpg?token=")


def test_a_repeat_after_a_failure_is_a_new_paid_attempt(simulator: Simulator, caller: Caller) -> None:
    caller.ask("veo_task_failure_1")
    caller.ask_until("veo_task_failure_1", "success")
    assert [row["credits"] for row in simulator.ledger()] == [120, 120]


def test_a_repeat_after_a_failure_can_be_told_the_failure_instead(start: Start) -> None:
    simulator = start(after_failure="failed_again")
    caller = Caller(simulator.host_port)
    reply = caller.ask_until("veo_task_failure_1", "4K version")
    assert (reply.code, len(simulator.ledger())) == (500, 1)
    assert reply.msg == "The 4K version of this video is unavailable. Please try a different video."


def test_a_repeat_is_recognised_by_the_task_alone(simulator: Simulator, caller: Caller) -> None:
    caller.ask("veo_task_on_time_1", index=0)
    assert caller.ask("veo_task_on_time_1", index=1).code == 422
    assert "veo_task_on_time_1_0.mp4" in caller.result("veo_task_on_time_1", index=1)


def test_the_index_can_be_made_part_of_the_key(start: Start) -> None:
    simulator = start(key_counts_index=True)
    caller = Caller(simulator.host_port)
    assert [caller.ask("veo_task_on_time_1", index).code for index in (0, 1)] == [200, 200]
    assert [row["index"] for row in simulator.ledger()] == [0, 1]


def test_errors_travel_in_http_200(caller: Caller) -> None:
    assert (caller.ask("veo_task_expired_1").status, caller.ask("veo_task_expired_1").code) == (200, 422)


@pytest.mark.parametrize(("configured", "seen"), [(0, 422), (400, 400), (200, 200)])
def test_the_http_status_of_errors_can_be_chosen(start: Start, configured: int, seen: int) -> None:
    reply = Caller(start(error_http_status=configured).host_port).ask("veo_task_expired_1")
    assert (reply.status, reply.code) == (seen, 422)


def test_a_wrong_key_is_refused_in_the_envelope(simulator: Simulator) -> None:
    assert Caller(simulator.host_port, key="wrong").ask("veo_task_on_time_1").code == 401
    assert simulator.ledger() == []


@pytest.mark.parametrize("agent", ["python-requests/2.34.2", "Python-urllib/3.13", "Python/3.13 aiohttp/3.14.5"])
def test_a_library_is_refused_by_the_proxy_in_front(simulator: Simulator, agent: str) -> None:
    reply = Caller(simulator.host_port, agent=agent).ask("veo_task_on_time_1")
    assert (reply.status, reply.body) == (403, b"error code: 1010")


@pytest.mark.parametrize("body", [[], {}, {"taskId": 7}, {"taskId": "veo_task_1", "index": "0"}, "text"])
def test_a_request_that_names_no_task_is_answered_400(caller: Caller, body: object) -> None:
    assert caller.send("POST", "/api/v1/veo/get-4k-video", body).code == 400


def test_the_remaining_credits_can_be_asked_for(start: Start) -> None:
    caller = Caller(start(credits=1000).host_port)
    caller.ask("veo_task_on_time_1")
    assert caller.send("GET", "/api/v1/chat/credit").json == {"code": 200, "msg": "success", "data": 880}


def test_task_details_of_the_base_task_bring_the_base_video_the_trap(caller: Caller) -> None:
    caller.ask("veo_task_on_time_1")
    data = caller.record("veo_task_on_time_1").data
    assert (data["successFlag"], data["response"]["resolution"]) == (1, "720p")
    assert "veo_task_on_time_1_base.mp4" in data["response"]["resultUrls"][0]


def test_task_details_of_an_unknown_task_are_null(caller: Caller) -> None:
    reply = caller.record("0123456789abcdef0123456789abcdef")
    assert (reply.code, reply.msg) == (422, "record is null.")


def test_the_same_seed_makes_a_task_take_the_same_time(start: Start) -> None:
    def length(seed: int) -> float:
        simulator = start(seed=seed, speed=60_000.0)
        Caller(simulator.host_port).result("veo_task_on_time_1")
        (task,) = simulator.tasks()
        return round(float(task["finishedAt"] - task["startedAt"]), 6)

    assert length(seed=1) == length(seed=1) != length(seed=2)


def test_a_generation_takes_five_to_ten_simulated_minutes(simulator: Simulator, caller: Caller) -> None:
    for number in range(20):
        caller.ask(f"veo_task_on_time_{number}")
    for number in range(20):
        caller.result(f"veo_task_on_time_{number}")
    lengths = [
        (task["finishedAt"] - task["startedAt"]) / simulator.settings.real_seconds(1) for task in simulator.tasks()
    ]
    assert len(lengths) == 20
    assert 4.99 <= min(lengths) < max(lengths) <= 10.01
