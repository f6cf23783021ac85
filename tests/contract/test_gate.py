"""The gate's row paces the account, with any number of functions and stale copies of the row."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.doubles.gate_memory import MemoryGate
from proofs.table.tables import Table
from tests.contract.conftest import DYNAMODB
from tests.contract.lost_responses import losing
from tests.contract.memory_table import memory_table
from veo4k.adapters.gate_dynamodb import KEY, DynamoGate
from veo4k.domain.gate import AHEAD, GUARD, Pace, Slots, Wait
from veo4k.domain.job import Key
from veo4k.domain.message import is_task_id
from veo4k.domain.wait_reason import WaitReason

NOW = 1_800_000_000.0
PACE = Pace()
SPACING = PACE.window + GUARD
NO_CREDITS = "NO_CREDITS"

Gate = DynamoGate | MemoryGate
GateMaker = Callable[[], Gate]

ids = map("writer-{}".format, count())


def gate_over(table: Table) -> DynamoGate:
    return DynamoGate(table.client, table.name, PACE, lambda: next(ids))


def without_gate(request: pytest.FixtureRequest, engine: str) -> Table:
    """Return an engine's table as it was before the first request for a slot."""
    if engine == "memory":
        return memory_table()
    table: Table = request.getfixturevalue(f"{engine}_table")
    table.client.delete_item(TableName=table.name, Key=KEY)
    return table


@pytest.fixture(params=["memory", *DYNAMODB])
def table(request: pytest.FixtureRequest) -> Table:
    return without_gate(request, request.param)


@pytest.fixture(params=DYNAMODB)
def real_table(request: pytest.FixtureRequest) -> Table:
    return without_gate(request, request.param)


@pytest.fixture(params=["double", "memory", *DYNAMODB])
def new_gate(request: pytest.FixtureRequest) -> GateMaker:
    """Return a factory of gates over one row, for functions that have not read the row yet."""
    if request.param == "double":
        double = MemoryGate(PACE)
        return lambda: double
    return partial(gate_over, without_gate(request, request.param))


def most_in_a_window(instants: Sequence[float]) -> int:
    """Count the most instants that lie in any closed window."""
    return max((sum(first <= instant <= first + PACE.window for instant in instants) for first in instants), default=0)


# Instants


def test_the_first_instants_are_had_at_once(new_gate: GateMaker) -> None:
    slots = new_gate().reserve(3, NOW)
    assert len(slots.instants) == 3
    assert all(NOW <= instant < NOW + 1 for instant in slots.instants)
    assert slots.trial == ""


def test_the_twenty_first_comes_a_window_and_a_guard_after_the_first(new_gate: GateMaker) -> None:
    first = new_gate().reserve(20, NOW).instants
    second = new_gate().reserve(20, NOW).instants
    assert [late - early for early, late in zip(first, second, strict=True)] == pytest.approx([SPACING] * 20)


def test_no_instant_more_than_twenty_seconds_ahead_is_reserved(new_gate: GateMaker) -> None:
    batches = [new_gate().reserve(20, NOW) for _ in range(4)]
    assert [len(slots.instants) for slots in batches] == [20, 20, 0, 0]
    assert batches[-1].wait.reason == WaitReason.WINDOW_FULL
    assert batches[-1].wait.until > NOW + AHEAD


def test_a_stale_copy_never_reserves_what_another_function_reserved(table: Table) -> None:
    one, other = gate_over(table), gate_over(table)
    batches = [gate.reserve(5, NOW).instants for gate in (one, other, one, other, other, one)]
    instants = [instant for batch in batches for instant in batch]
    assert instants == sorted(instants)
    assert len(instants) == 30
    assert most_in_a_window(instants) == 20


def test_a_copy_from_before_the_pause_reserves_nothing(table: Table) -> None:
    one, other = gate_over(table), gate_over(table)
    one.reserve(1, NOW)
    other.pause(NO_CREDITS, NOW, "")
    assert one.reserve(1, NOW + 1) == Slots((), Wait(NOW + PACE.pause, NO_CREDITS))


def test_a_copy_from_before_the_gate_resumed_reserves(table: Table) -> None:
    one, other = gate_over(table), gate_over(table)
    one.pause(NO_CREDITS, NOW, "")
    other.resume()
    assert len(one.reserve(2, NOW + 1).instants) == 2


Steps = list[tuple[int, int, float, float]]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which function
        st.integers(1, 25),  # how many
        st.floats(0, 6).map(lambda seconds: round(seconds, 3)),  # how much later
        st.floats(-0.1, 0.1).map(lambda seconds: round(seconds, 3)),  # how wrong its clock is
    ),
    max_size=25,
)


def instants_of(table: Table, steps: Steps) -> list[float]:
    gates, now, instants = [gate_over(table) for _ in range(3)], NOW, list[float]()
    for which, wanted, later, skew in steps:
        now += later
        instant_of_request = round(now + skew, 3)
        reserved = gates[which].reserve(wanted, instant_of_request).instants
        assert all(instant_of_request <= instant <= instant_of_request + AHEAD for instant in reserved)
        instants += reserved
    return instants


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_never_more_than_twenty_instants_lie_in_any_window(steps: Steps) -> None:
    assert most_in_a_window(instants_of(memory_table(), steps)) <= PACE.requests


@given(steps=STEPS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_more_than_twenty_instants_lie_in_any_window_of_a_real_table(real_table: Table, steps: Steps) -> None:
    real_table.client.delete_item(TableName=real_table.name, Key=KEY)
    assert most_in_a_window(instants_of(real_table, steps)) <= PACE.requests


def test_functions_that_reserve_at_once_share_the_window(table: Table) -> None:
    gates = [gate_over(table) for _ in range(8)]
    with ThreadPoolExecutor(len(gates)) as pool:
        reserved = list(pool.map(lambda gate: gate.reserve(5, NOW).instants, gates))
    instants = [instant for batch in reserved for instant in batch]
    assert len(instants) == 40
    assert most_in_a_window(instants) == 20


# Lost responses


def test_a_reservation_is_ours_although_its_response_was_lost(real_table: Table) -> None:
    forgetful = DynamoGate(losing(real_table), real_table.name, PACE, lambda: next(ids))
    slots = forgetful.reserve(3, NOW)
    assert forgetful.read().instants == slots.instants
    assert forgetful.read().version == 1


def test_a_reservation_overtaken_before_its_repeat_is_repeated_behind(real_table: Table) -> None:
    others: list[float] = []
    client = losing(real_table, meanwhile=lambda: others.extend(gate_over(real_table).reserve(5, NOW).instants))
    mine = DynamoGate(client, real_table.name, PACE, lambda: next(ids)).reserve(3, NOW).instants
    # The three that were lost stay taken: no function knows that they are unused.
    kept = gate_over(real_table).read().instants
    assert len(kept) == 3 + len(others) + len(mine)
    assert kept[-3:] == mine
    assert list(kept[3:8]) == others


def test_a_pause_is_written_once_although_its_response_was_lost(real_table: Table) -> None:
    gate = DynamoGate(losing(real_table), real_table.name, PACE, lambda: next(ids))
    assert gate.pause(NO_CREDITS, NOW, "") == NOW + PACE.pause
    assert gate.read().version == 1


# Paused, and resumed by the trial request


def test_a_paused_gate_reserves_nothing_until_its_pause_is_over(new_gate: GateMaker) -> None:
    assert new_gate().pause(NO_CREDITS, NOW, "") == NOW + PACE.pause
    assert new_gate().current_pause(NOW + 1) == (NOW + PACE.pause, NO_CREDITS)
    assert new_gate().reserve(5, NOW + PACE.pause - 0.001) == Slots((), Wait(NOW + PACE.pause, NO_CREDITS))


def test_a_second_refusal_does_not_lengthen_the_pause(new_gate: GateMaker) -> None:
    new_gate().pause(NO_CREDITS, NOW, "")
    assert new_gate().pause("MAINTENANCE", NOW + 30, "") == NOW + PACE.pause
    assert new_gate().read().reason == NO_CREDITS


def test_too_many_requests_pause_the_gate_for_a_window(new_gate: GateMaker) -> None:
    assert new_gate().pause("RATE_LIMITED", NOW, "") == NOW + SPACING


def test_after_the_pause_one_caller_gets_the_only_slot(new_gate: GateMaker) -> None:
    new_gate().pause(NO_CREDITS, NOW, "")
    later = NOW + PACE.pause
    first, second = new_gate().reserve(5, later), new_gate().reserve(5, later + 1)
    assert len(first.instants) == 1
    assert first.trial
    assert (first.wait.reason, first.wait.until) == (NO_CREDITS, later + PACE.lease)
    assert second == Slots((), Wait(later + PACE.lease, NO_CREDITS))


def on_trial(new_gate: GateMaker) -> tuple[str, float]:
    """Pause a gate and reserve its trial slot. Return the trial's id and the instant."""
    new_gate().pause(NO_CREDITS, NOW, "")
    later = NOW + PACE.pause
    return new_gate().reserve(1, later).trial, later


def test_an_answered_trial_resumes_the_gate(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    new_gate().finish_trial(trial, later + 5, answered=True)
    assert new_gate().current_pause(later + 5) is None
    assert len(new_gate().reserve(5, later + 5).instants) == 5


def test_an_unanswered_trial_doubles_the_pause(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    new_gate().finish_trial(trial, later + 5, answered=False)
    assert new_gate().current_pause(later + 5) == (later + 5 + 2 * PACE.pause, NO_CREDITS)


def test_a_refused_trial_doubles_the_pause(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    assert new_gate().pause("MAINTENANCE", later + 5, trial) == later + 5 + 2 * PACE.pause
    assert new_gate().read().reason == "MAINTENANCE"


def test_a_pause_never_grows_beyond_a_quarter_of_an_hour(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    for _ in range(6):
        until = new_gate().pause(NO_CREDITS, later, trial)
        trial, later = new_gate().reserve(1, until).trial, until
    assert new_gate().read().pause == 900


def test_a_released_trial_goes_to_the_next_caller(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    new_gate().release_trial(trial)
    again = new_gate().reserve(5, later + 1)
    assert len(again.instants) == 1
    assert again.trial not in ("", trial)


def test_a_trial_whose_lease_is_over_goes_to_the_next_caller(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    assert new_gate().reserve(5, later + PACE.lease - 0.001).instants == ()
    again = new_gate().reserve(5, later + PACE.lease)
    assert again.trial not in ("", trial)


ENDINGS: dict[str, Callable[[Gate, str], Any]] = {
    "answered": lambda gate, trial: gate.finish_trial(trial, NOW + 61, answered=True),
    "unanswered": lambda gate, trial: gate.finish_trial(trial, NOW + 61, answered=False),
    "released": lambda gate, trial: gate.release_trial(trial),
    "refused": lambda gate, trial: gate.pause(NO_CREDITS, NOW + 61, trial),
}


@pytest.mark.parametrize("finish", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("trial", ["", "another"])
def test_only_the_holder_of_the_trial_can_finish_it(new_gate: GateMaker, finish: Any, trial: str) -> None:
    on_trial(new_gate)
    before = new_gate().read()
    finish(new_gate(), trial)
    assert new_gate().read() == before


# The day's submissions

DAY = 86_400
LIMITED = Pace(daily=10)


def limited(table: Table) -> DynamoGate:
    return DynamoGate(table.client, table.name, LIMITED, lambda: next(ids))


def test_functions_with_stale_copies_share_the_days_limit(table: Table) -> None:
    one, other = limited(table), limited(table)
    reserved = [gate.reserve(4, NOW, counted=True) for gate in (one, other, one, other)]
    assert [len(slots.instants) for slots in reserved] == [4, 4, 2, 0]
    assert reserved[-1].wait.reason == WaitReason.DAILY_LIMIT
    assert reserved[-1].wait.until % DAY == 0
    assert one.limit_used(NOW) == other.limit_used(NOW) == 1.0


def test_what_counts_for_no_limit_is_not_limited(table: Table) -> None:
    gate = limited(table)
    gate.reserve(10, NOW, counted=True)
    assert len(gate.reserve(5, NOW + 60).instants) == 5


def test_submissions_taken_back_can_be_had_again(table: Table) -> None:
    one, other = limited(table), limited(table)
    one.reserve(10, NOW, counted=True)
    other.uncount(3, NOW)
    assert len(one.reserve(5, NOW + 60, counted=True).instants) == 3


def test_the_next_day_begins_anew(table: Table) -> None:
    one, other = limited(table), limited(table)
    tomorrow = one.reserve(11, NOW, counted=True).wait.until
    assert len(other.reserve(5, tomorrow, counted=True).instants) == 5
    one.uncount(10, NOW)
    assert other.limit_used(tomorrow) == 0.5


def test_a_counted_reservation_counts_once_if_its_response_was_lost(real_table: Table) -> None:
    forgetful = DynamoGate(losing(real_table), real_table.name, LIMITED, lambda: next(ids))
    assert len(forgetful.reserve(4, NOW, counted=True).instants) == 4
    assert forgetful.limit_used(NOW) == 0.4


# By hand


def test_a_gate_paused_by_hand_stays_paused(new_gate: GateMaker) -> None:
    new_gate().pause_by_hand()
    assert new_gate().reserve(5, NOW + 10**6).instants == ()
    assert new_gate().current_pause(NOW + 10**6) == (NOW + 10**6 + PACE.pause, WaitReason.PAUSED_BY_HAND)


def test_a_gate_paused_by_hand_is_resumed_by_hand_alone(new_gate: GateMaker) -> None:
    trial, later = on_trial(new_gate)
    new_gate().pause_by_hand()
    new_gate().finish_trial(trial, later, answered=True)
    new_gate().pause("RATE_LIMITED", later, trial)
    assert new_gate().read().reason == WaitReason.PAUSED_BY_HAND
    new_gate().resume()
    assert len(new_gate().reserve(5, later).instants) == 5


def test_a_resumption_by_hand_forgets_no_instant(new_gate: GateMaker) -> None:
    first = new_gate().reserve(20, NOW).instants
    new_gate().pause_by_hand()
    new_gate().resume()
    assert new_gate().reserve(1, NOW).instants[0] >= first[0] + SPACING


def test_the_gates_row_lies_beside_the_jobs_under_a_key_that_no_task_has(real_table: Table) -> None:
    gate_over(real_table).reserve(1, NOW)
    assert real_table.item(Key("#gate", 0)).keys() == {"taskId", "run", "#gate"}
    assert not is_task_id("#gate")
