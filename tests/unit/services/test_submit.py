from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.responses import LOST, NO_CREDITS, REFUSED, UNCLEAR, WORKING
from proofs.doubles.stage import TASK, KilledError, Stage, words
from proofs.doubles.time_manual import NOON
from tests.unit.services.exchanges import asked, message, messages, timeless
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.job import ProviderApi, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason


def received(stage: Stage, **fields: Any) -> list[LogEntry]:
    return timeless(stage.receive(message(**fields)))


def redelivered(stage: Stage, again: str = "message1") -> list[LogEntry]:
    return timeless(stage.receive(message(), again=again))


def states(stage: Stage) -> list[State]:
    return [job.state for job in stage.jobs.runs(TASK)]


def crash(stage: Stage) -> None:
    """Let the function die while its request is out."""

    def die(_: object) -> None:
        raise KilledError

    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        stage.ask()
    stage.provider.meanwhile = lambda _: None


def test_a_message_becomes_a_job_with_one_request_to_the_provider() -> None:
    stage = Stage(WORKING)
    seen = stage.seen_by_provider()
    stage.ask(tags={"a": "b"})

    assert stage.provider.submitted == [f"{TASK}#0#1"]
    assert seen[0].state is State.SUBMITTING
    assert (stage.job().state, stage.job().accepted_at) == (State.PROCESSING, stage.clock.now())
    assert stage.job().tags == {"a": "b"}


@pytest.mark.parametrize(
    ("response", "event", "details"),
    [
        (WORKING, LogEvent.REQUEST_ACCEPTED, {"meaning": "working"}),
        (LOST, LogEvent.RESPONSE_LOST, {"meaning": "lost", "reason": "ReadTimeout"}),
        (NO_CREDITS, LogEvent.REQUEST_DEFERRED, {"meaning": "account_refused", "reason": "NO_CREDITS"}),
        (
            UNCLEAR,
            LogEvent.RESPONSE_UNCLEAR,
            {"meaning": "unclear", "providerCode": 422, "providerMessage": "something new"},
        ),
    ],
    ids=["accepted", "lost", "refused", "unclear"],
)
def test_a_message_is_logged_as_created_and_as_answered(
    response: Response, event: LogEvent, details: dict[str, Any]
) -> None:
    stage = Stage(response)
    seen = stage.seen_by_provider()
    created, *paused, answered = stage.receive(message())

    assert created == LogEntry(LogEvent.JOB_CREATED, seen[0], at=seen[0].created_at)
    assert paused == [LogEntry(LogEvent.GATE_PAUSED, None, {"reason": "NO_CREDITS"})] * (response is NO_CREDITS)
    assert answered == LogEntry(event, stage.job(), details, stage.clock.now())


def test_out_of_credits_pauses_the_gate_and_fails_no_job() -> None:
    stage = Stage(NO_CREDITS)
    stage.receive(*messages(5))

    assert stage.ask() == ["job_queued"]
    assert stage.job().wait_reason == "NO_CREDITS"
    assert {job.state for job in stage.jobs.all()} == {State.QUEUED}
    assert len(stage.provider.submitted) == 1


def test_without_an_api_key_jobs_wait_half_a_minute_with_the_reason() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)

    assert received(stage) == [
        LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"}),
        LogEntry(LogEvent.JOB_QUEUED, stage.job()),
    ]
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "API_KEY_UNSET")
    assert stage.job().due == stage.clock.now() + 30
    assert stage.provider.submitted == []


def test_jobs_beyond_the_window_are_due_when_the_next_window_begins() -> None:
    stage = Stage(WORKING)
    stage.receive(*messages(60))
    waiting = [job for job in stage.jobs.all() if job.state is State.QUEUED]
    until = stage.gate.reserve(1, NOON).wait.until

    assert until > NOON + 20
    assert [(job.wait_reason, job.due) for job in waiting] == [("WINDOW_FULL", until)] * 20
    assert len(stage.provider.submitted) == 40


def test_an_invalid_message_is_dead_lettered_unchanged_and_alone() -> None:
    stage = Stage(WORKING)
    entries = timeless(stage.receive("nonsense", "{}", message()))
    reason = "taskId is missing"

    assert words(entries) == ["message_rejected", "message_rejected", "job_created", "request_accepted"]
    assert entries[1] == LogEntry(LogEvent.MESSAGE_REJECTED, None, {"messageId": "message2", "reason": reason})
    assert [body for body, _ in stage.queue.rejected] == ["nonsense", "{}"]
    assert stage.queue.rejected[1] == ("{}", reason)
    assert stage.unstored == []


@pytest.mark.parametrize("body", ["{}", message()], ids=["an invalid one", "a valid one"])
def test_a_message_neither_rejected_nor_stored_backs_off_and_is_not_sent(body: str) -> None:
    stage = Stage()
    stage.faulty_queue.fail("reject")
    stage.faulty_jobs.fail("write")

    detail: Detail = {"messageId": "message1", "error": DOWN}
    assert stage.receive(body, receives=5) == [LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, detail)]
    assert (stage.unstored, stage.queue.backed_off) == (["message1"], [("receipt0", 32.0)])
    assert stage.provider.submitted == []


def test_the_same_message_delivered_twice_makes_one_run() -> None:
    stage = Stage(WORKING)
    body = message(force=True)
    stage.receive(body)
    stage.receive(body, again="message1")

    assert len(stage.jobs.runs(TASK)) == len(stage.provider.submitted) == 1


def test_a_redelivered_message_goes_on_where_its_function_died() -> None:
    stage = Stage(WORKING)
    crash(stage)
    before = stage.job()
    stage.clock.advance(360)
    seen = stage.seen_by_provider()

    assert redelivered(stage) == [
        LogEntry(LogEvent.MESSAGE_REDELIVERED, before),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]
    assert seen[0].claim_id not in {None, before.claim_id}
    assert (stage.job().state, stage.job().requests_sent, stage.job().lost_responses) == (State.PROCESSING, 2, 1)


def crash_just_now(stage: Stage) -> None:
    crash(stage)
    stage.clock.advance(100)


def crash_and_pause(stage: Stage) -> None:
    crash(stage)
    stage.clock.advance(360)
    stage.gate.pause_by_hand()


def crash_and_be_overtaken(stage: Stage) -> None:
    crash(stage)
    stage.clock.advance(360)
    stage.faulty_jobs.before("write", lambda write: stage.change(claim_id="sweep") if write.when else None)


@pytest.mark.parametrize("prepare", [Stage.ask, crash_just_now, crash_and_pause, crash_and_be_overtaken])
def test_a_redelivered_message_sends_nothing(prepare: Callable[[Stage], object]) -> None:
    """While its run is under way, its request may be out, no slot is free, or a sweep has claimed the job."""
    stage = Stage(WORKING)
    prepare(stage)
    before = stage.job()

    assert redelivered(stage) == [LogEntry(LogEvent.MESSAGE_REDELIVERED, before)]
    assert len(stage.provider.submitted) == 1


def overtake(stage: Stage) -> None:
    """Let a callback be faster than the response to the write of each claim, which the SDK then repeats."""

    def write_first(claim: ConditionalUpdate) -> None:
        if claim.put.get("state") is State.SUBMITTING and isinstance(stage.jobs.write(claim), Updated):
            stage.change(state=State.READY)

    stage.faulty_jobs.before("write", write_first)


def claim_by_submit(stage: Stage) -> list[str]:
    overtake(stage)
    return stage.ask()


def claim_by_redelivery(stage: Stage) -> list[str]:
    crash(stage)
    stage.clock.advance(360)
    overtake(stage)
    return words(redelivered(stage))


def claim_by_sweep(stage: Stage) -> list[str]:
    crash(stage)
    overtake(stage)
    return stage.sweep(after=721)


@pytest.mark.parametrize(
    ("claim", "events", "before"),
    [
        (claim_by_submit, ["job_created"], 0),
        (claim_by_redelivery, ["message_redelivered"], 1),
        (claim_by_sweep, ["request_claimed"], 1),
    ],
)
def test_a_claim_that_a_callback_overtook_is_not_requested(
    claim: Callable[[Stage], list[str]], events: list[str], before: int
) -> None:
    stage = Stage(WORKING)

    assert claim(stage) == events
    assert (len(stage.provider.submitted), stage.provider.polled) == (before, [])
    assert (stage.job().state, stage.job().requests_sent) == (State.READY, before + 1)


def test_a_redelivered_message_waits_for_its_turn() -> None:
    stage = Stage(WORKING)
    stage.ask(index=1)
    stage.ask()
    stage.clock.advance(360)

    assert redelivered(stage, "message2") == [LogEntry(LogEvent.MESSAGE_REDELIVERED, stage.job(2))]
    assert len(stage.provider.submitted) == 1


def test_a_redelivered_message_is_submitted_under_the_current_api() -> None:
    stage = Stage(WORKING)
    stage.gate.pause_by_hand()
    stage.ask()
    stage.gate.resume()
    stage.provider_api = ProviderApi.JOBS
    redelivered(stage)

    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.JOBS)


def test_a_message_for_a_live_job_joins_it() -> None:
    stage = asked(WORKING)

    assert stage.receive(message(taskToken="token")) == [
        LogEntry(LogEvent.JOB_JOINED, stage.job(), at=stage.clock.now())
    ]
    assert stage.ask(force=True) == ["job_joined"]
    assert stage.job().task_tokens == {"token"}
    assert len(stage.provider.submitted) == 1


def test_a_message_without_a_token_has_nothing_to_write_into_a_live_job() -> None:
    stage = asked(WORKING)
    before = len(stage.faulty_jobs.called("write"))

    assert received(stage) == [LogEntry(LogEvent.JOB_JOINED, stage.job())]
    only_the_try_to_create_run_1 = [()]
    assert [write.when for (write,) in stage.faulty_jobs.called("write")[before:]] == only_the_try_to_create_run_1


def test_a_message_joins_the_newest_run_of_its_index() -> None:
    stage = asked(REFUSED, WORKING)
    stage.ask(force=True)
    stage.ask(taskToken="token")

    assert [job.task_tokens for job in stage.jobs.runs(TASK)] == [frozenset(), {"token"}]


def test_a_message_for_an_ended_job_only_repeats_the_announcement() -> None:
    stage = asked(REFUSED)
    before = stage.job()

    assert received(stage) == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]
    assert stage.ask(taskToken="token") == ["announcement_repeated"]
    assert len(stage.provider.submitted) == 1
    assert stage.job().public() == before.public()
    assert stage.job().retrigger_id != before.retrigger_id
    assert stage.job().task_tokens == {"token"}


def test_a_job_that_ended_between_read_and_write_is_read_again() -> None:
    stage = asked(WORKING)

    def end(write: ConditionalUpdate) -> None:
        if write.when:
            stage.change(state=State.FAILED)

    stage.faulty_jobs.before("write", end)

    assert received(stage, taskToken="token") == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]
    assert stage.job().task_tokens == {"token"}


def test_runs_that_change_faster_than_they_are_read_return_the_message() -> None:
    stage = asked(WORKING)
    joined = stage.job()
    # The job ends after each read, and is live again at the next one.
    stage.faulty_jobs.before("runs", lambda _: stage.change(state=State.PROCESSING))
    stage.faulty_jobs.before("write", lambda _: stage.change(state=State.FAILED))

    assert stage.ask(taskToken="token") == ["message_store_failed"]
    assert stage.job() == replace(joined, state=State.FAILED)


def test_messages_for_one_task_in_a_batch_take_one_slot() -> None:
    stage = Stage(WORKING)
    stage.receive(*(message(index=index) for index in (0, 0, 1, 0)))

    assert states(stage) == [State.PROCESSING, State.QUEUED]
    assert len(stage.gate.given) == 1


def test_unneeded_slots_are_not_waited_for() -> None:
    stage = Stage(WORKING)
    stage.receive(*messages(10))
    stage.clock.advance(60)
    began = stage.clock.now()
    stage.receive(*messages(10))

    assert stage.clock.now() - began < 0.1


def test_force_starts_a_new_run_after_the_newest_of_all() -> None:
    stage = asked(REFUSED, REFUSED, WORKING)
    stage.ask(index=1)
    stage.ask(force=True)

    assert [(job.run, job.index) for job in stage.jobs.runs(TASK)] == [(1, 0), (2, 1), (3, 0)]
    assert states(stage) == [State.FAILED, State.FAILED, State.PROCESSING]


def test_another_index_of_the_task_waits_for_its_turn() -> None:
    stage = asked(WORKING)

    assert received(stage, index=1) == [LogEntry(LogEvent.JOB_QUEUED, stage.job(2))]
    assert (stage.job(2).index, stage.job(2).state, stage.job(2).wait_reason) == (1, State.QUEUED, "EARLIER_RUN")
    assert stage.job(2).due == stage.clock.now() + 120
    assert len(stage.provider.submitted) == 1


@pytest.mark.parametrize("state", [State.PROCESSING, State.FAILED])
def test_a_twenty_first_task_token_backs_off_until_others_are_gone(state: State) -> None:
    stage = asked(WORKING, state=state, task_tokens=frozenset(f"token{n}" for n in range(19)))
    assert stage.ask(taskToken="token19") != ["message_store_failed"]

    (entry,) = stage.receive(message(taskToken="token20"), receives=3)
    assert (entry.event, entry.detail["error"]) == ("message_store_failed", f"20 task tokens wait on {TASK}#0#1")
    assert (stage.unstored, stage.queue.backed_off) == (["message3"], [("receipt0", 8.0)])
    assert stage.ask() != ["message_store_failed"]
    assert stage.ask(taskToken="token7") != ["message_store_failed"]
    stage.change(task_tokens=frozenset({"token0"}))
    assert stage.ask(taskToken="token20") != ["message_store_failed"]
    assert stage.job().task_tokens == {"token0", "token20"}


@pytest.mark.parametrize("state", [State.PROCESSING, State.FAILED])
def test_two_task_tokens_at_a_time_are_both_stored_or_one_reads_again(state: State) -> None:
    waiting = frozenset(f"token{n}" for n in range(19))
    stage = asked(WORKING, state=state, task_tokens=waiting)
    stage.faulty_jobs.before(
        "write", lambda write: stage.change(task_tokens=waiting | {"first"}) if write.when else None
    )

    assert stage.ask(taskToken="second") == ["message_store_failed"]
    assert stage.job().task_tokens == waiting | {"first"}
