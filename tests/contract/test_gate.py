"""The gate's row paces the account, with any number of functions and stale copies of the row.

What the gate decides is tested with its domain module. Here the gate in DynamoDB does the same as the gate in memory.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.doubles.gate_memory import MemoryGate
from proofs.doubles.memory_table import memory_table
from proofs.table.tables import Table
from tests.contract.conftest import DYNAMODB, ENGINES, client_of, shared_table
from tests.contract.lost_responses import losing
from veo4k.adapters.gate_dynamodb import KEY, DynamoGate
from veo4k.domain.gate import Pace, Slots, Wait
from veo4k.domain.job import Key
from veo4k.domain.message import is_task_id

NOW = 1_800_000_000.0
PACE = Pace(daily=50)
NO_CREDITS = "NO_CREDITS"
FUNCTIONS = 3

ids = map("writer-{}".format, count())


def gate_over(table: Table) -> DynamoGate:
    return DynamoGate(table.client, table.name, PACE, lambda: next(ids))


def without_gate(request: pytest.FixtureRequest) -> Table:
    """Return the table of the fixture's engine as it was before the first request for a slot."""
    if request.param == "memory":
        return memory_table()
    table = shared_table(client_of(request, request.param))
    table.client.delete_item(TableName=table.name, Key=KEY)
    return table


table = pytest.fixture(params=ENGINES)(without_gate)
real_table = pytest.fixture(params=DYNAMODB)(without_gate)


# Functions with copies of their own do what one gate in memory does

Gate = DynamoGate | MemoryGate
Step = Callable[[Gate, float, str], object]

STEPS: dict[str, Step] = {
    "reserve one": lambda gate, now, _: gate.reserve(1, now),
    "reserve many": lambda gate, now, _: gate.reserve(25, now),
    "reserve in time": lambda gate, now, _: gate.reserve(25, now, last=now + 1),
    "submit": lambda gate, now, _: gate.reserve(20, now, counted=True),
    "take back": lambda gate, now, _: gate.uncount(3, now),
    "pause": lambda gate, now, _: gate.pause(NO_CREDITS, now, ""),
    "refuse the trial": lambda gate, now, trial: gate.pause("RATE_LIMITED", now, trial),
    "answer the trial": lambda gate, now, trial: gate.finish_trial(trial, now, answered=True),
    "lose the trial": lambda gate, now, trial: gate.finish_trial(trial, now, answered=False),
    "release the trial": lambda gate, _, trial: gate.release_trial(trial),
    "finish another trial": lambda gate, now, _: gate.finish_trial("another", now, answered=True),
    "pause by hand": lambda gate, _, __: gate.pause_by_hand(),
    "resume": lambda gate, _, __: gate.resume(),
    "note": lambda gate, now, _: gate.note_understood("task-1", now),
    "ask for understood": lambda gate, now, _: gate.is_understood_since(now - 60, "task-2"),
    "ask for the limit": lambda gate, now, _: gate.limit_used(now),
}
History = list[tuple[int, str, float]]
HISTORIES = st.lists(
    st.tuples(
        st.integers(0, FUNCTIONS - 1), st.sampled_from(list(STEPS)), st.sampled_from([-0.1, 0.0, 0.123, 6, 60, 40_000])
    ),
    max_size=25,
)


def keep_the_pace(instants: Sequence[float]) -> bool:
    """Return whether no more instants lie in any window than are allowed."""
    return all(late - early > PACE.window for early, late in zip(instants, instants[PACE.requests :], strict=False))


def compare(table: Table, history: History) -> None:
    """Do the steps, each by one of several functions, so many seconds apart, beside a gate in memory."""
    now, writer, writers, instants = NOW, "", map("step-{}".format, count()), list[float]()
    functions = [DynamoGate(table.client, table.name, PACE, lambda: writer) for _ in range(FUNCTIONS)]
    memory, observer = MemoryGate(PACE, lambda: writer), gate_over(table)
    for function, step, later in history:
        now, writer, trial = round(now + later, 3), next(writers), memory.row.trial
        outcome = STEPS[step](functions[function], now, trial)
        assert outcome == STEPS[step](memory, now, trial)
        instants += outcome.instants if isinstance(outcome, Slots) else ()
        assert observer.read() == memory.row
        for counted in (False, True):
            assert observer.free(25, now, counted=counted) == memory.free(25, now, counted=counted)
        assert observer.current_pause(now) == memory.current_pause(now)
        assert observer.is_paused() == memory.is_paused()
    assert keep_the_pace(instants)


@given(HISTORIES)
@settings(max_examples=150)
def test_stale_copies_over_a_row_do_what_a_gate_in_memory_does(history: History) -> None:
    compare(memory_table(), history)


@given(history=HISTORIES)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stale_copies_over_a_real_row_do_what_a_gate_in_memory_does(real_table: Table, history: History) -> None:
    real_table.client.delete_item(TableName=real_table.name, Key=KEY)
    compare(real_table, history)


def test_stale_copies_never_reserve_what_another_function_reserved(table: Table) -> None:
    one, other = gate_over(table), gate_over(table)
    batches = [gate.reserve(5, NOW).instants for gate in (one, other, one, other, other, one)]
    instants = [instant for batch in batches for instant in batch]
    assert instants == sorted(instants)
    assert (len(instants), keep_the_pace(instants)) == (30, True)


def test_a_copy_from_before_the_pause_reserves_nothing(table: Table) -> None:
    one, other = gate_over(table), gate_over(table)
    one.reserve(1, NOW)
    other.pause(NO_CREDITS, NOW, "")
    assert one.reserve(1, NOW + 1) == Slots((), Wait(NOW + PACE.pause, NO_CREDITS))
    other.resume()
    assert len(one.reserve(2, NOW + 1).instants) == 2


def test_functions_that_reserve_at_once_share_the_window(table: Table) -> None:
    gates = [gate_over(table) for _ in range(8)]
    with ThreadPoolExecutor(len(gates)) as pool:
        reserved = list(pool.map(lambda gate: gate.reserve(5, NOW).instants, gates))
    instants = sorted(instant for batch in reserved for instant in batch)
    assert (len(instants), keep_the_pace(instants)) == (40, True)


# Lost responses


def losing_gate(table: Table, meanwhile: Callable[[], object] = lambda: None) -> DynamoGate:
    return DynamoGate(losing(table, meanwhile=meanwhile), table.name, PACE, lambda: next(ids))


def test_a_reservation_is_ours_and_counts_once_if_its_response_was_lost(real_table: Table) -> None:
    forgetful = losing_gate(real_table)
    slots = forgetful.reserve(3, NOW, counted=True)
    row = forgetful.read()
    assert (row.instants, row.submissions, row.version) == (slots.instants, 3, 1)


def test_a_reservation_overtaken_before_its_repeat_is_repeated_behind(real_table: Table) -> None:
    others: list[float] = []
    forgetful = losing_gate(real_table, lambda: others.extend(gate_over(real_table).reserve(5, NOW).instants))
    mine = forgetful.reserve(3, NOW).instants
    # The three that were lost stay taken: no function knows that they are unused.
    kept = gate_over(real_table).read().instants
    assert len(kept) == 3 + len(others) + len(mine)
    assert kept[-3:] == mine
    assert list(kept[3:8]) == others


def test_a_pause_is_written_once_although_its_response_was_lost(real_table: Table) -> None:
    gate = losing_gate(real_table)
    assert gate.pause(NO_CREDITS, NOW, "") == NOW + PACE.pause
    assert gate.read().version == 1


def test_the_gates_row_lies_beside_the_jobs_under_a_key_that_no_task_has(real_table: Table) -> None:
    gate_over(real_table).reserve(1, NOW)
    assert real_table.item(Key("#gate", 0)).keys() == {"taskId", "run", "#gate"}
    assert not is_task_id("#gate")
