"""The gate and the sweep by hand."""

from tests.doubles.time_manual import NOON
from tests.unit.cli.operator import Operator
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.domain.gate import Pace


def keeper(operator: Operator) -> DynamoGate:
    return DynamoGate(operator.table, "jobs", Pace(), lambda: "other")  # type: ignore[arg-type]


def test_the_gate_is_shown_open(operator: Operator) -> None:
    keeper(operator).reserve(3, NOON - 2)
    assert operator.runs("gate").out == "open\n3 of 20 requests in the last 10 s\n"
    assert operator.runs("gate", "show", "--json").json == {"open": True, "requestsInWindow": 3}


def test_the_gate_shut_by_hand_stays_shut(operator: Operator) -> None:
    operator.runs("gate", "shut")
    assert keeper(operator).read().reason == "SHUT_BY_HAND"
    assert "veo4k gate open" in operator.runs("gate").out


def test_the_gate_is_opened_whatever_shut_it(operator: Operator) -> None:
    keeper(operator).pause("NO_CREDITS", NOON, "")
    assert operator.runs("gate", "open", "--json").json["open"] is True
    assert keeper(operator).read().reason == ""


def test_a_gate_that_shut_itself_says_why_and_until_when(operator: Operator) -> None:
    keeper(operator).pause("NO_CREDITS", NOON, "")
    told = operator.runs("gate").out
    assert "(in 60 s)" in told
    assert "Buy credits" in told


def test_a_reason_that_explains_itself_is_shown_as_it_is(operator: Operator) -> None:
    keeper(operator).pause("PATH_GONE: set the stack's ProviderContract to jobs", NOON, "")
    assert "PATH_GONE: set the stack's ProviderContract to jobs" in operator.runs("gate").out


def test_the_sweep_tells_what_it_did(operator: Operator) -> None:
    operator.functions.answer = {"poll_claimed": 2}
    assert operator.runs("sweep", "--json").json == {"poll_claimed": 2}
    assert operator.runs("sweep").out.split()[-2:] == ["2", "poll_claimed"]


def test_a_sweep_without_work_says_so(operator: Operator) -> None:
    assert operator.runs("sweep").out == "Nothing was due.\n"


def test_a_sweep_that_failed_is_told_by_its_kind(operator: Operator) -> None:
    operator.functions.answer, operator.functions.error = {"errorType": "SettingsError"}, "Unhandled"
    seen = operator.runs("sweep")
    assert (seen.status, "failed with SettingsError" in seen.err) == (2, True)
