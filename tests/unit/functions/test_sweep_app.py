"""The handler of the sweep: what it measures beside the log events."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from bench.stack import function_module
from proofs.doubles.responses import NO_CREDITS, WORKING
from proofs.doubles.stage import Stage
from tests.unit.conftest import Context
from tests.unit.services.exchanges import OTHER, asked
from veo4k import bootstrap
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import TIME_FOR_A_REQUEST

app = function_module("sweep")
TEN = 600 * 3_000_000.0  # a minute that the balance is read in
Sweep = Callable[[Stage], dict[str, Any]]


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch, context: Context, log_output: Callable[[], str]) -> Sweep:
    """Return a function that invokes the handler over doubles, and returns what was counted."""

    def invoke(stage: Stage) -> dict[str, Any]:
        monkeypatch.setattr(bootstrap, "clock", lambda: stage.clock)
        parts = {"sweeper": stage.sweeper, "health": stage.health}
        for name, part in parts.items():
            monkeypatch.setattr(app, name, part)
        app.handler({}, cast("LambdaContext", context))
        [counted] = [line for line in map(json.loads, log_output().splitlines()) if "_aws" in line]
        return dict(counted)

    return invoke


def test_a_sweep_that_takes_all_its_time_has_read_the_balance(sweep: Sweep, context: Context) -> None:
    """During a backlog, when credits run out, every sweep takes all its time."""
    stage = asked(WORKING)
    stage.clock.at = TEN
    seconds = context.get_remaining_time_in_millis() / 1000
    stage.faulty_jobs.before("due", lambda *_: stage.clock.advance(seconds - TIME_FOR_A_REQUEST + 1))

    assert sweep(stage)["CreditsLeft"] == [240]


def test_a_sweep_measures_the_gate_as_it_leaves_it(sweep: Sweep) -> None:
    stage = asked(WORKING, NO_CREDITS)
    stage.clock.advance(1_000)

    assert sweep(stage)["GateOpen"] == [0]


@pytest.mark.parametrize("after", [0, 1_000], ids=["nothing is due", "a job is polled"])
def test_a_sweep_that_could_work_counts_its_heartbeat(sweep: Sweep, after: float) -> None:
    stage = asked(WORKING)
    stage.clock.advance(after)
    counted = sweep(stage)

    assert (counted["Heartbeat"], "PollClaimed" in counted) == ([1], bool(after))


def queued() -> Stage:
    """Return a stage with a job that waits for credits and is due."""
    stage = asked(NO_CREDITS)
    stage.clock.advance(1_000)
    return stage


CANNOT = {
    "read the table": ("faulty_jobs", ["due", "get", "write"]),
    "reserve a slot": ("faulty_gate", ["reserve"]),
    "read the gate": ("faulty_gate", ["reserve", "current_pause"]),
}


@pytest.mark.parametrize(("double", "fails"), CANNOT.values(), ids=CANNOT)
def test_a_sweep_that_cannot_work_counts_no_heartbeat(sweep: Sweep, double: str, fails: list[str]) -> None:
    stage = queued()
    getattr(stage, double).fail(*fails)

    assert "Heartbeat" not in sweep(stage)


def test_a_sweep_without_an_api_key_counts_no_heartbeat(sweep: Sweep) -> None:
    stage = queued()
    stage.provider.unset = WaitReason.API_KEY_UNSET

    assert "Heartbeat" not in sweep(stage)


@pytest.mark.filterwarnings("ignore:No application metrics")  # it counted nothing
def test_a_sweep_that_raises_counts_no_heartbeat(sweep: Sweep, log_output: Callable[[], str]) -> None:
    stage = queued()
    stage.faulty_jobs.fail("due", error=RuntimeError("a bug"))
    with pytest.raises(RuntimeError):
        sweep(stage)

    assert "Heartbeat" not in log_output()


def test_one_row_that_cannot_be_written_stops_no_heartbeat(sweep: Sweep) -> None:
    stage = asked(WORKING)
    stage.ask(OTHER)
    stage.clock.advance(1_000)
    stage.faulty_jobs.fail("write", call=1)
    counted = sweep(stage)

    assert (counted["JobSkipped"], counted["Heartbeat"]) == ([1], [1])
