from dataclasses import replace

import pytest

from proofs.doubles.responses import DONE, LOST, NO_CREDITS, OWN, PATH_IS_GONE, REPEATED, WITH_OWN_ID, WORKING
from proofs.doubles.stage import TASK, URL, Stage
from proofs.doubles.time_manual import NOON
from tests.unit.services.exchanges import OTHER, asked, code, message, messages, timeless
from veo4k.domain.job import Code, Evidence, Key, Partition, ProviderApi, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason

DAY, HOUR = 86_400.0, 3600.0


def test_a_poll_replaces_a_lost_callback_and_is_due_again_before_it_is_sent() -> None:
    stage = asked(WORKING, DONE)
    seen = stage.seen_by_provider()

    assert stage.swept(after=720) == [
        LogEntry(LogEvent.POLL_CLAIMED, seen[0], at=seen[0].requested_at),
        LogEntry(LogEvent.RESULT_RECEIVED, stage.job(), {"meaning": "done"}, stage.clock.now()),
    ]
    assert seen[0].poll_id is not None
    assert seen[0].due == pytest.approx(stage.clock.now() + 360, abs=1)
    assert (stage.job().state, stage.job().evidence, stage.job().requests_sent) == (State.READY, Evidence.POLL, 2)


@pytest.mark.parametrize(
    ("response", "state", "error"),
    [(LOST, State.PROCESSING, None), (DONE, State.READY, None), (REPEATED, State.TIMED_OUT, Code.NO_ANSWER)],
    ids=["no response ends no job", "a result is a result", "still working ends the job"],
)
def test_only_a_response_ends_an_accepted_job_at_its_deadline(
    response: Response, state: State, error: Code | None
) -> None:
    stage = asked(WORKING, response)
    stage.sweep(after=DAY + 1)

    assert (stage.job().state, code(stage.job())) == (state, error)
    assert stage.job().maybe_charged or state is not State.TIMED_OUT


def test_a_poll_without_effect_is_logged_with_the_row_as_it_is() -> None:
    stage = asked(WORKING, LOST, DONE)
    lost: Detail = {"meaning": "lost", "reason": "ReadTimeout"}
    assert timeless(stage.swept(after=720))[1] == LogEntry(LogEvent.POLL_INCONCLUSIVE, stage.job(), lost)

    stage.provider.meanwhile = lambda _: stage.change(state=State.FAILED)
    assert timeless(stage.swept(after=HOUR))[1] == LogEntry(
        LogEvent.RESPONSE_SUPERSEDED, stage.job(), {"meaning": "done"}
    )


def test_two_repeats_accepted_like_a_first_request_stop_the_polls() -> None:
    stage = asked(WORKING)

    assert stage.sweep(after=720) == stage.sweep(after=HOUR) == ["poll_claimed", "double_charge_suspected"]
    assert stage.sweep(after=HOUR * 3) == ["job_check_postponed"]
    assert len(stage.provider.submitted) + len(stage.provider.polled) == 3


def test_a_job_under_an_id_of_its_own_is_polled_without_another_request() -> None:
    stage = asked(WITH_OWN_ID, DONE)
    stage.sweep(after=720)

    assert stage.job().provider_task_id == OWN
    assert (stage.job().state, stage.job().requests_sent) == (State.READY, 1)


def test_an_accepted_job_without_an_id_to_poll_ends_at_its_deadline() -> None:
    stage = Stage(replace(WORKING, task_id=None), provider_api=ProviderApi.JOBS)
    stage.ask()

    assert stage.sweep(after=DAY - 10) == ["job_check_postponed"]
    assert stage.sweep(after=20) == ["job_timed_out"]
    assert stage.provider.polled == []


def test_a_lost_response_is_retried_only_after_it_can_no_longer_arrive() -> None:
    stage = asked(LOST, LOST, NO_CREDITS)

    assert stage.sweep(after=119) == []
    assert stage.sweep(after=2) == ["request_claimed", "response_lost"]
    assert stage.sweep(after=480) == ["request_claimed", "gate_paused", "request_deferred"]
    assert (stage.job().state, stage.job().requests_sent, stage.job().lost_responses) == (State.SUBMITTING, 3, 2)


def test_queued_jobs_are_submitted_when_the_gate_resumes() -> None:
    """The other runs of a first run's task are not read for that."""
    stage = asked(NO_CREDITS, WORKING)
    seen = stage.seen_by_provider()
    stage.faulty_jobs.fail("runs", error=AssertionError("the other runs are read"))

    assert stage.swept(after=30) == []
    assert timeless(stage.swept(after=31)) == [
        LogEntry(LogEvent.REQUEST_CLAIMED, seen[0]),
        LogEntry(LogEvent.REQUEST_ACCEPTED, stage.job(), {"meaning": "working"}),
    ]
    assert seen[0].claim_id is not None
    assert not stage.gate.row.reason


def test_an_account_that_stays_empty_ends_its_jobs_as_never_accepted() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()
    stage.gate.pause_by_hand()

    assert stage.sweep(after=13 * DAY + HOUR) == ["job_timed_out"]
    assert (code(stage.job()), stage.job().maybe_charged) == (Code.NEVER_SUBMITTED, False)


def test_a_later_run_is_submitted_only_after_every_earlier_run_has_ended() -> None:
    stage = asked(WORKING)
    stage.ask(index=1)

    assert timeless(stage.swept(after=121)) == [LogEntry(LogEvent.REQUEST_POSTPONED, stage.job(2))]
    assert stage.job(2).due == stage.clock.now() + 120

    stage.change(state=State.FAILED, partition=None, due=None)
    stage.sweep(after=121)
    assert stage.job(2).state is State.PROCESSING


def test_a_dead_link_is_replaced_by_a_fresh_one_and_archived_again() -> None:
    fresh = "https://file.example/v/b.mp4"
    stage = asked(WORKING, replace(DONE, urls=(fresh,)), state=State.READY, urls=(URL,), link_dead=True)

    assert stage.sweep(after=720) == ["link_refresh_claimed", "link_refreshed"]
    assert (stage.job().urls, stage.job().link_dead) == ((fresh,), None)
    assert stage.job().retrigger_id is not None


def test_a_link_that_cannot_be_refreshed_is_given_up_with_the_tries() -> None:
    stage = asked(WORKING, LOST, state=State.READY, urls=(URL,), link_dead=True, not_4k=1)
    for _ in range(12):
        stage.sweep(after=5 * HOUR)

    assert code(stage.job()) is Code.ARCHIVE_FAILED
    assert len(stage.provider.polled) == 10


def test_two_sweeps_never_poll_the_same_job() -> None:
    stage = asked(WORKING, REPEATED)
    second: list[str] = []
    stage.provider.meanwhile = lambda _: second.extend(stage.sweep())
    stage.sweep(after=720)

    assert (len(stage.provider.polled), second) == (1, [])


def test_a_job_that_cannot_be_read_does_not_keep_the_others_waiting() -> None:
    stage = Stage(WORKING)
    stage.receive(message("veo_task_unreadable"), message())
    stage.faulty_jobs.fail("get", call=1)

    assert "job_skipped" in stage.sweep(after=721)
    assert stage.provider.polled == [f"{TASK}#0#1"]


def test_a_ready_job_is_left_to_its_archive_while_the_lease_runs() -> None:
    stage = asked(WORKING, state=State.READY, urls=(URL,), lease="another", lease_until=NOON + 900)

    assert stage.sweep(after=720) == []
    assert stage.sweep(after=180) == ["archive_retriggered"]


def test_a_row_that_is_gone_or_in_another_partition_is_skipped() -> None:
    stage = asked(WORKING)
    stage.jobs.index[Partition.LIVE].clear()
    for task in (TASK, "veo_task_that_is_gone"):
        stage.jobs.index[Partition.QUEUED][Key(task, 1)] = stage.clock.now()

    assert stage.sweep(after=721) == []
    assert stage.provider.polled == []


def test_a_job_under_an_outdated_index_entry_is_checked_when_it_is_due() -> None:
    stage = asked(WORKING)
    stage.change(state=State.READY, due=stage.clock.now() + 720)
    stage.jobs.index[Partition.LIVE][Key(TASK, 1)] = stage.clock.now()

    assert stage.sweep() == []
    assert stage.sweep(after=720) == ["archive_retriggered"]


def test_where_a_path_is_gone_jobs_wait_for_the_switch_to_the_new_api() -> None:
    stage = asked(PATH_IS_GONE, WORKING)
    assert (stage.job().state, stage.job().wait_reason) == (State.QUEUED, PATH_IS_GONE.reason)
    assert stage.gate.row.reason == PATH_IS_GONE.reason

    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=61)
    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.JOBS)


def test_a_trial_under_a_path_that_is_gone_is_the_only_request_of_its_pause() -> None:
    stage = Stage(WORKING)
    stage.receive(*messages(3))
    stage.provider_api, stage.provider.script = ProviderApi.JOBS, [PATH_IS_GONE]
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.sweep(after=721)

    assert (len(stage.provider.polled), stage.gate.row.reason) == (1, "NO_CREDITS")


QUEUED, POLLED = f"{OTHER}#0#1", f"{TASK}#0#1"
TRIALS = {
    "mostly for a queued job": ([WORKING, NO_CREDITS], 0.7, True, [QUEUED], "NO_CREDITS"),
    "now and then for a poll": ([WORKING, NO_CREDITS], 0.8, True, [POLLED], "NO_CREDITS"),
    "answered, and polls are sent too": ([WORKING, WORKING, REPEATED], 0.0, True, [QUEUED, POLLED], ""),
    "wanted by no queued job": ([WORKING, REPEATED], 0.0, False, [POLLED], ""),
}


@pytest.mark.parametrize(("script", "chance", "is_waiting", "requests", "reason"), TRIALS.values(), ids=TRIALS)
def test_a_trial_is_for_a_queued_job_or_a_poll(
    script: list[Response], chance: float, is_waiting: bool, requests: list[str], reason: str
) -> None:
    stage = asked(*script)
    stage.gate.pause("MAINTENANCE", stage.clock.now(), "")
    if is_waiting:
        stage.ask(OTHER)
    stage.provider_api, stage.chance = ProviderApi.JOBS, chance
    stage.sweep(after=721)

    assert [*stage.provider.submitted[1:], *stage.provider.polled] == requests
    assert stage.gate.row.reason == reason


def test_a_request_under_a_path_that_is_gone_is_repeated_two_hours_later() -> None:
    stage = asked(LOST, PATH_IS_GONE)
    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=121)

    assert (stage.job().state, stage.job().wait_reason) == (State.SUBMITTING, PATH_IS_GONE.reason)
    assert stage.job().due == stage.clock.now() + 7200


def test_jobs_in_flight_keep_their_api_whose_path_pauses_no_gate_any_more() -> None:
    stage = asked(WORKING, PATH_IS_GONE)
    stage.provider_api = ProviderApi.JOBS
    stage.sweep(after=721)

    assert (stage.job().state, stage.job().provider_api) == (State.PROCESSING, ProviderApi.VEO)
    assert stage.provider.polled == [f"{TASK}#0#1"]
    assert not stage.gate.row.reason
