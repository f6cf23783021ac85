"""Both of the provider's APIs on one running stack: switched with jobs in flight, and the older one retired."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.waiting import wait_until
from tests.e2e.metrics import emitted
from tests.integration.conftest import SHORT_WINDOW, running

CREATE = {"veo": "/api/v1/veo/get-4k-video", "jobs": "/api/v1/jobs/createTask"}
OTHER = {"veo": "jobs", "jobs": "veo"}
SCENARIOS = {
    "veo": {"on_time": 7, "portrait": 1, "lost": 6, "answer_lost": 4, "failure": 2},
    "jobs": {"on_time": 2, "lost": 2, "answer_lost": 1, "failure": 1},
}
"""How many jobs of each scenario are in flight when the stack leaves an API."""


@pytest.fixture(scope="module")
def env() -> Iterator[Environment]:
    """An environment of its own, because its parameters change."""
    with running("contracts", SHORT_WINDOW) as env:
        yield env


def tasks(api: str, *scenarios: str) -> list[str]:
    """Return the tasks that are submitted under an API, of all scenarios or of some."""
    counts = SCENARIOS[api].items()
    wanted = scenarios or SCENARIOS[api]
    return [f"veo_task_{name}_{api}_{number}" for name, count in counts if name in wanted for number in range(count)]


def submit(env: Environment, submitted: Iterable[str]) -> None:
    """Send jobs. Wait until the provider has received the request of each; a lost response leaves it SUBMITTING."""
    env.cloud.send(*({"taskId": task} for task in submitted))
    wait_until(lambda: all(any(map(is_in_flight, env.cloud.runs(task))) for task in submitted))


def is_in_flight(row: Row) -> bool:
    return row["state"] == "PROCESSING" or bool(row["state"] == "SUBMITTING" and row.get("#lost"))


def change(env: Environment, **parameters: str) -> None:
    """Update the stack between two sweeps: unlike AWS, the emulator kills a running function when it updates it."""
    with env.sweeps.turn:
        env.cloud.change(**parameters)


def paths(env: Environment, task: str) -> list[str]:
    """Return the path of each paid request for a task."""
    requests = env.simulator.stats()["requests"]
    return [row["path"] for row in requests if (row["method"], row["taskId"]) == ("POST", task)]


@pytest.fixture(scope="module")
def switched(env: Environment) -> dict[str, Row]:
    """Twenty jobs in flight at the switch from `veo` to `jobs`, six at the switch back; the rows of their ends."""
    env.simulator.control(generations_held=True)
    for api, other in OTHER.items():
        submit(env, tasks(api))
        change(env, ProviderContract=other)
    env.simulator.control(generations_held=False)
    return {task: env.ended(task) for task in (*tasks("veo"), *tasks("jobs"))}


@pytest.mark.parametrize("api", CREATE)
def test_jobs_in_flight_end_under_the_api_of_their_request(
    env: Environment, switched: dict[str, Row], api: str
) -> None:
    for task in tasks(api):
        row = switched[task]
        assert row["state"] == ("FAILED" if task in tasks(api, "failure") else "SUCCEEDED")
        assert row.get("#contract", "veo") == api
        assert set(paths(env, task)) == {CREATE[api]}
        assert len(env.charges(task)) == 1
        assert api == "veo" or len(paths(env, task)) == 1  # under jobs a request is never repeated
    assert {switched[task]["evidence"] for task in tasks(api, "lost")} == {"probe"}


# The older API is retired

HARD_DEADLINE = "4"  # seconds
CALLED_BACK, NOT_CALLED_BACK = "veo_task_on_time_accepted", "veo_task_lost_accepted"
BEFORE_THE_PAUSE = [f"veo_task_on_time_refused_{number}" for number in range(5)]
IN_THE_PAUSE = [f"veo_task_on_time_later_{number}" for number in range(3)]
WAITING = [*BEFORE_THE_PAUSE, *IN_THE_PAUSE]
UNCONFIRMED = "veo_task_answer_and_callback_lost_later"


class Retirement(NamedTuple):
    """The rows of jobs, by task: while the path was gone, after the switch to `jobs`, after the path was back."""

    gone: dict[str, Row]
    switched: dict[str, Row]
    back: dict[str, Row]


@pytest.fixture(scope="module")
def retirement(env: Environment, switched: dict[str, Row]) -> Retirement:
    """Two jobs are accepted before the path is gone. Five are refused, and then the gate pauses for three more."""
    assert switched
    env.simulator.control(generations_held=True)
    submit(env, (CALLED_BACK, NOT_CALLED_BACK))
    env.simulator.control(retired=True)
    env.cloud.send(*({"taskId": task} for task in BEFORE_THE_PAUSE))
    for task in BEFORE_THE_PAUSE:
        env.reached(task, "QUEUED")
    env.cloud.send(*({"taskId": task} for task in IN_THE_PAUSE))
    gone = {task: env.reached(task, "QUEUED") for task in WAITING}
    wait_until(lambda: 0 in emitted(env, "SweepFunctionName", "GateOpen"))
    change(env, ProviderContract="jobs", HardDeadlineSeconds=HARD_DEADLINE)
    env.simulator.control(generations_held=False)
    after = {task: env.ended(task) for task in (*WAITING, CALLED_BACK)}
    [after[NOT_CALLED_BACK]] = env.cloud.runs(NOT_CALLED_BACK)
    env.cloud.send({"taskId": UNCONFIRMED})
    env.reached(UNCONFIRMED, "SUBMITTING")
    env.simulator.control(retired=False)
    return Retirement(gone, after, {task: env.ended(task) for task in (NOT_CALLED_BACK, UNCONFIRMED)})


def test_jobs_wait_for_the_switch_say_why_and_fire_the_alarm(env: Environment, retirement: Retirement) -> None:
    assert {row["#reason"] for row in retirement.gone.values()} == {"PATH_GONE"}
    assert {retirement.gone[task]["attempts"] for task in IN_THE_PAUSE} == {0}
    assert any(emitted(env, name, "GatePaused") for name in ("SubmitFunctionName", "SweepFunctionName"))


def test_waiting_jobs_succeed_under_jobs_after_the_switch(retirement: Retirement) -> None:
    rows = [retirement.switched[task] for task in WAITING]
    assert {(row["state"], row["#contract"]) for row in rows} == {("SUCCEEDED", "jobs")}


def test_an_accepted_job_ends_by_its_callback_or_waits_for_its_own_path(retirement: Retirement) -> None:
    called_back, polled = retirement.switched[CALLED_BACK], retirement.back[NOT_CALLED_BACK]
    assert (called_back["state"], called_back["evidence"]) == ("SUCCEEDED", "callback")
    assert retirement.switched[NOT_CALLED_BACK]["state"] == "PROCESSING"
    assert (polled["state"], polled["evidence"]) == ("SUCCEEDED", "probe")


def test_an_unconfirmed_request_under_jobs_times_out(env: Environment, retirement: Retirement) -> None:
    row = retirement.back[UNCONFIRMED]
    assert (row["state"], row["error"]["code"]) == ("TIMED_OUT", "SUBMISSION_UNCONFIRMED")
    assert (row["maybeCharged"], row["attempts"], len(env.charges(UNCONFIRMED))) == (True, 1, 1)


def test_the_retirement_charges_no_job_twice(env: Environment, retirement: Retirement) -> None:
    assert retirement
    assert {len(env.charges(task)) for task in (*WAITING, CALLED_BACK, NOT_CALLED_BACK)} == {1}
