"""What the simulator sends under each API, read by the product's own code."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.kie import jobs_api
from local.kie.callback_payloads import OFF_LIST, PAYLOADS, Result, veo_payload
from tests.unit.local.kie.client import Client, until
from veo4k.adapters.kie import CONTRACTS
from veo4k.domain.answer import Meaning, Reply
from veo4k.domain.callback import parse_news
from veo4k.domain.job import JOBS, VEO, Code, Job, State

PAYLOAD: dict[str, Callable[[str, Result], dict[str, Any]]] = {VEO: veo_payload, JOBS: jobs_api.jobs_payload}
URL = "https://file.example/v/1.mp4"
RESULT = Result("4k_task_of_its_own", [URL], [], 120)
DONE = dict.fromkeys(("success", "plain", "snake_case", "flat", "json_string", "bare_url"), (Meaning.DONE, (URL,)))
MEANINGS: dict[str, tuple[Meaning, tuple[str, ...]]] = DONE | {
    "off_list": (Meaning.DONE, (OFF_LIST,)),
    "no_urls": (Meaning.WORKING, ()),
    "working": (Meaning.WORKING, ()),
    "failure": (Meaning.FAILED, ()),
    "data_null": (Meaning.FAILED, ()),
}


def submit(client: Client, contract: str, task: str) -> Reply:
    """Send the request that the product would send."""
    job = Job(task_id=task, run=1, index=0, state=State.SUBMITTING, created_at=0, attempts=1)
    response = client.send("POST", CONTRACTS[contract].submission, CONTRACTS[contract].request(job))
    return Reply(response.status, response.body)


def test_both_apis_have_the_same_payloads() -> None:
    assert PAYLOADS.keys() == jobs_api.PAYLOADS.keys() == MEANINGS.keys()


@pytest.mark.parametrize("name", MEANINGS)
@pytest.mark.parametrize("contract", PAYLOAD)
def test_a_callback_means_the_same_under_either_api(contract: str, name: str) -> None:
    news = parse_news(json.dumps(PAYLOAD[contract](name, RESULT)).encode())
    assert (news.answer.meaning, news.answer.urls) == MEANINGS[name]
    assert news.task_id == (None if name == "data_null" else RESULT.task_id)
    assert name != "failure" or news.answer.code is Code.NOT_AVAILABLE_IN_4K


SUBMISSIONS: dict[str, tuple[Meaning, Code]] = {
    "on_time": (Meaning.WORKING, Code.PROVIDER_FAILED),
    "unknown_task": (Meaning.REFUSED, Code.INVALID_TASK),
    "blank": (Meaning.REFUSED, Code.INVALID_TASK),
    "expired": (Meaning.REFUSED, Code.BASE_EXPIRED),
    "fallback": (Meaning.REFUSED, Code.NOT_AVAILABLE_IN_4K),
    "never_finished_base": (Meaning.NOT_YET, Code.BASE_NOT_FINISHED),
    "garbage": (Meaning.LOST, Code.PROVIDER_FAILED),
}


@pytest.mark.parametrize("name", SUBMISSIONS)
@pytest.mark.parametrize("contract", PAYLOAD)
def test_a_response_means_the_same_under_either_api(client: Client, contract: str, name: str) -> None:
    answer = CONTRACTS[contract].read_submission(submit(client, contract, f"veo_task_{name}_1"))
    assert (answer.meaning, answer.code) == SUBMISSIONS[name]
    assert len(client.ledger()) == (answer.meaning in {Meaning.WORKING, Meaning.LOST})


@pytest.mark.parametrize(("contract", "meaning"), [(VEO, Meaning.WORKING), (JOBS, Meaning.LOST)])
def test_an_acceptance_without_a_task_id_is_lost_under_jobs_alone(
    client: Client, contract: str, meaning: Meaning
) -> None:
    """Under `veo` the request can be repeated with the base task's id."""
    answer = CONTRACTS[contract].read_submission(submit(client, contract, "veo_task_no_task_id_1"))
    assert answer.meaning is meaning


@pytest.mark.parametrize(("scenario", "meaning"), [("on_time", Meaning.DONE), ("failure", Meaning.FAILED)])
@pytest.mark.parametrize("contract", PAYLOAD)
def test_the_record_of_a_task_with_its_own_id_has_its_end(
    client: Client, contract: str, scenario: str, meaning: Meaning
) -> None:
    provider_api = CONTRACTS[contract]
    client.register("veo_task_1", scenario, own_id=True)
    own = provider_api.read_submission(submit(client, contract, "veo_task_1")).task_id

    def ended() -> Any:
        response = client.send("GET", f"{provider_api.record}?taskId={own}")
        answer = provider_api.read_record(Reply(response.status, response.body))
        return answer.meaning is not Meaning.WORKING and answer

    assert until(ended).meaning is meaning


@pytest.mark.parametrize(
    ("contract", "changes", "meaning"),
    [
        (VEO, {"api_key": "another"}, Meaning.SHUT),
        (JOBS, {"api_key": "another"}, Meaning.SHUT),
        (VEO, {"retired": True}, Meaning.SHUT),
        (JOBS, {"retired": True}, Meaning.WORKING),
    ],
)
def test_a_wrong_key_or_a_retired_path_closes_the_gate(
    client: Client, contract: str, changes: dict[str, Any], meaning: Meaning
) -> None:
    client.control(**changes)
    answer = CONTRACTS[contract].read_submission(submit(client, contract, "veo_task_on_time_1"))
    assert answer.meaning is meaning
