"""Which jobs a sweep takes first, and how it uses its slots and its time."""

import pytest

from proofs.doubles.executors import LazyExecutor, SlowExecutor
from proofs.doubles.responses import MAINTENANCE, NO_CREDITS, REPEATED, WORKING
from proofs.doubles.stage import TASK, WIDTH, Stage
from tests.unit.services.exchanges import OTHER, asked, messages, tasks, timeless
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, Key, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason

DAY = 86_400.0


def processing(count: int) -> Stage:
    """Return a stage with so many accepted jobs, accepted together."""
    stage = Stage(WORKING, REPEATED)
    stage.receive(*messages(count))
    return stage


def change(stage: Stage, task: str, **fields: object) -> None:
    """Change fields of a task's accepted job."""
    update = ConditionalUpdate(key=Key(task, 1), when=(is_("state", State.PROCESSING),), put=fields)
    stage.jobs.write(update)


def one_each(*script: Response) -> Stage:
    """Return a stage with one job submitted and due, and another one that waits."""
    stage = asked(*script)
    stage.gate.pause_by_hand()
    stage.ask(OTHER)
    stage.gate.resume()
    stage.clock.advance(720)
    return stage


def test_a_paused_gate_stops_no_work_that_needs_no_request() -> None:
    stage = processing(30)
    for task in tasks(25):
        change(stage, task, acceptances=3)
    stage.gate.pause_by_hand()

    assert stage.sweep(after=DAY + 1) == ["job_timed_out"] * 25


def test_a_gate_that_cannot_be_read_stops_no_work_that_needs_no_request() -> None:
    stage = processing(2)
    for task in tasks(2):
        change(stage, task, acceptances=3)
    stage.faulty_gate.fail("is_paused")

    assert stage.sweep(after=DAY + 1) == ["job_timed_out"] * 2


def test_a_paused_gate_does_not_hide_jobs_behind_a_full_batch_of_polls() -> None:
    stage = processing(30)
    last = tasks(30)[-1]
    change(stage, last, state=State.READY, due=(stage.job(task_id=last).due or 0) + 60)
    stage.gate.pause_by_hand()

    assert stage.sweep(after=900) == ["archive_retriggered"]
    assert stage.provider.polled == []


def test_overdue_jobs_come_before_those_that_only_wait() -> None:
    stage = one_each(WORKING)
    stage.sweep()

    assert (stage.provider.polled, stage.provider.submitted[1:]) == ([f"{TASK}#0#1"], [f"{OTHER}#0#1"])


def test_a_gate_paused_by_an_overdue_job_leaves_waiting_jobs_alone() -> None:
    stage = one_each(WORKING, MAINTENANCE)
    stage.sweep()

    assert (len(stage.provider.polled), len(stage.provider.submitted)) == (1, 1)
    assert stage.job(task_id=OTHER).wait_reason == "SHUT_BY_HAND"


def test_an_unset_api_key_is_logged_once_for_all_waiting_jobs() -> None:
    stage = one_each(WORKING)
    stage.provider.unset = WaitReason.API_KEY_UNSET

    assert timeless(stage.swept()) == [LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"})]
    assert stage.provider.polled == []


def test_more_due_jobs_than_slots_are_sent_batch_by_batch_as_slots_come() -> None:
    stage = processing(40)
    stage.clock.advance(721)
    started, before = stage.clock.now(), len(stage.faulty_gate.called("reserve"))
    stage.sweep()

    assert len(stage.provider.polled) == 40
    assert stage.clock.now() - started < 21
    assert [wanted for wanted, _ in stage.faulty_gate.called("reserve")[before:]] == [20, 20]


@pytest.mark.parametrize(("seconds", "is_waited_for"), [(35.061, True), (35.06, False)])
def test_a_window_is_waited_for_in_which_a_request_can_still_end(seconds: float, is_waited_for: bool) -> None:
    stage = asked(WORKING, REPEATED)
    stage.clock.advance(720)
    until = stage.gate.reserve(40, stage.clock.now()).wait.until
    before, slept = stage.clock.now(), stage.clock.slept
    stage.sweeper(until + seconds).sweep()

    assert stage.provider.polled == [f"{TASK}#0#1"] * is_waited_for
    assert (until - 20 in slept) is is_waited_for
    assert (stage.clock.now() == before) is not is_waited_for


def test_a_sweep_waits_for_the_only_slot_of_a_pause_that_is_over() -> None:
    stage = asked(WORKING, REPEATED)
    stage.clock.advance(720)
    stage.gate.pace = Pace(pause=0.5)
    stage.gate.reserve(40, stage.clock.now())
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.sweep(after=0.5)

    assert stage.provider.polled == [f"{TASK}#0#1"]
    assert not stage.gate.row.reason


def test_a_sweep_checks_no_job_in_the_seconds_before_it_is_killed() -> None:
    live, queued = asked(WORKING, state=State.READY), Stage(unset_secret=WaitReason.API_KEY_UNSET)
    live.clock.advance(720)

    assert live.swept(life=15) == []
    assert [entry.event for entry in live.swept(life=15.001)] == ["archive_retriggered"]

    queued.ask()
    queued.provider.unset = None
    assert queued.swept(after=61, life=15) == []
    queued.change(created_at=queued.clock.now() - 14 * DAY, due=queued.clock.now() - 14 * DAY)
    assert queued.swept(life=15) == []
    assert (queued.job().state, queued.provider.submitted) == (State.QUEUED, [])


@pytest.mark.parametrize(("seconds", "events"), [(-1, []), (59, ["job_timed_out"]), (60, [])])
def test_a_paused_gate_lets_queued_jobs_be_checked_once_a_day(seconds: float, events: list[str]) -> None:
    """In the minute after midnight, and in no other."""
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.gate.pause_by_hand()
    stage.ask()
    stage.change(created_at=stage.clock.now() - 14 * DAY, due=stage.clock.now())
    stage.clock.at = (stage.clock.now() // DAY + 1) * DAY + seconds

    assert [entry.event for entry in stage.swept() if entry.job] == events


def with_jobs(count: int, *script: Response) -> tuple[Stage, SlowExecutor]:
    """Return a stage with so many jobs that are all due for a poll, and the executor of its sweeps."""
    stage, executor = Stage(WORKING), SlowExecutor()
    for task in tasks(count):
        stage.ask(task)
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
        for task in tasks(20)[1:]:
            change(stage, task, due=stage.clock.now() + DAY, poll_id="another sweep")
        stage.provider.meanwhile = lambda _: None

    stage.provider.meanwhile = take_the_next_nineteen
    stage.sweep()

    assert len(stage.provider.polled) == len(stage.gate.given) == 45 - 19


def test_the_only_slot_of_a_pause_is_released_where_its_job_was_taken() -> None:
    stage = asked(NO_CREDITS)
    stage.faulty_jobs.before("write", lambda _: stage.change(claim_id="another sweep"))

    assert stage.sweep(after=61) == []
    assert (stage.gate.row.reason, stage.gate.row.trial) == ("NO_CREDITS", "")


def test_no_slot_is_taken_that_comes_too_late_to_be_used() -> None:
    stage, _ = with_jobs(240, REPEATED)
    stage.sweep()

    assert len(stage.provider.polled) == len(stage.gate.given) < 240
    assert max(stage.gate.given) <= stage.clock.now()


def test_the_sweep_waits_for_the_response_that_resumes_the_gate() -> None:
    stage, _ = with_jobs(3, REPEATED)
    stage.gate.pause("NO_CREDITS", stage.clock.now() - 3600, "")
    stage.executor = LazyExecutor()
    stage.sweep()

    assert len(stage.provider.polled) == 3


def test_after_a_refusal_pauses_the_gate_no_further_request_is_sent() -> None:
    stage, _ = with_jobs(30, REPEATED, NO_CREDITS, REPEATED)
    stage.sweep()

    assert len(stage.provider.polled) == 2


def test_a_sweep_stops_before_it_is_killed() -> None:
    stage = Stage(NO_CREDITS, WORKING)
    stage.receive(*messages(240))
    stage.clock.advance(61)
    started = stage.clock.now()
    stage.sweep()

    assert stage.clock.now() - started < 120 - 15
    assert len(stage.provider.submitted) < 240
