"""While table, queue or gate cannot be reached, no job is lost and no request is sent without its claim and slot."""

import json

from proofs.doubles.faults import DOWN
from proofs.doubles.stage import TASK, Stage
from tests.unit.services.responses import DONE, NEVER_SENT, NO_CREDITS, WORKING
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.job import Partition, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason


def swept(stage: Stage, *, after: float = 0.0) -> list[LogEntry]:
    return stage.swept(after=after)


def only(entries: list[LogEntry], action: str) -> LogEntry:
    (found,) = [entry for entry in entries if entry.event == action]
    return found


def test_a_message_that_can_neither_be_stored_nor_returned_is_redelivered() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("write")
    stage.faulty_queue.fail("back_off")
    entries = stage.receive(json.dumps({"taskId": TASK}))

    assert stage.unstored == ["message1"]
    assert entries == [
        LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, {"messageId": "message1", "error": DOWN}),
        LogEntry(LogEvent.BACK_OFF_FAILED, None, {"error": DOWN}),
    ]


def test_without_the_gate_a_message_becomes_a_job_that_waits() -> None:
    stage = Stage()
    stage.faulty_gate.fail("reserve")

    assert stage.ask() == ["gate_unreachable", "job_queued"]
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.submitted == []


def test_a_gate_that_cannot_be_read_again_lets_nothing_through() -> None:
    stage = Stage()
    stage.faulty_gate.fail("current_pause")

    assert stage.ask() == ["job_queued"]
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.submitted == []


def test_an_unsent_request_leaves_the_trial_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    stage.sweep(after=61)

    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")
    assert stage.gate.reserve(1, stage.clock.now()).trial


def test_a_response_is_written_though_the_gate_cannot_be() -> None:
    stage = Stage(NO_CREDITS)
    stage.faulty_gate.fail("pause")
    entries = stage.receive(json.dumps({"taskId": TASK}))

    assert only(entries, "gate_unreachable") == LogEntry(LogEvent.GATE_UNREACHABLE, None, {"error": DOWN})
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "NO_CREDITS")
    assert stage.job().due == stage.clock.now() + 60


def test_a_slot_that_cannot_be_released_affects_no_other_job() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    stage.faulty_gate.fail("release_trial")
    entries = swept(stage, after=61)

    assert only(entries, "gate_unreachable").detail == {"error": DOWN}
    assert stage.job().state is State.QUEUED


def test_slots_that_cannot_be_released_are_lost_and_nothing_else() -> None:
    stage = Stage()
    stage.faulty_gate.fail("current_pause", "uncount")

    assert stage.ask() == ["job_queued"]
    assert stage.provider.submitted == []


def test_without_a_key_a_sweep_sends_nothing_and_logs_the_reason() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.provider.unset = WaitReason.API_KEY_UNSET
    entries = swept(stage, after=720)

    assert entries == [LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"})]
    assert stage.provider.polled == []


def test_without_the_gate_a_sweep_sends_nothing_and_does_the_rest() -> None:
    stage = Stage(WORKING, Response(meaning=Meaning.REFUSED))
    stage.ask()
    stage.ask("veo_task_refused_one")
    stage.faulty_gate.fail("reserve")
    entries = swept(stage, after=720)

    assert only(entries, "gate_unreachable") == LogEntry(LogEvent.GATE_UNREACHABLE, None, {"error": DOWN})
    assert [entry.event for entry in entries if entry.job] == ["announcement_retriggered"]
    assert stage.provider.polled == []


def test_an_unreachable_gate_interrupts_the_sweep_of_queued_jobs() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_gate.fail("current_pause")
    entries = swept(stage, after=61)

    assert entries == [LogEntry(LogEvent.SWEEP_INTERRUPTED, None, {"error": DOWN})]
    assert len(stage.provider.submitted) == 1


def test_without_a_written_claim_no_request_is_sent() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1)
    entries = swept(stage, after=720)

    assert entries == [LogEntry(LogEvent.JOB_SKIPPED, None, {"error": DOWN})]
    assert stage.provider.polled == []


def test_a_claim_of_unknown_outcome_leaves_the_trial_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1, done=True)
    entries = swept(stage, after=61)

    assert entries == [LogEntry(LogEvent.JOB_SKIPPED, None, {"error": DOWN})]
    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")


def test_a_trial_slot_that_cannot_be_released_affects_no_other_job() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.faulty_gate.fail("release_trial")

    assert swept(stage, after=61) == [LogEntry(LogEvent.JOB_SKIPPED, None, {"error": DOWN})]


def test_a_message_that_cannot_be_stored_leaves_its_slot_to_the_others() -> None:
    stage = Stage()
    stage.gate.pause_by_hand()
    stage.faulty_jobs.fail("write", call=1)
    bodies = [json.dumps({"taskId": task}) for task in (TASK, "other_task_0001", "other_task_0002")]
    entries = stage.receive(*bodies)

    assert stage.unstored == ["message1"]
    assert [entry.event for entry in entries] == ["message_store_failed", "job_queued", "job_queued"]


def test_a_job_that_another_function_ended_meanwhile_is_left_alone() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.jobs.write(
        ConditionalUpdate(key=stage.job().key, put={"acceptances": 3}, when=(is_("state", State.PROCESSING),))
    )
    stage.faulty_jobs.before("write", lambda _: stage.change(state=State.FAILED))

    assert swept(stage, after=86_400 + 1) == []
    assert stage.job().state is State.FAILED


def test_a_sweep_that_has_no_time_left_looks_at_nothing() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)

    assert stage.swept(life=15) == []
    assert stage.provider.polled == []


def test_a_full_window_is_waited_for_while_there_is_time() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())

    assert [entry.event for entry in swept(stage)] == ["poll_claimed", "result_received"]


def test_a_gate_paused_while_its_window_is_full_is_not_waited_for() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())
    stage.gate.pause_by_hand()
    before = stage.clock.now()

    assert swept(stage) == []
    assert stage.clock.now() == before


def test_the_balance_is_not_read_while_the_gate_cannot_be_read() -> None:
    stage = Stage()
    stage.clock.at = 600 * 3_000_000.0
    stage.faulty_gate.fail("current_pause")

    assert stage.health().balance(stage.clock.now() + 120) == []
    assert stage.provider.balance_reads == 0


def test_an_index_that_is_behind_the_table_is_not_believed() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.index[Partition.LIVE][stage.job().key] = stage.clock.now()

    assert swept(stage) == []
    assert stage.provider.polled == []
