"""What a sweep tells of its doings, and in which order it does them."""

import json
from dataclasses import replace

from tests.doubles.faults import DOWN
from tests.doubles.stage import TASK, URL, Stage
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.gate import Pace
from veo4k.domain.job import Code, Key, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

OTHER = "veo_task_another_one"
WORKING = Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)
REPEATED = Response(meaning=Meaning.WORKING, task_id=TASK)
DONE = Response(meaning=Meaning.DONE, urls=(URL,))
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
NO_CREDITS = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
MAINTENANCE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.MAINTENANCE)
REFUSED = Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
DAY = 86_400.0


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id} | fields)


def swept(stage: Stage, *, after: float = 0.0, life: float = 120) -> list[LogEntry]:
    stage.clock.advance(after)
    return [replace(entry, at=None) for entry in stage.swept(life=life)]


def test_a_probe_is_told_as_claimed_and_as_answered() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    seen = stage.seen_by_provider()

    assert swept(stage, after=720) == [
        LogEntry(LogEvent.POLL_CLAIMED, seen[0]),
        LogEntry(LogEvent.RESULT_RECEIVED, stage.job(), {"meaning": "done"}),
    ]
    assert seen[0].poll_id is not None


def test_a_submission_of_the_sweep_is_told_as_claimed_and_as_answered() -> None:
    stage = Stage(NO_CREDITS, WORKING)
    stage.ask()
    seen = stage.seen_by_provider()

    assert swept(stage, after=61) == [
        LogEntry(LogEvent.REQUEST_CLAIMED, seen[0]),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]
    assert seen[0].claim_id is not None


def test_a_run_whose_turn_has_not_come_is_postponed_by_a_probes_wait() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.ask(index=1)
    entries = swept(stage, after=121)

    assert entries == [LogEntry(LogEvent.REQUEST_POSTPONED, stage.job(2))]
    assert stage.job(2).due == stage.clock.now() + 120


def test_a_probe_that_leaves_the_job_as_it_is_is_told_with_the_job_that_was_claimed() -> None:
    stage = Stage(WORKING, LOST)
    stage.ask()

    assert swept(stage, after=720)[1] == LogEntry(
        LogEvent.POLL_INCONCLUSIVE, stage.job(), {"meaning": "lost", "reason": "ReadTimeout"}
    )


def test_an_answer_that_came_too_late_is_told_with_the_row_as_it_is() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.provider.meanwhile = lambda _: stage.change(state=State.FAILED)
    entries = swept(stage, after=720)

    assert entries[1] == LogEntry(LogEvent.RESPONSE_SUPERSEDED, stage.job(), {"meaning": "done"})


def test_a_table_out_of_reach_is_told_with_its_error() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("due")

    assert swept(stage) == [LogEntry(LogEvent.SWEEP_INTERRUPTED, None, {"error": DOWN})]


def test_an_answer_that_cannot_be_written_is_told_with_meaning_and_error() -> None:
    stage = Stage(LOST)
    stage.faulty_jobs.fail("write", call=2)

    assert stage.receive(message())[1] == LogEntry(
        LogEvent.RESPONSE_WRITE_FAILED, stage.job(), {"meaning": "lost", "reason": "ReadTimeout", "error": DOWN}
    )


def fill(stage: Stage, count: int) -> list[str]:
    tasks = [f"veo_task_number_{n:03}" for n in range(count)]
    stage.receive(*(message(task) for task in tasks))
    return tasks


def one_each(stage: Stage) -> None:
    """Have one job asked for, and another one wait."""
    stage.ask()
    stage.gate.pause_by_hand()
    stage.ask(OTHER)
    stage.gate.resume()


def test_overdue_jobs_come_before_those_that_only_wait() -> None:
    stage = Stage(WORKING)
    one_each(stage)
    swept(stage, after=720)

    assert (stage.provider.polled, stage.provider.submitted[1:]) == ([f"{TASK}#0#1"], [f"{OTHER}#0#1"])


def test_a_gate_that_shuts_among_the_overdue_leaves_what_waits_alone() -> None:
    stage = Stage(WORKING, MAINTENANCE)
    one_each(stage)
    swept(stage, after=720)

    assert (len(stage.provider.polled), len(stage.provider.submitted)) == (1, 1)
    assert stage.job(task_id=OTHER).wait_reason == "SHUT_BY_HAND"


def test_while_the_gate_is_shut_all_that_needs_no_request_is_done() -> None:
    stage = Stage(WORKING)
    tasks = fill(stage, 30)
    for task in tasks[:25]:
        stage.jobs.write(
            ConditionalUpdate(key=Key(task, 1), when=(is_("state", State.PROCESSING),), put={"acceptances": 3})
        )
    stage.gate.pause_by_hand()
    entries = swept(stage, after=DAY + 1)

    assert [entry.event for entry in entries] == ["job_timed_out"] * 25


def test_behind_more_jobs_than_a_shut_gate_lets_through_the_rest_is_done_all_the_same() -> None:
    stage = Stage(WORKING)
    last = Key(fill(stage, 30)[-1], 1)
    job = stage.jobs.get(last)
    assert job is not None
    ready = {"state": State.READY, "due": (job.due or 0) + 60}
    stage.jobs.write(ConditionalUpdate(key=last, when=(is_("state", State.PROCESSING),), put=ready))
    stage.gate.pause_by_hand()

    assert [entry.event for entry in swept(stage, after=900)] == ["archive_retriggered"]
    assert stage.provider.polled == []


def test_more_than_a_batch_is_asked_for_batch_by_batch() -> None:
    stage = Stage(WORKING, REPEATED)
    fill(stage, 40)
    stage.clock.advance(721)
    before = len(stage.faulty_gate.called("reserve"))
    swept(stage)

    assert [wanted for wanted, _ in stage.faulty_gate.called("reserve")[before:]] == [20, 20]


def test_a_sweep_waits_for_the_next_window_while_a_request_can_still_end_in_time() -> None:
    stage = Stage(WORKING, REPEATED)
    stage.ask()
    stage.clock.advance(720)
    until = stage.gate.reserve(40, stage.clock.now()).wait.until
    slept = stage.clock.slept
    stage.sweeper(until + 35.061).sweep()

    assert stage.provider.polled == [f"{TASK}#0#1"]
    assert until - 20 in slept


def test_a_sweep_does_not_wait_for_a_window_that_comes_too_late() -> None:
    stage = Stage(WORKING, REPEATED)
    stage.ask()
    stage.clock.advance(720)
    until = stage.gate.reserve(40, stage.clock.now()).wait.until
    before = stage.clock.now()

    assert stage.sweeper(until + 35.06).sweep() == []
    assert (stage.provider.polled, stage.clock.now()) == ([], before)


def test_a_sweep_waits_for_the_only_slot_of_a_pause_that_is_over() -> None:
    stage = Stage(WORKING, REPEATED)
    stage.ask()
    stage.clock.advance(720)
    stage.gate.pace = Pace(pause=0.5)
    stage.gate.reserve(40, stage.clock.now())
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    swept(stage, after=0.5)

    assert stage.provider.polled == [f"{TASK}#0#1"]
    assert not stage.gate.row.reason


def test_a_sweep_looks_at_nothing_in_the_seconds_before_it_is_killed() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(state=State.READY)
    stage.clock.advance(720)

    assert stage.swept(life=15) == []
    assert [entry.event for entry in stage.swept(life=15.001)] == ["archive_retriggered"]


def test_the_queue_is_looked_through_while_there_is_time() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()
    stage.provider.unset = None
    stage.clock.advance(61)

    assert stage.swept(life=15) == []
    assert stage.provider.submitted == []


def test_once_a_day_every_queued_job_that_is_due_is_looked_at_though_the_gate_is_shut() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.gate.pause_by_hand()
    stage.ask()
    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now())
    midnight = (stage.clock.now() // DAY + 1) * DAY
    for minutes in (0, 1):
        stage.clock.at = midnight + 60 * minutes - 1
        assert [entry.event for entry in swept(stage) if entry.job] == ([] if minutes == 0 else ["job_timed_out"])


def test_the_minute_after_midnight_is_the_only_one() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.gate.pause_by_hand()
    stage.ask()
    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now())
    stage.clock.at = (stage.clock.now() // DAY + 1) * DAY + 60

    assert [entry for entry in swept(stage) if entry.job] == []


def test_a_row_that_is_gone_from_the_table_is_gone() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.tasks.clear()

    assert swept(stage, after=720) == []


def test_a_row_that_left_its_lane_is_not_believed_to_be_there() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.index[Partition.QUEUED][Key(TASK, 1)] = stage.clock.now()
    stage.change(due=stage.clock.now() + 720)
    stage.jobs.index[Partition.QUEUED][Key(TASK, 1)] = stage.clock.now()

    assert swept(stage, after=1) == []
    assert stage.provider.polled == []


def test_a_first_run_is_asked_for_without_a_look_at_the_others() -> None:
    stage = Stage(NO_CREDITS, WORKING)
    stage.ask()
    stage.faulty_jobs.fail("runs", error=AssertionError("the other runs are read"))

    assert [entry.event for entry in swept(stage, after=61)] == ["request_claimed", "request_accepted"]


def test_under_the_jobs_contract_a_lost_request_is_awaited_by_the_sweep_alone() -> None:
    stage = Stage(LOST, provider_api=ProviderApi.JOBS)
    stage.ask()
    entries = swept(stage, after=2 * DAY)

    assert entries == [LogEntry(LogEvent.JOB_CHECK_POSTPONED, stage.job())]


def test_each_note_says_when_its_thing_happened() -> None:
    stage = Stage(WORKING, LOST)
    stage.ask()
    stage.clock.advance(720)
    claimed, answered = stage.swept()

    assert (claimed.at, answered.at) == (stage.job().requested_at, stage.clock.now())


def test_a_job_that_the_index_still_holds_due_is_looked_at_when_it_is_due() -> None:
    stage = Stage(WORKING)
    stage.ask()
    later = stage.clock.now() + 720
    stage.change(state=State.READY, due=later)
    stage.jobs.index[Partition.LIVE][Key(TASK, 1)] = stage.clock.now()

    assert swept(stage) == []
    assert [entry.event for entry in swept(stage, after=720)] == ["archive_retriggered"]


def test_a_key_that_is_not_there_is_told_once_for_all_that_waits() -> None:
    stage = Stage(WORKING)
    one_each(stage)
    stage.provider.unset = WaitReason.API_KEY_UNSET

    assert swept(stage, after=720) == [LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"})]


def test_the_queue_is_left_alone_in_the_seconds_before_the_sweep_is_killed() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()
    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now() - 14 * DAY)

    assert swept(stage, life=15) == []
    assert stage.job().state is State.QUEUED
