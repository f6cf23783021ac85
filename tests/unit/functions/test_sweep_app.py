"""The handler of the sweep: what it measures beside the log events."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from bench.stack import function_module
from proofs.doubles.stage import Stage
from tests.unit.conftest import Context
from tests.unit.services.exchanges import NO_CREDITS, WORKING, asked
from veo4k.services.dispatch import TIME_FOR_A_REQUEST

app = function_module("sweep")
TEN = 600 * 3_000_000.0  # a minute that the balance is read in
Sweep = Callable[[Stage], dict[str, Any]]


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch, context: Context, log_output: Callable[[], str]) -> Sweep:
    """Return a function that invokes the handler over doubles, and returns what was counted."""

    def invoke(stage: Stage) -> dict[str, Any]:
        parts = {"clock": lambda: stage.clock, "sweeper": stage.sweeper, "health": stage.health}
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
