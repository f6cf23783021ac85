"""Every rule by an example of its own: the word for it, and the write that says it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import pytest

from proofs.doubles.responses import LOST, NEVER_SENT, NOT_FOUND, NOT_YET, OWN, REFUSED, UNCLEAR
from proofs.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.decisions import (
    MOST_ACCEPTANCES,
    Context,
    Decision,
    Due,
    Need,
    after_response,
    is_turn,
    own_link,
    polls_by_post,
    repeat_is_safe,
    when_due,
)
from veo4k.domain.gate import Wait
from veo4k.domain.job import Code, Evidence, Job, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import Refusal, ResultHosts
from veo4k.domain.schedule import LONGEST_HOST_WAIT, LONGEST_POLL_WAIT, Times
from veo4k.domain.wait_reason import WaitReason

TIMES = Times()
NOW, UNTIL = NOON + 1000, NOON + 1234
MOMENT = Context(now=NOW, until=UNTIL, times=TIMES, hosts=HOSTS, on_trial=False, new_id="fresh")
A_DAY_LATER = replace(MOMENT, now=NOW + TIMES.deadline)
UNDERSTOOD, ON_TRIAL = replace(MOMENT, is_understood=True), replace(MOMENT, on_trial=True)
POSTER = "https://file.example/v/a.jpg"

SUBMITTING = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.SUBMITTING,
    created_at=NOON - 500,
    requests_sent=1,
    claim_id="mine",
    requested_at=NOON,
    first_requested_at=NOON,
    retry_at=NOON + 210,
    partition=Partition.LIVE,
    due=NOON + 720,
)
QUEUED = replace(SUBMITTING, state=State.QUEUED, partition=Partition.QUEUED, requests_sent=0, claim_id=None)
PROCESSING = replace(SUBMITTING, state=State.PROCESSING, accepted_at=NOON + 1, acceptances=1, retry_at=None)
WITH_OWN_ID = replace(PROCESSING, provider_task_id=OWN)
KEPT = replace(PROCESSING, urls=(ELSEWHERE,))
KEPT_OF_CALLBACK = replace(KEPT, evidence=Evidence.CALLBACK, acceptances=MOST_ACCEPTANCES - 1)
READY = replace(PROCESSING, state=State.READY, urls=(URL,), archive_attempts=3)
LINKLESS = replace(READY, link_dead=True, poll_id="probe")
FAILED = replace(PROCESSING, state=State.FAILED)

DONE = Response(meaning=Meaning.DONE, urls=(URL, ELSEWHERE), image_urls=(POSTER, ELSEWHERE), credits=5)
SHOWN = replace(DONE, image_urls=(POSTER,))
FOREIGN = Response(meaning=Meaning.DONE, urls=(ELSEWHERE,))
WORKING = Response(meaning=Meaning.WORKING, task_id=TASK)
FIRST = replace(WORKING, accepted_anew=True)
GENERATED = replace(WORKING, cause="generated successfully", is_generated=True)
BROKEN = Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K)
SHUT = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
OVER_500 = Response(meaning=Meaning.UNCLEAR, words=Words(550, "E-1207"))
UNREADABLE = Response(meaning=Meaning.UNREADABLE, cause="resultUrls: list(1)")
TORN = Response(meaning=Meaning.DONE, urls=("https://file.example:99999/v/a.mp4",))
PATH_GONE = Response(meaning=Meaning.NOT_SENT, wait_reason=WaitReason.PATH_GONE)

HOST = "evil.example"
UNUSABLE = "the link is malformed, or longer than 8 KiB"
OUTSIDE = "the link leads outside ResultHosts"


received = partial(Decision, LogEvent.RESULT_RECEIVED)
blocked = partial(Decision, LogEvent.RESULT_HOST_BLOCKED, about=HOST)
inconclusive = partial(Decision, LogEvent.POLL_INCONCLUSIVE)
bought_twice = partial(Decision, LogEvent.DOUBLE_CHARGE_SUSPECTED)


def failed(job: Job, code: Code, now: float = NOW, words: Words = NO_WORDS) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, code, now, TIMES, words))


def timed_out(job: Job, code: Code, now: float = NOW) -> Decision:
    return Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, now, TIMES))


def accepted(job: Job, answer: Response, due: float | None) -> Decision:
    return Decision(LogEvent.REQUEST_ACCEPTED, transitions.accept(job, answer, NOW, due))


def unreadable(answer: Response, about: str = "") -> Decision:
    return Decision(LogEvent.RESULT_UNREADABLE, transitions.accept(SUBMITTING, answer, NOW, NOW + 120), about)


def deferred(job: Job, reason: str, due: float, *, is_sent: bool = True) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, Wait(due, reason), is_sent=is_sent))


def lost(job: Job, response: Response = LOST) -> Decision:
    return Decision(LogEvent.RESPONSE_LOST, transitions.count_lost_response(job, response, NOW, TIMES))


def given_up(job: Job, response: Response) -> Decision:
    return failed(transitions.with_lost_response(job, response, NOW), Code.PROVIDER_FAILED, words=response.words)


def unconfirmed(job: Job, response: Response = LOST) -> Decision:
    return timed_out(transitions.with_lost_response(job, response, NOW), Code.SUBMISSION_UNCONFIRMED)


def unclear(decision: Decision) -> Decision:
    return decision._replace(event=LogEvent.RESPONSE_UNCLEAR)


def old_link(job: Job, *, is_failed: bool = False, **counts: int) -> ConditionalUpdate:
    return transitions.retry_link(job, "fresh", NOW + 60, counts, failed=is_failed)


class Answered(NamedTuple):
    """A job, an answer to a request for it, and what follows."""

    job: Job
    answer: Response
    step: Decision
    moment: Context = MOMENT


OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline)
NEARLY_OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline + 0.001)
HARD = replace(SUBMITTING, requested_at=NOON + TIMES.hard_deadline, lost_responses=4)
FIRST_HARD = replace(HARD, lost_responses=0)
HARD_UNCLEAR = replace(HARD, unclear_since=NOW - 60)
NEARLY_HARD = replace(HARD, requested_at=NOON + TIMES.hard_deadline - 0.001)
UNDATED = replace(HARD, requested_at=None)
REPEATED = replace(SUBMITTING, lost_responses=1)
PATIENT = replace(SUBMITTING, requests_sent=9)
STEADY = replace(SUBMITTING, lost_responses=5, unclear_responses=5, unclear_since=NOW - 7200)
NEARLY_STEADY = replace(STEADY, unclear_since=NOW - 7199.999)
ONE_LOST = replace(STEADY, lost_responses=6)
A_DAY = replace(STEADY, unclear_since=NOW - TIMES.deadline)
UNSENT = deferred(SUBMITTING, "ConnectTimeout", UNTIL, is_sent=False)
WITH_RESULT = transitions.accept_with_result(SUBMITTING, SHOWN, URL, NOW, TIMES)
BLOCKED = transitions.BlockedLink(ELSEWHERE, HOST)
ELSEWHERE_KEPT = transitions.accept_on_other_host(SUBMITTING, FOREIGN, BLOCKED, NOW, NOW + 750)
SUBMISSIONS = {
    "the result": Answered(SUBMITTING, DONE, received(WITH_RESULT)),
    "a result on a host that is not allowed": Answered(SUBMITTING, FOREIGN, blocked(ELSEWHERE_KEPT)),
    "a result with a malformed link": Answered(SUBMITTING, TORN, unreadable(TORN, UNUSABLE)),
    "a result without a readable link": Answered(SUBMITTING, UNREADABLE, unreadable(UNREADABLE)),
    "an acceptance": Answered(SUBMITTING, FIRST, accepted(SUBMITTING, FIRST, None)),
    "an acceptance of a repeat": Answered(REPEATED, WORKING, accepted(REPEATED, WORKING, NOW + 720)),
    "that the result is there, without it": Answered(SUBMITTING, GENERATED, accepted(SUBMITTING, GENERATED, NOW + 120)),
    "an unfinished base video": Answered(SUBMITTING, NOT_YET, deferred(SUBMITTING, "BASE_NOT_FINISHED", NOW + 300)),
    "the same before its deadline": Answered(NEARLY_OLD, NOT_YET, deferred(NEARLY_OLD, "BASE_NOT_FINISHED", NOW + 300)),
    "the same at its deadline": Answered(OLD, NOT_YET, failed(OLD, Code.BASE_NOT_FINISHED)),
    "a refusal": Answered(SUBMITTING, REFUSED, failed(SUBMITTING, Code.INVALID_TASK)),
    "a failure": Answered(SUBMITTING, BROKEN, failed(SUBMITTING, Code.NOT_AVAILABLE_IN_4K)),
    "that the account may not ask": Answered(SUBMITTING, SHUT, deferred(SUBMITTING, "NO_CREDITS", UNTIL)),
    "404": Answered(SUBMITTING, NOT_FOUND, unclear(deferred(SUBMITTING, "NOT_FOUND", NOW + 120))),
    "404, again and again": Answered(PATIENT, NOT_FOUND, unclear(deferred(PATIENT, "NOT_FOUND", NOW + 1800))),
    "unknown words": Answered(SUBMITTING, UNCLEAR, unclear(lost(SUBMITTING, UNCLEAR))),
    "unknown words for two hours": Answered(STEADY, UNCLEAR, given_up(STEADY, UNCLEAR), UNDERSTOOD),
    "the same a moment before": Answered(NEARLY_STEADY, UNCLEAR, unclear(lost(NEARLY_STEADY, UNCLEAR)), UNDERSTOOD),
    "the same while nobody is understood": Answered(STEADY, UNCLEAR, unclear(lost(STEADY, UNCLEAR))),
    "the same for a day": Answered(A_DAY, UNCLEAR, given_up(A_DAY, UNCLEAR)),
    "the same where one answer was lost": Answered(ONE_LOST, UNCLEAR, unclear(lost(ONE_LOST, UNCLEAR)), UNDERSTOOD),
    "the same under a code over 500": Answered(STEADY, OVER_500, unclear(lost(STEADY, OVER_500)), UNDERSTOOD),
    "unknown words at the hard deadline": Answered(HARD_UNCLEAR, UNCLEAR, unclear(unconfirmed(HARD_UNCLEAR, UNCLEAR))),
    "nothing, for it never left": Answered(SUBMITTING, NEVER_SENT, UNSENT),
    "nothing": Answered(SUBMITTING, LOST, lost(SUBMITTING)),
    "nothing a moment before the hard deadline": Answered(NEARLY_HARD, LOST, lost(NEARLY_HARD)),
    "nothing at the hard deadline": Answered(HARD, LOST, unconfirmed(HARD)),
    "nothing at the hard deadline to the first request": Answered(FIRST_HARD, LOST, unconfirmed(FIRST_HARD)),
    "nothing at the hard deadline, on trial": Answered(HARD, LOST, lost(HARD), ON_TRIAL),
    "nothing to a request without a time": Answered(UNDATED, LOST, lost(UNDATED)),
}
ASKED_LATE = replace(PROCESSING, requested_at=NOON + 1 + TIMES.deadline)
ASKED_IN_TIME = replace(PROCESSING, requested_at=NOON + 1 + TIMES.deadline - 0.001)
UNASKED = replace(PROCESSING, requested_at=None)
NO_ANSWER = timed_out(replace(ASKED_LATE, words=UNCLEAR.words), Code.NO_ANSWER)
STILL_PROCESSING = Decision(LogEvent.JOB_STILL_PROCESSING)
POLLED_ELSEWHERE = transitions.poll_on_other_host(PROCESSING, FOREIGN, BLOCKED, NOW + 750)
ANOTHER_UNKNOWN = transitions.count_unknown_record(WITH_OWN_ID)
POLLS = {
    "the result": Answered(PROCESSING, DONE, received(transitions.poll_ready(PROCESSING, SHOWN, URL, NOW, TIMES))),
    "a result on a host that is not allowed": Answered(PROCESSING, FOREIGN, blocked(POLLED_ELSEWHERE)),
    "a result with a malformed link": Answered(PROCESSING, TORN, Decision(LogEvent.RESULT_UNREADABLE, None, UNUSABLE)),
    "a result without a readable link": Answered(PROCESSING, UNREADABLE, Decision(LogEvent.RESULT_UNREADABLE)),
    "the same at the deadline": Answered(ASKED_LATE, UNREADABLE, failed(ASKED_LATE, Code.RESULT_UNREADABLE)),
    "unknown words": Answered(PROCESSING, UNCLEAR, Decision(LogEvent.RESPONSE_UNCLEAR)),
    "404": Answered(PROCESSING, NOT_FOUND, Decision(LogEvent.RESPONSE_UNCLEAR)),
    "unknown words to a request at the deadline": Answered(ASKED_LATE, UNCLEAR, NO_ANSWER),
    "that its own id is unknown": Answered(WITH_OWN_ID, REFUSED, inconclusive(ANOTHER_UNKNOWN)),
    "that it is still made": Answered(PROCESSING, WORKING, STILL_PROCESSING),
    "the same to a request at the deadline": Answered(ASKED_LATE, WORKING, timed_out(ASKED_LATE, Code.NO_ANSWER)),
    "the same to a request before it": Answered(ASKED_IN_TIME, WORKING, STILL_PROCESSING),
    "the same to a request without a time": Answered(UNASKED, WORKING, STILL_PROCESSING, A_DAY_LATER),
    "an acceptance like the first": Answered(PROCESSING, FIRST, bought_twice(transitions.count_acceptance(PROCESSING))),
    "the same under an id of its own": Answered(WITH_OWN_ID, FIRST, inconclusive()),
    "a failure": Answered(PROCESSING, BROKEN, failed(PROCESSING, Code.NOT_AVAILABLE_IN_4K)),
    "a refusal": Answered(PROCESSING, REFUSED, inconclusive()),
    "an unfinished base video": Answered(PROCESSING, NOT_YET, inconclusive()),
    "that the account may not ask": Answered(PROCESSING, SHUT, inconclusive()),
    "nothing": Answered(PROCESSING, LOST, inconclusive()),
    "nothing, for it never left": Answered(PROCESSING, NEVER_SENT, inconclusive(transitions.uncount_poll(PROCESSING))),
    "nothing, for its own look never left": Answered(WITH_OWN_ID, NEVER_SENT, inconclusive()),
}
OWN_LINKLESS = replace(LINKLESS, provider_task_id=OWN)
NOT_4K = replace(LINKLESS, not_4k=1)
REFUSED_SINCE = replace(NOT_4K, link_refusals=2)
MALFORMED, NO_LINK_THERE = replace(FOREIGN, urls=("https://",)), "the link is malformed, or longer than 8 KiB"


def fresh_elsewhere(job: Job) -> ConditionalUpdate:
    return transitions.refresh_on_other_host(job, FOREIGN, BLOCKED, NOW + 750)


NO_TRY = transitions.uncount_poll(LINKLESS, by_post=False)
FRESH_LINK = transitions.refresh_link(LINKLESS, SHOWN, URL, "fresh", NOW + 60)
LINK_REFRESHES = {
    "a fresh link": Answered(LINKLESS, DONE, Decision(LogEvent.LINK_REFRESHED, FRESH_LINK)),
    "a link on a host that is not allowed": Answered(LINKLESS, FOREIGN, blocked(fresh_elsewhere(LINKLESS))),
    "a link that may not be fetched": Answered(LINKLESS, MALFORMED, inconclusive(old_link(LINKLESS), NO_LINK_THERE)),
    "that it is still made": Answered(LINKLESS, WORKING, inconclusive(old_link(LINKLESS))),
    "an acceptance like the first": Answered(LINKLESS, FIRST, bought_twice(old_link(LINKLESS, acceptances=1))),
    "a failure": Answered(LINKLESS, BROKEN, inconclusive(old_link(LINKLESS, is_failed=True))),
    "a refusal": Answered(LINKLESS, REFUSED, inconclusive(old_link(LINKLESS))),
    "that the account may not ask": Answered(LINKLESS, SHUT, inconclusive(old_link(LINKLESS))),
    "that it still may not": Answered(LINKLESS, SHUT, inconclusive(NO_TRY), ON_TRIAL),
    "nothing": Answered(LINKLESS, LOST, inconclusive(old_link(LINKLESS))),
    "nothing, for it never left": Answered(LINKLESS, NEVER_SENT, inconclusive(old_link(LINKLESS, requests_sent=-1))),
    "nothing, for its own look never left": Answered(OWN_LINKLESS, NEVER_SENT, inconclusive(old_link(OWN_LINKLESS))),
    "below 4K, a second acceptance": Answered(NOT_4K, FIRST, bought_twice(transitions.count_acceptance(NOT_4K))),
    "below 4K, nothing, never sent": Answered(NOT_4K, NEVER_SENT, inconclusive(transitions.uncount_poll(NOT_4K))),
    "below 4K, nothing, for the path is gone": Answered(NOT_4K, PATH_GONE, inconclusive()),
    "below 4K, a link on a host that is not allowed": Answered(NOT_4K, FOREIGN, blocked(fresh_elsewhere(NOT_4K))),
    "below 4K, another link of no use": Answered(NOT_4K, MALFORMED, inconclusive(about=NO_LINK_THERE)),
    "below 4K, a failure": Answered(NOT_4K, BROKEN, inconclusive(old_link(NOT_4K, is_failed=True))),
    "nothing about a link that is dead since": Answered(REFUSED_SINCE, LOST, inconclusive(old_link(REFUSED_SINCE))),
} | {
    f"below 4K, {answer.meaning.lower()}": Answered(NOT_4K, answer, inconclusive())
    for answer in (WORKING, NOT_YET, REFUSED, SHUT, NOT_FOUND, UNCLEAR, UNREADABLE, LOST)
}
ANSWERS = {
    f"{request} is answered: {answer}": case
    for request, answers in (("a submission", SUBMISSIONS), ("a poll", POLLS), ("a link refresh", LINK_REFRESHES))
    for answer, case in answers.items()
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_what_a_response_leads_to(case: Answered) -> None:
    assert after_response(case.job, case.answer, case.moment) == case.step


def test_every_response_has_a_decision_in_every_state_that_requests() -> None:
    for state in (State.SUBMITTING, State.PROCESSING, State.READY):
        for meaning in Meaning:
            assert after_response(replace(SUBMITTING, state=state), Response(meaning=meaning), MOMENT).event


class Looked(NamedTuple):
    """A job that a sweep checks, and what the job needs then."""

    job: Job
    due: Due
    now: float = NOW
    hosts: ResultHosts = HOSTS


def told_again(wait: float, **changes: Any) -> Looked:
    job = replace(FAILED, **changes)
    return Looked(job, Decision(LogEvent.ANNOUNCEMENT_RETRIGGERED, transitions.retrigger(job, "fresh", NOW + wait)))


def archived_again(job: Job, wait: float, now: float = NOW, hosts: ResultHosts = HOSTS) -> Looked:
    again = transitions.retrigger(job, "fresh", now + wait)
    return Looked(job, Decision(LogEvent.ARCHIVE_RETRIGGERED, again), now, hosts)


def postponed(job: Job, due: float, now: float = NOW) -> Looked:
    return Looked(job, Decision(LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(job, due)), now)


def ended(job: Job, how: Callable[..., Decision], code: Code, now: float) -> Looked:
    return Looked(job, how(job, code, now), now)


def waits_for_host(wait: float, now: float = NOW, job: Job = KEPT) -> Looked:
    return Looked(job, blocked(transitions.wait_for_host(job, HOST, now + wait)), now)


def abandoned(job: Job, code: Code, now: float) -> Decision:
    return Decision(LogEvent.ARCHIVE_ABANDONED, transitions.fail(job, code, now, TIMES))


LEASED = replace(READY, lease="lease", lease_until=NOW)
CRASHED = replace(SUBMITTING, lost_responses=1)
SPENT = replace(READY, archive_attempts=10)
BOUGHT_THRICE = replace(PROCESSING, acceptances=MOST_ACCEPTANCES)
NO_ACCEPTANCE = replace(BOUGHT_THRICE, accepted_at=None)
ACCEPTED_OVER, CREATED_OVER = NOON + 1 + TIMES.deadline, SUBMITTING.created_at + TIMES.deadline
UNSAFE = replace(SUBMITTING, provider_api=ProviderApi.JOBS)
OVER = NOON + TIMES.hard_deadline
ANCIENT = SUBMITTING.created_at + TIMES.queued_deadline
JOBS_UNCLEAR = replace(UNSAFE, claim_id=None, lost_responses=2, unclear_responses=2)
WRONG = Words(500, "wrong parameter")
JOBS_OVER_500 = replace(JOBS_UNCLEAR, lost_responses=3, words=WRONG, unclear_since=NOW, retry_at=None)
LATER_OVER_500 = replace(JOBS_OVER_500, requested_at=NOW + 2000)
ALLOWED_BY_NOW = ResultHosts.parse(f"file.example,{HOST}", "https://api.example")
HOSTLESS = replace(READY, urls=(ELSEWHERE,), wait_reason=WaitReason.HOST_NOT_ALLOWED, archive_attempts=0)
STILL_HOSTLESS = transitions.wait_for_host(HOSTLESS, HOST, NOW + 750)
FETCHED = received(transitions.fetch_kept_link(KEPT, NOW, TIMES))
OVERDUE, AGAIN_QUEUED = replace(SUBMITTING, retry_at=ANCIENT), replace(QUEUED, requests_sent=1)
PARKED = replace(SUBMITTING, state=State("PARKED"))
LOOKS = {
    "an unannounced end": told_again(60),
    "an end whose announcement fails for ten minutes": told_again(600, announcing_since=NOW - 600),
    "an end whose announcement fails for a day": told_again(3600, announcing_since=NOW - 86_400),
    "a result whose archive still runs": Looked(replace(LEASED, lease_until=NOW + 0.001), None),
    "a result whose archive is over": archived_again(LEASED, 240),
    "a result never fetched": archived_again(replace(READY, archive_attempts=0), 60),
    "a result with one try left": archived_again(replace(READY, archive_attempts=9), 4 * 3600),
    "a result whose tries are spent": ended(SPENT, abandoned, Code.ARCHIVE_FAILED, NOW),
    "a result that is thirteen days old": archived_again(READY, 240, ANCIENT),
    "a dead link": Looked(LINKLESS, Need.POLL),
    "a dead link just requested": Looked(replace(LINKLESS, requested_at=NOW - 119.999), None),
    "a dead link requested at no time": Looked(replace(LINKLESS, requested_at=None), Need.POLL),
    "a dead link that may not be requested": archived_again(replace(LINKLESS, acceptances=MOST_ACCEPTANCES), 240),
    "a dead link of a job never accepted": archived_again(replace(LINKLESS, accepted_at=None), 240),
    "a dead link after a failure": archived_again(replace(LINKLESS, failure_reported=True), 240),
    "a live link that may not be requested": archived_again(replace(READY, acceptances=MOST_ACCEPTANCES), 240),
    "a kept link whose host is not allowed yet": waits_for_host(750),
    "a kept link of a callback that the provider may deny": Looked(KEPT_OF_CALLBACK, Need.POLL),
    "the same, just asked": Looked(replace(KEPT_OF_CALLBACK, requested_at=NOW - 119.999), None),
    "the same where no poll may follow": waits_for_host(750, job=replace(KEPT_OF_CALLBACK, acceptances=3)),
    "the same after thirteen days": ended(KEPT_OF_CALLBACK, failed, Code.RESULT_HOST_BLOCKED, ANCIENT),
    "a kept link that has long waited for its host": waits_for_host(LONGEST_HOST_WAIT, NOW + 90_000),
    "a kept link whose host is allowed by now": Looked(KEPT, FETCHED, hosts=ALLOWED_BY_NOW),
    "a result whose fresh link's host is not allowed yet": Looked(HOSTLESS, blocked(STILL_HOSTLESS)),
    "the same, its tries spent": Looked(replace(HOSTLESS, archive_attempts=10), blocked(STILL_HOSTLESS)),
    "the same while it is archived": Looked(replace(HOSTLESS, lease="lease", lease_until=NOW + 1), None),
    "a result whose fresh link's host is allowed by now": archived_again(HOSTLESS, 60, hosts=ALLOWED_BY_NOW),
    "a result that has waited thirteen days for its host": ended(HOSTLESS, failed, Code.RESULT_HOST_BLOCKED, ANCIENT),
    "a kept link that is thirteen days old": ended(KEPT, failed, Code.RESULT_HOST_BLOCKED, ANCIENT),
    "an accepted job just asked about": Looked(replace(PROCESSING, requested_at=NOW - 119.999), None),
    "an accepted job": Looked(replace(PROCESSING, requested_at=NOW - 120), Need.POLL),
    "an accepted job asked about at no time": Looked(UNASKED, Need.POLL),
    "an accepted job that is thirteen days old": ended(PROCESSING, timed_out, Code.NO_ANSWER, ANCIENT),
    "a job bought twice": Looked(replace(PROCESSING, acceptances=MOST_ACCEPTANCES - 1), Need.POLL),
    "a job bought thrice": postponed(BOUGHT_THRICE, NOW + LONGEST_POLL_WAIT),
    "the same near its deadline": postponed(BOUGHT_THRICE, ACCEPTED_OVER, ACCEPTED_OVER - 101),
    "the same at its deadline": ended(BOUGHT_THRICE, timed_out, Code.NO_ANSWER, ACCEPTED_OVER),
    "an acceptance without a time": postponed(NO_ACCEPTANCE, CREATED_OVER, CREATED_OVER - 1),
    "the same when its creation is a deadline ago": ended(NO_ACCEPTANCE, timed_out, Code.NO_ANSWER, CREATED_OVER),
    "a claim that may be answered yet": Looked(replace(SUBMITTING, retry_at=NOW + 0.001), None),
    "an unanswered claim": Looked(replace(SUBMITTING, retry_at=NOW), Need.SUBMISSION),
    "an unanswered claim whose repeat is not safe": postponed(UNSAFE, NOW + LONGEST_POLL_WAIT),
    "the same at the hard deadline": Looked(
        UNSAFE, timed_out(replace(UNSAFE, lost_responses=1), Code.SUBMISSION_UNCONFIRMED, OVER), OVER
    ),
    "unclear words whose repeat is not safe": postponed(JOBS_OVER_500, NOW + 7200, NOW + 7199),
    "the same, requested after other unclear words": postponed(LATER_OVER_500, NOW + 9200, NOW + 9199),
    "the same for two hours": Looked(
        JOBS_OVER_500, failed(JOBS_OVER_500, Code.PROVIDER_FAILED, NOW + 7200, WRONG), NOW + 7200
    ),
    "a claim that is nearly thirteen days old": Looked(SUBMITTING, Need.SUBMISSION, ANCIENT - 0.001),
    "a claim that is thirteen days old": Looked(
        SUBMITTING, timed_out(CRASHED, Code.SUBMISSION_UNCONFIRMED, ANCIENT), ANCIENT
    ),
    "the same that may be answered yet": Looked(replace(SUBMITTING, retry_at=ANCIENT + 1), None, ANCIENT),
    "the same, over by now": Looked(
        OVERDUE, timed_out(replace(OVERDUE, lost_responses=1), Code.SUBMISSION_UNCONFIRMED, ANCIENT), ANCIENT
    ),
    "a job that waits": Looked(QUEUED, Need.SUBMISSION),
    "a job that waits, whose repeat is unsafe": Looked(replace(QUEUED, provider_api=ProviderApi.JOBS), Need.SUBMISSION),
    "a job never requested in thirteen days": ended(QUEUED, timed_out, Code.NEVER_SUBMITTED, ANCIENT),
    "a job that was requested in these days": ended(AGAIN_QUEUED, timed_out, Code.SUBMISSION_UNCONFIRMED, ANCIENT),
    "a job in a state of a later version": Looked(PARKED, Decision(LogEvent.JOB_SKIPPED), ANCIENT),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_a_job_needs_when_a_sweep_looks_at_it(look: Looked) -> None:
    assert when_due(look.job, replace(MOMENT, now=look.now, hosts=look.hosts)) == look.due


def test_a_list_of_one_link_is_this_jobs_and_of_a_longer_one_its_entry() -> None:
    links = [f"https://file.example/{number}" for number in range(3)]

    assert own_link(links[:1], 2, HOSTS) == links[0]
    assert own_link(links, 2, HOSTS) == links[2]
    assert own_link(links, 3, HOSTS) == Refusal("the result has 3 entries, and no link at index 3")
    assert own_link([], 0, HOSTS) == Refusal("the result has 0 entries, and no link at index 0")


def test_an_unreadable_entry_is_no_other_indexs_link() -> None:
    [link] = links = ["https://file.example/1"]

    assert own_link(["", *links], 1, HOSTS) == link
    assert own_link(["", *links], 0, HOSTS) == Refusal("the result has 2 entries, and no link at index 0")
    assert own_link([*links, ""], 1, HOSTS) == Refusal("the result has 2 entries, and no link at index 1")


def test_a_link_is_stored_as_it_is_fetched() -> None:
    assert own_link([" HTTPS://File.Example/a b/\u00e4.mp4 "], 0, HOSTS) == "https://file.example/a%20b/%C3%A4.mp4"
    assert own_link([ELSEWHERE], 0, HOSTS) == Refusal(OUTSIDE, HOST)


def test_an_own_id_is_dropped_once_its_record_was_unknown_twice() -> None:
    assert ANOTHER_UNKNOWN.put == {"unknown_records": 1}
    twice = transitions.count_unknown_record(replace(WITH_OWN_ID, unknown_records=1))
    assert twice.put == {"unknown_records": 0, "provider_task_id": TASK}


def test_under_the_jobs_api_a_request_is_repeated_only_after_unclear_words() -> None:
    one_lost = replace(JOBS_UNCLEAR, lost_responses=3)

    assert repeat_is_safe(SUBMITTING)
    assert repeat_is_safe(JOBS_UNCLEAR)
    assert not repeat_is_safe(one_lost)
    assert not repeat_is_safe(replace(JOBS_UNCLEAR, claim_id="out"))
    assert not transitions.maybe_charged(JOBS_UNCLEAR)
    assert transitions.maybe_charged(one_lost)


def test_under_the_jobs_api_no_job_is_polled_by_a_second_request() -> None:
    assert polls_by_post(SUBMITTING)
    assert polls_by_post(replace(SUBMITTING, provider_task_id=TASK))
    assert not polls_by_post(UNSAFE)
    assert not polls_by_post(WITH_OWN_ID)


def test_only_earlier_runs_must_have_ended() -> None:
    second, later = replace(SUBMITTING, run=2), replace(SUBMITTING, run=3)

    assert is_turn(second, [FAILED, second, later])
    assert not is_turn(second, [SUBMITTING, second])
