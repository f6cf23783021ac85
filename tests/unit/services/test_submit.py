import json
from dataclasses import replace

import pytest

from tests.doubles.stage import ELSEWHERE, TASK, URL, KilledError, Stage, words
from tests.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.job import Code, Evidence, Partition, State
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

WORKING = Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)
REPEATED = Response(meaning=Meaning.WORKING, task_id=TASK)
DONE = Response(meaning=Meaning.DONE, urls=(URL,))
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
NO_CREDITS = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
NEVER_SENT = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
NOT_YET = Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED, cause="not success")


def test_a_message_becomes_a_job_with_one_request_to_the_provider() -> None:
    stage = Stage(WORKING)

    assert stage.ask(tags={"a": "b"}) == ["job_created", "request_accepted"]
    assert stage.provider.submitted == [f"{TASK}#0#1"]
    assert stage.job().state is State.PROCESSING
    assert stage.job().tags == {"a": "b"}
    assert stage.job().accepted_at is not None


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


def test_a_result_from_a_foreign_host_is_only_an_acceptance() -> None:
    stage = Stage(Response(meaning=Meaning.DONE, urls=(ELSEWHERE,)))
    stage.ask()

    assert stage.job().state is State.PROCESSING
    assert stage.job().urls == ()


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
    stage.receive(*(json.dumps({"taskId": f"veo_task_number_{n}"}) for n in range(5)))

    assert len(stage.provider.submitted) == 1
    assert {job.state for job in stage.jobs.all()} == {State.QUEUED}


def test_without_an_api_key_jobs_wait_with_the_reason() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()

    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, "API_KEY_UNSET")
    assert stage.provider.submitted == []


def test_beyond_the_window_jobs_wait_until_the_next_window() -> None:
    stage = Stage(WORKING)
    stage.receive(*(json.dumps({"taskId": f"veo_task_number_{n:03}"}) for n in range(60)))
    waiting = [job for job in stage.jobs.all() if job.state is State.QUEUED]

    assert (len(stage.provider.submitted), len(waiting)) == (40, 20)
    assert all(job.due is not None and job.due > NOON + 20 for job in waiting)


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
    entries = stage.receive("nonsense", json.dumps({"taskId": TASK}))

    assert words(entries) == ["message_rejected", "job_created", "request_accepted"]
    assert [body for body, _ in stage.queue.rejected] == ["nonsense"]
    assert stage.unstored == []


def test_an_invalid_message_that_cannot_be_rejected_comes_back() -> None:
    stage = Stage()
    stage.queue.broken = True
    stage.receive("nonsense")

    assert stage.unstored == ["message1"]


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
    body = json.dumps({"taskId": TASK, "force": True})
    stage.receive(body)
    stage.receive(body, again="message1")

    assert len(stage.jobs.runs(TASK)) == 1
    assert len(stage.provider.submitted) == 1


def test_a_redelivered_message_goes_on_where_its_function_died() -> None:
    stage = Stage(WORKING)
    body = json.dumps({"taskId": TASK})
    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        stage.receive(body)
    stage.provider.meanwhile = lambda _: None
    stage.clock.advance(360)
    stage.receive(body, again="message1")

    assert (stage.job().state, stage.job().requests_sent, stage.job().lost_responses) == (State.PROCESSING, 2, 1)


def die(_: object) -> None:
    raise KilledError


def test_a_redelivered_message_sends_nothing_while_a_request_may_be_out() -> None:
    stage = Stage(WORKING)
    body = json.dumps({"taskId": TASK})
    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        stage.receive(body)
    stage.clock.advance(100)
    stage.receive(body, again="message1")

    assert len(stage.provider.submitted) == 1


def test_a_message_for_a_live_job_joins_it() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert stage.ask(taskToken="token") == ["job_joined"]
    assert stage.ask() == ["job_joined"]
    assert stage.job().task_tokens == {"token"}
    assert len(stage.provider.submitted) == 1


def test_a_message_for_an_ended_job_only_repeats_the_announcement() -> None:
    stage = Stage(Response(meaning=Meaning.REFUSED))
    stage.ask()
    before = stage.job()

    assert stage.ask(taskToken="token") == ["announcement_repeated"]
    assert len(stage.provider.submitted) == 1
    assert stage.job().public() == before.public()
    assert stage.job().retrigger_id != before.retrigger_id
    assert stage.job().task_tokens == {"token"}


def test_messages_for_one_task_in_a_batch_take_one_slot() -> None:
    stage = Stage(WORKING)
    stage.receive(*(json.dumps({"taskId": TASK, "index": index}) for index in (0, 0, 1, 0)))

    assert [job.state for job in stage.jobs.runs(TASK)] == [State.PROCESSING, State.QUEUED]
    assert len(stage.gate.given) == 1


def test_unneeded_slots_are_not_waited_for() -> None:
    stage = Stage(WORKING)
    tasks = [json.dumps({"taskId": f"veo_task_number_{n:03}"}) for n in range(10)]
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


def test_force_joins_a_live_job() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert stage.ask(force=True) == ["job_joined"]


def test_another_index_of_the_task_waits_for_its_turn() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.ask(index=1)

    assert (stage.job(2).index, stage.job(2).state, stage.job(2).wait_reason) == (1, State.QUEUED, "EARLIER_RUN")
    assert len(stage.provider.submitted) == 1


def test_a_callback_before_the_response_is_not_undone_by_it() -> None:
    stage = Stage(WORKING)

    def call_back(_: object) -> None:
        job = stage.job()
        stage.jobs.write(transitions.accept_with_result(job, DONE, (URL,), stage.clock.now(), stage.times))

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
