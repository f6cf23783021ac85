"""While table, queue or gate cannot be reached, nothing is lost and nothing is asked blindly."""

import json
from collections.abc import Callable
from typing import Any

from tests.doubles.outage import ROW, down, lose, lose_answer
from tests.doubles.stage import TASK, URL, Stage
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.job import Lane, State
from veo4k.domain.notes import Note
from veo4k.domain.write import Write, Written, is_
from veo4k.services.sweep import sweep
from veo4k.services.vitals import balance

WORKING = Answer(meaning=Meaning.WORKING, first=True, task_id=TASK)
DONE = Answer(meaning=Meaning.DONE, urls=(URL,))
NO_CREDITS = Answer(meaning=Meaning.SHUT, reason="NO_CREDITS")
NEVER_SENT = Answer(meaning=Meaning.NEVER_SENT, reason="ConnectTimeout")


def swept(stage: Stage, *, after: float = 0.0) -> list[Note]:
    stage.clock.advance(after)
    return sweep(stage.world, stage.clock.now() + 120)


def only(notes: list[Note], action: str) -> Note:
    (found,) = [note for note in notes if note.action == action]
    return found


def test_a_message_that_can_neither_be_stored_nor_put_back_comes_back_by_itself() -> None:
    stage = Stage()
    lose(stage.jobs, "write")
    lose(stage.queue, "back_off")
    notes = stage.receive(json.dumps({"taskId": TASK}))

    assert stage.unstored == ["message1"]
    assert notes == [
        Note("message_unstored", None, {"messageId": "message1"}),
        Note("back_off_failed", None, {"error": ROW}),
    ]


def test_without_the_gate_a_message_becomes_a_job_that_waits() -> None:
    stage = Stage()
    lose(stage.gate, "reserve")

    assert stage.ask() == ["job_queued"]
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.asked == []


def test_a_gate_that_cannot_be_asked_again_lets_nothing_through() -> None:
    stage = Stage()
    lose(stage.gate, "shut_until")

    assert stage.ask() == ["job_queued"]
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "GATE_UNREACHABLE")
    assert stage.job().due == stage.clock.now() + 60
    assert stage.provider.asked == []


def test_a_request_that_never_left_gives_the_shut_gates_only_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    stage.sweep(after=61)

    assert (stage.gate.row.reason, stage.gate.row.probe) == ("NO_CREDITS", "")
    assert stage.gate.reserve(1, stage.clock.now()).probe


def test_an_answer_is_written_though_the_gate_cannot_be_told() -> None:
    stage = Stage(NO_CREDITS)
    lose(stage.gate, "shut")
    notes = stage.receive(json.dumps({"taskId": TASK}))

    assert only(notes, "gate_unreachable") == Note("gate_unreachable", None, {"error": ROW})
    assert (stage.job().state, stage.job().reason) == (State.QUEUED, "NO_CREDITS")
    assert stage.job().due == stage.clock.now() + 60


def test_a_slot_that_cannot_be_given_back_disturbs_nobody() -> None:
    stage = Stage(NO_CREDITS, NEVER_SENT)
    stage.ask()
    lose(stage.gate, "release_probe")
    notes = swept(stage, after=61)

    assert only(notes, "gate_unreachable").detail == {"error": ROW}
    assert stage.job().state is State.QUEUED


def test_slots_that_cannot_be_given_back_are_lost_and_nothing_else() -> None:
    stage = Stage()
    lose(stage.gate, "shut_until", "uncount")

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
    lose(stage.gate, "reserve")
    notes = swept(stage, after=720)

    assert only(notes, "gate_unreachable") == Note("gate_unreachable", None, {"error": ROW})
    assert [note.action for note in notes if note.job] == ["end_nudged"]
    assert stage.provider.probed == []


def test_a_gate_that_cannot_be_asked_again_interrupts_the_sweep_of_what_is_queued() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    lose(stage.gate, "shut_until")
    notes = swept(stage, after=61)

    assert notes == [Note("sweep_interrupted", None, {"error": ROW})]
    assert len(stage.provider.asked) == 1


def refusing(stage: Stage, refused: Callable[[Write], bool]) -> None:
    """Let the table fail for these writes."""
    write = stage.jobs.write

    def some(given: Write) -> Any:
        return down() if refused(given) else write(given)

    stage.jobs.write = some  # type: ignore[method-assign,assignment]


def test_a_claim_that_cannot_be_written_asks_nobody() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    refusing(stage, lambda write: "probe" in write.put)
    notes = swept(stage, after=720)

    assert notes == [Note("job_passed_over", None, {"error": ROW})]
    assert stage.provider.probed == []


def test_a_claim_that_may_have_been_written_leaves_the_shut_gates_only_slot_to_the_next() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    lose_answer(stage.jobs, 1, landed=True)
    notes = swept(stage, after=61)

    assert notes == [Note("job_passed_over", None, {"error": ROW})]
    assert (stage.gate.row.reason, stage.gate.row.probe) == ("NO_CREDITS", "")


def test_the_only_slot_of_such_a_claim_that_cannot_be_given_back_disturbs_nobody() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    lose_answer(stage.jobs, 1, landed=True)
    lose(stage.gate, "release_probe")

    assert swept(stage, after=61) == [Note("job_passed_over", None, {"error": ROW})]


def test_a_message_without_a_slot_that_cannot_be_stored_does_not_keep_the_others_from_it() -> None:
    stage = Stage()
    stage.gate.shut_by_hand()
    lose_answer(stage.jobs, 1, landed=False)
    bodies = [json.dumps({"taskId": task}) for task in (TASK, "other_task_0001", "other_task_0002")]
    notes = stage.receive(*bodies)

    assert stage.unstored == ["message1"]
    assert [note.action for note in notes] == ["message_unstored", "job_queued", "job_queued"]


def test_a_job_that_somebody_else_ended_meanwhile_is_left_alone() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.jobs.write(Write(key=stage.job().key, put={"accepts": 3}, when=(is_("state", State.PROCESSING),)))
    write = stage.jobs.write

    def overtaken(given: Write) -> Any:
        ended = Write(key=given.key, when=(is_("state", State.PROCESSING),), put={"state": State.FAILED})
        assert isinstance(write(ended), Written)
        return write(given)

    stage.jobs.write = overtaken  # type: ignore[method-assign,assignment]

    assert swept(stage, after=86_400 + 1) == []
    assert stage.job().state is State.FAILED


def test_a_sweep_that_has_no_time_left_looks_at_nothing() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.clock.advance(720)

    assert sweep(stage.world, stage.clock.now() + 15) == []
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
    stage.gate.shut_by_hand()
    before = stage.clock.now()

    assert swept(stage) == []
    assert stage.clock.now() == before


def test_the_balance_is_not_asked_for_without_the_gate() -> None:
    class Purse:
        def balance(self) -> float | None:
            raise AssertionError("nobody asks")

    stage = Stage()
    stage.clock.at = 600 * 3_000_000.0
    lose(stage.gate, "reserve")

    assert balance(stage.world, Purse(), stage.clock.now() + 120, set()) == []


def test_an_index_that_is_behind_the_table_is_not_believed() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.index[Lane.LIVE][stage.job().key] = stage.clock.now()

    assert swept(stage) == []
    assert stage.provider.probed == []
