"""The gate's row, whole, after each thing that can happen to it; tests/contract lets several functions share it."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain import gate
from veo4k.domain.gate import Gate, Pace, Slots, Wait
from veo4k.domain.schedule import DAY
from veo4k.domain.wait_reason import WaitReason

PACE, LIMITED = Pace(), Pace(daily=5)
NOW = 1_800_000_000.0
TODAY, TOMORROW = int(NOW // DAY), float((NOW // DAY + 1) * DAY)
FULL_WINDOW = Wait(NOW + 0.21, WaitReason.WINDOW_FULL)
SPENT_DAY = Wait(NOW + 3600, WaitReason.DAILY_LIMIT)
TWO_INSTANTS = (NOW + 0.06, NOW + 0.135)
ON_TRIAL = Gate(
    version=3,
    writer="before",
    instants=(NOW - 5,),
    reason="NO_CREDITS",
    until=NOW - 1,
    pause=60,
    trial="holder",
    trial_until=NOW + 30,
    day=TODAY,
    submissions=4,
)
RUNNING = Gate(version=3, writer="before", instants=(NOW - 5,), day=TODAY, submissions=4)
PAUSED = Gate(version=3, reason="NO_CREDITS", until=NOW, pause=60)


def written(row: Gate, **changes: Any) -> Gate:
    return replace(row, version=row.version + 1, writer="me", **changes)


def paused(row: Gate, reason: str = "NO_CREDITS", trial: str = "") -> Gate:
    return gate.pause(row, reason, NOW, "me", PACE, trial=trial)


def reserve(row: Gate, wanted: int, now: float = NOW, last: float = math.inf) -> tuple[Gate, Slots]:
    return gate.reserve(row, wanted, now, "me", PACE, last=last)


def submit(row: Gate, wanted: int, now: float = NOW, pace: Pace = LIMITED) -> tuple[Gate, Slots]:
    return gate.reserve(row, wanted, now, "me", pace, counted=True)


# Instants


def test_the_first_request_leaves_when_its_intent_can_be_written() -> None:
    assert reserve(Gate(), 2) == (written(Gate(), instants=TWO_INSTANTS), Slots(TWO_INSTANTS, FULL_WINDOW))
    assert reserve(Gate(), 1, NOW + 0.1234567)[1].instants == (NOW + 0.183,)  # in whole milliseconds


@pytest.mark.parametrize(("requests", "instant"), [(19, NOW + 0.093), (20, NOW + 10.25)])
def test_a_window_is_counted_from_the_request_twenty_before(requests: int, instant: float) -> None:
    row = Gate(instants=tuple(NOW + n / 1000 for n in range(requests)))

    assert reserve(row, 1)[1].instants == (instant,)


def test_instants_are_reserved_as_far_ahead_as_allowed_and_the_latest_kept() -> None:
    row, slots = reserve(Gate(), 100)

    assert (len(slots.instants), row.instants) == (40, slots.instants[20:])
    assert max(slots.instants) <= NOW + gate.AHEAD < slots.wait.until
    assert reserve(row, 1)[0] is row


@pytest.mark.parametrize(("late", "is_reserved"), [(0, True), (0.001, False)])
def test_an_instant_exactly_as_far_ahead_as_allowed_is_reserved(late: float, is_reserved: bool) -> None:
    at = NOW + gate.AHEAD + late
    _, slots = gate.reserve(Gate(instants=(at - 10.25,)), 1, NOW, "me", Pace(requests=1))

    assert slots.instants == ((at,) if is_reserved else ())


def test_no_instant_is_reserved_that_comes_too_late_for_its_caller() -> None:
    row, slots = reserve(Gate(), 40, last=NOW + 1)

    assert slots.instants
    assert max(slots.instants) <= NOW + 1 < slots.wait.until
    assert reserve(row, 1, last=NOW + 1)[0] is row
    assert reserve(PAUSED, 1, last=NOW)[0] is PAUSED


@given(st.lists(st.tuples(st.floats(0, 8), st.integers(1, 20)), max_size=30))
def test_never_more_than_twenty_instants_lie_within_any_ten_seconds(calls: list[tuple[float, int]]) -> None:
    row, now, instants = Gate(), NOW, list[float]()
    for wait, wanted in calls:
        now += wait
        row, slots = reserve(row, wanted, now)
        instants += slots.instants

    assert instants == sorted(instants)
    assert all(later - earlier > PACE.window for earlier, later in zip(instants, instants[20:], strict=False))


# Paused, and on trial


def test_a_gate_resumed_by_hand_or_by_its_trial_keeps_nothing_of_its_pause() -> None:
    resumed = written(RUNNING)

    assert gate.resume(ON_TRIAL, "me") == resumed
    assert gate.finish_trial(ON_TRIAL, "holder", NOW, "me", PACE, answered=True) == resumed


def test_a_gate_paused_by_hand_is_resumed_by_hand_alone() -> None:
    row, later = gate.pause_by_hand(ON_TRIAL, "me"), NOW + 10**6

    assert row == written(RUNNING, reason=WaitReason.PAUSED_BY_HAND)  # with neither end nor trial
    assert reserve(row, 1, later) == (row, Slots((), Wait(later + 60, WaitReason.PAUSED_BY_HAND)))
    assert gate.finish_trial(row, "holder", later, "me", PACE, answered=True) is row
    assert paused(row, WaitReason.RATE_LIMITED, "holder") is row
    assert gate.resume(row, "me") == written(row, reason="")


def test_a_gate_paused_by_a_response_states_the_end_of_the_pause() -> None:
    assert paused(RUNNING) == written(RUNNING, reason="NO_CREDITS", until=NOW + 60, pause=60)
    assert paused(Gate(pause=500)).pause == 60  # what an earlier pause left is not doubled
    assert paused(RUNNING, WaitReason.RATE_LIMITED).until == NOW + 10.25
    assert reserve(paused(RUNNING), 5, NOW + 59) == (paused(RUNNING), Slots((), Wait(NOW + 60, "NO_CREDITS")))


@pytest.mark.parametrize(
    ("row", "reason", "pause"),
    [
        (ON_TRIAL, "NO_CREDITS", 120),
        (ON_TRIAL, "MAINTENANCE", 120),
        (ON_TRIAL, WaitReason.RATE_LIMITED, 10.25),
        (replace(ON_TRIAL, reason=WaitReason.RATE_LIMITED, pause=10.25), "NO_CREDITS", 60),
    ],
)
def test_a_refused_trial_doubles_the_pause_unless_the_window_was_full(row: Gate, reason: str, pause: float) -> None:
    assert paused(row, reason, "holder") == written(RUNNING, reason=reason, until=NOW + pause, pause=pause)


def test_pauses_double_up_to_fifteen_minutes() -> None:
    row, now, pauses = Gate(), NOW, []
    for _ in range(7):
        row = gate.pause(row, "NO_CREDITS", now, "me", PACE, trial=row.trial)
        pauses.append(row.until - now)
        now = row.until
        row, _ = reserve(row, 1, now)

    assert pauses == [60, 120, 240, 480, 900, 900, 900]


def test_an_unanswered_trial_counts_as_refused_and_a_released_one_as_none() -> None:
    unanswered = gate.finish_trial(ON_TRIAL, "holder", NOW, "me", PACE, answered=False)

    assert unanswered == paused(ON_TRIAL, trial="holder")
    assert gate.release_trial(ON_TRIAL, "holder", "me") == written(ON_TRIAL, trial="", trial_until=0)


@pytest.mark.parametrize("row", [ON_TRIAL, PAUSED], ids=["a trial", "no trial"])
@pytest.mark.parametrize("holder", ["", "another"])
def test_a_caller_without_the_trial_slot_changes_nothing(row: Gate, holder: str) -> None:
    assert paused(row, trial=holder) is row
    assert gate.finish_trial(row, holder, NOW, "me", PACE, answered=True) is row
    assert gate.release_trial(row, holder, "me") is row


def test_the_only_slot_of_a_pause_that_is_over_has_a_holder_and_an_end() -> None:
    held = written(PAUSED, instants=(NOW + 0.06,), trial="me", trial_until=NOW + 90)

    assert reserve(PAUSED, 5) == (held, Slots((NOW + 0.06,), Wait(NOW + 90, "NO_CREDITS"), "me"))
    assert submit(PAUSED, 5)[0] == replace(held, day=TODAY, submissions=1)  # it counts like any submission


def test_during_a_trial_a_full_window_has_no_slot() -> None:
    row = replace(PAUSED, instants=reserve(Gate(), 40)[0].instants)
    unchanged, slots = reserve(row, 1)

    assert unchanged is row
    assert (slots.instants, slots.wait.reason) == ((), "NO_CREDITS")


def test_a_gate_is_paused_until_its_pause_and_its_trial_are_over() -> None:
    assert gate.paused_until(Gate(), NOW, PACE) == 0
    assert gate.paused_until(Gate(until=NOW + 5), NOW, PACE) == 0
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW + 5), NOW, PACE) == NOW + 5
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW - 5, trial_until=NOW + 7), NOW, PACE) == NOW + 7
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW), NOW, PACE) == 0
    assert gate.paused_until(Gate(reason=WaitReason.PAUSED_BY_HAND), NOW, PACE) == NOW + 60


def test_a_response_that_was_understood_is_noted_once_in_a_while() -> None:
    noted = gate.note_understood(Gate(), "task-1", NOW, "me")

    assert noted == written(Gate(), understood_at=NOW, understood_task="task-1")
    assert gate.note_understood(noted, "task-2", NOW + 899, "me") is noted
    assert gate.note_understood(noted, "task-2", NOW + 900, "me").understood_task == "task-2"
    # Only another task that was understood later counts.
    assert gate.is_understood_since(noted, NOW - 1, "task-2")
    assert not gate.is_understood_since(noted, NOW - 1, "task-1")
    assert not gate.is_understood_since(noted, NOW, "task-2")


# The limit of a UTC day


@pytest.mark.parametrize(("wanted", "wait"), [(3, SPENT_DAY), (2, FULL_WINDOW)], ids=["beyond it", "up to it"])
def test_what_lies_beyond_the_daily_limit_waits_for_the_next_day(wanted: int, wait: Wait) -> None:
    row, slots = submit(Gate(day=TODAY, submissions=3), wanted)

    assert row == written(Gate(), instants=TWO_INSTANTS, day=TODAY, submissions=5)
    assert slots == Slots(TWO_INSTANTS, wait)


def test_a_spent_day_is_over_at_midnight() -> None:
    spent = Gate(day=TODAY, submissions=5)

    assert submit(spent, 1) == (spent, Slots((), SPENT_DAY))
    row, slots = submit(spent, 1, TOMORROW)
    assert (row.day, row.submissions, len(slots.instants)) == (TODAY + 1, 1, 1)


def test_polls_and_submissions_without_a_limit_are_not_counted() -> None:
    for row, slots in (
        gate.reserve(Gate(day=TODAY, submissions=5), 3, NOW, "me", LIMITED),
        submit(Gate(day=TODAY, submissions=5), 3, pace=PACE),
    ):
        assert (len(slots.instants), gate.submissions_today(row, NOW)) == (3, 5)


def test_a_gate_that_gives_no_instant_spends_nothing_of_the_day() -> None:
    full = Gate(instants=tuple(NOW + 20 + n for n in range(20)), day=TODAY, submissions=3)
    row, slots = submit(full, 2)

    assert row is full
    assert (slots.instants, slots.wait.reason) == ((), WaitReason.WINDOW_FULL)
    assert submit(ON_TRIAL, 3) == (ON_TRIAL, Slots((), Wait(NOW + 30, "NO_CREDITS")))


def test_submissions_taken_back_are_those_of_today_and_never_too_many() -> None:
    spent = Gate(version=3, day=TODAY, submissions=3)

    assert gate.uncount(spent, 2, NOW, "me") == written(spent, submissions=1)
    assert gate.uncount(spent, 9, NOW, "me") == written(spent, submissions=0)
    for row, counted in ((spent, NOW + DAY), (spent, NOW - DAY), (Gate(day=TODAY), NOW)):
        assert gate.uncount(row, 2, counted, "me") is row


@given(st.lists(st.tuples(st.floats(0, 20_000), st.integers(1, 7), st.integers(0, 3)), max_size=40))
def test_no_day_ever_has_more_than_its_limit(calls: list[tuple[float, int, int]]) -> None:
    row, now = Gate(), NOW
    spent: dict[int, int] = {}
    for wait, wanted, unspent in calls:
        now += wait
        row, slots = submit(row, wanted, now)
        back = min(unspent, len(slots.instants))
        row = gate.uncount(row, back, now, "me") if back else row
        day = int(now // DAY)
        spent[day] = spent.get(day, 0) + len(slots.instants) - back

        assert gate.submissions_today(row, now) == spent[day]
        assert spent[day] <= LIMITED.daily
