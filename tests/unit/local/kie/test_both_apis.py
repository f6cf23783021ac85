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
from veo4k.domain.response import HttpResponse, Meaning

PAYLOAD: dict[ProviderApi, Callable[[str, Result], Envelope]] = {
    ProviderApi.VEO: veo_payload,
    ProviderApi.JOBS: jobs_payloads.jobs_payload,
}
URL = "https://file.example/v/1.mp4"
RESULT = Result("4k_task_of_its_own", [URL], [], 120)
SUCCESSES = ("success", "plain", "snake_case", "flat", "json_string", "bare_url", "record_success")
MEANINGS: dict[str, tuple[Meaning, tuple[str, ...]]] = {
    **dict.fromkeys(SUCCESSES, (Meaning.DONE, (URL,))),
    "off_list": (Meaning.DONE, (OFF_LIST,)),
    **dict.fromkeys(("no_urls", "working", "working_400"), (Meaning.WORKING, ())),
    **dict.fromkeys(("failure", "data_null", "record_failed"), (Meaning.FAILED, ())),
    "not_success": (Meaning.BASE_NOT_FINISHED, ()),
    **dict.fromkeys(("code_402", "code_429", "code_455"), (Meaning.ACCOUNT_REFUSED, ())),
    **dict.fromkeys(("strange_failure", "code_408", "code_502"), (Meaning.UNCLEAR, ())),
}
UNDER_JOBS: dict[str, tuple[Meaning, tuple[str, ...]]] = {
    "no_urls": (Meaning.UNREADABLE, ()),
    "data_null": (Meaning.UNCLEAR, ()),
}
"""What says more, or less, in the newer API: a state of its own is a result, and a 501 alone can be checked there."""


def submit(client: Client, api: ProviderApi, task: str) -> HttpResponse:
    """Send the request that the product would send."""
    job = Job(task_id=task, run=1, index=0, state=State.SUBMITTING, created_at=0, requests_sent=1)
    response = client.send("POST", APIS[api].submission, APIS[api].request(job))
    return HttpResponse(response.status, response.body)


def test_both_apis_have_the_same_payloads() -> None:
    assert PAYLOADS.keys() == jobs_payloads.PAYLOADS.keys() == MEANINGS.keys()


@pytest.mark.parametrize("name", MEANINGS)
@pytest.mark.parametrize("api", PAYLOAD)
def test_each_payload_has_its_meaning_under_either_api(api: ProviderApi, name: str) -> None:
    payload = parse_payload(json.dumps(PAYLOAD[api](name, RESULT).body).encode())
    meanings = MEANINGS | (UNDER_JOBS if api is ProviderApi.JOBS else {})
    assert (payload.response.meaning, payload.response.urls) == meanings[name]
    assert payload.task_id == (None if name == "data_null" else RESULT.task_id)
    assert name != "failure" or payload.response.code is Code.NOT_AVAILABLE_IN_4K


SUBMISSIONS: dict[str, tuple[Meaning, Code]] = {
    "on_time": (Meaning.WORKING, Code.PROVIDER_FAILED),
    "unknown_task": (Meaning.REFUSED, Code.INVALID_TASK),
    "blank": (Meaning.REFUSED, Code.INVALID_TASK),
    "expired": (Meaning.REFUSED, Code.BASE_EXPIRED),
    "fallback": (Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    "never_finished_base": (Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
    "garbage": (Meaning.LOST, Code.PROVIDER_FAILED),
}


@pytest.mark.parametrize("name", SUBMISSIONS)
@pytest.mark.parametrize("api", PAYLOAD)
def test_a_response_means_the_same_under_either_api(client: Client, api: ProviderApi, name: str) -> None:
    response = APIS[api].read_submission(submit(client, api, f"veo_task_{name}_1"))
    assert (response.meaning, response.code) == SUBMISSIONS[name]
    assert len(client.ledger()) == (response.meaning in {Meaning.WORKING, Meaning.LOST})


@pytest.mark.parametrize(("api", "meaning"), [(ProviderApi.VEO, Meaning.WORKING), (ProviderApi.JOBS, Meaning.LOST)])
def test_an_acceptance_without_a_task_id_is_lost_under_jobs_alone(
    client: Client, api: ProviderApi, meaning: Meaning
) -> None:
    """Under `veo` the request can be repeated with the base task's id."""
    response = APIS[api].read_submission(submit(client, api, "veo_task_no_task_id_1"))
    assert response.meaning is meaning


@pytest.mark.parametrize(("scenario", "meaning"), [("on_time", Meaning.DONE), ("failure", Meaning.FAILED)])
@pytest.mark.parametrize("api", PAYLOAD)
def test_the_record_of_a_task_with_its_own_id_has_its_end(
    client: Client, api: ProviderApi, scenario: str, meaning: Meaning
) -> None:
    provider_api = APIS[api]
    client.register("veo_task_1", scenario, own_id=True)
    own = provider_api.read_submission(submit(client, api, "veo_task_1")).task_id

    def ended() -> Any:
        sent = client.send("GET", f"{provider_api.record}?taskId={own}")
        response = provider_api.read_record(HttpResponse(sent.status, sent.body))
        return response.meaning is not Meaning.WORKING and response

    assert until(ended).meaning is meaning


@pytest.mark.parametrize(
    ("api", "changes", "meaning"),
    [
        (ProviderApi.VEO, {"api_key": "another"}, Meaning.ACCOUNT_REFUSED),
        (ProviderApi.JOBS, {"api_key": "another"}, Meaning.ACCOUNT_REFUSED),
        (ProviderApi.VEO, {"retired": True}, Meaning.ACCOUNT_REFUSED),
        (ProviderApi.JOBS, {"retired": True}, Meaning.WORKING),
    ],
)
def test_a_wrong_key_or_a_retired_path_pauses_the_account(
    client: Client, api: ProviderApi, changes: dict[str, Any], meaning: Meaning
) -> None:
    client.control(**changes)
    response = APIS[api].read_submission(submit(client, api, "veo_task_on_time_1"))
    assert response.meaning is meaning
