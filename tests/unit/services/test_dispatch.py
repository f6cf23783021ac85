"""One request: when it may still be sent, and what its response changes in gate and job."""

import json
from threading import Event
from time import sleep

import pytest

from proofs.doubles.executors import LazyExecutor
from proofs.doubles.stage import TASK, URL, WIDTH, KilledError, Stage
from proofs.doubles.time_manual import ManualClock
from tests.unit.services.responses import DONE, LOST, NO_CREDITS, WORKING
from veo4k.adapters.thread_pool import thread_pool
from veo4k.domain.gate import LATEST
from veo4k.domain.job import Code, State
from veo4k.domain.response import Meaning, Response
from veo4k.services.dispatch import TIME_FOR_A_REQUEST

DAY = 86_400.0


class TardyClock(ManualClock):
    """A clock whose sleepers wake up late."""

    def __init__(self, late: float) -> None:
        super().__init__()
        self.late = late

    def sleep_until(self, instant: float) -> None:
        """Jump to a time behind that one."""
        super().sleep_until(instant + self.late)


def tardy(late: float) -> Stage:
    """Return a stage on which a request is ready to leave so long after its instant."""
    stage = Stage(WORKING)
    stage.clock = TardyClock(late)
    return stage


def test_no_slot_is_reserved_that_leaves_a_request_too_little_time() -> None:
    stage = Stage()
    now = stage.clock.now()
    slots, _ = stage.dispatcher(now + TIME_FOR_A_REQUEST + 0.5).slots(20)

    assert 0 < len(slots) < 20
    assert all(slot.instant <= now + 0.5 for slot in slots)


def test_a_request_leaves_at_the_last_moment_its_slot_is_good_for() -> None:
    stage = tardy(LATEST)
    stage.ask()

    assert stage.provider.submitted == [f"{TASK}#0#1"]


def test_a_request_that_missed_its_slot_is_not_sent_and_may_get_another() -> None:
    stage = tardy(LATEST + 0.001)
    stage.ask()

    assert stage.provider.submitted == []
    assert (stage.job().wait_reason, stage.job().due) == ("SLOT_MISSED", stage.clock.now())


def test_an_unanswered_trial_ends_no_job_and_pauses_the_gate_again() -> None:
    stage = Stage(LOST)
    stage.ask()
    stage.change(due=stage.clock.now())
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    happened = stage.sweep(after=3 * DAY + 1)

    assert happened == ["request_claimed", "response_lost"]
    assert (stage.gate.row.reason, stage.gate.row.until) == ("NO_CREDITS", stage.clock.now() + 120)


def test_slots_that_a_trial_response_opens_are_used_by_the_same_sweep() -> None:
    stage = Stage(WORKING)
    stage.receive(*(json.dumps({"taskId": f"veo_task_number_{n:03}"}) for n in range(3)))
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.executor = LazyExecutor()
    stage.sweep(after=720)

    assert len(stage.provider.polled) == 3


def test_a_refused_trial_makes_the_pause_longer() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.sweep(after=61)

    assert (stage.gate.row.until, stage.job().due) == (stage.clock.now() + 120, stage.clock.now() + 120)


def test_a_fresh_link_retriggers_the_archive() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.change(state=State.READY, urls=(URL,), link_dead=True)
    stage.sweep(after=720)

    assert stage.job().link_dead is None
    assert stage.job().retrigger_id is not None


@pytest.mark.parametrize(
    ("row", "meanwhile"),
    [
        ({"state": State.PROCESSING}, {"state": State.READY, "urls": (URL,)}),
        ({"state": State.READY, "urls": (URL,), "link_dead": True}, {"urls": (f"{URL}?2",), "link_dead": None}),
    ],
)
def test_an_acceptance_is_counted_though_a_callback_was_faster(
    row: dict[str, object], meanwhile: dict[str, object]
) -> None:
    stage = Stage(WORKING, WORKING)
    stage.ask()
    stage.change(**row)
    stage.provider.meanwhile = lambda _: stage.change(**meanwhile)
    stage.sweep(after=720)

    assert (stage.job().state, stage.job().acceptances) == (State.READY, 2)


def test_an_acceptance_of_an_ended_job_is_counted_no_more() -> None:
    stage = Stage(WORKING, WORKING)
    stage.ask()
    stage.provider.meanwhile = lambda _: stage.change(state=State.FAILED)
    stage.sweep(after=720)

    assert (stage.job().state, stage.job().acceptances) == (State.FAILED, 1)


def test_a_response_that_came_too_late_is_logged_with_its_time() -> None:
    stage = Stage(Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK))
    stage.provider.meanwhile = lambda _: stage.change(state=State.READY)
    overtaken = stage.receive(json.dumps({"taskId": TASK}))[-1]

    assert (overtaken.event, overtaken.at) == ("response_superseded", stage.clock.now())


def test_a_sweep_reads_no_more_jobs_than_it_can_send_requests_for() -> None:
    stage = Stage(WORKING)
    stage.receive(*(json.dumps({"taskId": f"veo_task_number_{n:03}"}) for n in range(40)))
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())
    ahead: list[int] = []
    stage.provider.meanwhile = lambda _: ahead.append(len(stage.faulty_jobs.called("get")) - len(stage.provider.polled))
    stage.sweep()

    assert len(stage.provider.polled) == 40
    assert max(ahead) == WIDTH - 1


def test_leaving_the_dispatcher_waits_for_all_requests_even_after_errors() -> None:
    stage, killed = Stage(WORKING), Event()
    stage.executor = thread_pool(2)

    def answer_late(_: object) -> None:
        killed.wait(5)
        sleep(0.05)

    def kill_at_the_second_claim(_: object) -> None:
        if len(stage.faulty_jobs.called("write")) == 2:
            killed.set()
            raise KilledError

    stage.provider.meanwhile = answer_late
    stage.faulty_jobs.before("write", kill_at_the_second_claim)
    with pytest.raises(KilledError):
        stage.receive(*(json.dumps({"taskId": task}) for task in (TASK, "veo_task_another_one")))

    assert stage.job().state is State.PROCESSING


def test_an_error_in_a_request_is_raised_when_its_result_is_collected() -> None:
    stage = Stage(WORKING)

    def crash(_: object) -> None:
        raise LookupError

    stage.provider.meanwhile = crash

    with pytest.raises(LookupError):
        stage.ask()
