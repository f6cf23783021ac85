import json
from dataclasses import replace

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.stage import ELSEWHERE, TASK, URL, KilledError, Stage
from tests.unit.services.responses import DONE, LOST, NO_CREDITS, NOT_YET, PATH_IS_GONE, REFUSED, REPEATED, WORKING
from veo4k.domain.job import Code, Evidence, Key, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

DAY, HOUR = 86_400.0, 3600.0


def code(stage: Stage) -> Code | None:
    error = stage.job().error
    return error.code if error else None


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id} | fields)


def swept(stage: Stage, *, after: float = 0.0) -> list[LogEntry]:
    """Run a sweep and return its log entries without their times, which have a test of their own."""
    stage.clock.advance(after)
    return [replace(entry, at=None) for entry in stage.swept(life=120)]


def test_nothing_due_is_nothing_done() -> None:
    stage = Stage(WORKING)
    stage.ask()

    assert stage.sweep(after=60) == []


def test_a_poll_replaces_a_lost_callback() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    seen = stage.seen_by_provider()

    assert swept(stage, after=720) == [
        LogEntry(LogEvent.POLL_CLAIMED, seen[0]),
        LogEntry(LogEvent.RESULT_RECEIVED, stage.job(), {"meaning": "done"}),
    ]
    assert seen[0].poll_id is not None
    assert (stage.job().state, stage.job().evidence, stage.job().requests_sent) == (State.READY, Evidence.POLL, 2)


def test_the_next_poll_is_written_before_the_request_is_sent() -> None:
    stage = Stage(WORKING, LOST)
    stage.ask()
    dues: list[float | None] = []
    stage.provider.meanwhile = lambda _: dues.append(stage.job().due)
    stage.sweep(after=720)

    assert dues == [pytest.approx(stage.clock.now() + 360, abs=1)]


@pytest.mark.parametrize(
    ("response", "after", "state", "error"),
    [
        (replace(REFUSED, code=Code.BASE_EXPIRED), 720, State.PROCESSING, None),
        (NOT_YET, 720, State.PROCESSING, None),
        (LOST, 720, State.PROCESSING, None),
        (NO_CREDITS, 720, State.PROCESSING, None),
        (LOST, DAY + 1, State.PROCESSING, None),
        (DONE, DAY + 1, State.READY, None),
        (REPEATED, DAY + 1, State.TIMED_OUT, Code.NO_ANSWER),
        (Response(meaning=Meaning.DONE, urls=(ELSEWHERE,)), 720, State.PROCESSING, None),
        (Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K), 720, State.FAILED, Code.NOT_AVAILABLE_IN_4K),
    ],
    ids=[
        "a refusal is no verdict",
        "an unfinished base video is no verdict",
        "a lost response is no verdict",
        "a refused account is no verdict",
        "no deadline ends a job without a response",
        "a result after the deadline is a result",
        "still working after the deadline ends the job",
        "a foreign host is no verdict",
        "a failed generation ends the job",
    ],
)
def test_a_response_to_a_poll_decides_on_an_accepted_job(
    response: Response, after: float, state: State, error: Code | None
) -> None:
    stage = Stage(WORKING, response)
    stage.ask()
    stage.sweep(after=after)

    assert (stage.job().state, code(stage)) == (state, error)
    assert stage.job().maybe_charged or state is not State.TIMED_OUT


def test_a_poll_without_effect_is_logged_with_the_claimed_job() -> None:
    stage = Stage(WORKING, LOST)
    stage.ask()

    assert swept(stage, after=720)[1] == LogEntry(
        LogEvent.POLL_INCONCLUSIVE, stage.job(), {"meaning": "lost", "reason": "ReadTimeout"}
    )


def test_a_response_that_came_too_late_is_logged_with_the_current_row() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.provider.meanwhile = lambda _: stage.change(state=State.FAILED)
    entries = swept(stage, after=720)

    assert entries[1] == LogEntry(LogEvent.RESPONSE_SUPERSEDED, stage.job(), {"meaning": "done"})


def test_an_unwritten_response_is_logged_with_meaning_and_error() -> None:
    stage = Stage(LOST)
    stage.faulty_jobs.fail("write", call=2)

    assert stage.receive(message())[1] == LogEntry(
        LogEvent.RESPONSE_WRITE_FAILED, stage.job(), {"meaning": "lost", "reason": "ReadTimeout", "error": DOWN}
    )


def test_each_log_entry_has_the_time_of_its_event() -> None:
    stage = Stage(WORKING, LOST)
    stage.ask()
    stage.clock.advance(720)
    claimed, answered = stage.swept()

    assert (claimed.at, answered.at) == (stage.job().requested_at, stage.clock.now())


def test_an_unsent_poll_is_not_counted() -> None:
    stage = Stage(WORKING, Response(meaning=Meaning.NOT_SENT))
    stage.ask()
    stage.sweep(after=720)

    assert stage.job().requests_sent == 1


def test_two_repeats_accepted_like_a_first_request_stop_the_polls() -> None:
    stage = Stage(WORKING)
    stage.ask()
    first = stage.sweep(after=720)
    second = stage.sweep(after=HOUR)
    third = stage.sweep(after=HOUR * 3)

    assert first == second == ["poll_claimed", "double_charge_suspected"]
    assert third == ["job_check_postponed"]
    assert len(stage.provider.submitted) + len(stage.provider.polled) == 3


def test_a_job_that_is_polled_no_more_ends_at_its_deadline() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.change(acceptances=3, due=stage.clock.now())
    stage.sweep(after=DAY)

    assert (stage.job().state, code(stage)) == (State.TIMED_OUT, Code.NO_ANSWER)


def test_a_job_under_an_id_of_its_own_is_polled_without_another_request() -> None:
    stage = Stage(replace(WORKING, task_id="veo_task_of_its_own"), DONE)
    stage.ask()
    stage.sweep(after=720)

    assert (stage.job().state, stage.job().requests_sent) == (State.READY, 1)


def test_a_lost_response_is_retried_only_after_it_can_no_longer_arrive() -> None:
    stage = Stage(LOST, REPEATED)
    stage.ask()

    assert stage.sweep(after=119) == []
    assert stage.sweep(after=2) == ["request_claimed", "request_accepted"]
    assert stage.job().state is State.PROCESSING


def test_waits_grow_with_every_lost_response() -> None:
    stage = Stage(LOST)
    stage.ask()
    stage.sweep(after=121)
    lost, again = stage.job().lost_responses, stage.job().retry_at

    assert lost == 2
    assert again == pytest.approx(stage.clock.now() + 480, abs=0.5)


def test_a_crash_counts_as_a_lost_response() -> None:
    stage = Stage(WORKING)

    def die(_: object) -> None:
        raise KilledError

    stage.provider.meanwhile = die
    with pytest.raises(KilledError):
        stage.ask()
    stage.provider.meanwhile = lambda _: None
    stage.sweep(after=720)

    assert (stage.job().state, stage.job().lost_responses, stage.job().requests_sent) == (State.PROCESSING, 1, 2)


def test_a_job_that_was_never_confirmed_ends_at_the_hard_deadline() -> None:
    stage = Stage(LOST)
    stage.ask()
    stage.change(due=stage.clock.now())
    stage.sweep(after=3 * DAY + 1)

    assert (stage.job().state, code(stage)) == (State.TIMED_OUT, Code.SUBMISSION_UNCONFIRMED)
    assert stage.job().maybe_charged is True


def test_where_a_repeat_is_not_safe_a_lost_response_is_only_awaited() -> None:
    stage = Stage(LOST, provider_api=ProviderApi.JOBS)
    stage.ask()

    assert swept(stage, after=2 * DAY) == [LogEntry(LogEvent.JOB_CHECK_POSTPONED, stage.job())]
    assert stage.sweep(after=DAY) == ["job_timed_out"]
    assert len(stage.provider.submitted) == 1
    assert (code(stage), stage.job().maybe_charged) == (Code.SUBMISSION_UNCONFIRMED, True)


def test_an_accepted_job_without_an_id_to_poll_ends_at_its_deadline() -> None:
    stage = Stage(replace(WORKING, task_id=None), provider_api=ProviderApi.JOBS)
    stage.ask()

    assert stage.sweep(after=DAY - 10) == ["job_check_postponed"]
    assert stage.sweep(after=20) == ["job_timed_out"]
    assert stage.provider.polled == []


def test_queued_jobs_are_submitted_when_the_gate_resumes() -> None:
    """The other runs of a first run's task are not read for that."""
    stage = Stage(NO_CREDITS, WORKING)
    stage.ask()
    seen = stage.seen_by_provider()
    stage.faulty_jobs.fail("runs", error=AssertionError("the other runs are read"))

    assert swept(stage, after=30) == []
    assert swept(stage, after=31) == [
        LogEntry(LogEvent.REQUEST_CLAIMED, seen[0]),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]
    assert seen[0].claim_id is not None
    assert not stage.gate.row.reason


def test_a_paused_gate_sends_nothing_and_hides_no_overdue_job() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.gate.pause_by_hand()
    stage.sweep(after=720)

    assert stage.provider.polled == []

    stage.change(state=State.READY, urls=(URL,), due=stage.clock.now())
    assert stage.sweep() == ["archive_retriggered"]


def test_an_account_that_stays_empty_ends_its_jobs_as_never_accepted() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()
    stage.gate.pause_by_hand()

    assert stage.sweep(after=13 * DAY + HOUR) == ["job_timed_out"]
    assert (code(stage), stage.job().maybe_charged) == (Code.NEVER_SUBMITTED, False)


def test_an_unfinished_base_video_is_waited_for_until_the_deadline() -> None:
    stage = Stage(Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED))
    stage.ask()
    stage.sweep(after=301)
    waiting = stage.job().state
    stage.sweep(after=DAY)

    assert waiting is State.QUEUED
    assert (stage.job().state, code(stage)) == (State.FAILED, Code.BASE_NOT_FINISHED)


def test_a_later_run_is_submitted_only_after_every_earlier_run_has_ended() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.ask(index=1)

    assert swept(stage, after=121) == [LogEntry(LogEvent.REQUEST_POSTPONED, stage.job(2))]
    assert stage.job(2).due == stage.clock.now() + 120

    stage.change(state=State.FAILED, partition=None, due=None)
    stage.sweep(after=121)
    assert stage.job(2).state is State.PROCESSING


def ready(stage: Stage, **fields: object) -> None:
    stage.ask()
    stage.change(state=State.READY, urls=(URL,), **fields)


def test_a_ready_job_without_a_live_archive_is_retriggered() -> None:
    stage = Stage(WORKING)
    ready(stage)
    stage.sweep(after=720)

    assert stage.job().retrigger_id is not None


def test_a_ready_job_is_left_to_its_archive_while_the_lease_runs() -> None:
    stage = Stage(WORKING)
    ready(stage, lease="another", lease_until=stage.clock.now() + 900)

    assert stage.sweep(after=720) == []


def test_a_ready_job_whose_tries_are_spent_has_failed() -> None:
    stage = Stage(WORKING)
    ready(stage, archive_attempts=10)
    stage.sweep(after=720)

    assert code(stage) is Code.ARCHIVE_FAILED


def test_a_dead_link_is_replaced_by_a_fresh_one() -> None:
    fresh = "https://file.example/v/b.mp4"
    stage = Stage(WORKING, replace(DONE, urls=(fresh,)))
    ready(stage, link_dead=True)

    assert stage.sweep(after=720) == ["link_refresh_claimed", "link_refreshed"]
    assert (stage.job().urls, stage.job().link_dead) == ((fresh,), None)


def test_a_link_that_cannot_be_refreshed_is_given_up_with_the_tries() -> None:
    stage = Stage(WORKING, LOST)
    ready(stage, link_dead=True, not_4k=1)
    for _ in range(12):
        stage.sweep(after=5 * HOUR)

    assert code(stage) is Code.ARCHIVE_FAILED
    assert len(stage.provider.polled) == 10


def test_an_unannounced_end_is_retriggered() -> None:
    stage = Stage(Response(meaning=Meaning.REFUSED))
    stage.ask()

    assert stage.sweep(after=60) == ["announcement_retriggered"]


def test_two_sweeps_never_poll_the_same_job() -> None:
    stage = Stage(WORKING, REPEATED)
    stage.ask()
    second: list[str] = []
    stage.provider.meanwhile = lambda _: second.extend(stage.sweep())
    stage.sweep(after=720)

    assert (len(stage.provider.polled), second) == (1, [])


def test_a_job_that_cannot_be_read_does_not_keep_the_others_waiting() -> None:
    stage = Stage(WORKING)
    stage.receive(message("veo_task_unreadable"), message())
    stage.faulty_jobs.fail("get", call=1)
    happened = stage.sweep(after=721)

    assert "job_skipped" in happened
    assert stage.provider.polled == [f"{TASK}#0#1"]


def test_an_unreachable_table_interrupts_the_sweep_without_an_exception() -> None:
    stage = Stage()
    stage.faulty_jobs.fail("due")

    assert swept(stage) == [LogEntry(LogEvent.SWEEP_INTERRUPTED, None, {"error": DOWN})]


def test_a_row_that_is_gone_from_the_table_is_skipped() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.tasks.clear()

    assert swept(stage, after=720) == []


def test_a_row_that_left_its_partition_is_skipped() -> None:
    stage = Stage(WORKING, DONE)
    stage.ask()
    stage.jobs.index[Partition.QUEUED][Key(TASK, 1)] = stage.clock.now()
    stage.change(due=stage.clock.now() + 720)
    stage.jobs.index[Partition.QUEUED][Key(TASK, 1)] = stage.clock.now()

    assert swept(stage, after=1) == []
    assert stage.provider.polled == []


def test_a_job_under_an_outdated_index_entry_is_checked_when_it_is_due() -> None:
    stage = Stage(WORKING)
    stage.ask()
    later = stage.clock.now() + 720
    stage.change(state=State.READY, due=later)
    stage.jobs.index[Partition.LIVE][Key(TASK, 1)] = stage.clock.now()

    assert swept(stage) == []
    assert [entry.event for entry in swept(stage, after=720)] == ["archive_retriggered"]


def test_a_path_that_is_gone_fails_no_job_and_says_what_to_change() -> None:
    stage = Stage(PATH_IS_GONE)
    stage.ask()

    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, PATH_IS_GONE.reason)
    assert stage.gate.row.reason == PATH_IS_GONE.reason


def test_after_the_switch_queued_jobs_are_submitted_under_the_new_api() -> None:
    stage = Stage(PATH_IS_GONE, WORKING)
    stage.ask()
    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=61)

    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.JOBS)


def test_jobs_in_flight_keep_the_api_they_were_submitted_under() -> None:
    stage = Stage(WORKING, REPEATED)
    stage.ask()
    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=721)

    assert stage.job().provider_api == "veo"
    assert stage.provider.polled == [f"{TASK}#0#1"]


def test_the_old_path_does_not_pause_the_gate_for_the_new_one() -> None:
    stage = Stage(WORKING, PATH_IS_GONE)
    stage.ask()
    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=721)

    assert not stage.gate.row.reason
    assert stage.job().state is State.PROCESSING
