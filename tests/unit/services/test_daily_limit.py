"""The daily limit in the use cases: submissions count, polls and link refreshes do not."""

import json

import pytest

from proofs.doubles.gate_memory import MemoryGate
from proofs.doubles.stage import TASK, URL, Stage
from tests.unit.services.responses import WORKING
from veo4k.domain.gate import DAY, Pace
from veo4k.domain.job import Code, Job, State
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

OTHERS = ["other_task_0001", "other_task_0002", "other_task_0003"]


@pytest.fixture
def stage() -> Stage:
    """Return a stage whose account buys twice a day."""
    return limited(WORKING)


def limited(*script: Response) -> Stage:
    stage = Stage(*script)
    stage.gate.pace = Pace(daily=2)
    return stage


def used(gate: MemoryGate, now: float) -> float:
    return gate.limit_used(now)


def let_the_others_wait(stage: Stage) -> None:
    """Let all the others wait for the sweep."""
    stage.gate.pause_by_hand()
    for task in OTHERS:
        stage.ask(task)
    stage.gate.resume()


def test_jobs_beyond_the_limit_wait_for_the_next_day(stage: Stage) -> None:
    for task in OTHERS:
        stage.ask(task)
    last = stage.job(task_id=OTHERS[2])

    assert len(stage.provider.submitted) == 2
    assert (last.state, last.wait_reason) == (State.QUEUED, WaitReason.DAILY_LIMIT)
    assert last.due == DAY * (stage.clock.now() // DAY + 1)


def test_the_sweep_submits_them_on_the_next_day(stage: Stage) -> None:
    for task in OTHERS:
        stage.ask(task)
    last = stage.job(task_id=OTHERS[2])
    stage.sweep(after=(last.due or 0) - stage.clock.now())

    assert last.job_id in stage.provider.submitted


def test_the_daily_check_of_the_queue_sends_no_more_than_the_daily_limit(stage: Stage) -> None:
    for task in [f"many_task_{number:04d}" for number in range(7)]:
        stage.ask(task)
    midnight = DAY * (stage.clock.now() // DAY + 1)
    stage.sweep(after=midnight + 5 - stage.clock.now())

    assert len(stage.provider.submitted) == 2 + 2
    assert used(stage.gate, stage.clock.now()) == 1


def test_the_sweep_does_not_submit_beyond_the_limit_either(stage: Stage) -> None:
    let_the_others_wait(stage)
    stage.sweep(after=3600)

    assert len(stage.provider.submitted) == 2
    assert used(stage.gate, stage.clock.now()) == 1


def test_a_message_that_joins_a_job_spends_nothing(stage: Stage) -> None:
    for _ in range(5):
        stage.ask()

    assert used(stage.gate, stage.clock.now()) == 0.5


def test_polls_do_not_count_and_go_on_when_the_daily_limit_is_reached(stage: Stage) -> None:
    for task in OTHERS[:2]:
        stage.ask(task)
    stage.sweep(after=720)

    assert len(stage.provider.polled) == 2
    assert used(stage.gate, stage.clock.now()) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS),
        Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED),
        Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK),
        Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout"),
    ],
)
def test_a_request_that_was_surely_not_accepted_spends_nothing(answer: Response) -> None:
    stage = limited(answer)
    stage.ask()

    assert used(stage.gate, stage.clock.now()) == 0


@pytest.mark.parametrize(
    "answer",
    [WORKING, Response(meaning=Meaning.DONE, urls=(URL,)), Response(meaning=Meaning.LOST, cause="ReadTimeout")],
)
def test_a_request_that_may_have_been_accepted_counts(answer: Response) -> None:
    stage = limited(answer)
    stage.ask()

    assert used(stage.gate, stage.clock.now()) == 0.5


def test_a_claim_that_may_have_been_written_spends_its_slot(stage: Stage) -> None:
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.receive(*[json.dumps({"taskId": task}) for task in OTHERS])
    assert len(stage.provider.submitted) == 1
    stage.sweep(after=stage.times.first_probe)

    assert sorted(stage.provider.submitted) == sorted(stage.job(task_id=task).job_id for task in OTHERS[:2])
    assert (stage.job(task_id=OTHERS[2]).state, used(stage.gate, stage.clock.now())) == (State.QUEUED, 1)


def test_a_sweeps_claim_that_may_have_landed_spends_its_slot_too(stage: Stage) -> None:
    let_the_others_wait(stage)
    stage.faulty_jobs.fail("write", call=1, done=True)
    stage.sweep(after=3600)
    stage.sweep(after=3600)

    assert len(stage.provider.submitted) == 2
    assert used(stage.gate, stage.clock.now()) == 1


def test_a_refused_request_counts_if_its_response_cannot_be_written() -> None:
    stage = limited(Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout"))
    stage.faulty_jobs.fail("write", call=2)
    stage.ask()

    assert stage.job().state is State.SUBMITTING
    assert used(stage.gate, stage.clock.now()) == 0.5


def test_a_refused_request_counts_after_a_request_by_another_function() -> None:
    stage = limited(Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED))
    stage.provider.meanwhile = lambda _: stage.change(claim_id="another's")
    stage.ask()

    assert used(stage.gate, stage.clock.now()) == 0.5


def test_a_refused_request_counts_if_an_earlier_one_may_have_been_accepted() -> None:
    stage = limited(Response(meaning=Meaning.LOST), Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK))
    stage.ask()
    stage.clock.advance(3600)
    stage.receive(json.dumps({"taskId": TASK}), again="message1")

    assert stage.job().state is State.FAILED
    assert used(stage.gate, stage.clock.now()) == 1


def test_an_unused_slot_of_a_poll_is_not_returned_to_the_daily_limit(stage: Stage) -> None:
    stage.ask()
    stage.faulty_gate.fail("current_pause")
    stage.sweep(after=720)

    assert stage.provider.polled == []
    assert used(stage.gate, stage.clock.now()) == 0.5


def test_a_response_is_written_though_the_daily_count_cannot_be() -> None:
    stage = limited(Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED))
    stage.faulty_gate.fail("uncount")

    assert stage.ask() == ["job_created", "request_deferred"]
    assert stage.job().state is State.QUEUED


def test_requests_counted_yesterday_return_nothing_to_the_limit_of_today() -> None:
    stage = limited(Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED))

    def past_midnight(_: Job) -> None:
        stage.clock.advance(DAY)
        stage.gate.reserve(1, stage.clock.now(), counted=True)

    stage.provider.meanwhile = past_midnight
    stage.ask()

    assert used(stage.gate, stage.clock.now()) == 0.5


def test_how_much_of_the_limit_is_used_is_measured(stage: Stage) -> None:
    stage.ask()

    assert ("DailyLimitUsed", "Percent", 50) in stage.health().gauges()


def test_reading_the_balance_counts_as_no_submission(stage: Stage) -> None:
    stage.clock.at = 600 * 3_000_000.0  # a minute that the balance is read in

    assert [gauge.value for gauge in stage.health().balance(stage.clock.now() + 120)] == [240]
    assert used(stage.gate, stage.clock.now()) == 0
