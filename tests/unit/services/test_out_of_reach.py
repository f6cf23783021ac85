"""While table, queue or gate cannot be reached, nothing is lost and nothing is asked blindly."""

import json

from tests.doubles.faults import DOWN
from tests.doubles.stage import TASK, URL, Stage
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.job import Lane, State
from veo4k.domain.notes import Note
from veo4k.domain.write import Write, is_

WORKING = Answer(meaning=Meaning.WORKING, first=True, task_id=TASK)
DONE = Answer(meaning=Meaning.DONE, urls=(URL,))
NO_CREDITS = Answer(meaning=Meaning.SHUT, reason="NO_CREDITS")
NEVER_SENT = Answer(meaning=Meaning.NEVER_SENT, reason="ConnectTimeout")


def swept(stage: Stage, *, after: float = 0.0) -> list[Note]:
    return stage.swept(after=after)


def only(notes: list[Note], action: str) -> Note:
    (found,) = [note for note in notes if note.action == action]
    return found


def test_a_message_that_can_neither_be_stored_nor_put_back_comes_back_by_itself() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("write")
    stage.faulty_queue.fail("back_off")
    notes = stage.receive(json.dumps({"taskId": TASK}))

    assert stage.unstored == ["message1"]
    assert notes == [
        Note("message_unstored", None, {"messageId": "message1"}),
        Note("back_off_failed", None, {"error": DOWN}),
    ]


def test_without_the_gate_a_message_becomes_a_job_that_waits() -> None:
    stage = Stage()
    stage.faulty_gate.fail("reserve")

    assert stage.ask() == ["gate_unreachable", "job_queued"]
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.asked == []


def test_a_gate_that_cannot_be_asked_again_lets_nothing_through() -> None:
    stage = Stage()
    stage.faulty_gate.fail("current_pause")

    assert stage.ask() == ["job_queued"]
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.asked == []


def test_a_request_that_never_left_gives_the_shut_gates_only_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    stage.sweep(after=61)

    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")
    assert stage.gate.reserve(1, stage.clock.now()).trial


def test_an_answer_is_written_though_the_gate_cannot_be_told() -> None:
    stage = Stage(NO_CREDITS)
    stage.faulty_gate.fail("pause")
    notes = stage.receive(json.dumps({"taskId": TASK}))

    assert only(notes, "gate_unreachable") == Note("gate_unreachable", None, {"error": DOWN})
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "NO_CREDITS")
    assert stage.job().due == stage.clock.now() + 60


def test_a_slot_that_cannot_be_given_back_disturbs_nobody() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    stage.faulty_gate.fail("release_trial")
    notes = swept(stage, after=61)

    assert only(notes, "gate_unreachable").detail == {"error": DOWN}
    assert stage.job().state is State.QUEUED


def test_slots_that_cannot_be_given_back_are_lost_and_nothing_else() -> None:
    stage = Stage()
    stage.faulty_gate.fail("current_pause", "uncount")

    assert stage.ask() == ["job_queued"]
    assert stage.provider.asked == []


def test_without_a_key_a_sweep_asks_for_nothing_and_says_why() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.provider.why_unready = "API_KEY_UNSET"
    notes = swept(stage, after=720)

    assert notes == [Note("account_unready", None, {"reason": "API_KEY_UNSET"})]
    assert stage.provider.probed == []


def test_without_the_gate_a_sweep_asks_for_nothing_and_does_the_rest() -> None:
    stage = Stage(WORKING, Answer(meaning=Meaning.REFUSED))
    stage.ask()
    stage.ask("veo_task_refused_one")
    stage.faulty_gate.fail("reserve")
    notes = swept(stage, after=720)

    assert only(notes, "gate_unreachable") == Note("gate_unreachable", None, {"error": DOWN})
    assert [note.action for note in notes if note.job] == ["end_nudged"]
    assert stage.provider.probed == []


def test_a_gate_that_cannot_be_asked_again_interrupts_the_sweep_of_what_is_queued() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_gate.fail("current_pause")
    notes = swept(stage, after=61)

    assert notes == [Note("sweep_interrupted", None, {"error": DOWN})]
    assert len(stage.provider.asked) == 1


def test_a_claim_that_cannot_be_written_asks_nobody() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1)
    notes = swept(stage, after=720)

    assert notes == [Note("job_passed_over", None, {"error": DOWN})]
    assert stage.provider.probed == []


def test_a_claim_that_may_have_been_written_leaves_the_shut_gates_only_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1, done=True)
    notes = swept(stage, after=61)

    assert notes == [Note("job_passed_over", None, {"error": DOWN})]
    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")


def test_the_only_slot_of_such_a_claim_that_cannot_be_given_back_disturbs_nobody() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.faulty_gate.fail("release_trial")

    assert swept(stage, after=61) == [Note("job_passed_over", None, {"error": DOWN})]


def test_a_message_without_a_slot_that_cannot_be_stored_does_not_keep_the_others_from_it() -> None:
    stage = Stage()
    stage.gate.pause_by_hand()
    stage.faulty_jobs.fail("write", call=1)
    bodies = [json.dumps({"taskId": task}) for task in (TASK, "other_task_0001", "other_task_0002")]
    notes = stage.receive(*bodies)

    assert stage.unstored == ["message1"]
    assert [note.action for note in notes] == ["message_unstored", "job_queued", "job_queued"]


def test_a_job_that_somebody_else_ended_meanwhile_is_left_alone() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.jobs.write(Write(key=stage.job().key, put={"accepts": 3}, when=(is_("state", State.PROCESSING),)))
    stage.faulty_jobs.before("write", lambda _: stage.change(state=State.FAILED))

    assert swept(stage, after=86_400 + 1) == []
    assert stage.job().state is State.FAILED


def test_a_sweep_that_has_no_time_left_looks_at_nothing() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)

    assert stage.swept(life=15) == []
    assert stage.provider.probed == []


def test_a_full_window_is_waited_for_while_there_is_time() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())

    assert [note.action for note in swept(stage)] == ["probe_claimed", "result_ready"]


def test_a_gate_that_is_shut_while_its_window_is_full_is_not_waited_for() -> None:
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
    stage.jobs.index[Lane.LIVE][stage.job().key] = stage.clock.now()

    assert swept(stage) == []
    assert stage.provider.probed == []
