"""The day's limit of submissions: counted in the gate's row, by UTC days."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain import gate
from veo4k.domain.gate import DAY, Gate, Pace, Slots, Wait
from veo4k.domain.wait_reason import WaitReason

PACE = Pace(daily=5)
NOON = 20_000 * DAY + 43_200.0
MIDNIGHT = 20_001.0 * DAY


def submit(row: Gate, wanted: int, now: float, pace: Pace = PACE) -> tuple[Gate, Slots]:
    return gate.reserve(row, wanted, now, "me", pace, counted=True)


def test_a_day_has_as_many_submissions_as_its_limit() -> None:
    row, slots = submit(Gate(), 3, NOON)
    row, more = submit(row, 2, NOON + 60)

    assert (len(slots.instants), len(more.instants)) == (3, 2)
    assert gate.submissions_today(row, NOON + 60) == 5


def test_what_lies_beyond_the_limit_waits_for_the_next_day() -> None:
    _, slots = submit(Gate(), 8, NOON)

    assert len(slots.instants) == 5
    assert (slots.wait.until, slots.wait.reason) == (MIDNIGHT, WaitReason.DAILY_LIMIT)


def test_a_batch_that_just_fits_hears_nothing_of_the_limit() -> None:
    _, slots = submit(Gate(), 5, NOON)

    assert (len(slots.instants), slots.wait.reason) == (5, WaitReason.WINDOW_FULL)


def test_a_spent_day_leaves_the_row_as_it_is() -> None:
    row, _ = submit(Gate(), 5, NOON)

    assert submit(row, 1, NOON + 60) == (row, Slots((), Wait(MIDNIGHT, WaitReason.DAILY_LIMIT)))


def test_the_next_day_begins_anew() -> None:
    row, _ = submit(Gate(), 5, NOON)
    row, slots = submit(row, 2, MIDNIGHT)

    assert len(slots.instants) == 2
    assert gate.submissions_today(row, MIDNIGHT) == 2


def test_polls_are_not_counted_and_not_held_back() -> None:
    row, _ = submit(Gate(), 5, NOON)
    row, slots = gate.reserve(row, 3, NOON + 60, "me", PACE)

    assert len(slots.instants) == 3
    assert gate.submissions_today(row, NOON + 60) == 5


def test_without_a_limit_nothing_is_counted() -> None:
    row, slots = submit(Gate(), 20, NOON, Pace())

    assert len(slots.instants) == 20
    assert gate.submissions_today(row, NOON) == 0


def test_a_full_window_is_no_spent_day() -> None:
    pace = Pace(daily=1000)
    row, _ = submit(Gate(), 100, NOON, pace)
    _, slots = submit(row, 1, NOON, pace)

    assert (slots.instants, slots.wait.reason) == ((), WaitReason.WINDOW_FULL)


def test_a_paused_gate_states_the_reason_and_counts_nothing() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOON, "me", PACE)

    assert submit(row, 3, NOON) == (row, Slots((), Wait(NOON + 60, "NO_CREDITS")))


def test_the_trial_slot_of_a_paused_gate_counts() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOON, "me", PACE)
    row, slots = submit(row, 3, NOON + 60)

    assert slots.trial
    assert gate.submissions_today(row, NOON + 60) == 1


def test_what_was_not_spent_is_taken_back() -> None:
    row, _ = submit(Gate(), 5, NOON)
    row = gate.uncount(row, 2, NOON + 60, "me")

    assert gate.submissions_today(row, NOON + 60) == 3


def test_what_was_not_spent_yesterday_gives_today_nothing() -> None:
    row, _ = submit(Gate(), 5, NOON)
    row, _ = submit(row, 1, MIDNIGHT)
    yesterday = replace(row, day=row.day - 1)

    assert gate.uncount(yesterday, 2, MIDNIGHT, "me") is yesterday


@given(st.lists(st.tuples(st.floats(0, 20_000), st.integers(1, 7), st.integers(0, 3)), max_size=40))
def test_no_day_ever_has_more_than_its_limit(calls: list[tuple[float, int, int]]) -> None:
    row, now = Gate(), NOON
    spent: dict[int, int] = {}
    for wait, wanted, unspent in calls:
        now += wait
        row, slots = submit(row, wanted, now)
        back = min(unspent, len(slots.instants))
        row = gate.uncount(row, back, now, "me") if back else row
        day = int(now // DAY)
        spent[day] = spent.get(day, 0) + len(slots.instants) - back

        assert gate.submissions_today(row, now) == spent[day]
        assert spent[day] <= PACE.daily
