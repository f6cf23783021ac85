"""What the simulator says under each contract, read with the product's own eyes."""

import json
from typing import Any

import pytest

from local.kie import Simulator, jobs
from local.kie.bodies import BODIES, OFF_LIST, News, veo_body
from tests.unit.local.doubles import KEY, Caller, until
from veo4k.adapters.provider_kie import APIS
from veo4k.domain.callback import parse_payload
from veo4k.domain.job import Code, Job, ProviderApi, State
from veo4k.domain.response import HttpResponse, Meaning

SPOKEN = {ProviderApi.VEO: veo_body, ProviderApi.JOBS: jobs.callback_body}
URL = "https://file.example/v/1.mp4"
NEWS = News("4k_task_of_its_own", [URL], [], 120)
DONE = dict.fromkeys(("success", "plain", "snake_case", "flat", "json_string", "bare_url"), (Meaning.DONE, (URL,)))
TOLD: dict[str, tuple[Meaning, tuple[str, ...]]] = DONE | {
    "off_list": (Meaning.DONE, (OFF_LIST,)),
    "no_urls": (Meaning.WORKING, ()),
    "working": (Meaning.WORKING, ()),
    "failure": (Meaning.FAILED, ()),
    "data_null": (Meaning.FAILED, ()),
}


def body(contract: ProviderApi, name: str) -> bytes:
    return json.dumps(SPOKEN[contract](name, NEWS)).encode()


def ask(caller: Caller, contract: ProviderApi, task: str) -> HttpResponse:
    """Send the request that the product would send."""
    job = Job(task_id=task, run=1, index=0, state=State.SUBMITTING, created_at=0, requests_sent=1)
    told = caller.send("POST", APIS[contract].submission, APIS[contract].request(job))
    return HttpResponse(told.status, told.body)


def test_both_contracts_call_back_in_the_same_words() -> None:
    assert BODIES.keys() == jobs.BODIES.keys() == TOLD.keys()


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("contract", SPOKEN)
def test_a_callback_means_the_same_under_either_contract(contract: ProviderApi, name: str) -> None:
    answer = parse_payload(body(contract, name)).response
    assert (answer.meaning, answer.urls) == TOLD[name]


@pytest.mark.parametrize("contract", SPOKEN)
def test_a_failure_has_the_same_code_under_either_contract(contract: ProviderApi) -> None:
    assert parse_payload(body(contract, "failure")).response.code is Code.NOT_AVAILABLE_IN_4K


@pytest.mark.parametrize("name", [name for name in TOLD if name != "data_null"])
@pytest.mark.parametrize("contract", SPOKEN)
def test_every_callback_but_one_names_the_task(contract: ProviderApi, name: str) -> None:
    assert parse_payload(body(contract, name)).task_id == NEWS.task_id
    assert parse_payload(body(contract, "data_null")).task_id is None


ANSWERS: dict[str, tuple[Meaning, Code]] = {
    "on_time": (Meaning.WORKING, Code.PROVIDER_FAILED),
    "unknown_task": (Meaning.REFUSED, Code.INVALID_TASK),
    "blank": (Meaning.REFUSED, Code.INVALID_TASK),
    "expired": (Meaning.REFUSED, Code.BASE_EXPIRED),
    "fallback": (Meaning.REFUSED, Code.NOT_AVAILABLE_IN_4K),
    "never_finished_base": (Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
    "garbage": (Meaning.LOST, Code.PROVIDER_FAILED),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("contract", SPOKEN)
def test_a_request_is_answered_alike_under_either_contract(caller: Caller, contract: ProviderApi, name: str) -> None:
    answer = APIS[contract].read_submission(ask(caller, contract, f"veo_task_{name}_1"))
    assert (answer.meaning, answer.code) == ANSWERS[name]


@pytest.mark.parametrize(
    ("contract", "meaning"), [(ProviderApi.VEO, Meaning.WORKING), (ProviderApi.JOBS, Meaning.LOST)]
)
def test_an_acceptance_that_names_no_task_is_lost_only_where_nobody_could_ask_again(
    caller: Caller, contract: ProviderApi, meaning: Meaning
) -> None:
    answer = APIS[contract].read_submission(ask(caller, contract, "veo_task_nameless_1"))
    assert answer.meaning is meaning


@pytest.mark.parametrize(("scenario", "meaning"), [("on_time", Meaning.DONE), ("failure", Meaning.FAILED)])
@pytest.mark.parametrize("contract", SPOKEN)
def test_the_record_of_a_task_of_its_own_tells_its_end(
    caller: Caller, simulator: Simulator, contract: ProviderApi, scenario: str, meaning: Meaning
) -> None:
    spoken = APIS[contract]
    simulator.register("veo_task_1", scenario, own_id=True)
    own = spoken.read_submission(ask(caller, contract, "veo_task_1")).task_id

    def told() -> Any:
        heard = caller.send("GET", f"{spoken.record}?taskId={own}")
        answer = spoken.read_record(HttpResponse(heard.status, heard.body))
        return answer.meaning is not Meaning.WORKING and answer

    assert until(told).meaning is meaning


@pytest.mark.parametrize("contract", SPOKEN)
def test_a_stranger_is_refused_under_either_contract(simulator: Simulator, contract: ProviderApi) -> None:
    stranger = Caller(simulator.host_port, key=f"not {KEY}")
    answer = APIS[contract].read_submission(ask(stranger, contract, "veo_task_on_time_1"))
    assert (answer.meaning, answer.reason) == (Meaning.ACCOUNT_REFUSED, "API_KEY_REFUSED")


@pytest.mark.parametrize(
    ("contract", "meaning"), [(ProviderApi.VEO, Meaning.ACCOUNT_REFUSED), (ProviderApi.JOBS, Meaning.WORKING)]
)
def test_where_the_older_paths_are_retired_only_the_newer_ones_answer(
    simulator: Simulator, caller: Caller, contract: ProviderApi, meaning: Meaning
) -> None:
    simulator.control(retired=True)
    answer = APIS[contract].read_submission(ask(caller, contract, "veo_task_on_time_1"))
    assert answer.meaning is meaning
