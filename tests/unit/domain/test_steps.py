"""Every rule by an example of its own: the word for it, and the write that says it."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from proofs.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.decisions import MOST_ACCEPTANCES, Context, Decision, Due, Need, after_response, when_due
from veo4k.domain.gate import Wait
from veo4k.domain.job import Code, Job, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.schedule import LONGEST_POLL_WAIT, Times
from veo4k.domain.wait_reason import WaitReason

TIMES = Times()
NOW = NOON + 1000
UNTIL = NOON + 1234
MOMENT = Context(now=NOW, until=UNTIL, times=TIMES, hosts=HOSTS, on_trial=False, new_id="fresh")
POSTER = "https://file.example/v/a.jpg"
OWN = "veo_task_of_its_own"

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
QUEUED = replace(
    SUBMITTING,
    state=State.QUEUED,
    partition=Partition.QUEUED,
    requests_sent=0,
    claim_id=None,
    requested_at=None,
    first_requested_at=None,
)
PROCESSING = replace(SUBMITTING, state=State.PROCESSING, accepted_at=NOON + 1, acceptances=1, retry_at=None)
WITH_OWN_ID = replace(PROCESSING, provider_task_id=OWN)
READY = replace(PROCESSING, state=State.READY, urls=(URL,), archive_attempts=3)
LINKLESS = replace(READY, link_dead=True, poll_id="probe")
FAILED = replace(PROCESSING, state=State.FAILED)

DONE = Response(meaning=Meaning.DONE, urls=(URL, ELSEWHERE), image_urls=(POSTER, ELSEWHERE), credits=5)
SHOWN = replace(DONE, image_urls=(POSTER,))
FOREIGN = Response(meaning=Meaning.DONE, urls=(ELSEWHERE,))
WORKING = Response(meaning=Meaning.WORKING, task_id=TASK)
FIRST = replace(WORKING, accepted_anew=True)
GENERATED = replace(WORKING, cause="generated successfully", is_generated=True)
NOT_YET = Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED, cause="not success")
REFUSED = Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
BROKEN = Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K)
SHUT = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))
OVER_500 = Response(meaning=Meaning.UNCLEAR, words=Words(550, "E-1207"))
NOT_FOUND = Response(meaning=Meaning.NOT_FOUND, wait_reason=WaitReason.NOT_FOUND)
UNREADABLE = Response(meaning=Meaning.UNREADABLE, cause="resultUrls: list(1)")
TORN = Response(meaning=Meaning.DONE, urls=("https://file.example:99999/v/a.mp4",))
NEVER_SENT = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")

HOST = "evil.example"
UNUSABLE = "the link is malformed, or longer than 8 KiB"
UNANSWERED = Decision(LogEvent.POLL_INCONCLUSIVE, None)


def old_link(
    job: Job, event: LogEvent = LogEvent.POLL_INCONCLUSIVE, *, failed: bool = False, **counts: int
) -> Decision:
    return Decision(event, transitions.retry_link(job, "fresh", NOW + 60, counts, failed=failed))


class Answered(NamedTuple):
    """A job, an answer to a request for it, and what follows."""

    job: Job
    answer: Response
    step: Decision
    moment: Context = MOMENT


def failed(job: Job, code: Code) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, code, NOW, TIMES))


def timed_out(job: Job, code: Code, now: float = NOW) -> Decision:
    return Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, now, TIMES))


def accepted(job: Job, answer: Response, due: float | None) -> Decision:
    return Decision(LogEvent.REQUEST_ACCEPTED, transitions.accept(job, answer, NOW, due))


def deferred(reason: str, due: float, *, is_sent: bool, job: Job = SUBMITTING) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, Wait(due, reason), is_sent=is_sent))


OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline)
NEARLY_OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline + 0.001)
HARD = replace(SUBMITTING, requested_at=NOON + TIMES.hard_deadline, lost_responses=4)
NEARLY_HARD = replace(HARD, requested_at=NOON + TIMES.hard_deadline - 0.001)
REPEATED = replace(SUBMITTING, lost_responses=1)
PATIENT = replace(SUBMITTING, requests_sent=9)
STEADY = replace(SUBMITTING, lost_responses=5, unclear_responses=5, unclear_since=NOW - 7200)
ONE_LOST = replace(STEADY, lost_responses=6)
A_DAY = replace(STEADY, unclear_since=NOW - TIMES.deadline)
UNDERSTOOD = replace(MOMENT, is_understood=True)


def unreadable(decision: Decision, about: str = "") -> Decision:
    return decision._replace(event=LogEvent.RESULT_UNREADABLE, about=about)


def unclear(decision: Decision) -> Decision:
    return decision._replace(event=LogEvent.RESPONSE_UNCLEAR)


def deferral(job: Job, due: float) -> Decision:
    return deferred(WaitReason.NOT_FOUND, due, is_sent=True, job=job)


def counted(job: Job, response: Response) -> Decision:
    return Decision(LogEvent.RESPONSE_LOST, transitions.count_lost_response(job, response, NOW, TIMES))


def late(job: Job, response: Response) -> Decision:
    return timed_out(transitions.with_lost_response(job, response, NOW), Code.SUBMISSION_UNCONFIRMED)


def given_up(job: Job, response: Response) -> Decision:
    ended = transitions.with_lost_response(job, response, NOW)
    return Decision(LogEvent.JOB_FAILED, transitions.fail(ended, Code.PROVIDER_FAILED, NOW, TIMES, response.words))


SUBMISSIONS = {
    "the result": Answered(
        SUBMITTING,
        DONE,
        Decision(LogEvent.RESULT_RECEIVED, transitions.accept_with_result(SUBMITTING, SHOWN, URL, NOW, TIMES)),
    ),
    "a result on a host that is not allowed": Answered(
        SUBMITTING,
        FOREIGN,
        Decision(
            LogEvent.RESULT_HOST_BLOCKED,
            transitions.accept_on_other_host(SUBMITTING, FOREIGN, (ELSEWHERE, HOST), NOW, NOW + 750),
            HOST,
        ),
    ),
    "a result whose link cannot be used": Answered(
        SUBMITTING, TORN, unreadable(accepted(SUBMITTING, TORN, NOW + 120), UNUSABLE)
    ),
    "a result without a readable link": Answered(
        SUBMITTING, UNREADABLE, unreadable(accepted(SUBMITTING, UNREADABLE, NOW + 120))
    ),
    "an acceptance": Answered(SUBMITTING, FIRST, accepted(SUBMITTING, FIRST, None)),
    "an acceptance of a repeat": Answered(REPEATED, WORKING, accepted(REPEATED, WORKING, NOW + 720)),
    "that the result is there, without it": Answered(SUBMITTING, GENERATED, accepted(SUBMITTING, GENERATED, NOW + 120)),
    "that the base video is not finished": Answered(
        SUBMITTING, NOT_YET, deferred(WaitReason.BASE_NOT_FINISHED, NOW + 300, is_sent=True)
    ),
    "the same a moment before the deadline": Answered(
        NEARLY_OLD,
        NOT_YET,
        deferred(WaitReason.BASE_NOT_FINISHED, NOW + 300, is_sent=True, job=NEARLY_OLD),
    ),
    "the same at the deadline": Answered(OLD, NOT_YET, failed(OLD, Code.BASE_NOT_FINISHED)),
    "a refusal": Answered(SUBMITTING, REFUSED, failed(SUBMITTING, Code.INVALID_TASK)),
    "a failure": Answered(SUBMITTING, BROKEN, failed(SUBMITTING, Code.NOT_AVAILABLE_IN_4K)),
    "that the account may not ask": Answered(SUBMITTING, SHUT, deferred(WaitReason.NO_CREDITS, UNTIL, is_sent=True)),
    "404 in the envelope": Answered(SUBMITTING, NOT_FOUND, unclear(deferral(SUBMITTING, NOW + 120))),
    "404 in the envelope, again and again": Answered(PATIENT, NOT_FOUND, unclear(deferral(PATIENT, NOW + 1800))),
    "unknown words": Answered(SUBMITTING, UNCLEAR, unclear(counted(SUBMITTING, UNCLEAR))),
    "unknown words for two hours": Answered(STEADY, UNCLEAR, given_up(STEADY, UNCLEAR), UNDERSTOOD),
    "the same a moment before": Answered(
        replace(STEADY, unclear_since=NOW - 7199.999), UNCLEAR, unclear(counted(STEADY, UNCLEAR)), UNDERSTOOD
    ),
    "the same while nobody is understood": Answered(STEADY, UNCLEAR, unclear(counted(STEADY, UNCLEAR))),
    "the same for a day": Answered(A_DAY, UNCLEAR, given_up(A_DAY, UNCLEAR)),
    "the same where one answer was lost": Answered(ONE_LOST, UNCLEAR, unclear(counted(ONE_LOST, UNCLEAR)), UNDERSTOOD),
    "the same under a code over 500": Answered(STEADY, OVER_500, unclear(counted(STEADY, OVER_500)), UNDERSTOOD),
    "unknown words at the hard deadline": Answered(
        replace(HARD, unclear_since=NOW - 60), UNCLEAR, unclear(late(HARD, UNCLEAR))
    ),
    "nothing, for it never left": Answered(SUBMITTING, NEVER_SENT, deferred("ConnectTimeout", UNTIL, is_sent=False)),
    "nothing": Answered(
        SUBMITTING,
        LOST,
        Decision(LogEvent.RESPONSE_LOST, transitions.count_lost_response(SUBMITTING, LOST, NOW, TIMES)),
    ),
    "nothing a moment before the hard deadline": Answered(
        NEARLY_HARD,
        LOST,
        Decision(LogEvent.RESPONSE_LOST, transitions.count_lost_response(NEARLY_HARD, LOST, NOW, TIMES)),
    ),
    "nothing at the hard deadline to the first request": Answered(
        replace(HARD, lost_responses=0),
        LOST,
        timed_out(replace(HARD, lost_responses=1), Code.SUBMISSION_UNCONFIRMED),
    ),
    "nothing at the hard deadline": Answered(
        HARD, LOST, timed_out(replace(HARD, lost_responses=5), Code.SUBMISSION_UNCONFIRMED)
    ),
}
ASKED_LATE = replace(PROCESSING, requested_at=NOON + 1 + TIMES.deadline)
ASKED_IN_TIME = replace(PROCESSING, requested_at=NOON + 1 + TIMES.deadline - 0.001)
PROBES = {
    "the result": Answered(
        PROCESSING,
        DONE,
        Decision(LogEvent.RESULT_RECEIVED, transitions.poll_ready(PROCESSING, SHOWN, URL, NOW, TIMES)),
    ),
    "a result on a host that is not allowed": Answered(
        PROCESSING,
        FOREIGN,
        Decision(
            LogEvent.RESULT_HOST_BLOCKED,
            transitions.poll_on_other_host(PROCESSING, FOREIGN, (ELSEWHERE, HOST), NOW + 750),
            HOST,
        ),
    ),
    "a result whose link cannot be used": Answered(
        PROCESSING, TORN, Decision(LogEvent.RESULT_UNREADABLE, None, UNUSABLE)
    ),
    "a result without a readable link": Answered(PROCESSING, UNREADABLE, Decision(LogEvent.RESULT_UNREADABLE)),
    "the same to a request at the deadline, unreadable": Answered(
        ASKED_LATE, UNREADABLE, failed(ASKED_LATE, Code.RESULT_UNREADABLE)
    ),
    "unknown words": Answered(PROCESSING, UNCLEAR, Decision(LogEvent.RESPONSE_UNCLEAR)),
    "404 in the envelope": Answered(PROCESSING, NOT_FOUND, Decision(LogEvent.RESPONSE_UNCLEAR)),
    "unknown words to a request at the deadline": Answered(
        ASKED_LATE, UNCLEAR, timed_out(replace(ASKED_LATE, words=UNCLEAR.words), Code.NO_ANSWER)
    ),
    "that its own id is unknown": Answered(
        WITH_OWN_ID,
        REFUSED,
        Decision(LogEvent.POLL_INCONCLUSIVE, transitions.count_unknown_record(WITH_OWN_ID)),
    ),
    "that it is still made": Answered(PROCESSING, WORKING, Decision(LogEvent.JOB_STILL_PROCESSING, None)),
    "the same to a request at the deadline": Answered(ASKED_LATE, WORKING, timed_out(ASKED_LATE, Code.NO_ANSWER)),
    "the same to a request before it": Answered(ASKED_IN_TIME, WORKING, Decision(LogEvent.JOB_STILL_PROCESSING, None)),
    "an acceptance like a first one": Answered(
        PROCESSING, FIRST, Decision(LogEvent.DOUBLE_CHARGE_SUSPECTED, transitions.count_acceptance(PROCESSING))
    ),
    "the same under an id of its own": Answered(WITH_OWN_ID, FIRST, UNANSWERED),
    "a failure": Answered(PROCESSING, BROKEN, failed(PROCESSING, Code.NOT_AVAILABLE_IN_4K)),
    "a refusal": Answered(PROCESSING, REFUSED, UNANSWERED),
    "that the base video is not finished": Answered(PROCESSING, NOT_YET, UNANSWERED),
    "that the account may not ask": Answered(PROCESSING, SHUT, UNANSWERED),
    "nothing": Answered(PROCESSING, LOST, UNANSWERED),
    "nothing, for it never left": Answered(
        PROCESSING, NEVER_SENT, Decision(LogEvent.POLL_INCONCLUSIVE, transitions.uncount_poll(PROCESSING, by_post=True))
    ),
    "nothing, for a look under its own id never left": Answered(WITH_OWN_ID, NEVER_SENT, UNANSWERED),
}
OWN_LINKLESS = replace(LINKLESS, provider_task_id=OWN)
NOT_4K = replace(LINKLESS, not_4k=1)
REFUSED_SINCE = replace(NOT_4K, link_refusals=2)
REFRESHES = {
    "a fresh link": Answered(
        LINKLESS,
        DONE,
        Decision(LogEvent.LINK_REFRESHED, transitions.refresh_link(LINKLESS, SHOWN, URL, "fresh", NOW + 60)),
    ),
    "a link that may not be fetched": Answered(
        LINKLESS, FOREIGN, old_link(LINKLESS)._replace(about="the link leads outside ResultHosts")
    ),
    "that it is still made": Answered(LINKLESS, WORKING, old_link(LINKLESS)),
    "an acceptance like a first one": Answered(
        LINKLESS, FIRST, old_link(LINKLESS, LogEvent.DOUBLE_CHARGE_SUSPECTED, acceptances=1)
    ),
    "a failure": Answered(LINKLESS, BROKEN, old_link(LINKLESS, failed=True)),
    "a refusal": Answered(LINKLESS, REFUSED, old_link(LINKLESS)),
    "that the account may not ask": Answered(LINKLESS, SHUT, old_link(LINKLESS)),
    "nothing": Answered(LINKLESS, LOST, old_link(LINKLESS)),
    "nothing, for it never left": Answered(LINKLESS, NEVER_SENT, old_link(LINKLESS, requests_sent=-1)),
    "nothing, for a look under its own id never left": Answered(OWN_LINKLESS, NEVER_SENT, old_link(OWN_LINKLESS)),
    "nothing about a file that was not 4K": Answered(NOT_4K, LOST, UNANSWERED),
    "a second acceptance about a file that was not 4K": Answered(
        NOT_4K, FIRST, Decision(LogEvent.DOUBLE_CHARGE_SUSPECTED, transitions.count_acceptance(NOT_4K))
    ),
    "nothing about one that was not 4K, for it never left": Answered(
        NOT_4K, NEVER_SENT, Decision(LogEvent.POLL_INCONCLUSIVE, transitions.uncount_poll(NOT_4K, by_post=True))
    ),
    "a failure about a file that was not 4K": Answered(NOT_4K, BROKEN, old_link(NOT_4K, failed=True)),
    "nothing about a link that is dead since": Answered(REFUSED_SINCE, LOST, old_link(REFUSED_SINCE)),
}


@pytest.mark.parametrize("case", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_what_the_response_to_a_submission_leads_to(case: Answered) -> None:
    assert after_response(case.job, case.answer, case.moment) == case.step


@pytest.mark.parametrize("case", PROBES.values(), ids=PROBES)
def test_what_the_response_to_a_poll_leads_to(case: Answered) -> None:
    assert after_response(case.job, case.answer, case.moment) == case.step


@pytest.mark.parametrize("case", REFRESHES.values(), ids=REFRESHES)
def test_what_the_response_to_a_link_refresh_leads_to(case: Answered) -> None:
    assert after_response(case.job, case.answer, case.moment) == case.step


class Looked(NamedTuple):
    """A job that a sweep checks, and what the job needs then."""

    job: Job
    due: Due
    now: float = NOW


def retriggered(job: Job, event: LogEvent, due: float) -> Decision:
    return Decision(event, transitions.retrigger(job, "fresh", due))


LEASED = replace(READY, lease="lease", lease_until=NOW)
SPENT = replace(READY, archive_attempts=10)
NEVER_TRIED = replace(READY, archive_attempts=0)
JUST_ASKED = replace(PROCESSING, requested_at=NOW - 119.999)
LONG_ASKED = replace(PROCESSING, requested_at=NOW - 120)
BOUGHT_THRICE = replace(PROCESSING, acceptances=MOST_ACCEPTANCES)
BOUGHT_TWICE = replace(PROCESSING, acceptances=MOST_ACCEPTANCES - 1)
UNSAFE = replace(SUBMITTING, provider_api=ProviderApi.JOBS)
OVER = NOON + TIMES.hard_deadline
ANCIENT = SUBMITTING.created_at + TIMES.queued_deadline
LOOKS = {
    "an unannounced end": Looked(FAILED, retriggered(FAILED, LogEvent.ANNOUNCEMENT_RETRIGGERED, NOW + 60)),
    "a result whose archive still runs": Looked(replace(LEASED, lease_until=NOW + 0.001), None),
    "a result whose archive is over": Looked(LEASED, retriggered(LEASED, LogEvent.ARCHIVE_RETRIGGERED, NOW + 240)),
    "a result never fetched": Looked(NEVER_TRIED, retriggered(NEVER_TRIED, LogEvent.ARCHIVE_RETRIGGERED, NOW + 60)),
    "a result whose tries are spent": Looked(SPENT, failed(SPENT, Code.ARCHIVE_FAILED)),
    "a result with one try left": Looked(
        replace(SPENT, archive_attempts=9),
        retriggered(replace(SPENT, archive_attempts=9), LogEvent.ARCHIVE_RETRIGGERED, NOW + 4 * 3600),
    ),
    "a dead link": Looked(LINKLESS, Need.POLL),
    "a dead link just requested": Looked(replace(LINKLESS, requested_at=NOW - 119.999), None),
    "a dead link that may not be requested": Looked(
        replace(LINKLESS, acceptances=MOST_ACCEPTANCES),
        retriggered(replace(LINKLESS, acceptances=MOST_ACCEPTANCES), LogEvent.ARCHIVE_RETRIGGERED, NOW + 240),
    ),
    "a dead link of a job never accepted": Looked(
        replace(LINKLESS, accepted_at=None),
        retriggered(replace(LINKLESS, accepted_at=None), LogEvent.ARCHIVE_RETRIGGERED, NOW + 240),
    ),
    "a dead link after a failure": Looked(
        replace(LINKLESS, failure_reported=True),
        retriggered(replace(LINKLESS, failure_reported=True), LogEvent.ARCHIVE_RETRIGGERED, NOW + 240),
    ),
    "an end whose announcement fails for ten minutes": Looked(
        replace(FAILED, announcing_since=NOW - 600),
        retriggered(replace(FAILED, announcing_since=NOW - 600), LogEvent.ANNOUNCEMENT_RETRIGGERED, NOW + 600),
    ),
    "an end whose announcement fails for a day": Looked(
        replace(FAILED, announcing_since=NOW - 86_400),
        retriggered(replace(FAILED, announcing_since=NOW - 86_400), LogEvent.ANNOUNCEMENT_RETRIGGERED, NOW + 3600),
    ),
    "a live link that may not be requested again": Looked(
        replace(READY, acceptances=MOST_ACCEPTANCES),
        retriggered(replace(READY, acceptances=MOST_ACCEPTANCES), LogEvent.ARCHIVE_RETRIGGERED, NOW + 240),
    ),
    "an accepted job just asked about": Looked(JUST_ASKED, None),
    "an accepted job": Looked(LONG_ASKED, Need.POLL),
    "an accepted job bought twice": Looked(BOUGHT_TWICE, Need.POLL),
    "an accepted job bought thrice": Looked(
        BOUGHT_THRICE,
        Decision(LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(BOUGHT_THRICE, NOW + LONGEST_POLL_WAIT)),
    ),
    "the same near its deadline": Looked(
        BOUGHT_THRICE,
        Decision(LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(BOUGHT_THRICE, NOON + 1 + TIMES.deadline)),
        NOON + TIMES.deadline - 100,
    ),
    "the same at its deadline": Looked(
        BOUGHT_THRICE,
        timed_out(BOUGHT_THRICE, Code.NO_ANSWER, NOON + 1 + TIMES.deadline),
        NOON + 1 + TIMES.deadline,
    ),
    "a claim that may be answered yet": Looked(replace(SUBMITTING, retry_at=NOW + 0.001), None),
    "an unanswered claim": Looked(replace(SUBMITTING, retry_at=NOW), Need.SUBMISSION),
    "a job that waits": Looked(QUEUED, Need.SUBMISSION),
    "a job that waits, whose repeat would not be safe": Looked(
        replace(QUEUED, provider_api=ProviderApi.JOBS), Need.SUBMISSION
    ),
    "an unanswered claim whose repeat is not safe": Looked(
        UNSAFE, Decision(LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(UNSAFE, NOW + LONGEST_POLL_WAIT))
    ),
    "the same at the hard deadline": Looked(
        UNSAFE, timed_out(replace(UNSAFE, lost_responses=1), Code.SUBMISSION_UNCONFIRMED, OVER), OVER
    ),
    "a claim that is thirteen days old": Looked(
        SUBMITTING, timed_out(SUBMITTING, Code.SUBMISSION_UNCONFIRMED, ANCIENT), ANCIENT
    ),
    "a claim that is nearly thirteen days old": Looked(SUBMITTING, Need.SUBMISSION, ANCIENT - 0.001),
    "a job never requested in thirteen days": Looked(QUEUED, timed_out(QUEUED, Code.NEVER_SUBMITTED, ANCIENT), ANCIENT),
    "a job that waits and was requested before": Looked(
        replace(QUEUED, requests_sent=1),
        timed_out(replace(QUEUED, requests_sent=1), Code.SUBMISSION_UNCONFIRMED, ANCIENT),
        ANCIENT,
    ),
    "an accepted job that is thirteen days old": Looked(
        PROCESSING, timed_out(PROCESSING, Code.NO_ANSWER, ANCIENT), ANCIENT
    ),
    "a result that is thirteen days old": Looked(
        READY,
        retriggered(READY, LogEvent.ARCHIVE_RETRIGGERED, ANCIENT + 240),
        ANCIENT,
    ),
    "an old claim that may be answered yet": Looked(replace(SUBMITTING, retry_at=ANCIENT + 1), None, ANCIENT),
    "an old claim that may no more be answered": Looked(
        replace(SUBMITTING, retry_at=ANCIENT),
        timed_out(replace(SUBMITTING, retry_at=ANCIENT), Code.SUBMISSION_UNCONFIRMED, ANCIENT),
        ANCIENT,
    ),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_a_job_needs_when_a_sweep_looks_at_it(look: Looked) -> None:
    assert when_due(look.job, look.now, "fresh", TIMES, HOSTS) == look.due


def test_an_acceptance_without_a_time_counts_from_the_creation() -> None:
    job = replace(BOUGHT_THRICE, accepted_at=None)
    over = job.created_at + TIMES.deadline

    assert when_due(job, over, "fresh", TIMES, HOSTS) == timed_out(job, Code.NO_ANSWER, over)
    assert when_due(job, over - 1, "fresh", TIMES, HOSTS) == Decision(
        LogEvent.JOB_CHECK_POSTPONED, transitions.postpone(job, over)
    )


def test_a_request_without_a_time_is_no_reason_to_end_a_job() -> None:
    undated = replace(HARD, requested_at=None)
    unasked = replace(PROCESSING, requested_at=None)

    assert after_response(undated, LOST, MOMENT).event == "response_lost"
    assert after_response(unasked, WORKING, replace(MOMENT, now=ANCIENT)) == Decision(
        LogEvent.JOB_STILL_PROCESSING, None
    )
    assert when_due(unasked, NOW, "fresh", TIMES, HOSTS) is Need.POLL
    assert when_due(replace(LINKLESS, requested_at=None), NOW, "fresh", TIMES, HOSTS) is Need.POLL
