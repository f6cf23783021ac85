"""What the simulator says under each contract, read with the product's own eyes."""

import json
from typing import Any

import pytest

from local.kie import Simulator, jobs_api
from local.kie.callback_payloads import BODIES, OFF_LIST, News, veo_body
from tests.unit.local.doubles import KEY, Caller, until
from veo4k.adapters.kie import CONTRACTS
from veo4k.domain.answer import Meaning, Reply
from veo4k.domain.callback import parse_news
from veo4k.domain.job import JOBS, VEO, Code, Job, State

SPOKEN = {VEO: veo_body, JOBS: jobs_api.callback_body}
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


def body(contract: str, name: str) -> bytes:
    return json.dumps(SPOKEN[contract](name, NEWS)).encode()


def ask(caller: Caller, contract: str, task: str) -> Reply:
    """Send the request that the product would send."""
    job = Job(task_id=task, run=1, index=0, state=State.SUBMITTING, created_at=0, attempts=1)
    told = caller.send("POST", CONTRACTS[contract].submission, CONTRACTS[contract].request(job))
    return Reply(told.status, told.body)


def test_both_contracts_call_back_in_the_same_words() -> None:
    assert BODIES.keys() == jobs_api.BODIES.keys() == TOLD.keys()


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("contract", SPOKEN)
def test_a_callback_means_the_same_under_either_contract(contract: str, name: str) -> None:
    answer = parse_news(body(contract, name)).answer
    assert (answer.meaning, answer.urls) == TOLD[name]


@pytest.mark.parametrize("contract", SPOKEN)
def test_a_failure_has_the_same_code_under_either_contract(contract: str) -> None:
    assert parse_news(body(contract, "failure")).answer.code is Code.NOT_AVAILABLE_IN_4K


@pytest.mark.parametrize("name", [name for name in TOLD if name != "data_null"])
@pytest.mark.parametrize("contract", SPOKEN)
def test_every_callback_but_one_names_the_task(contract: str, name: str) -> None:
    assert parse_news(body(contract, name)).task_id == NEWS.task_id
    assert parse_news(body(contract, "data_null")).task_id is None


ANSWERS: dict[str, tuple[Meaning, Code]] = {
    "on_time": (Meaning.WORKING, Code.PROVIDER_FAILED),
    "unknown_task": (Meaning.REFUSED, Code.INVALID_TASK),
    "blank": (Meaning.REFUSED, Code.INVALID_TASK),
    "expired": (Meaning.REFUSED, Code.BASE_EXPIRED),
    "fallback": (Meaning.REFUSED, Code.NOT_AVAILABLE_IN_4K),
    "never_finished_base": (Meaning.NOT_YET, Code.BASE_NOT_FINISHED),
    "garbage": (Meaning.LOST, Code.PROVIDER_FAILED),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("contract", SPOKEN)
def test_a_request_is_answered_alike_under_either_contract(caller: Caller, contract: str, name: str) -> None:
    answer = CONTRACTS[contract].read_submission(ask(caller, contract, f"veo_task_{name}_1"))
    assert (answer.meaning, answer.code) == ANSWERS[name]


@pytest.mark.parametrize(("contract", "meaning"), [(VEO, Meaning.WORKING), (JOBS, Meaning.LOST)])
def test_an_acceptance_that_names_no_task_is_lost_only_where_nobody_could_ask_again(
    caller: Caller, contract: str, meaning: Meaning
) -> None:
    answer = CONTRACTS[contract].read_submission(ask(caller, contract, "veo_task_nameless_1"))
    assert answer.meaning is meaning


@pytest.mark.parametrize(("scenario", "meaning"), [("on_time", Meaning.DONE), ("failure", Meaning.FAILED)])
@pytest.mark.parametrize("contract", SPOKEN)
def test_the_record_of_a_task_of_its_own_tells_its_end(
    caller: Caller, simulator: Simulator, contract: str, scenario: str, meaning: Meaning
) -> None:
    spoken = CONTRACTS[contract]
    simulator.register("veo_task_1", scenario, own_id=True)
    own = spoken.read_submission(ask(caller, contract, "veo_task_1")).task_id

    def told() -> Any:
        heard = caller.send("GET", f"{spoken.record}?taskId={own}")
        answer = spoken.read_record(Reply(heard.status, heard.body))
        return answer.meaning is not Meaning.WORKING and answer

    assert until(told).meaning is meaning


@pytest.mark.parametrize("contract", SPOKEN)
def test_a_stranger_is_refused_under_either_contract(simulator: Simulator, contract: str) -> None:
    stranger = Caller(simulator.host_port, key=f"not {KEY}")
    answer = CONTRACTS[contract].read_submission(ask(stranger, contract, "veo_task_on_time_1"))
    assert (answer.meaning, answer.reason) == (Meaning.SHUT, "API_KEY_REFUSED")


@pytest.mark.parametrize(("contract", "meaning"), [(VEO, Meaning.SHUT), (JOBS, Meaning.WORKING)])
def test_where_the_older_paths_are_retired_only_the_newer_ones_answer(
    simulator: Simulator, caller: Caller, contract: str, meaning: Meaning
) -> None:
    simulator.control(retired=True)
    answer = CONTRACTS[contract].read_submission(ask(caller, contract, "veo_task_on_time_1"))
    assert answer.meaning is meaning
