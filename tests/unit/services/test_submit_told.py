"""What submit tells of its doings: the word, the job as it is after it, and the details."""

import json
from dataclasses import replace

import pytest

from tests.doubles.stage import TASK, URL, KilledError, Stage
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.job import Code, ProviderApi, State
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


def received(stage: Stage, *bodies: str, again: str = "") -> list[LogEntry]:
    """Deliver messages as one batch; when each entry's thing happened has a test of its own."""
    return [replace(entry, at=None) for entry in stage.receive(*bodies, again=again)]


def swept(stage: Stage, *, after: float = 0.0, life: float = 120) -> list[LogEntry]:
    stage.clock.advance(after)
    return stage.swept(life=life)


def test_a_message_is_told_as_created_and_as_answered() -> None:
    stage = Stage(WORKING)
    seen = stage.seen_by_provider()

    assert received(stage, message()) == [
        LogEntry(LogEvent.JOB_CREATED, seen[0]),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]


def test_a_lost_answer_is_told_with_its_reason() -> None:
    stage = Stage(LOST)
    entries = received(stage, message())

    assert entries[1] == LogEntry(LogEvent.RESPONSE_LOST, stage.job(), {"meaning": "lost", "reason": "ReadTimeout"})


def test_a_shut_gate_is_told_once_with_the_reason_and_without_a_job() -> None:
    stage = Stage(NO_CREDITS)
    entries = received(stage, message())

    assert entries[1:] == [
        LogEntry(LogEvent.GATE_PAUSED, None, {"reason": "NO_CREDITS"}),
        LogEntry(LogEvent.REQUEST_DEFERRED, stage.job(), {"meaning": "account_refused", "reason": "NO_CREDITS"}),
    ]


def test_an_invalid_message_is_told_with_the_reason_it_is_rejected_for() -> None:
    stage = Stage()
    reason = "taskId is missing"

    assert received(stage, "{}") == [
        LogEntry(LogEvent.MESSAGE_REJECTED, None, {"messageId": "message1", "reason": reason})
    ]
    assert stage.queue.rejected == [("{}", reason)]


def test_a_message_put_back_is_named() -> None:
    stage = Stage()
    stage.queue.broken = True

    assert received(stage, "{}") == [LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, {"messageId": "message1"})]
    assert (stage.unstored, stage.queue.backed_off) == (["message1"], [("receipt0", 2.0)])


def test_each_receive_of_a_message_backs_it_off_longer() -> None:
    stage = Stage()
    stage.queue.broken = True
    stage.receive("{}", receives=5)

    assert stage.queue.backed_off == [("receipt0", 32.0)]


def test_a_job_without_a_key_to_ask_with_waits_half_a_minute() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)

    assert received(stage, message()) == [
        LogEntry(LogEvent.SECRET_UNSET, None, {"reason": "API_KEY_UNSET"}),
        LogEntry(LogEvent.JOB_QUEUED, stage.job()),
    ]
    assert (stage.job().wait_reason, stage.job().due) == ("API_KEY_UNSET", stage.clock.now() + 30)


def test_a_joined_job_is_told_as_it_is() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert received(stage, message()) == [LogEntry(LogEvent.JOB_JOINED, stage.job())]
    assert received(stage, message(taskToken="token")) == [LogEntry(LogEvent.JOB_JOINED, stage.job())]
    assert stage.job().task_tokens == {"token"}


def test_a_message_without_a_token_has_nothing_to_write_into_a_live_job() -> None:
    stage = Stage(WORKING)
    stage.ask()
    before = len(stage.faulty_jobs.called("write"))
    stage.ask()

    assert [write.when for (write,) in stage.faulty_jobs.called("write")[before:]] == [()], (
        "only the try to create run 1"
    )


def test_an_end_announced_again_is_told_as_it_is() -> None:
    stage = Stage(REFUSED)
    stage.ask()

    assert received(stage, message()) == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]


def test_a_run_that_waits_for_an_earlier_one_is_looked_at_again_after_a_probes_wait() -> None:
    stage = Stage(WORKING)
    stage.ask()
    entries = received(stage, message(index=1))

    assert entries == [LogEntry(LogEvent.JOB_QUEUED, stage.job(2))]
    assert (stage.job(2).wait_reason, stage.job(2).due) == ("EARLIER_RUN", stage.clock.now() + 120)


def test_a_run_beyond_the_window_says_when_it_comes_back() -> None:
    stage = Stage(WORKING)
    slots = stage.gate.reserve(40, stage.clock.now())

    assert received(stage, message()) == [LogEntry(LogEvent.JOB_QUEUED, stage.job())]
    assert (stage.job().wait_reason, stage.job().due) == ("WINDOW_FULL", slots.wait.until)


def test_a_new_run_follows_the_newest_of_all() -> None:
    stage = Stage(REFUSED)
    stage.ask()
    stage.ask(index=1)
    stage.ask(force=True)

    assert [(job.run, job.index) for job in stage.jobs.runs(TASK)] == [(1, 0), (2, 1), (3, 0)]


def test_a_message_joins_the_newest_run_of_its_index() -> None:
    stage = Stage(REFUSED, WORKING)
    stage.ask()
    stage.ask(force=True)
    stage.ask(taskToken="token")

    assert [job.task_tokens for job in stage.jobs.runs(TASK)] == [frozenset(), {"token"}]


def test_a_job_that_ended_between_the_look_and_the_write_is_looked_at_again() -> None:
    stage = Stage(WORKING)
    stage.ask()

    def end(write: ConditionalUpdate) -> None:
        if write.when:
            stage.change(state=State.FAILED)

    stage.faulty_jobs.before("write", end)

    assert received(stage, message(taskToken="token")) == [LogEntry(LogEvent.ANNOUNCEMENT_REPEATED, stage.job())]
    assert stage.job().task_tokens == {"token"}


def redelivered(stage: Stage, body: str) -> list[LogEntry]:
    return received(stage, body, again="message1")


def test_a_message_whose_run_is_under_way_changes_nothing() -> None:
    stage = Stage(WORKING)
    received(stage, message())

    assert redelivered(stage, message()) == [LogEntry(LogEvent.MESSAGE_REDELIVERED, stage.job())]
    assert len(stage.provider.submitted) == 1


def crashed(stage: Stage, *bodies: str) -> None:
    """Let the function die while its request is out."""

    def die(_: object) -> None:
        raise KilledError

    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        received(stage, *bodies)
    stage.provider.meanwhile = lambda _: None


def test_a_message_that_goes_on_where_its_function_died_claims_anew() -> None:
    stage = Stage(WORKING)
    crashed(stage, message())
    before = stage.job()
    stage.clock.advance(360)
    seen = stage.seen_by_provider()

    assert redelivered(stage, message()) == [
        LogEntry(LogEvent.MESSAGE_REDELIVERED, before),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]
    assert seen[0].claim_id not in {None, before.claim_id}


def test_a_redelivered_message_asks_under_the_contract_of_today() -> None:
    stage = Stage(WORKING)
    stage.gate.pause_by_hand()
    received(stage, message())
    stage.gate.resume()
    stage.provider_api = ProviderApi.JOBS
    redelivered(stage, message())

    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.JOBS)


def test_a_redelivered_message_without_a_slot_leaves_its_run_to_the_sweep() -> None:
    stage = Stage(WORKING)
    crashed(stage, message())
    stage.clock.advance(360)
    stage.gate.pause_by_hand()

    assert redelivered(stage, message()) == [LogEntry(LogEvent.MESSAGE_REDELIVERED, stage.job())]
    assert len(stage.provider.submitted) == 1


def test_a_redelivered_message_waits_for_its_turn() -> None:
    stage = Stage(WORKING)
    received(stage, message(index=1))
    received(stage, message())
    stage.clock.advance(360)

    assert received(stage, message(), again="message2") == [LogEntry(LogEvent.MESSAGE_REDELIVERED, stage.job(2))]
    assert len(stage.provider.submitted) == 1


def test_a_redelivered_message_that_a_sweep_overtakes_asks_nobody() -> None:
    stage = Stage(WORKING)
    crashed(stage, message())
    before = stage.job()
    stage.clock.advance(360)
    stage.faulty_jobs.before("write", lambda write: stage.change(claim_id="somebody") if write.when else None)

    assert redelivered(stage, message()) == [LogEntry(LogEvent.MESSAGE_REDELIVERED, before)]
    assert len(stage.provider.submitted) == 1


def test_each_note_says_when_its_thing_happened() -> None:
    stage = Stage(WORKING)
    created, accepted = stage.receive(message())
    (joined,) = stage.receive(message())

    assert (created.at, accepted.at, joined.at) == (stage.job().created_at, stage.job().accepted_at, stage.clock.now())
