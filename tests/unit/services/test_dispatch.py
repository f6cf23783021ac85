"""One request: when it may still be sent, and what its response changes in gate and job."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.responses import DONE, LOST, NO_CREDITS, UNCLEAR, WORKING
from proofs.doubles.stage import TASK, URL, WIDTH, KilledError, Stage
from proofs.doubles.time_manual import ManualClock
from tests.unit.services.exchanges import OTHER, asked, code, message, messages
from veo4k.domain import transitions
from veo4k.domain.gate import LATEST
from veo4k.domain.job import Code, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.services.dispatch import TIME_FOR_A_REQUEST

DAY = 86_400.0


class TardyClock(ManualClock):
    """A clock whose sleepers wake up late."""

    def __init__(self, late: float) -> None:
        super().__init__()
        self.late = late

    def sleep_until(self, instant: float) -> None:
        super().sleep_until(instant + self.late)


def tardy(late: float) -> Stage:
    """Return a stage on which a request was ready to leave so long after its instant."""
    stage = Stage(WORKING)
    stage.clock = TardyClock(late)
    stage.ask()
    return stage


def test_no_slot_is_reserved_that_leaves_a_request_too_little_time() -> None:
    stage = Stage()
    now = stage.clock.now()
    slots, _ = stage.dispatcher(now + TIME_FOR_A_REQUEST + 0.5).slots(20)

    assert 0 < len(slots) < 20
    assert all(slot.instant <= now + 0.5 for slot in slots)


def test_a_request_that_missed_its_slot_is_not_sent_and_may_get_another() -> None:
    in_time, late = tardy(LATEST), tardy(LATEST + 0.001)

    assert in_time.provider.submitted == [f"{TASK}#0#1"]
    assert (late.provider.submitted, late.job().requests_sent) == ([], 0)
    assert (late.job().state, late.job().wait_reason) == (State.QUEUED, "SLOT_MISSED")
    assert late.job().due == late.clock.now()


def test_an_unanswered_trial_ends_no_job_and_pauses_the_gate_again() -> None:
    stage = asked(LOST)
    stage.change(due=stage.clock.now())
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")

    assert stage.sweep(after=3 * DAY + 1) == ["request_claimed", "response_lost"]
    assert (stage.gate.row.reason, stage.gate.row.until) == ("NO_CREDITS", stage.clock.now() + 120)


def test_an_unclear_trial_keeps_the_gate_paused() -> None:
    stage = asked(NO_CREDITS, UNCLEAR)
    stage.sweep(after=61)

    assert (stage.job().unclear_responses, stage.gate.row.reason) == (1, "NO_CREDITS")


def test_a_refused_trial_makes_the_pause_longer() -> None:
    stage = asked(NO_CREDITS)
    stage.sweep(after=61)

    assert (stage.gate.row.until, stage.job().due) == (stage.clock.now() + 120, stage.clock.now() + 120)


def test_unclear_words_end_a_job_once_another_job_was_understood() -> None:
    stage = asked(UNCLEAR)
    for _ in range(6):
        stage.sweep(after=1801)
    assert stage.job().state is State.SUBMITTING

    stage.provider.script = [WORKING, UNCLEAR]
    stage.ask(OTHER)
    stage.sweep(after=1801)
    assert (stage.job().state, code(stage.job())) == (State.FAILED, Code.PROVIDER_FAILED)


def test_while_the_gate_cannot_be_read_unclear_words_end_no_job() -> None:
    stage = asked(UNCLEAR)
    stage.change(unclear_since=stage.clock.now() - 7200, retry_at=None, due=stage.clock.now())
    stage.faulty_gate.fail("is_understood_since")
    stage.sweep(after=1)

    assert stage.job().state is State.SUBMITTING


def test_a_response_that_cannot_be_written_leaves_the_job_to_its_lease() -> None:
    stage = Stage(LOST)
    stage.faulty_jobs.fail("write", call=2)
    _, entry = stage.receive(message())

    detail: Detail = {"meaning": "lost", "reason": "ReadTimeout", "error": DOWN}
    assert entry == LogEntry(LogEvent.RESPONSE_WRITE_FAILED, stage.job(), detail)
    assert stage.job().state is State.SUBMITTING


def test_a_callback_before_the_response_is_not_undone_by_it() -> None:
    stage = Stage(WORKING)

    def call_back(_: object) -> None:
        result = transitions.accept_with_result(stage.job(), DONE, URL, stage.clock.now(), stage.times)
        stage.jobs.write(result)

    stage.provider.meanwhile = call_back
    _, entry = stage.receive(message())

    now = stage.clock.now()
    assert entry == LogEntry(LogEvent.RESPONSE_SUPERSEDED, stage.job(), {"meaning": "working"}, now)
    assert stage.job().state is State.READY


@pytest.mark.parametrize(
    ("row", "meanwhile", "acceptances"),
    [
        ({}, {"state": State.READY, "urls": (URL,)}, 2),
        ({"state": State.READY, "urls": (URL,), "link_dead": True}, {"urls": (f"{URL}?2",), "link_dead": None}, 2),
        ({}, {"state": State.FAILED}, 1),
    ],
    ids=["a result", "a fresh link", "an end"],
)
def test_an_acceptance_is_counted_unless_a_faster_callback_ended_the_job(
    row: dict[str, object], meanwhile: dict[str, object], acceptances: int
) -> None:
    stage = asked(WORKING, WORKING, **row)
    stage.provider.meanwhile = lambda _: stage.change(**meanwhile)
    stage.sweep(after=720)

    assert (stage.job().state, stage.job().acceptances) == (meanwhile.get("state", State.READY), acceptances)


def test_a_sweep_reads_no_more_jobs_than_it_can_send_requests_for() -> None:
    stage = Stage(WORKING)
    stage.receive(*messages(40))
    stage.clock.advance(720)
    stage.gate.reserve(40, stage.clock.now())
    ahead: list[int] = []
    stage.provider.meanwhile = lambda _: ahead.append(len(stage.faulty_jobs.called("get")) - len(stage.provider.polled))
    stage.sweep()

    assert len(stage.provider.polled) == 40
    assert max(ahead) == WIDTH - 1


def test_leaving_the_dispatcher_waits_for_all_requests_even_after_errors() -> None:
    stage, killed = Stage(WORKING), Event()
    stage.executor = ThreadPoolExecutor(2)

    def answer_late(_: object) -> None:
        killed.wait(5)
        sleep(0.02)

    def kill_at_the_second_claim(_: object) -> None:
        if len(stage.faulty_jobs.called("write")) == 2:
            killed.set()
            raise KilledError

    stage.provider.meanwhile = answer_late
    stage.faulty_jobs.before("write", kill_at_the_second_claim)
    with pytest.raises(KilledError):
        stage.receive(message(), message(OTHER))

    assert stage.job().state is State.PROCESSING


def test_an_error_in_a_request_is_raised_when_its_result_is_collected() -> None:
    stage = Stage(WORKING)

    def crash(_: object) -> None:
        raise LookupError

    stage.provider.meanwhile = crash
    with pytest.raises(LookupError):
        stage.ask()
