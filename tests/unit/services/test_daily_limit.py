"""The daily limit in the use cases: submissions count, polls and link refreshes do not."""

import pytest

from proofs.doubles.responses import DONE, LOST, NEVER_SENT, NO_CREDITS, NOT_YET, REFUSED, WORKING
from proofs.doubles.stage import Stage
from tests.unit.services.exchanges import message, messages, tasks
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, State
from veo4k.domain.response import Response
from veo4k.domain.schedule import DAY
from veo4k.domain.wait_reason import WaitReason


def limited(*script: Response) -> Stage:
    """Return a stage whose account buys twice a day."""
    stage = Stage(*script)
    stage.gate.pace = Pace(daily=2)
    return stage


def sent(count: int) -> Stage:
    """Return a stage that has received so many messages, one after the other."""
    stage = limited(WORKING)
    for task in tasks(count):
        stage.ask(task)
    return stage


def waiting(count: int) -> Stage:
    """Return a stage on which so many jobs wait for the sweep."""
    stage = limited(WORKING)
    stage.gate.pause_by_hand()
    stage.receive(*messages(count))
    stage.gate.resume()
    return stage


def used(stage: Stage) -> float:
    return stage.gate.limit_used(stage.clock.now())


def test_jobs_beyond_the_limit_wait_for_the_next_day_and_are_submitted_then() -> None:
    stage = sent(3)
    tomorrow = DAY * (stage.clock.now() // DAY + 1)
    last = stage.job(task_id=tasks(3)[2])

    assert len(stage.provider.submitted) == 2
    assert (last.state, last.wait_reason) == (State.QUEUED, WaitReason.DAILY_LIMIT)
    assert last.due == min(tomorrow, stage.clock.now() + 3600)

    stage.sweep(after=tomorrow - stage.clock.now() - 1)
    assert not stage.provider.submitted[2:]
    stage.sweep(after=2)
    assert stage.provider.submitted[2:] == [last.job_id]


def test_a_limit_that_is_raised_counts_within_an_hour() -> None:
    stage = sent(0)
    stage.clock.advance(3600)
    for task in tasks(3):
        stage.ask(task)
    stage.gate.pace = Pace(daily=3)

    stage.sweep(after=3600)
    assert len(stage.provider.submitted) == 3


def test_the_daily_check_of_the_queue_sends_no_more_than_the_daily_limit() -> None:
    stage = sent(7)
    stage.sweep(after=DAY * (stage.clock.now() // DAY + 1) + 5 - stage.clock.now())

    assert (len(stage.provider.submitted), used(stage)) == (2 + 2, 1)


def test_the_sweep_does_not_submit_beyond_the_limit_either() -> None:
    stage = waiting(3)
    stage.sweep(after=3600)

    assert (len(stage.provider.submitted), used(stage)) == (2, 1)


def test_a_message_that_joins_a_job_spends_nothing() -> None:
    stage = limited(WORKING)
    for _ in range(5):
        stage.ask()

    assert used(stage) == 0.5


def test_polls_do_not_count_and_go_on_when_the_daily_limit_is_reached() -> None:
    stage = sent(2)
    stage.sweep(after=720)

    assert (len(stage.provider.polled), used(stage)) == (2, 1)


def test_an_unused_slot_of_a_poll_is_not_returned_to_the_daily_limit() -> None:
    stage = sent(1)
    stage.faulty_gate.fail("current_pause")
    stage.sweep(after=720)

    assert (stage.provider.polled, used(stage)) == ([], 0.5)


@pytest.mark.parametrize(
    ("response", "spent"),
    [(NO_CREDITS, 0), (NOT_YET, 0), (REFUSED, 0), (NEVER_SENT, 0), (WORKING, 0.5), (DONE, 0.5), (LOST, 0.5)],
    ids=lambda value: value.meaning if isinstance(value, Response) else value,
)
def test_a_request_spends_unless_it_was_surely_not_accepted(response: Response, spent: float) -> None:
    stage = limited(response)
    stage.ask()

    assert used(stage) == spent


def test_a_claim_that_may_have_been_written_spends_its_slot() -> None:
    stage = limited(WORKING)
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.receive(*messages(3))
    assert len(stage.provider.submitted) == 1
    stage.sweep(after=stage.times.first_probe)

    first, second, last = (stage.job(task_id=task) for task in tasks(3))
    assert sorted(stage.provider.submitted) == [first.job_id, second.job_id]
    assert (last.state, used(stage)) == (State.QUEUED, 1)


def test_a_sweeps_claim_that_may_have_landed_spends_its_slot_too() -> None:
    stage = waiting(3)
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.sweep(after=3600)
    stage.sweep(after=3600)

    assert (len(stage.provider.submitted), used(stage)) == (2, 1)


def test_a_refused_request_counts_if_its_response_cannot_be_written() -> None:
    stage = limited(NEVER_SENT)
    stage.faulty_jobs.fail("write", call=2)
    stage.ask()

    assert (stage.job().state, used(stage)) == (State.SUBMITTING, 0.5)


def test_a_refused_request_counts_after_a_request_by_another_function() -> None:
    stage = limited(NOT_YET)
    stage.provider.meanwhile = lambda _: stage.change(claim_id="another's")
    stage.ask()

    assert used(stage) == 0.5


def test_a_refused_request_counts_if_an_earlier_one_may_have_been_accepted() -> None:
    stage = limited(LOST, REFUSED)
    stage.ask()
    stage.clock.advance(3600)
    stage.receive(message(), again="message1")

    assert (stage.job().state, used(stage)) == (State.FAILED, 1)


def test_a_response_is_written_though_the_daily_count_cannot_be() -> None:
    stage = limited(NOT_YET)
    stage.faulty_gate.fail("uncount")

    assert stage.ask() == ["job_created", "request_deferred"]
    assert stage.job().state is State.QUEUED


def test_requests_counted_yesterday_return_nothing_to_the_limit_of_today() -> None:
    stage = limited(NOT_YET)

    def past_midnight(_: Job) -> None:
        stage.clock.advance(DAY)
        stage.gate.reserve(1, stage.clock.now(), counted=True)

    stage.provider.meanwhile = past_midnight
    stage.ask()

    assert used(stage) == 0.5
