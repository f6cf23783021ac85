"""Which jobs a sweep takes first, and how it uses its slots and its time."""

import json
from dataclasses import replace

import pytest

from proofs.doubles.executors import SlowExecutor
from proofs.doubles.stage import TASK, WIDTH, Stage
from tests.unit.services.responses import MAINTENANCE, NO_CREDITS, REPEATED, WORKING
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, Key, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason

OTHER = "veo_task_another_one"
DAY = 86_400.0


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id} | fields)


def swept(stage: Stage, *, after: float = 0.0, life: float = 120) -> list[LogEntry]:
    """Run a sweep and return its log entries without their times, which have a test of their own."""
    stage.clock.advance(after)
    return [replace(entry, at=None) for entry in stage.swept(life=life)]


def fill(stage: Stage, count: int) -> list[str]:
    tasks = [f"veo_task_number_{n:03}" for n in range(count)]
    stage.receive(*(message(task) for task in tasks))
    return tasks


def one_each(stage: Stage) -> None:
    """Submit one job, and let another one wait."""
    stage.ask()
    stage.gate.pause_by_hand()
    stage.ask(OTHER)
    stage.gate.resume()


def test_a_paused_gate_stops_no_work_that_needs_no_request() -> None:
    stage = Stage(WORKING)
    tasks = fill(stage, 30)
    for task in tasks[:25]:
        stage.jobs.write(
            ConditionalUpdate(key=Key(task, 1), when=(is_("state", State.PROCESSING),), put={"acceptances": 3})
        )
    stage.gate.pause_by_hand()
    entries = swept(stage, after=DAY + 1)

    assert [entry.event for entry in entries] == ["job_timed_out"] * 25


def test_a_paused_gate_does_not_hide_jobs_behind_a_full_batch_of_polls() -> None:
    stage = Stage(WORKING)
    last = Key(fill(stage, 30)[-1], 1)
    job = stage.jobs.get(last)
    assert job is not None
    ready = {"state": State.READY, "due": (job.due or 0) + 60}
    stage.jobs.write(ConditionalUpdate(key=last, when=(is_("state", State.PROCESSING),), put=ready))
    stage.gate.pause_by_hand()

    assert [entry.event for entry in swept(stage, after=900)] == ["archive_retriggered"]
    assert stage.provider.polled == []


def test_overdue_jobs_come_before_those_that_only_wait() -> None:
    stage = Stage(WORKING)
    one_each(stage)
    swept(stage, after=720)

    assert (stage.provider.polled, stage.provider.submitted[1:]) == ([f"{TASK}#0#1"], [f"{OTHER}#0#1"])


def test_a_gate_paused_by_an_overdue_job_leaves_waiting_jobs_alone() -> None:
    stage = Stage(WORKING, MAINTENANCE)
    one_each(stage)
    swept(stage, after=720)

    assert (len(stage.provider.polled), len(stage.provider.submitted)) == (1, 1)
    assert stage.job(task_id=OTHER).wait_reason == "SHUT_BY_HAND"


def test_an_unset_api_key_is_logged_once_for_all_waiting_jobs() -> None:
    stage = Stage(WORKING)
    one_each(stage)
    stage.provider.unset = WaitReason.API_KEY_UNSET

    assert swept(stage, after=720) == [LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"})]


def test_more_due_jobs_than_slots_are_sent_as_slots_come() -> None:
    stage = Stage(WORKING, REPEATED)
    fill(stage, 40)
    stage.clock.advance(721)
    started = stage.clock.now()
    stage.sweep()

    assert len(stage.provider.polled) == 40
    assert stage.clock.now() - started < 21


def test_slots_for_more_than_a_batch_are_reserved_batch_by_batch() -> None:
    stage = Stage(WORKING, REPEATED)
    fill(stage, 40)
    stage.clock.advance(721)
    before = len(stage.faulty_gate.called("reserve"))
    swept(stage)

    assert [wanted for wanted, _ in stage.faulty_gate.called("reserve")[before:]] == [20, 20]


def test_a_sweep_waits_for_a_window_in_which_a_request_can_still_end() -> None:
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


def test_a_sweep_checks_no_job_in_the_seconds_before_it_is_killed() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(state=State.READY)
    stage.clock.advance(720)

    assert stage.swept(life=15) == []
    assert [entry.event for entry in stage.swept(life=15.001)] == ["archive_retriggered"]


def test_the_queue_is_left_alone_in_the_seconds_before_the_sweep_is_killed() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()
    stage.provider.unset = None

    assert swept(stage, after=61, life=15) == []
    assert stage.provider.submitted == []

    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now() - 14 * DAY)
    assert swept(stage, life=15) == []
    assert stage.job().state is State.QUEUED


@pytest.mark.parametrize(("seconds", "events"), [(-1, []), (59, ["job_timed_out"]), (60, [])])
def test_a_paused_gate_lets_queued_jobs_be_checked_once_a_day(seconds: float, events: list[str]) -> None:
    """In the minute after midnight, and in no other."""
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.gate.pause_by_hand()
    stage.ask()
    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now())
    stage.clock.at = (stage.clock.now() // DAY + 1) * DAY + seconds

    assert [entry.event for entry in swept(stage) if entry.job] == events


def with_jobs(count: int, *script: Response) -> tuple[Stage, SlowExecutor]:
    """Return a stage with so many jobs that are all due for a poll, and the executor of its sweeps."""
    stage, executor = Stage(WORKING), SlowExecutor()
    for number in range(count):
        stage.ask(f"veo_task_number_{number:03}")
        stage.clock.advance(0.6)
    stage.clock.advance(3600)
    stage.provider.script, stage.gate.given = list(script), []
    stage.executor = executor
    return stage, executor


def test_the_next_requests_are_sent_while_the_former_ones_are_under_way() -> None:
    stage, executor = with_jobs(60, REPEATED)
    stage.sweep()

    assert len(stage.provider.polled) == 60
    assert executor.most == WIDTH
    assert executor.left[:40] == [WIDTH] * 40


def test_the_jobs_that_another_sweep_has_taken_cost_no_slot() -> None:
    stage, _ = with_jobs(45, REPEATED)

    def take_the_next_nineteen(_: Job) -> None:
        for number in range(1, 20):
            job = stage.job(task_id=f"veo_task_number_{number:03}")
            taken = {"due": stage.clock.now() + DAY, "poll_id": "another sweep"}
            stage.jobs.write(ConditionalUpdate(key=job.key, when=(is_("state", job.state),), put=taken))
        stage.provider.meanwhile = lambda _: None

    stage.provider.meanwhile = take_the_next_nineteen
    stage.sweep()

    assert len(stage.provider.polled) == len(stage.gate.given) == 45 - 19


def test_no_slot_is_taken_that_comes_too_late_to_be_used() -> None:
    stage, _ = with_jobs(300, REPEATED)
    stage.sweep()

    assert len(stage.provider.polled) == len(stage.gate.given) < 300
    assert max(stage.gate.given) <= stage.clock.now()


def test_the_sweep_waits_for_the_response_that_resumes_the_gate() -> None:
    stage, _ = with_jobs(3, REPEATED)
    stage.gate.pause("NO_CREDITS", stage.clock.now() - 3600, "")
    stage.sweep()

    assert len(stage.provider.polled) == 3


def test_after_a_refusal_pauses_the_gate_no_further_request_is_sent() -> None:
    stage, _ = with_jobs(30, REPEATED, NO_CREDITS, REPEATED)
    stage.sweep()

    assert len(stage.provider.polled) == 2


def test_a_sweep_stops_before_it_is_killed() -> None:
    stage = Stage(NO_CREDITS, WORKING)
    for batch in range(10):
        stage.receive(*(message(f"veo_task_number_{batch}_{n:03}") for n in range(40)))
    stage.clock.advance(61)
    started = stage.clock.now()
    stage.sweep()
    stage.sweep()

    assert stage.clock.now() - started < 2 * (120 - 15)
    assert len(stage.provider.submitted) < 400
