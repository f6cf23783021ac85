from dataclasses import replace

import pytest

from proofs.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.decisions import (
    LONGEST_URL,
    MOST_URLS,
    Context,
    Decision,
    Need,
    after_response,
    fetchable,
    is_turn,
    polls_by_post,
    when_due,
)
from veo4k.domain.job import Code, Job, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.schedule import Times
from veo4k.domain.wait_reason import WaitReason

TIMES = Times()
JOB = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.SUBMITTING,
    created_at=NOON,
    requests_sent=1,
    claim_id="mine",
    requested_at=NOON,
    first_requested_at=NOON,
    retry_at=NOON + 210,
)
MOMENT = Context(now=NOON + 1, until=NOON + 60, times=TIMES, hosts=HOSTS, on_trial=False, new_id="new")


def test_only_links_that_may_be_fetched_are_kept_and_only_a_few() -> None:
    links = [ELSEWHERE, "https://file.example/" + "x" * LONGEST_URL, *[f"https://file.example/{n}" for n in range(9)]]

    assert fetchable(links, HOSTS) == tuple(links[2 : 2 + MOST_URLS])


def test_a_link_may_be_as_long_as_the_longest_and_no_longer() -> None:
    longest = "https://file.example/".ljust(LONGEST_URL, "x")

    assert fetchable([longest, longest + "x"], HOSTS) == (longest,)


def test_a_result_without_links_is_polled_soon() -> None:
    answer = Response(meaning=Meaning.WORKING, cause="generated successfully", is_generated=True)
    write = after_response(JOB, answer, MOMENT).update

    assert write is not None
    assert write.put["due"] == MOMENT.now + TIMES.probe


def test_an_acceptance_after_a_lost_response_is_checked_like_any_other() -> None:
    write = after_response(replace(JOB, lost_responses=1), Response(meaning=Meaning.WORKING), MOMENT).update

    assert write is not None
    assert write.put["due"] == MOMENT.now + TIMES.first_probe


def test_a_link_refresh_without_a_path_of_the_api_costs_a_try() -> None:
    ready = replace(JOB, state=State.READY, link_dead=True, accepted_at=NOON, archive_attempts=3, poll_id="mine")
    never = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
    gone = Response(meaning=Meaning.NOT_SENT, wait_reason=WaitReason.PATH_GONE)

    assert after_response(ready, never, MOMENT).update is not None
    assert after_response(ready, gone, MOMENT).update is None


def test_a_plain_acceptance_leaves_the_due_index_alone() -> None:
    write = after_response(JOB, Response(meaning=Meaning.WORKING, accepted_anew=True), MOMENT).update

    assert write is not None
    assert "due" not in write.put


def test_an_unanswered_trial_ends_no_job() -> None:
    late = replace(JOB, lost_responses=5, requested_at=NOON + TIMES.hard_deadline)
    lost = Response(meaning=Meaning.LOST)

    assert after_response(late, lost, MOMENT).event == "job_timed_out"
    assert after_response(late, lost, replace(MOMENT, on_trial=True)).event == "response_lost"


@pytest.mark.parametrize("meaning", sorted(set(Meaning) - {Meaning.DONE, Meaning.NOT_SENT}))
def test_while_a_fresh_link_is_wanted_nothing_else_counts(meaning: Meaning) -> None:
    ready = replace(JOB, state=State.READY, link_dead=True)

    assert after_response(ready, Response(meaning=meaning), MOMENT).update is None


def test_a_fresh_link_to_a_foreign_host_is_none() -> None:
    ready = replace(JOB, state=State.READY, link_dead=True)

    assert after_response(ready, Response(meaning=Meaning.DONE, urls=(ELSEWHERE,)), MOMENT).update is None
    assert after_response(ready, Response(meaning=Meaning.DONE, urls=(URL,)), MOMENT).event == "link_refreshed"


def test_every_response_has_a_decision_in_every_state_that_requests() -> None:
    for state in (State.SUBMITTING, State.PROCESSING, State.READY):
        for meaning in Meaning:
            assert after_response(replace(JOB, state=state), Response(meaning=meaning), MOMENT).event


@pytest.mark.parametrize(
    ("state", "attempts", "code"),
    [
        (State.QUEUED, 0, Code.NEVER_SUBMITTED),
        (State.QUEUED, 1, Code.SUBMISSION_UNCONFIRMED),
        (State.SUBMITTING, 1, Code.SUBMISSION_UNCONFIRMED),
        (State.PROCESSING, 1, Code.NO_ANSWER),
    ],
)
def test_after_thirteen_days_a_job_ends_in_any_case(state: State, attempts: int, code: Code) -> None:
    job = replace(JOB, state=state, requests_sent=attempts)
    due = when_due(job, NOON + TIMES.queued_deadline, "new", TIMES)

    assert due == Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, NOON + TIMES.queued_deadline, TIMES))


def test_a_due_job_in_a_state_of_a_later_version_is_skipped() -> None:
    late = NOON + TIMES.queued_deadline

    assert when_due(replace(JOB, state=State("PARKED")), late, "new", TIMES) == Decision(LogEvent.JOB_SKIPPED)


def test_a_request_that_is_out_is_not_ended_over() -> None:
    out = replace(JOB, retry_at=NOON + TIMES.queued_deadline + 210)

    assert when_due(out, NOON + TIMES.queued_deadline, "new", TIMES) is None


def test_an_accepted_job_is_not_polled_too_soon() -> None:
    job = replace(JOB, state=State.PROCESSING, acceptances=1)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES) is None
    assert when_due(job, NOON + TIMES.probe, "new", TIMES) is Need.POLL


def test_a_link_is_not_refreshed_too_soon() -> None:
    job = replace(JOB, state=State.READY, link_dead=True)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES) is None
    assert when_due(job, NOON + TIMES.probe, "new", TIMES) is Need.POLL


def test_only_earlier_runs_must_have_ended() -> None:
    second = replace(JOB, run=2)
    ended, later = replace(JOB, state=State.FAILED), replace(JOB, run=3)

    assert is_turn(second, [ended, second, later])
    assert not is_turn(second, [JOB, second])


def test_under_the_jobs_api_no_job_is_polled_by_a_second_request() -> None:
    assert polls_by_post(JOB)
    assert not polls_by_post(replace(JOB, provider_api=ProviderApi.JOBS))
    assert not polls_by_post(replace(JOB, provider_task_id="another"))
    assert polls_by_post(replace(JOB, provider_task_id=TASK))
