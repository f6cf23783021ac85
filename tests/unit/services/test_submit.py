import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.stage import ELSEWHERE, TASK, URL, KilledError, Stage, words
from proofs.doubles.time_manual import NOON
from tests.unit.services.responses import DONE, LOST, NEVER_SENT, NO_CREDITS, NOT_YET, REFUSED, WORKING
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.job import Code, Evidence, Failure, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id} | fields)


def received(stage: Stage, *bodies: str, again: str = "") -> list[LogEntry]:
    """Deliver messages as one batch and return the log entries without their times, which have a test of their own."""
    return [replace(entry, at=None) for entry in stage.receive(*bodies, again=again)]


def redelivered(stage: Stage, body: str = "") -> list[LogEntry]:
    return received(stage, body or message(), again="message1")


def crash(stage: Stage, body: str = "") -> None:
    """Let the function die while its request is out."""

    def die(_: object) -> None:
        raise KilledError

    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        received(stage, body or message())
    stage.provider.meanwhile = lambda _: None


def test_a_message_becomes_a_job_with_one_request_to_the_provider() -> None:
    stage = Stage(WORKING)

    assert stage.ask(tags={"a": "b"}) == ["job_created", "request_accepted"]
    assert stage.provider.submitted == [f"{TASK}#0#1"]
    assert stage.job().state is State.PROCESSING
    assert stage.job().tags == {"a": "b"}
    assert stage.job().accepted_at is not None


@pytest.mark.parametrize(
    ("response", "event", "details"),
    [
        (WORKING, LogEvent.REQUEST_ACCEPTED, {"meaning": "working"}),
        (LOST, LogEvent.RESPONSE_LOST, {"meaning": "lost", "reason": "ReadTimeout"}),
        (NO_CREDITS, LogEvent.REQUEST_DEFERRED, {"meaning": "account_refused", "reason": "NO_CREDITS"}),
    ],
    ids=["accepted", "lost", "refused"],
)
def test_a_message_is_logged_as_created_and_as_answered(
    response: Response, event: LogEvent, details: dict[str, Any]
) -> None:
    stage = Stage(response)
    seen = stage.seen_by_provider()
    created, *paused, answered = received(stage, message())

    assert created == LogEntry(LogEvent.JOB_CREATED, seen[0])
    assert paused == [LogEntry(LogEvent.GATE_PAUSED, None, {"reason": "NO_CREDITS"})] * (response is NO_CREDITS)
    assert answered == LogEntry(event, stage.job(), details)


def test_each_log_entry_has_the_time_of_its_event() -> None:
    stage = Stage(WORKING)
    created, accepted = stage.receive(message())
    (joined,) = stage.receive(message())

    assert (created.at, accepted.at, joined.at) == (stage.job().created_at, stage.job().accepted_at, stage.clock.now())


def test_the_intent_is_written_before_the_request_leaves() -> None:
    stage = Stage(WORKING)
    seen: list[State] = []
    stage.provider.meanwhile = lambda job: seen.append(stage.job(job.run).state)
    stage.ask()

    assert seen == [State.SUBMITTING]


def test_a_result_that_comes_with_the_response_is_ready_at_once() -> None:
    stage = Stage(DONE)
    stage.ask()

    assert (stage.job().state, stage.job().evidence) == (State.READY, Evidence.SUBMIT)
    assert stage.job().urls == (URL,)
    assert stage.job().result_urls == ("https://file.example/v/a.mp4",)


def test_a_result_from_a_foreign_host_is_kept_until_the_host_is_allowed() -> None:
    stage = Stage(Response(meaning=Meaning.DONE, urls=(ELSEWHERE,)))
    stage.ask()

    assert stage.job().state is State.PROCESSING
    assert stage.job().urls == (ELSEWHERE,)
    assert stage.job().wait_text == "HOST_NOT_ALLOWED: evil.example"


@pytest.mark.parametrize(("meaning", "code"), [(Meaning.REFUSED, Code.INVALID_TASK), (Meaning.FAILED, Code.NOT_4K)])
def test_a_permanent_refusal_ends_the_job_and_nothing_was_charged(meaning: Meaning, code: Code) -> None:
    stage = Stage(Response(meaning=meaning, code=code))
    stage.ask()
    job = stage.job()

    assert (job.state, job.maybe_charged) == (State.FAILED, False)
    assert job.error is not None
    assert job.error.code is code


def test_a_lost_response_is_neither_failure_nor_absence() -> None:
    stage = Stage(LOST)
    stage.ask()

    assert (stage.job().state, stage.job().lost_responses) == (State.SUBMITTING, 1)
    assert stage.job().retry_at == stage.clock.now() + 120


def test_a_request_that_never_left_is_not_counted_and_waits_in_the_queue() -> None:
    stage = Stage(NEVER_SENT)
    stage.ask()

    assert (stage.job().state, stage.job().requests_sent, stage.job().wait_reason) == (
        State.QUEUED,
        0,
        "ConnectTimeout",
    )


def test_an_unfinished_base_video_is_requested_later() -> None:
    stage = Stage(NOT_YET)
    stage.ask()

    assert (stage.job().state, stage.job().partition) == (State.QUEUED, Partition.QUEUED)
    assert stage.job().due == stage.clock.now() + 300


def test_out_of_credits_pauses_the_gate_and_fails_no_job() -> None:
    stage = Stage(NO_CREDITS)

    assert stage.ask() == ["job_created", "gate_paused", "request_deferred"]
    assert stage.ask("veo_task_another_one") == ["job_queued"]
    assert len(stage.provider.submitted) == 1
    assert stage.job(task_id="veo_task_another_one").wait_reason == "NO_CREDITS"


def test_a_refusal_in_a_batch_spares_the_rest_of_it() -> None:
    stage = Stage(NO_CREDITS)
    stage.receive(*(message(f"veo_task_number_{n}") for n in range(5)))

    assert len(stage.provider.submitted) == 1
    assert {job.state for job in stage.jobs.all()} == {State.QUEUED}


def test_without_an_api_key_jobs_wait_half_a_minute_with_the_reason() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)

    assert received(stage, message()) == [
        LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"}),
        LogEntry(LogEvent.JOB_QUEUED, stage.job()),
    ]
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "API_KEY_UNSET")
    assert stage.job().due == stage.clock.now() + 30
    assert stage.provider.submitted == []


def test_beyond_the_window_jobs_wait_until_the_next_window() -> None:
    stage = Stage(WORKING)
    stage.receive(*(message(f"veo_task_number_{n:03}") for n in range(60)))
    waiting = [job for job in stage.jobs.all() if job.state is State.QUEUED]

    assert (len(stage.provider.submitted), len(waiting)) == (40, 20)
    assert all(job.due is not None and job.due > NOON + 20 for job in waiting)


def test_a_job_beyond_the_window_is_due_when_the_next_window_begins() -> None:
    stage = Stage(WORKING)
    slots = stage.gate.reserve(40, stage.clock.now())

    assert received(stage, message()) == [LogEntry(LogEvent.JOB_QUEUED, stage.job())]
    assert (stage.job().wait_reason, stage.job().due) == ("WINDOW_FULL", slots.wait.until)


def test_a_slot_that_was_missed_is_given_up() -> None:
    stage = Stage(WORKING)
    stage.faulty_jobs.before("write", lambda _: stage.clock.advance(1))
    stage.ask()

    assert stage.provider.submitted == []
    assert (stage.job().state, stage.job().wait_reason, stage.job().requests_sent) == (State.QUEUED, "SLOT_MISSED", 0)


def test_a_function_about_to_die_starts_no_request() -> None:
    stage = Stage(WORKING)
    stage.gate.reserve(40, stage.clock.now())
    stage.clock.advance(0.4)
    stage.ask()

    assert stage.provider.submitted == []
    assert stage.job().state is State.QUEUED


def test_an_invalid_message_is_dead_lettered_unchanged_and_alone() -> None:
    stage = Stage(WORKING)
    entries = received(stage, "nonsense", "{}", message())
    reason = "taskId is missing"

    assert words(entries) == ["message_rejected", "message_rejected", "job_created", "request_accepted"]
    assert entries[1] == LogEntry(LogEvent.MESSAGE_REJECTED, None, {"messageId": "message2", "reason": reason})
    assert [body for body, _ in stage.queue.rejected] == ["nonsense", "{}"]
    assert stage.queue.rejected[1] == ("{}", reason)
    assert stage.unstored == []


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2.0), (5, 32.0)])
def test_an_invalid_message_that_cannot_be_rejected_backs_off_ever_longer(receives: int, seconds: float) -> None:
    stage = Stage()
    stage.queue.broken = True
    (entry,) = stage.receive("{}", receives=receives)

    assert replace(entry, at=None) == LogEntry(
        LogEvent.MESSAGE_STORE_FAILED, None, {"messageId": "message1", "error": "SendMessage: broken"}
    )
    assert (stage.unstored, stage.queue.backed_off) == (["message1"], [("receipt0", seconds)])


def test_a_message_that_cannot_be_stored_backs_off_and_sends_no_request() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("write")

    assert stage.ask() == ["message_store_failed"]
    assert (stage.unstored, stage.queue.backed_off) == (["message1"], [("receipt0", 2.0)])
    assert stage.provider.submitted == []


def test_a_response_that_cannot_be_written_leaves_the_job_to_its_lease() -> None:
    stage = Stage(WORKING)
    stage.faulty_jobs.fail("write", call=2)

    assert stage.ask() == ["job_created", "response_write_failed"]
    assert stage.job().state is State.SUBMITTING


def test_the_same_message_delivered_twice_makes_one_run() -> None:
    stage = Stage(WORKING)
    body = message(force=True)
    stage.receive(body)
    stage.receive(body, again="message1")

    assert len(stage.jobs.runs(TASK)) == 1
    assert len(stage.provider.submitted) == 1


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


def accept(stage: Stage) -> None:
    received(stage, message())


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


@pytest.mark.parametrize("prepare", [accept, crash_just_now, crash_and_pause, crash_and_be_overtaken])
def test_a_redelivered_message_sends_nothing(prepare: Callable[[Stage], None]) -> None:
    """While its run is under way, its request may be out, no slot is free, or a sweep has claimed the job."""
    stage = Stage(WORKING)
    prepare(stage)
    before = stage.job()

    assert redelivered(stage) == [LogEntry(LogEvent.MESSAGE_REDELIVERED, before)]
    assert len(stage.provider.submitted) == 1


def test_a_redelivered_message_is_submitted_under_the_current_api() -> None:
    stage = Stage(WORKING)
    stage.gate.pause_by_hand()
    received(stage, message())
    stage.gate.resume()
    stage.provider_api = ProviderApi.JOBS
    redelivered(stage)

    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.JOBS)


def test_a_redelivered_message_waits_for_its_turn() -> None:
    stage = Stage(WORKING)
    received(stage, message(index=1))
    received(stage, message())
    stage.clock.advance(360)

    assert received(stage, message(), again="message2") == [LogEntry(LogEvent.MESSAGE_REDELIVERED, stage.job(2))]
    assert len(stage.provider.submitted) == 1


def test_a_message_for_a_live_job_joins_it() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert received(stage, message(taskToken="token")) == [LogEntry(LogEvent.JOB_JOINED, stage.job())]
    assert received(stage, message()) == [LogEntry(LogEvent.JOB_JOINED, stage.job())]
    assert stage.ask(force=True) == ["job_joined"]
    assert stage.job().task_tokens == {"token"}
    assert len(stage.provider.submitted) == 1


def test_a_message_without_a_token_has_nothing_to_write_into_a_live_job() -> None:
    stage = Stage(WORKING)
    stage.ask()
    before = len(stage.faulty_jobs.called("write"))
    stage.ask()

    assert [write.when for (write,) in stage.faulty_jobs.called("write")[before:]] == [()], (
        "only the try to create run 1"
    )


def test_a_message_joins_the_newest_run_of_its_index() -> None:
    stage = Stage(REFUSED, WORKING)
    stage.ask()
    stage.ask(force=True)
    stage.ask(taskToken="token")

    assert [job.task_tokens for job in stage.jobs.runs(TASK)] == [frozenset(), {"token"}]


def test_a_message_for_an_ended_job_only_repeats_the_announcement() -> None:
    stage = Stage(REFUSED)
    stage.ask()
    before = stage.job()

    assert received(stage, message()) == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]
    assert stage.ask(taskToken="token") == ["announcement_repeated"]
    assert len(stage.provider.submitted) == 1
    assert stage.job().public() == before.public()
    assert stage.job().retrigger_id != before.retrigger_id
    assert stage.job().task_tokens == {"token"}


def test_a_job_that_ended_between_read_and_write_is_read_again() -> None:
    stage = Stage(WORKING)
    stage.ask()

    def end(write: ConditionalUpdate) -> None:
        if write.when:
            stage.change(state=State.FAILED)

    stage.faulty_jobs.before("write", end)

    assert received(stage, message(taskToken="token")) == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]
    assert stage.job().task_tokens == {"token"}


def test_messages_for_one_task_in_a_batch_take_one_slot() -> None:
    stage = Stage(WORKING)
    stage.receive(*(message(index=index) for index in (0, 0, 1, 0)))

    assert [job.state for job in stage.jobs.runs(TASK)] == [State.PROCESSING, State.QUEUED]
    assert len(stage.gate.given) == 1


def test_unneeded_slots_are_not_waited_for() -> None:
    stage = Stage(WORKING)
    tasks = [message(f"veo_task_number_{n:03}") for n in range(10)]
    stage.receive(*tasks)
    stage.clock.advance(60)
    began = stage.clock.now()
    stage.receive(*tasks)

    assert stage.clock.now() - began < 0.1


def test_force_starts_a_new_run_of_an_ended_job() -> None:
    stage = Stage(Response(meaning=Meaning.REFUSED), WORKING)
    stage.ask()
    stage.ask(force=True)

    assert [job.state for job in stage.jobs.runs(TASK)] == [State.FAILED, State.PROCESSING]


def test_a_new_run_follows_the_newest_of_all() -> None:
    stage = Stage(REFUSED)
    stage.ask()
    stage.ask(index=1)
    stage.ask(force=True)

    assert [(job.run, job.index) for job in stage.jobs.runs(TASK)] == [(1, 0), (2, 1), (3, 0)]


def test_another_index_of_the_task_waits_for_its_turn() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert received(stage, message(index=1)) == [LogEntry(LogEvent.JOB_QUEUED, stage.job(2))]
    assert (stage.job(2).index, stage.job(2).state, stage.job(2).wait_reason) == (1, State.QUEUED, "EARLIER_RUN")
    assert stage.job(2).due == stage.clock.now() + 120
    assert len(stage.provider.submitted) == 1


def test_a_callback_before_the_response_is_not_undone_by_it() -> None:
    stage = Stage(WORKING)

    def call_back(_: object) -> None:
        job = stage.job()
        stage.jobs.write(transitions.accept_with_result(job, DONE, URL, stage.clock.now(), stage.times))

    stage.provider.meanwhile = call_back

    assert stage.ask() == ["job_created", "response_superseded"]
    assert stage.job().state is State.READY


def test_after_a_lost_response_no_credits_does_not_lead_back_to_queued() -> None:
    stage = Stage(LOST, NO_CREDITS)
    stage.ask()
    stage.sweep(after=121)

    assert (stage.job().state, stage.job().requests_sent) == (State.SUBMITTING, 2)


def test_runs_that_change_faster_than_they_are_read_return_the_message() -> None:
    stage = Stage(WORKING)
    stage.ask()
    joined = stage.job()
    # The job ends after each read, and is live again at the next one.
    stage.faulty_jobs.before("runs", lambda _: stage.change(state=State.PROCESSING))
    stage.faulty_jobs.before("write", lambda _: stage.change(state=State.FAILED))

    assert stage.ask(taskToken="token") == ["message_store_failed"]
    assert stage.job() == replace(joined, state=State.FAILED)


UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))


def test_an_unclear_response_is_logged_with_its_words_and_the_job_goes_on() -> None:
    stage = Stage(UNCLEAR)
    (_, entry) = stage.receive(json.dumps({"taskId": TASK}))

    assert entry.event == "response_unclear"
    assert entry.detail == {"meaning": "unclear", "providerCode": 422, "providerMessage": "something new"}
    job = stage.job()
    assert (job.state, job.unclear_responses, job.words) == (State.SUBMITTING, 1, UNCLEAR.words)
    assert job.due == stage.clock.now() + 120


def test_unclear_words_end_a_job_once_another_job_was_understood() -> None:
    stage = Stage(UNCLEAR)
    stage.ask()
    for _ in range(6):
        stage.sweep(after=1801)
    assert stage.job().state is State.SUBMITTING

    stage.provider.script = [WORKING, UNCLEAR]
    stage.ask("veo_task_another")
    stage.sweep(after=1801)
    job = stage.job()
    assert job.error == Failure(Code.PROVIDER_FAILED, Code.PROVIDER_FAILED.message, UNCLEAR.words)
    assert (job.state, job.maybe_charged) == (State.FAILED, True)


def test_while_the_gate_cannot_be_read_unclear_words_end_no_job() -> None:
    stage = Stage(UNCLEAR)
    stage.ask()
    stage.change(unclear_since=stage.clock.now() - 7200, retry_at=None, due=stage.clock.now())
    stage.faulty_gate.fail("is_understood_since")
    stage.sweep(after=1)

    assert stage.job().state is State.SUBMITTING


def test_an_unclear_trial_keeps_the_gate_paused() -> None:
    stage = Stage(NO_CREDITS, UNCLEAR)
    stage.ask()
    stage.sweep(after=61)

    assert stage.job().unclear_responses == 1
    assert stage.gate.row.reason == "NO_CREDITS"


def tokens(stage: Stage, number: int) -> list[str]:
    return [event for n in range(number) for event in stage.ask(taskToken=f"token{n}")]


@pytest.mark.parametrize("state", [State.PROCESSING, State.FAILED])
def test_a_twenty_first_task_token_backs_off_until_others_are_gone(state: State) -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(state=state)
    assert "message_store_failed" not in tokens(stage, 20)

    (entry,) = stage.receive(json.dumps({"taskId": TASK, "taskToken": "token20"}), receives=3)
    assert (entry.event, entry.detail["error"]) == ("message_store_failed", f"20 task tokens wait on {TASK}#0#1")
    assert (stage.unstored, stage.queue.backed_off) == (["message22"], [("receipt0", 8.0)])
    assert stage.ask() != ["message_store_failed"]
    assert stage.ask(taskToken="token7") != ["message_store_failed"]
    stage.change(task_tokens=frozenset({"token0"}))
    assert "message_store_failed" not in stage.ask(taskToken="token20")
    assert stage.job().task_tokens == {"token0", "token20"}


@pytest.mark.parametrize("state", [State.PROCESSING, State.FAILED])
def test_two_task_tokens_at_a_time_are_both_stored_or_one_reads_again(state: State) -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(state=state, task_tokens=frozenset(f"token{n}" for n in range(19)))
    waiting = stage.job().task_tokens
    stage.faulty_jobs.before(
        "write", lambda write: stage.change(task_tokens=waiting | {"first"}) if write.when else None
    )

    assert stage.ask(taskToken="second") == ["message_store_failed"]
    assert stage.job().task_tokens == waiting | {"first"}


def test_announcing_again_forgets_what_was_told() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(state=State.FAILED, on_bus=True, announcing_since=NOON)
    stage.ask()

    assert (stage.job().on_bus, stage.job().announcing_since) == (None, None)
