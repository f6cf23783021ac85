from dataclasses import replace

import pytest

from proofs.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.decisions import (
    Context,
    Decision,
    Need,
    after_response,
    is_turn,
    own_link,
    polls_by_post,
    repeat_is_safe,
    when_due,
)
from veo4k.domain.job import Code, Job, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import Refusal, ResultHosts
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


def test_a_list_of_one_link_is_this_jobs_and_of_a_longer_one_its_entry() -> None:
    links = [f"https://file.example/{number}" for number in range(3)]

    assert own_link(links[:1], 2, HOSTS) == links[0]
    assert own_link(links, 2, HOSTS) == links[2]
    assert own_link(links, 3, HOSTS) == Refusal("the result has 3 links, and none at index 3")
    assert own_link([], 0, HOSTS) == Refusal("the result has 0 links, and none at index 0")


def test_a_link_is_stored_as_it_is_fetched() -> None:
    assert own_link([" HTTPS://File.Example/a b/\u00e4.mp4 "], 0, HOSTS) == "https://file.example/a%20b/%C3%A4.mp4"
    assert own_link([ELSEWHERE], 0, HOSTS) == Refusal("the link leads outside ResultHosts", "evil.example")


KEPT = replace(JOB, state=State.PROCESSING, urls=(ELSEWHERE,), acceptances=1)


def test_a_kept_link_waits_for_its_host_and_nobody_is_asked() -> None:
    waits = transitions.wait_for_host(KEPT, "evil.example", NOON + 10 + TIMES.probe)

    assert when_due(KEPT, NOON + 10, "new", TIMES, HOSTS) == Decision(
        LogEvent.RESULT_HOST_BLOCKED, waits, "evil.example"
    )
    assert waits.put["wait_text"] == "HOST_NOT_ALLOWED: evil.example"
    later = when_due(KEPT, NOON + 90_000, "new", TIMES, HOSTS)
    assert isinstance(later, Decision)
    assert later.update is not None
    assert later.update.put["due"] == NOON + 90_000 + 900


def test_a_kept_link_is_fetched_once_its_host_is_allowed() -> None:
    allowed = ResultHosts.parse("file.example,evil.example", "https://api.example")
    ready = transitions.fetch_kept_link(KEPT, NOON + 10, TIMES)

    assert when_due(KEPT, NOON + 10, "new", TIMES, allowed) == Decision(LogEvent.RESULT_RECEIVED, ready)


def test_a_kept_link_is_given_up_only_after_thirteen_days() -> None:
    end = NOON + TIMES.queued_deadline
    failed = transitions.fail(KEPT, Code.RESULT_HOST_BLOCKED, end, TIMES)

    assert when_due(KEPT, end, "new", TIMES, HOSTS) == Decision(LogEvent.JOB_FAILED, failed)


UNCLEAR = replace(JOB, provider_api=ProviderApi.JOBS, claim_id=None, lost_responses=2, unclear_responses=2)


def test_under_the_jobs_api_a_request_is_repeated_only_after_unclear_words() -> None:
    assert repeat_is_safe(JOB)
    assert repeat_is_safe(UNCLEAR)
    assert not repeat_is_safe(replace(UNCLEAR, lost_responses=3))
    assert not repeat_is_safe(replace(UNCLEAR, claim_id="out"))
    assert not transitions.maybe_charged(UNCLEAR)
    assert transitions.maybe_charged(replace(UNCLEAR, lost_responses=3))


def test_under_the_jobs_api_a_code_over_500_awaits_the_callback_for_two_hours() -> None:
    words, since = Words(500, "wrong parameter"), NOON + 1
    job = replace(UNCLEAR, lost_responses=3, words=words, unclear_since=since, retry_at=None)
    end = since + TIMES.unclear

    ended = transitions.fail(job, Code.PROVIDER_FAILED, end, TIMES, words)
    assert when_due(job, end, "new", TIMES, HOSTS) == Decision(LogEvent.JOB_FAILED, ended)
    assert ended.put["maybe_charged"] is True
    waits = when_due(job, end - 1, "new", TIMES, HOSTS)
    assert waits == Decision(LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(job, end))


def test_an_own_id_is_dropped_once_its_record_was_unknown_twice() -> None:
    job = replace(JOB, state=State.PROCESSING, provider_task_id="another")
    once = transitions.count_unknown_record(job)

    assert once.put == {"unknown_records": 1}
    assert transitions.count_unknown_record(replace(job, unknown_records=1)).put["provider_task_id"] == TASK


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
    ready = replace(
        JOB, state=State.READY, link_dead=True, not_4k=1, accepted_at=NOON, archive_attempts=3, poll_id="mine"
    )
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


@pytest.mark.parametrize("meaning", sorted(set(Meaning) - {Meaning.DONE, Meaning.NOT_SENT, Meaning.FAILED}))
def test_while_a_fresh_link_is_wanted_nothing_else_counts(meaning: Meaning) -> None:
    ready = replace(JOB, state=State.READY, link_dead=True, not_4k=1)

    assert after_response(ready, Response(meaning=meaning), MOMENT).update is None


def test_a_fresh_link_to_a_foreign_host_is_none() -> None:
    ready = replace(JOB, state=State.READY, link_dead=True, not_4k=1)

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
    due = when_due(job, NOON + TIMES.queued_deadline, "new", TIMES, HOSTS)

    assert due == Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, NOON + TIMES.queued_deadline, TIMES))


def test_a_due_job_in_a_state_of_a_later_version_is_skipped() -> None:
    late = NOON + TIMES.queued_deadline

    assert when_due(replace(JOB, state=State("PARKED")), late, "new", TIMES, HOSTS) == Decision(LogEvent.JOB_SKIPPED)


def test_a_request_that_is_out_is_not_ended_over() -> None:
    out = replace(JOB, retry_at=NOON + TIMES.queued_deadline + 210)

    assert when_due(out, NOON + TIMES.queued_deadline, "new", TIMES, HOSTS) is None


def test_an_accepted_job_is_not_polled_too_soon() -> None:
    job = replace(JOB, state=State.PROCESSING, acceptances=1)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES, HOSTS) is None
    assert when_due(job, NOON + TIMES.probe, "new", TIMES, HOSTS) is Need.POLL


def test_a_link_is_not_refreshed_too_soon() -> None:
    job = replace(JOB, state=State.READY, accepted_at=NOON, link_dead=True)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES, HOSTS) is None
    assert when_due(job, NOON + TIMES.probe, "new", TIMES, HOSTS) is Need.POLL


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
