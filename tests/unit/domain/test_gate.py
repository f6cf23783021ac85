from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain import gate
from veo4k.domain.gate import Gate, Pace, Slots, Wait
from veo4k.domain.wait_reason import WaitReason

PACE = Pace()
NOW = 1_800_000_000.0


def reserve(row: Gate, wanted: int, now: float) -> tuple[Gate, Slots]:
    return gate.reserve(row, wanted, now, "me", PACE)


def test_twenty_requests_leave_together_the_next_after_window_and_guard() -> None:
    row, first = reserve(Gate(), 20, NOW)
    _, second = reserve(row, 1, NOW)

    assert first.instants[-1] - first.instants[0] < gate.SPREAD * PACE.window
    assert second.instants[0] == pytest.approx(first.instants[0] + 10 + gate.GUARD)


def test_instants_are_handed_out_twenty_seconds_ahead_and_no_further() -> None:
    row, slots = reserve(Gate(), 100, NOW)

    assert len(slots.instants) == 40
    assert max(slots.instants) <= NOW + gate.AHEAD
    assert slots.wait.until > NOW + gate.AHEAD
    assert slots.wait.reason == WaitReason.WINDOW_FULL
    assert len(row.instants) == 20


def test_no_instant_is_handed_out_that_comes_too_late_for_its_caller() -> None:
    row, slots = gate.reserve(Gate(), 40, NOW, "me", PACE, last=NOW + 1)
    unchanged, none = gate.reserve(row, 1, NOW, "me", PACE, last=NOW + 1)

    assert slots.instants
    assert max(slots.instants) <= NOW + 1 < slots.wait.until
    assert (unchanged, none.instants) == (row, ())


def test_a_trial_slot_is_kept_from_a_caller_that_could_not_use_it_in_time() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)

    assert gate.reserve(row, 1, NOW + 60, "me", PACE, last=NOW + 60)[1].instants == ()


def test_an_instant_is_written_in_whole_milliseconds() -> None:
    assert reserve(Gate(), 1, NOW + 0.1234567)[1].instants == (NOW + 0.183,)


def test_a_full_window_leaves_the_row_as_it_is() -> None:
    row, _ = reserve(Gate(), 40, NOW)

    assert reserve(row, 1, NOW)[0] is row


@given(st.lists(st.tuples(st.floats(0, 8), st.integers(1, 20)), max_size=30))
def test_never_more_than_twenty_instants_lie_within_any_ten_seconds(calls: list[tuple[float, int]]) -> None:
    row, now = Gate(), NOW
    instants: list[float] = []
    for wait, wanted in calls:
        now += wait
        row, slots = reserve(row, wanted, now)
        instants += slots.instants

    assert instants == sorted(instants)
    assert all(later - earlier > PACE.window for earlier, later in zip(instants, instants[20:], strict=False))


def test_an_account_refusal_pauses_the_gate() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)
    unchanged, slots = reserve(row, 5, NOW + 59)

    assert unchanged is row
    assert slots == Slots((), Wait(NOW + 60, "NO_CREDITS"))


def test_too_many_requests_pause_the_gate_for_one_window() -> None:
    row = gate.pause(Gate(), WaitReason.RATE_LIMITED, NOW, "me", PACE)

    assert row.until == NOW + PACE.window + gate.GUARD


def test_when_the_pause_is_over_one_caller_gets_the_only_slot() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)
    row, first = gate.reserve(row, 5, NOW + 60, "first", PACE)
    _, second = gate.reserve(row, 5, NOW + 60, "second", PACE)

    assert (len(first.instants), first.trial) == (1, "first")
    assert second == Slots((), Wait(NOW + 60 + PACE.lease, "NO_CREDITS"))


def test_the_only_slot_is_free_again_when_its_holder_never_came_back() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)
    row, _ = gate.reserve(row, 1, NOW + 60, "first", PACE)
    _, slots = gate.reserve(row, 1, NOW + 60 + PACE.lease, "second", PACE)

    assert slots.trial == "second"


def on_trial(now: float = NOW + 60) -> Gate:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)
    return gate.reserve(row, 1, now, "trial", PACE)[0]


def test_any_response_but_a_refusal_resumes_the_gate() -> None:
    row = gate.finish_trial(on_trial(), "trial", NOW + 61, "me", PACE, answered=True)

    assert not row.reason
    assert len(reserve(row, 5, NOW + 61)[1].instants) == 5


def test_a_trial_without_a_response_pauses_the_gate_again() -> None:
    row = gate.finish_trial(on_trial(), "trial", NOW + 61, "me", PACE, answered=False)

    assert (row.reason, row.until) == ("NO_CREDITS", NOW + 61 + 120)


def test_pauses_double_up_to_fifteen_minutes() -> None:
    row, now, pauses = Gate(), NOW, []
    for _ in range(7):
        row = gate.pause(row, "NO_CREDITS", now, "me", PACE, trial=row.trial)
        pauses.append(row.until - now)
        now = row.until
        row, _ = gate.reserve(row, 1, now, "trial", PACE)

    assert pauses == [60, 120, 240, 480, 900, 900, 900]


def test_another_refusal_of_the_same_batch_does_not_lengthen_the_pause() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)

    assert gate.pause(row, "NO_CREDITS", NOW + 1, "me", PACE) is row


def test_a_response_from_before_the_pause_does_not_resume_the_gate() -> None:
    row = gate.pause(Gate(), "NO_CREDITS", NOW, "me", PACE)

    assert gate.finish_trial(row, "", NOW + 1, "me", PACE, answered=True) is row


def test_a_released_slot_goes_to_the_next_caller() -> None:
    row = gate.release_trial(on_trial(), "trial", "me")

    assert gate.reserve(row, 1, NOW + 61, "next", PACE)[1].trial == "next"


def test_only_the_holder_gives_the_slot_back() -> None:
    row = on_trial()

    assert gate.release_trial(row, "another", "me") is row


def test_a_gate_paused_by_hand_stays_paused_until_resumed_by_hand() -> None:
    row = gate.pause_by_hand(Gate(), "me")

    assert reserve(row, 1, NOW + 10**6)[1].wait.reason == WaitReason.PAUSED_BY_HAND
    assert reserve(gate.resume(row, "me"), 1, NOW)[1].instants


def test_every_change_of_the_row_has_a_version_of_its_own() -> None:
    row, _ = reserve(Gate(version=7), 1, NOW)

    assert row.version == 8
    assert replace(row, version=7) != row


def test_during_a_trial_a_full_window_has_no_slot() -> None:
    full, _ = reserve(Gate(), 40, NOW)
    row = gate.pause(full, "NO_CREDITS", NOW, "me", Pace(pause=0.5))
    unchanged, slots = gate.reserve(row, 1, NOW + 0.5, "me", PACE)

    assert unchanged is row
    assert (slots.instants, slots.wait.reason) == ((), "NO_CREDITS")


def test_a_response_that_was_understood_is_noted_once_in_a_while() -> None:
    noted = gate.note_understood(Gate(), "task-1", NOW, "me")

    assert gate.note_understood(noted, "task-2", NOW + 899, "me") is noted
    assert gate.note_understood(noted, "task-2", NOW + 900, "me").understood_task == "task-2"


def test_only_another_task_that_was_understood_later_counts() -> None:
    noted = gate.note_understood(Gate(), "task-1", NOW, "me")

    assert gate.is_understood_since(noted, NOW - 1, "task-2")
    assert not gate.is_understood_since(noted, NOW - 1, "task-1")
    assert not gate.is_understood_since(noted, NOW, "task-2")
