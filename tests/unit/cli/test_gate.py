"""The commands `gate` and `sweep`."""

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import Operator
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.domain.gate import Pace


@pytest.fixture
def gate(operator: Operator) -> DynamoGate:
    return DynamoGate(operator.table, "jobs", Pace(), lambda: "other")  # type: ignore[arg-type]


def test_the_gate_shows_the_slots_of_the_last_window(operator: Operator, gate: DynamoGate) -> None:
    gate.reserve(3, NOON - 2)
    text = "Requests are running.\n3 of 20 slots were used in the last 10 s.\n"
    assert operator.run("gate").out == text
    assert operator.run("gate", "show", "--json").json == {"running": True, "requestsInWindow": 3}


def test_requests_paused_by_hand_stay_paused_until_they_are_resumed(operator: Operator, gate: DynamoGate) -> None:
    operator.run("gate", "pause")
    assert gate.read().reason == "SHUT_BY_HAND"
    assert "They stay paused until veo4k gate resume." in operator.run("gate").out
    assert operator.run("gate", "resume", "--json").json["running"] is True
    assert gate.read().reason == ""


def test_an_automatic_pause_has_an_end_and_a_reason_and_can_be_resumed(operator: Operator, gate: DynamoGate) -> None:
    gate.pause("NO_CREDITS", NOON, "")
    [line, _] = operator.run("gate").out.splitlines()
    assert line.startswith("Requests are paused until ")
    assert "(in 60 s). NO_CREDITS: The account has no credits." in line
    assert operator.run("gate", "resume", "--json").json["running"] is True


def test_the_sweep_prints_its_counts(operator: Operator) -> None:
    assert operator.run("sweep").out == "No job was due.\n"
    operator.functions.responses["sweep"] = {"poll_claimed": 2}
    assert operator.run("sweep", "--json").json == {"poll_claimed": 2}
    assert operator.run("sweep").out.split()[-2:] == ["2", "poll_claimed"]


def test_a_failed_sweep_names_the_error_without_a_url(operator: Operator) -> None:
    for kind, message, text in (
        ("Sandbox.Timedout", "https://x/?key=1", "failed with Sandbox.Timedout. The stack's log group says more."),
        ("SettingsError", "TUNING: unknown name 'X'", "failed with SettingsError: TUNING: unknown name 'X'."),
    ):
        operator.functions.responses["sweep"] = {"errorType": kind, "errorMessage": message}
        error = operator.refused("sweep")
        assert (f"The function sweep {text}\n" in error, "key=1" in error) == (True, False)
