"""The gate's row, whole, after each thing that can happen to it."""

import pytest

from veo4k.domain import gate
from veo4k.domain.gate import DAY, Gate, Pace, Slots, Wait
from veo4k.domain.wait_reason import WaitReason

PACE = Pace()
NOW = 1_800_000_000.0
FULL = Gate(
    version=3,
    writer="before",
    instants=(NOW - 5,),
    reason="NO_CREDITS",
    until=NOW - 1,
    pause=60,
    trial="holder",
    trial_until=NOW + 30,
    day=int(NOW // DAY),
    submissions=4,
)
OPENED = Gate(version=4, writer="me", instants=(NOW - 5,), day=FULL.day, submissions=4)


def test_a_gate_opened_by_hand_keeps_nothing_of_its_pause() -> None:
    assert gate.resume(FULL, "me") == OPENED


def test_a_gate_resumed_by_its_trial_keeps_nothing_of_its_pause() -> None:
    assert gate.finish_trial(FULL, "holder", NOW, "me", PACE, answered=True) == OPENED


def test_a_gate_paused_by_hand_has_neither_end_nor_trial() -> None:
    shut = Gate(
        version=4, writer="me", instants=(NOW - 5,), reason=WaitReason.PAUSED_BY_HAND, day=FULL.day, submissions=4
    )

    assert gate.pause_by_hand(FULL, "me") == shut


def test_a_gate_paused_by_a_response_states_the_end_of_the_pause() -> None:
    before = Gate(version=3, instants=(NOW - 5,))

    assert gate.pause(before, "NO_CREDITS", NOW, "me", PACE) == Gate(
        version=4, writer="me", instants=(NOW - 5,), reason="NO_CREDITS", until=NOW + 60, pause=60
    )


@pytest.mark.parametrize(
    ("reason", "pause"), [("NO_CREDITS", 120.0), ("MAINTENANCE", 120.0), (WaitReason.RATE_LIMITED, 10.25)]
)
def test_a_gate_paused_again_by_its_trial_waits_twice_as_long_plus_window(reason: str, pause: float) -> None:
    assert gate.pause(FULL, reason, NOW, "me", PACE, trial="holder") == Gate(
        version=4,
        writer="me",
        instants=(NOW - 5,),
        reason=reason,
        until=NOW + pause,
        pause=pause,
        day=FULL.day,
        submissions=4,
    )


def test_an_unanswered_trial_leaves_the_gate_paused_as_it_was() -> None:
    assert gate.finish_trial(FULL, "holder", NOW, "me", PACE, answered=False) == gate.pause(
        FULL, "NO_CREDITS", NOW, "me", PACE, trial="holder"
    )


def test_after_a_full_window_a_pause_is_a_pause() -> None:
    full = Gate(reason=WaitReason.RATE_LIMITED, until=NOW, pause=10.25, trial="holder")

    assert gate.pause(full, "NO_CREDITS", NOW, "me", PACE, trial="holder").pause == 60


def test_a_first_pause_does_not_double_what_an_opened_gate_left() -> None:
    assert gate.pause(Gate(pause=500), "NO_CREDITS", NOW, "me", PACE).pause == 60


def test_a_released_slot_leaves_the_gate_paused_as_it_was() -> None:
    assert gate.release_trial(FULL, "holder", "me") == Gate(
        version=4,
        writer="me",
        instants=(NOW - 5,),
        reason="NO_CREDITS",
        until=NOW - 1,
        pause=60,
        day=FULL.day,
        submissions=4,
    )


@pytest.mark.parametrize("holder", ["", "another"])
def test_a_caller_without_the_trial_slot_changes_nothing(holder: str) -> None:
    row = Gate(reason="NO_CREDITS", until=NOW, trial="holder")

    assert gate.pause(row, "NO_CREDITS", NOW, "me", PACE, trial=holder) is row
    assert gate.finish_trial(row, holder, NOW, "me", PACE, answered=True) is row
    assert gate.release_trial(row, holder, "me") is row


def test_a_gate_without_a_trial_has_no_holder() -> None:
    row = Gate(reason="NO_CREDITS", until=NOW)

    assert gate.pause(row, "NO_CREDITS", NOW, "me", PACE) is row
    assert gate.finish_trial(row, "", NOW, "me", PACE, answered=True) is row


def test_the_first_request_leaves_when_its_intent_can_be_written() -> None:
    row, slots = gate.reserve(Gate(version=3), 2, NOW, "me", PACE)

    assert slots == Slots((NOW + 0.06, NOW + 0.135), Wait(NOW + 0.21, WaitReason.WINDOW_FULL))
    assert row == Gate(version=4, writer="me", instants=slots.instants)


def test_a_window_is_counted_from_the_request_twenty_before() -> None:
    row = Gate(instants=tuple(NOW + n / 1000 for n in range(20)))
    _, slots = gate.reserve(row, 1, NOW, "me", PACE)

    assert slots.instants == (NOW + 10.25,)


def test_nineteen_requests_are_no_full_window() -> None:
    row = Gate(instants=tuple(NOW + n / 1000 for n in range(19)))
    _, slots = gate.reserve(row, 1, NOW, "me", PACE)

    assert slots.instants == (NOW + 0.093,)


def test_an_instant_exactly_as_far_ahead_as_allowed_is_handed_out() -> None:
    at, beyond = NOW + gate.AHEAD, NOW + gate.AHEAD + 0.001
    pace = Pace(requests=1)

    assert gate.reserve(Gate(instants=(at - 10.25,)), 1, NOW, "me", pace)[1].instants == (at,)
    assert gate.reserve(Gate(instants=(beyond - 10.25,)), 1, NOW, "me", pace)[1].instants == ()


def test_the_only_slot_of_a_pause_that_is_over_has_a_holder_and_an_end() -> None:
    row = Gate(version=3, reason="NO_CREDITS", until=NOW, pause=60)
    held, slots = gate.reserve(row, 5, NOW, "me", PACE)

    assert slots == Slots((NOW + 0.06,), Wait(NOW + 90, "NO_CREDITS"), "me")
    assert held == Gate(
        version=4,
        writer="me",
        instants=(NOW + 0.06,),
        reason="NO_CREDITS",
        until=NOW,
        pause=60,
        trial="me",
        trial_until=NOW + 90,
    )


def test_a_gate_is_paused_until_its_pause_and_its_trial_are_over() -> None:
    assert gate.paused_until(Gate(), NOW, PACE) == 0
    assert gate.paused_until(Gate(until=NOW + 5), NOW, PACE) == 0
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW + 5), NOW, PACE) == NOW + 5
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW - 5, trial_until=NOW + 7), NOW, PACE) == NOW + 7
    assert gate.paused_until(Gate(reason="NO_CREDITS", until=NOW), NOW, PACE) == 0
    assert gate.paused_until(Gate(reason=WaitReason.PAUSED_BY_HAND), NOW, PACE) == NOW + 60


LIMITED = Pace(daily=5)
TODAY, TOMORROW = int(NOW // DAY), float((NOW // DAY + 1) * DAY)


def test_the_rest_of_the_daily_limit_is_reserved_and_the_rest_waits_a_day() -> None:
    row = Gate(day=TODAY, submissions=3)
    spent, slots = gate.reserve(row, 3, NOW, "me", LIMITED, counted=True)

    assert slots == Slots((NOW + 0.06, NOW + 0.135), Wait(TOMORROW, WaitReason.DAILY_LIMIT))
    assert spent == Gate(version=1, writer="me", instants=slots.instants, day=TODAY, submissions=5)


def test_a_full_reservation_states_the_next_window() -> None:
    _, slots = gate.reserve(Gate(day=TODAY, submissions=3), 2, NOW, "me", LIMITED, counted=True)

    assert slots == Slots((NOW + 0.06, NOW + 0.135), Wait(NOW + 0.21, WaitReason.WINDOW_FULL))


def test_a_full_window_spends_nothing_of_the_day() -> None:
    full = Gate(instants=tuple(NOW + 20 + n for n in range(20)), day=TODAY, submissions=3)
    row, slots = gate.reserve(full, 2, NOW, "me", LIMITED, counted=True)

    assert row is full
    assert (slots.instants, slots.wait.reason) == ((), WaitReason.WINDOW_FULL)


def test_a_spent_day_is_over_at_midnight() -> None:
    spent = Gate(day=TODAY, submissions=5)

    assert gate.reserve(spent, 1, NOW, "me", LIMITED, counted=True) == (
        spent,
        Slots((), Wait(TOMORROW, WaitReason.DAILY_LIMIT)),
    )
    row, slots = gate.reserve(spent, 1, TOMORROW, "me", LIMITED, counted=True)
    assert (row.day, row.submissions, len(slots.instants)) == (TODAY + 1, 1, 1)


def test_submissions_taken_back_are_those_of_today_and_never_too_many() -> None:
    spent = Gate(version=3, day=TODAY, submissions=3)

    assert gate.uncount(spent, 2, NOW, "me") == Gate(version=4, writer="me", day=TODAY, submissions=1)
    assert gate.uncount(spent, 9, NOW, "me") == Gate(version=4, writer="me", day=TODAY, submissions=0)
    assert gate.uncount(spent, 2, NOW + DAY, "me") is spent
    assert gate.uncount(Gate(day=TODAY), 2, NOW, "me") == Gate(day=TODAY)
