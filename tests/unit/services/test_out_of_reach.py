"""While table, queue or gate cannot be reached, no job is lost and no request is sent without its claim and slot."""

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.responses import DONE, NEVER_SENT, NO_CREDITS, REFUSED, WORKING
from proofs.doubles.stage import Stage
from tests.unit.services.exchanges import asked, message, messages
from veo4k.domain.job import State
from veo4k.domain.log_events import LogEntry, LogEvent

SKIPPED = LogEntry(LogEvent.JOB_SKIPPED, None, {"error": DOWN})
GATE_DOWN = LogEntry(LogEvent.GATE_UNREACHABLE, None, {"error": DOWN})


def test_a_message_that_can_neither_be_stored_nor_returned_is_redelivered() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("write")
    stage.faulty_queue.fail("deliver_again")

    assert stage.receive(message()) == [
        LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, {"messageId": "message1", "error": DOWN}),
        LogEntry(LogEvent.BACK_OFF_FAILED, None, {"error": DOWN}),
    ]
    assert stage.unstored == ["message1"]


def test_a_message_that_cannot_be_stored_keeps_no_other_from_it() -> None:
    stage = Stage()
    stage.gate.pause_by_hand()
    stage.faulty_jobs.fail("write", call=1)

    events = [entry.event for entry in stage.receive(*messages(3))]
    assert events == ["message_store_failed", "job_queued", "job_queued"]
    assert stage.unstored == ["message1"]


@pytest.mark.parametrize(
    ("fails", "events"),
    [
        (["reserve"], ["gate_unreachable", "job_queued"]),
        (["current_pause"], ["job_queued"]),
        (["current_pause", "uncount"], ["job_queued"]),
    ],
    ids=["no slot can be reserved", "no pause can be seen", "no slot can be returned either"],
)
def test_without_the_gate_a_message_becomes_a_job_that_waits(fails: list[str], events: list[str]) -> None:
    stage = Stage()
    stage.faulty_gate.fail(*fails)

    assert stage.ask() == events
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.submitted == []


def test_a_response_is_written_though_the_gate_cannot_be() -> None:
    stage = Stage(NO_CREDITS)
    stage.faulty_gate.fail("pause")

    assert GATE_DOWN in stage.receive(message())
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "NO_CREDITS")
    assert stage.job().due == stage.clock.now() + 60


def test_an_unsent_request_leaves_the_trial_slot_to_the_next() -> None:
    stage = asked(NO_CREDITS, NEVER_SENT)
    stage.sweep(after=61)

    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")
    assert stage.gate.reserve(1, stage.clock.now()).trial


def test_a_claim_of_unknown_outcome_leaves_the_trial_slot_to_the_next() -> None:
    stage = asked(NO_CREDITS)
    stage.faulty_jobs.fail("write", call=1, done=True)

    assert stage.swept(after=61) == [SKIPPED]
    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")


def test_a_trial_slot_that_cannot_be_released_affects_no_job() -> None:
    unsent, unclaimed = asked(NO_CREDITS, NEVER_SENT), asked(NO_CREDITS)
    unclaimed.faulty_jobs.fail("write", call=1, done=True)
    for stage in (unsent, unclaimed):
        stage.faulty_gate.fail("release_trial")

    assert GATE_DOWN in unsent.swept(after=61)
    assert unsent.job().state is State.QUEUED
    assert unclaimed.swept(after=61) == [SKIPPED]


def test_without_the_gate_a_sweep_sends_nothing_and_does_the_rest() -> None:
    stage = asked(WORKING, REFUSED)
    stage.ask("veo_task_refused_one")
    stage.faulty_gate.fail("reserve")
    entries = stage.swept(after=720)

    assert GATE_DOWN in entries
    assert [entry.event for entry in entries if entry.job] == ["announcement_retriggered"]
    assert stage.provider.polled == []


def test_a_table_or_gate_that_cannot_be_read_interrupts_a_sweep() -> None:
    no_table, no_gate = asked(NO_CREDITS), asked(NO_CREDITS)
    no_table.faulty_jobs.fail("due")
    no_gate.faulty_gate.fail("current_pause")

    for stage in (no_table, no_gate):
        assert stage.swept(after=61) == [LogEntry(LogEvent.SWEEP_INTERRUPTED, None, {"error": DOWN})]
        assert len(stage.provider.submitted) == 1


def test_without_a_written_claim_no_request_is_sent() -> None:
    stage = asked(WORKING, DONE)
    stage.faulty_jobs.fail("write", call=1)

    assert stage.swept(after=720) == [SKIPPED]
    assert stage.provider.polled == []


def test_a_job_that_another_function_ended_meanwhile_is_left_alone() -> None:
    stage = asked(WORKING, acceptances=3)
    stage.faulty_jobs.before("write", lambda _: stage.change(state=State.FAILED))

    assert stage.swept(after=86_400 + 1) == []
    assert stage.job().state is State.FAILED


def test_a_gate_paused_while_its_window_is_full_is_not_waited_for() -> None:
    stage = asked(WORKING, DONE)
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())
    stage.gate.pause_by_hand()
    before = stage.clock.now()

    assert stage.swept() == []
    assert stage.clock.now() == before
