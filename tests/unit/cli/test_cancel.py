"""The command `cancel`."""

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import State, utc


@pytest.mark.parametrize(("words", "run"), [([], 2), (["1"], 1)])
def test_cancel_ends_the_named_or_the_newest_queued_run(operator: Operator, words: list[str], run: int) -> None:
    for number in (1, 2):
        operator.add_job(State.QUEUED, run=number, wait_reason="NO_CREDITS")
    cancelled = operator.run("cancel", TASK, *words, "--json").json
    assert (cancelled["run"], cancelled["state"], cancelled["finishedAt"]) == (run, "CANCELLED", utc(NOON))
    assert [number for number in (1, 2) if operator.state(number) is State.CANCELLED] == [run]


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ([State.SUBMITTING], f"{TASK}#0#1 is SUBMITTING. Only a QUEUED job can be cancelled."),
        ([], f"There is no run 1 of {TASK}. A message that is still on the queue"),
    ],
)
def test_only_a_queued_job_is_cancelled(operator: Operator, states: list[State], text: str) -> None:
    for state in states:
        operator.add_job(state)
    result = operator.run("cancel", TASK)
    assert (result.status, text in result.err) == (2, True)
