"""The provider's two contracts on one running stack: switched in mid-flight, and the older one retired in mid-run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from local.cloud.environment import give_keys
from local.cloud.rows import Row, has_ended
from tests.integration.conftest import SHORT_WINDOW, running
from tests.integration.world import World, until

CREATE = {"veo": "/api/v1/veo/get-4k-video", "jobs": "/api/v1/jobs/createTask"}
OTHER = {"veo": "jobs", "jobs": "veo"}
FLIGHTS = {
    "veo": {"on_time": 7, "portrait": 1, "lost": 6, "answer_lost": 4, "failure": 2},
    "jobs": {"on_time": 2, "lost": 2, "answer_lost": 1, "failure": 1},
}
"""The jobs that are in flight when a contract ends, by scenario."""

RETIRED_REASON = "PATH_GONE: set the stack's ProviderContract to jobs"


@pytest.fixture(scope="module")
def lone() -> Iterator[World]:
    """A stack of its own, for its parameters change."""
    with running("contracts", SHORT_WINDOW) as world:
        give_keys(world.cloud, world.simulator.settings)
        yield world


def flight(contract: str) -> dict[str, str]:
    """The tasks that are asked for under a contract, and their scenarios."""
    counts = FLIGHTS[contract].items()
    return {f"veo_task_{name}_{contract}_{number}": name for name, count in counts for number in range(count)}


def is_in_flight(row: Row) -> bool:
    """Tell whether it was asked for and has not ended; a lost answer leaves it SUBMITTING."""
    return row["state"] == "PROCESSING" or bool(row["state"] == "SUBMITTING" and row.get("#lost"))


def in_flight(world: World, tasks: Mapping[str, str]) -> list[Row] | None:
    """The rows of these tasks, once all are in flight."""
    rows = [row for row in world.rows() if row["taskId"] in tasks]
    return rows if len(rows) == len(tasks) and all(is_in_flight(row) for row in rows) else None


def ends(world: World, tasks: Mapping[str, str]) -> dict[str, Row] | None:
    """The rows of these tasks by task, once all have ended."""
    rows = {row["taskId"]: row for row in world.rows() if row["taskId"] in tasks}
    return rows if len(rows) == len(tasks) and all(has_ended(row) for row in rows.values()) else None


def change(world: World, **parameters: str) -> None:
    """Update the stack between two sweeps: the emulator, other than AWS, kills a function's runs when it updates it."""
    with world.sweeps.turn:
        world.cloud.change(**parameters)


def paths_asked(world: World) -> dict[str, set[str]]:
    """The paths at which each task was asked for."""
    asked: dict[str, set[str]] = {}
    for row in world.simulator.stats()["requests"]:
        if row["method"] == "POST":
            asked.setdefault(row["taskId"], set()).add(row["path"])
    return asked


@pytest.fixture(scope="module")
def switched(lone: World) -> dict[str, Row]:
    """Twenty jobs in flight when `veo` becomes `jobs`, and six more when that becomes `veo` again; as they ended."""
    lone.simulator.control(generations_held=True)
    for contract in CREATE:
        tasks = flight(contract)
        lone.send(*({"taskId": task} for task in tasks))
        until(lambda: in_flight(lone, tasks))  # noqa: B023 - asked within this turn of the loop
        change(lone, ProviderContract=OTHER[contract])
    lone.simulator.control(generations_held=False)
    return until(lambda: ends(lone, flight("veo") | flight("jobs")))


@pytest.mark.parametrize("contract", CREATE)
def test_every_job_in_flight_at_the_switch_ends_as_it_must(switched: dict[str, Row], contract: str) -> None:
    states = {task: "FAILED" if name == "failure" else "SUCCEEDED" for task, name in flight(contract).items()}
    assert {task: switched[task]["state"] for task in states} == states


@pytest.mark.parametrize("contract", CREATE)
def test_each_finishes_under_the_contract_it_was_asked_with(
    lone: World, switched: dict[str, Row], contract: str
) -> None:
    asked = paths_asked(lone)
    assert {switched[task].get("#contract", "veo") for task in flight(contract)} == {contract}
    assert [asked[task] for task in flight(contract)] == [{CREATE[contract]}] * len(flight(contract))


@pytest.mark.parametrize("contract", CREATE)
def test_a_job_that_nobody_calls_back_about_is_probed_under_its_own_contract(
    switched: dict[str, Row], contract: str
) -> None:
    lost = [task for task, name in flight(contract).items() if name == "lost"]
    assert {switched[task]["evidence"] for task in lost} == {"probe"}


@pytest.mark.parametrize("contract", CREATE)
def test_each_is_charged_once(lone: World, switched: dict[str, Row], contract: str) -> None:
    assert switched
    assert [len(lone.charges(task)) for task in flight(contract)] == [1] * len(flight(contract))


def test_under_the_newer_contract_nothing_is_asked_for_twice_even_where_the_answer_was_lost(
    lone: World, switched: dict[str, Row]
) -> None:
    assert switched
    posts = [row["taskId"] for row in lone.simulator.stats()["requests"] if row["method"] == "POST"]
    assert [posts.count(task) for task in flight("jobs")] == [1] * len(flight("jobs"))


# The day the older path is gone

HARD_DEADLINE = "4"  # seconds
ACCEPTED, UNHEARD = "veo_task_on_time_accepted", "veo_task_lost_accepted"
REFUSED = [f"veo_task_on_time_refused_{number}" for number in range(5)]
UNTOLD = "veo_task_answer_and_callback_lost_later"
LATER = [f"veo_task_on_time_later_{number}" for number in range(3)]


@dataclass(frozen=True)
class Retirement:
    """Rows as they were: while nothing could be asked, once that was mended, and when the path was there again."""

    gone: dict[str, Row]
    mended: dict[str, Row]
    unheard: Row
    back: Row
    untold: Row


def measured(lone: World, function: str, metric: str) -> list[float]:
    """The values of a metric that a function has put."""
    lines = [json.loads(line) for line in lone.cloud.logs(function).splitlines() if '"_aws"' in line]
    return [value for line in lines for value in line.get(metric, ())]


@pytest.fixture(scope="module")
def retirement(lone: World, switched: dict[str, Row]) -> Retirement:
    """Two jobs were accepted when the older paths went; eight came too late, five of them before the gate was shut."""
    assert switched
    lone.simulator.control(generations_held=True)
    lone.send({"taskId": ACCEPTED}, {"taskId": UNHEARD})
    until(lambda: in_flight(lone, dict.fromkeys((ACCEPTED, UNHEARD), "")))
    lone.simulator.control(retired=True)
    lone.send(*({"taskId": task} for task in REFUSED))
    until(lambda: all(row["state"] == "QUEUED" for task in REFUSED for row in (lone.runs(task) or [{"state": ""}])))
    lone.send(*({"taskId": task} for task in LATER))
    gone = {task: lone.reached(task, "QUEUED") for task in (*REFUSED, *LATER)}
    until(lambda: 0 in measured(lone, "SweepFunctionName", "GateOpen"))
    change(lone, ProviderContract="jobs", HardDeadlineSeconds=HARD_DEADLINE)
    lone.simulator.control(generations_held=False)
    mended = {task: lone.ended(task) for task in (*gone, ACCEPTED)}
    [unheard] = lone.runs(UNHEARD)
    lone.send({"taskId": UNTOLD})
    lone.reached(UNTOLD, "SUBMITTING")
    lone.simulator.control(retired=False)
    return Retirement(gone, mended, unheard, lone.ended(UNHEARD), lone.ended(UNTOLD))


def test_jobs_that_come_too_late_for_the_older_path_wait_and_say_what_to_set(retirement: Retirement) -> None:
    assert {row["#reason"] for row in retirement.gone.values()} == {RETIRED_REASON}
    assert {row["attempts"] for task, row in retirement.gone.items() if task in LATER} == {0}


def test_a_path_that_is_gone_rings_the_alarm_of_the_gate(lone: World, retirement: Retirement) -> None:
    assert retirement
    assert sum(measured(lone, "SubmitFunctionName", "GateShut") + measured(lone, "SweepFunctionName", "GateShut"))
    assert 0 in measured(lone, "SweepFunctionName", "GateOpen")


def test_after_the_switch_all_that_waited_is_done_under_the_newer_contract(retirement: Retirement) -> None:
    waited = {task: retirement.mended[task] for task in retirement.gone}
    assert {(row["state"], row["#contract"]) for row in waited.values()} == {("SUCCEEDED", "jobs")}


def test_what_was_accepted_before_is_still_called_back(retirement: Retirement) -> None:
    assert (retirement.mended[ACCEPTED]["state"], retirement.mended[ACCEPTED]["evidence"]) == ("SUCCEEDED", "callback")


def test_an_accepted_job_that_nobody_calls_back_about_waits_for_the_path_it_knows(retirement: Retirement) -> None:
    assert retirement.unheard["state"] == "PROCESSING"
    assert (retirement.back["state"], retirement.back["evidence"]) == ("SUCCEEDED", "probe")


def test_a_job_whose_answer_and_callback_are_lost_is_asked_for_once_and_given_up(
    lone: World, retirement: Retirement
) -> None:
    untold = retirement.untold
    assert (untold["state"], untold["error"]["code"]) == ("TIMED_OUT", "SUBMISSION_UNCONFIRMED")
    assert (untold["maybeCharged"], untold["attempts"], len(lone.charges(UNTOLD))) == (True, 1, 1)


def test_the_retirement_costs_nobody_a_second_charge(lone: World, retirement: Retirement) -> None:
    assert retirement
    assert [len(lone.charges(task)) for task in (*REFUSED, *LATER, ACCEPTED, UNHEARD)] == [1] * 10


def test_no_sweep_failed_over_it(lone: World, retirement: Retirement) -> None:
    assert retirement
    assert lone.sweeps.failures == []
