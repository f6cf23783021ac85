import pytest

from tests.unit.local.kie.client import TASK, Client, until
from tests.unit.local.kie.conftest import Start


def test_a_repeat_is_answered_422_while_it_works_and_then_with_the_result(client: Client) -> None:
    client.control(generations_held=True)
    working = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."
    for code, msg in ((200, "success"), (422, working)):
        response = client.request()
        assert (response.status, response.code, response.msg) == (200, code, msg)
        assert response.data == {"taskId": TASK, "resultUrls": None, "imageUrls": None}
    client.control(generations_held=False)
    response = client.request_until("The video has been generated successfully")
    assert response.code == 422
    assert response.data["resultUrls"][0].startswith(f"{client.base_url}/files/{TASK}_0.mp4?token=")
    assert response.data["imageUrls"][0].startswith(f"{client.base_url}/files/{TASK}_0.jpg?token=")


@pytest.mark.parametrize(
    ("after_failure", "words", "code", "charges"),
    [("new_attempt", "success", 200, 2), ("failed_again", "The 4K version of this video is unavailable.", 500, 1)],
)
def test_a_repeat_after_a_failure_is_paid_again_or_fails_again(
    start: Start, after_failure: str, words: str, code: int, charges: int
) -> None:
    client = start(after_failure=after_failure)
    client.request("veo_task_failure_1")
    assert client.request_until(words, "veo_task_failure_1").code == code
    ledger = client.ledger()
    assert ([row["credits"] for row in ledger], bool(ledger[0]["refundedAt"])) == ([120] * charges, True)
    until(lambda: client.balance() == client.simulator.settings.credits)


@pytest.mark.parametrize(
    ("name", "counts", "codes"),
    [
        ("on_time", False, [200, 422, 422]),
        ("on_time", True, [200, 200, 422]),
        ("per_index", False, [200, 200, 422]),
    ],
)
def test_the_index_may_count_for_a_repeat(start: Start, name: str, counts: bool, codes: list[int]) -> None:
    client = start(key_counts_index=counts)
    assert [client.request(f"veo_task_{name}_1", index).code for index in (0, 1, 0)] == codes
    assert [row["index"] for row in client.ledger()] == list(range(codes.count(200)))


@pytest.mark.parametrize(("error_http_status", "status"), [(0, 422), (400, 400), (200, 200)])
def test_the_http_status_of_errors_is_a_setting(start: Start, error_http_status: int, status: int) -> None:
    response = start(error_http_status=error_http_status).request("veo_task_expired_1")
    assert (response.status, response.code) == (status, 422)


@pytest.mark.parametrize("agent", ["python-requests/2.34.2", "Python-urllib/3.13", "Python/3.13 aiohttp/3.14.5"])
def test_the_user_agent_of_a_library_is_refused_by_the_proxy(client: Client, agent: str) -> None:
    client.agent = agent
    response = client.request()
    assert (response.status, response.body) == (403, b"error code: 1010")


@pytest.mark.parametrize("body", [[], {}, {"taskId": 7}, {"taskId": "veo_task_1", "index": "0"}, "text"])
def test_a_request_without_a_valid_task_is_answered_400(client: Client, body: object) -> None:
    assert client.send("POST", "/api/v1/veo/get-4k-video", body).code == 400


def test_without_credits_a_repeat_is_answered_and_a_new_request_refused(start: Start) -> None:
    client = start(credits=239)
    assert [client.request(task).code for task in (TASK, TASK, "veo_task_on_time_2")] == [200, 422, 402]
    assert len(client.ledger()) == len(client.tasks()) == 1
    client.control(credits=240)
    assert (client.request("veo_task_on_time_2").code, client.balance()) == (200, 120)
    assert client.send("GET", "/api/v1/chat/credit").data == 120
    client.control(maintenance=True)
    assert client.balance() == 120


def test_a_generation_takes_five_to_ten_minutes_by_the_seed(start: Start) -> None:
    def minutes(seed: int) -> list[float]:
        client = start(seed=seed, speed=60_000.0)
        tasks = [f"veo_task_on_time_{number}" for number in range(10)]
        for task in tasks:
            client.result(task)
        return [round((task["finishedAt"] - task["startedAt"]) * 1000, 3) for task in client.tasks()]

    first = minutes(seed=1)
    assert 5 <= min(first) < max(first) <= 10
    assert first == minutes(seed=1) != minutes(seed=2)
