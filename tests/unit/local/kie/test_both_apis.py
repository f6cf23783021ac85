"""What the simulator sends under each API, read by the product's own code."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.kie import jobs_payloads
from local.kie.callback_payloads import OFF_LIST, PAYLOADS, Result, veo_payload
from local.kie.responses import Envelope
from tests.unit.local.kie.client import Client, until
from veo4k.adapters.provider_kie import APIS
from veo4k.domain.callback import parse_payload
from veo4k.domain.job import Code, Job, ProviderApi, State
from veo4k.domain.response import HttpResponse, Meaning, Response

VEO, JOBS = ProviderApi
PAYLOAD: dict[ProviderApi, Callable[[str, Result], Envelope]] = {VEO: veo_payload, JOBS: jobs_payloads.jobs_payload}
URL = "https://file.example/v/1.mp4"
RESULT = Result("4k_task_of_its_own", [URL], [], 120)
SUCCESSES = ("success", "plain", "snake_case", "flat", "json_string", "bare_url", "record_success")
MEANINGS: dict[str, Meaning] = {
    **dict.fromkeys((*SUCCESSES, "off_list"), Meaning.DONE),
    **dict.fromkeys(("no_urls", "working", "working_400"), Meaning.WORKING),
    **dict.fromkeys(("failure", "data_null", "record_failed"), Meaning.FAILED),
    "not_success": Meaning.BASE_NOT_FINISHED,
    **dict.fromkeys(("code_402", "code_429", "code_455"), Meaning.ACCOUNT_REFUSED),
    **dict.fromkeys(("strange_failure", "code_408", "code_502"), Meaning.UNCLEAR),
}
UNDER_JOBS = {"no_urls": Meaning.UNREADABLE, "data_null": Meaning.UNCLEAR}
"""What says more, or less, in the newer API: a state of its own is a result, and a 501 alone can be checked there."""


def submitted(client: Client, api: ProviderApi, task: str) -> Response:
    """Send the request that the product would send. Return what it reads in the response."""
    job = Job(task_id=task, run=1, index=0, state=State.SUBMITTING, created_at=0, requests_sent=1)
    response = client.send("POST", APIS[api].submission, APIS[api].request(job))
    return APIS[api].read_submission(HttpResponse(response.status, response.body))


def test_both_apis_have_the_same_payloads() -> None:
    assert PAYLOADS.keys() == jobs_payloads.PAYLOADS.keys() == MEANINGS.keys()


@pytest.mark.parametrize("name", MEANINGS)
@pytest.mark.parametrize("api", PAYLOAD)
def test_each_payload_has_its_meaning_under_either_api(api: ProviderApi, name: str) -> None:
    payload = parse_payload(json.dumps(PAYLOAD[api](name, RESULT).body).encode())
    meaning = (MEANINGS | (UNDER_JOBS if api is JOBS else {}))[name]
    links = (OFF_LIST if name == "off_list" else URL,) if meaning is Meaning.DONE else ()
    assert (payload.response.meaning, payload.response.urls) == (meaning, links)
    assert payload.task_id == (None if name == "data_null" else RESULT.task_id)
    assert name != "failure" or payload.response.code is Code.NOT_AVAILABLE_IN_4K


@pytest.mark.parametrize(
    ("name", "meaning", "code"),
    [
        ("on_time", Meaning.WORKING, Code.PROVIDER_FAILED),
        ("unknown_task", Meaning.REFUSED, Code.INVALID_TASK),
        ("blank", Meaning.REFUSED, Code.INVALID_TASK),
        ("expired", Meaning.REFUSED, Code.BASE_EXPIRED),
        ("fallback", Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
        ("never_finished_base", Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
        ("garbage", Meaning.LOST, Code.PROVIDER_FAILED),
    ],
)
@pytest.mark.parametrize("api", PAYLOAD)
def test_a_response_means_the_same_under_either_api(
    client: Client, api: ProviderApi, name: str, meaning: Meaning, code: Code
) -> None:
    response = submitted(client, api, f"veo_task_{name}_1")
    assert (response.meaning, response.code) == (meaning, code)
    assert len(client.ledger()) == (meaning in {Meaning.WORKING, Meaning.LOST})


@pytest.mark.parametrize(
    ("task", "changes", "meanings"),
    [
        # Under `veo` the request can be repeated with the base task's id.
        pytest.param("no_task_id", {}, (Meaning.WORKING, Meaning.LOST), id="accepted without a task id"),
        pytest.param("on_time", {"api_key": "another"}, [Meaning.ACCOUNT_REFUSED] * 2, id="a wrong key"),
        pytest.param("on_time", {"retired": True}, (Meaning.ACCOUNT_REFUSED, Meaning.WORKING), id="a retired path"),
    ],
)
def test_a_key_a_path_or_an_id_may_be_missed_under_one_api(
    client: Client, task: str, changes: dict[str, Any], meanings: tuple[Meaning, ...]
) -> None:
    client.control(**changes)
    assert [submitted(client, api, f"veo_task_{task}_{api}").meaning for api in PAYLOAD] == list(meanings)
    assert len(client.ledger()) == 2 - list(meanings).count(Meaning.ACCOUNT_REFUSED)


@pytest.mark.parametrize(("scenario", "meaning"), [("on_time", Meaning.DONE), ("failure", Meaning.FAILED)])
@pytest.mark.parametrize("api", PAYLOAD)
def test_the_record_of_a_task_with_its_own_id_has_its_end(
    client: Client, api: ProviderApi, scenario: str, meaning: Meaning
) -> None:
    client.register("veo_task_1", scenario, own_id=True)
    own = submitted(client, api, "veo_task_1").task_id

    def ended() -> Any:
        sent = client.send("GET", f"{APIS[api].record}?taskId={own}")
        response = APIS[api].read_record(HttpResponse(sent.status, sent.body))
        return response.meaning is not Meaning.WORKING and response

    assert until(ended).meaning is meaning
