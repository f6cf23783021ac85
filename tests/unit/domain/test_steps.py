"""Every rule by an example of its own: the word for it, and the write that says it."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from tests.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.job import JOBS, Code, Job, Lane, State
from veo4k.domain.rules import MOST_ACCEPTS, Due, Moment, Step, after_answer, when_due
from veo4k.domain.schedule import LONGEST_PROBE_WAIT, Times

TIMES = Times()
NOW = NOON + 1000
UNTIL = NOON + 1234
MOMENT = Moment(now=NOW, until=UNTIL, times=TIMES, hosts=HOSTS, on_trial=False, new_id="fresh")
POSTER = "https://file.example/v/a.jpg"
OWN = "veo_task_of_its_own"

SUBMITTING = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.SUBMITTING,
    created_at=NOON - 500,
    attempts=1,
    attempt="mine",
    asked_at=NOON,
    first_asked_at=NOON,
    ask_again_at=NOON + 210,
    lane=Lane.LIVE,
    due=NOON + 720,
)
QUEUED = replace(SUBMITTING, state=State.QUEUED, attempts=0, attempt=None, asked_at=None, first_asked_at=None)
PROCESSING = replace(SUBMITTING, state=State.PROCESSING, accepted_at=NOON + 1, accepts=1, ask_again_at=None)
WITH_OWN_ID = replace(PROCESSING, provider_task_id=OWN)
READY = replace(PROCESSING, state=State.READY, urls=(URL,), tries=3)
LINKLESS = replace(READY, link_dead=True, probe="probe")
FAILED = replace(PROCESSING, state=State.FAILED)

DONE = Answer(meaning=Meaning.DONE, urls=(ELSEWHERE, URL), image_urls=(ELSEWHERE, POSTER, URL), credits=5)
SHOWN = replace(DONE, image_urls=(POSTER,))
FOREIGN = Answer(meaning=Meaning.DONE, urls=(ELSEWHERE,))
WORKING = Answer(meaning=Meaning.WORKING, task_id=TASK)
FIRST = replace(WORKING, first=True)
GENERATED = replace(WORKING, reason="generated successfully")
NOT_YET = Answer(meaning=Meaning.NOT_YET, code=Code.BASE_NOT_FINISHED, reason="not success")
REFUSED = Answer(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
BROKEN = Answer(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K)
SHUT = Answer(meaning=Meaning.SHUT, reason="NO_CREDITS")
LOST = Answer(meaning=Meaning.LOST, reason="ReadTimeout")
NEVER_SENT = Answer(meaning=Meaning.NEVER_SENT, reason="ConnectTimeout")

UNANSWERED = Step("probe_unanswered", None)


class Answered(NamedTuple):
    """A job, an answer to a request for it, and what follows."""

    job: Job
    answer: Answer
    step: Step
    moment: Moment = MOMENT


def failed(job: Job, code: Code) -> Step:
    return Step("job_failed", transitions.failed(job, code, NOW, TIMES))


def timed_out(job: Job, code: Code, now: float = NOW) -> Step:
    return Step("job_timed_out", transitions.timed_out(job, code, now, TIMES))


def accepted(job: Job, answer: Answer, due: float | None) -> Step:
    return Step("submission_accepted", transitions.accepted(job, answer, NOW, due))


def deferred(answer: str, due: float, *, sent: bool) -> Step:
    return Step("submission_deferred", transitions.deferred(SUBMITTING, answer, due, sent=sent))


OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline)
NEARLY_OLD = replace(SUBMITTING, created_at=NOW - TIMES.deadline + 0.001)
HARD = replace(SUBMITTING, asked_at=NOON + TIMES.hard_deadline, lost=4)
NEARLY_HARD = replace(HARD, asked_at=NOON + TIMES.hard_deadline - 0.001)
REPEATED = replace(SUBMITTING, lost=1)
SUBMISSIONS = {
    "the result": Answered(
        SUBMITTING, DONE, Step("result_ready", transitions.answered_ready(SUBMITTING, SHOWN, (URL,), NOW, TIMES))
    ),
    "a result that may not be fetched": Answered(SUBMITTING, FOREIGN, accepted(SUBMITTING, FOREIGN, NOW + 120)),
    "an acceptance": Answered(SUBMITTING, FIRST, accepted(SUBMITTING, FIRST, None)),
    "an acceptance of a repeat": Answered(REPEATED, WORKING, accepted(REPEATED, WORKING, NOW + 720)),
    "that the result is there, without it": Answered(SUBMITTING, GENERATED, accepted(SUBMITTING, GENERATED, NOW + 120)),
    "that the base video is not finished": Answered(
        SUBMITTING, NOT_YET, deferred(Code.BASE_NOT_FINISHED, NOW + 300, sent=True)
    ),
    "the same a moment before the deadline": Answered(
        NEARLY_OLD,
        NOT_YET,
        Step("submission_deferred", transitions.deferred(NEARLY_OLD, Code.BASE_NOT_FINISHED, NOW + 300, sent=True)),
    ),
    "the same at the deadline": Answered(OLD, NOT_YET, failed(OLD, Code.BASE_NOT_FINISHED)),
    "a refusal": Answered(SUBMITTING, REFUSED, failed(SUBMITTING, Code.INVALID_TASK)),
    "a failure": Answered(SUBMITTING, BROKEN, failed(SUBMITTING, Code.NOT_AVAILABLE_IN_4K)),
    "that the account may not ask": Answered(SUBMITTING, SHUT, deferred("NO_CREDITS", UNTIL, sent=True)),
    "nothing, for it never left": Answered(SUBMITTING, NEVER_SENT, deferred("ConnectTimeout", UNTIL, sent=False)),
    "nothing": Answered(SUBMITTING, LOST, Step("answer_lost", transitions.answer_lost(SUBMITTING, NOW, TIMES))),
    "nothing a moment before the hard deadline": Answered(
        NEARLY_HARD, LOST, Step("answer_lost", transitions.answer_lost(NEARLY_HARD, NOW, TIMES))
    ),
    "nothing at the hard deadline to the first request": Answered(
        replace(HARD, lost=0),
        LOST,
        timed_out(replace(HARD, lost=1), Code.SUBMISSION_UNCONFIRMED),
    ),
    "nothing at the hard deadline": Answered(HARD, LOST, timed_out(replace(HARD, lost=5), Code.SUBMISSION_UNCONFIRMED)),
}
ASKED_LATE = replace(PROCESSING, asked_at=NOON + 1 + TIMES.deadline)
ASKED_IN_TIME = replace(PROCESSING, asked_at=NOON + 1 + TIMES.deadline - 0.001)
PROBES = {
    "the result": Answered(
        PROCESSING, DONE, Step("result_ready", transitions.probed_ready(PROCESSING, SHOWN, (URL,), NOW, TIMES))
    ),
    "a result that may not be fetched": Answered(PROCESSING, FOREIGN, failed(PROCESSING, Code.RESULT_HOST_BLOCKED)),
    "that it is still made": Answered(PROCESSING, WORKING, Step("still_working", None)),
    "the same to a request at the deadline": Answered(ASKED_LATE, WORKING, timed_out(ASKED_LATE, Code.NO_ANSWER)),
    "the same to a request before it": Answered(ASKED_IN_TIME, WORKING, Step("still_working", None)),
    "an acceptance like a first one": Answered(
        PROCESSING, FIRST, Step("double_charge_suspected", transitions.accepted_again(PROCESSING))
    ),
    "the same under an id of its own": Answered(WITH_OWN_ID, FIRST, UNANSWERED),
    "a failure": Answered(PROCESSING, BROKEN, failed(PROCESSING, Code.NOT_AVAILABLE_IN_4K)),
    "a refusal": Answered(PROCESSING, REFUSED, UNANSWERED),
    "that the base video is not finished": Answered(PROCESSING, NOT_YET, UNANSWERED),
    "that the account may not ask": Answered(PROCESSING, SHUT, UNANSWERED),
    "nothing": Answered(PROCESSING, LOST, UNANSWERED),
    "nothing, for it never left": Answered(
        PROCESSING, NEVER_SENT, Step("probe_unanswered", transitions.unsent(PROCESSING, by_post=True))
    ),
    "nothing, for a look under its own id never left": Answered(WITH_OWN_ID, NEVER_SENT, UNANSWERED),
}
OWN_LINKLESS = replace(LINKLESS, provider_task_id=OWN)
REFRESHES = {
    "a fresh link": Answered(
        LINKLESS, DONE, Step("link_refreshed", transitions.fresh_link(LINKLESS, SHOWN, (URL,), "fresh", NOW + 60))
    ),
    "a link that may not be fetched": Answered(LINKLESS, FOREIGN, UNANSWERED),
    "that it is still made": Answered(LINKLESS, WORKING, UNANSWERED),
    "an acceptance like a first one": Answered(
        LINKLESS, FIRST, Step("double_charge_suspected", transitions.accepted_again(LINKLESS))
    ),
    "a failure": Answered(LINKLESS, BROKEN, UNANSWERED),
    "nothing, for it never left": Answered(
        LINKLESS, NEVER_SENT, Step("probe_unanswered", transitions.unsent(LINKLESS, by_post=True))
    ),
    "nothing, for a look under its own id never left": Answered(
        OWN_LINKLESS, NEVER_SENT, Step("probe_unanswered", transitions.unsent(OWN_LINKLESS, by_post=False))
    ),
}


@pytest.mark.parametrize("case", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_what_the_answer_to_a_submission_leads_to(case: Answered) -> None:
    assert after_answer(case.job, case.answer, case.moment) == case.step


@pytest.mark.parametrize("case", PROBES.values(), ids=PROBES)
def test_what_the_answer_to_a_probe_leads_to(case: Answered) -> None:
    assert after_answer(case.job, case.answer, case.moment) == case.step


@pytest.mark.parametrize("case", REFRESHES.values(), ids=REFRESHES)
def test_what_the_answer_to_a_request_for_a_fresh_link_leads_to(case: Answered) -> None:
    assert after_answer(case.job, case.answer, case.moment) == case.step


class Looked(NamedTuple):
    """A job that a sweep looks at, and what it needs then."""

    job: Job
    due: Due
    step: Step | None = None
    now: float = NOW


def nudged(job: Job, action: str, due: float) -> Step:
    return Step(action, transitions.nudge(job, "fresh", due))


LEASED = replace(READY, lease="lease", lease_until=NOW)
SPENT = replace(READY, tries=10)
NEVER_TRIED = replace(READY, tries=0)
JUST_ASKED = replace(PROCESSING, asked_at=NOW - 119.999)
LONG_ASKED = replace(PROCESSING, asked_at=NOW - 120)
BOUGHT_THRICE = replace(PROCESSING, accepts=MOST_ACCEPTS)
BOUGHT_TWICE = replace(PROCESSING, accepts=MOST_ACCEPTS - 1)
UNSAFE = replace(SUBMITTING, contract=JOBS)
OVER = NOON + TIMES.hard_deadline
ANCIENT = SUBMITTING.created_at + TIMES.queued_deadline
LOOKS = {
    "an end nobody announced": Looked(FAILED, Due.WRITE, nudged(FAILED, "end_nudged", NOW + 60)),
    "a result whose archive still runs": Looked(replace(LEASED, lease_until=NOW + 0.001), Due.NOTHING),
    "a result whose archive is over": Looked(LEASED, Due.WRITE, nudged(LEASED, "archive_nudged", NOW + 240)),
    "a result nobody fetched": Looked(NEVER_TRIED, Due.WRITE, nudged(NEVER_TRIED, "archive_nudged", NOW + 60)),
    "a result whose tries are spent": Looked(SPENT, Due.WRITE, failed(SPENT, Code.ARCHIVE_FAILED)),
    "a result with one try left": Looked(
        replace(SPENT, tries=9),
        Due.WRITE,
        nudged(replace(SPENT, tries=9), "archive_nudged", NOW + 4 * 3600),
    ),
    "a dead link": Looked(LINKLESS, Due.PROBE),
    "a dead link just asked for": Looked(replace(LINKLESS, asked_at=NOW - 119.999), Due.NOTHING),
    "a dead link nobody may ask for": Looked(
        replace(LINKLESS, accepts=MOST_ACCEPTS),
        Due.WRITE,
        failed(replace(LINKLESS, accepts=MOST_ACCEPTS), Code.ARCHIVE_FAILED),
    ),
    "a live link nobody may ask for again": Looked(
        replace(READY, accepts=MOST_ACCEPTS),
        Due.WRITE,
        nudged(replace(READY, accepts=MOST_ACCEPTS), "archive_nudged", NOW + 240),
    ),
    "an accepted job just asked about": Looked(JUST_ASKED, Due.NOTHING),
    "an accepted job": Looked(LONG_ASKED, Due.PROBE),
    "an accepted job bought twice": Looked(BOUGHT_TWICE, Due.PROBE),
    "an accepted job bought thrice": Looked(
        BOUGHT_THRICE, Due.WRITE, Step("job_awaited", transitions.postpone(BOUGHT_THRICE, NOW + LONGEST_PROBE_WAIT))
    ),
    "the same near its deadline": Looked(
        BOUGHT_THRICE,
        Due.WRITE,
        Step("job_awaited", transitions.postpone(BOUGHT_THRICE, NOON + 1 + TIMES.deadline)),
        NOON + TIMES.deadline - 100,
    ),
    "the same at its deadline": Looked(
        BOUGHT_THRICE,
        Due.WRITE,
        timed_out(BOUGHT_THRICE, Code.NO_ANSWER, NOON + 1 + TIMES.deadline),
        NOON + 1 + TIMES.deadline,
    ),
    "a claim that may be answered yet": Looked(replace(SUBMITTING, ask_again_at=NOW + 0.001), Due.NOTHING),
    "a claim nobody answered": Looked(replace(SUBMITTING, ask_again_at=NOW), Due.SUBMIT),
    "a job that waits": Looked(QUEUED, Due.SUBMIT),
    "a job that waits, whose repeat would not be safe": Looked(replace(QUEUED, contract=JOBS), Due.SUBMIT),
    "a claim nobody answered whose repeat is not safe": Looked(
        UNSAFE, Due.WRITE, Step("job_awaited", transitions.postpone(UNSAFE, NOW + LONGEST_PROBE_WAIT))
    ),
    "the same at the hard deadline": Looked(
        UNSAFE, Due.WRITE, timed_out(replace(UNSAFE, lost=1), Code.SUBMISSION_UNCONFIRMED, OVER), OVER
    ),
    "a claim that is thirteen days old": Looked(
        SUBMITTING, Due.WRITE, timed_out(SUBMITTING, Code.SUBMISSION_UNCONFIRMED, ANCIENT), ANCIENT
    ),
    "a claim that is nearly thirteen days old": Looked(SUBMITTING, Due.SUBMIT, None, ANCIENT - 0.001),
    "a job never asked for in thirteen days": Looked(
        QUEUED, Due.WRITE, timed_out(QUEUED, Code.NEVER_SUBMITTED, ANCIENT), ANCIENT
    ),
    "a job that waits and was asked for before": Looked(
        replace(QUEUED, attempts=1),
        Due.WRITE,
        timed_out(replace(QUEUED, attempts=1), Code.SUBMISSION_UNCONFIRMED, ANCIENT),
        ANCIENT,
    ),
    "an accepted job that is thirteen days old": Looked(
        PROCESSING, Due.WRITE, timed_out(PROCESSING, Code.NO_ANSWER, ANCIENT), ANCIENT
    ),
    "a result that is thirteen days old": Looked(
        READY,
        Due.WRITE,
        nudged(READY, "archive_nudged", ANCIENT + 240),
        ANCIENT,
    ),
    "an old claim that may be answered yet": Looked(
        replace(SUBMITTING, ask_again_at=ANCIENT + 1), Due.NOTHING, None, ANCIENT
    ),
    "an old claim that may no more be answered": Looked(
        replace(SUBMITTING, ask_again_at=ANCIENT),
        Due.WRITE,
        timed_out(replace(SUBMITTING, ask_again_at=ANCIENT), Code.SUBMISSION_UNCONFIRMED, ANCIENT),
        ANCIENT,
    ),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_a_job_needs_when_a_sweep_looks_at_it(look: Looked) -> None:
    due, step = when_due(look.job, look.now, "fresh", TIMES)

    assert due is look.due
    assert step == (look.step or Step("waiting", None))


def test_an_acceptance_whose_time_nobody_wrote_down_counts_from_the_creation() -> None:
    job = replace(BOUGHT_THRICE, accepted_at=None)
    over = job.created_at + TIMES.deadline

    assert when_due(job, over, "fresh", TIMES)[1] == timed_out(job, Code.NO_ANSWER, over)
    assert when_due(job, over - 1, "fresh", TIMES)[1].action == "job_awaited"


def test_a_request_whose_time_nobody_wrote_down_is_no_reason_to_end_a_job() -> None:
    undated = replace(HARD, asked_at=None)
    unasked = replace(PROCESSING, asked_at=None)

    assert after_answer(undated, LOST, MOMENT).action == "answer_lost"
    assert after_answer(unasked, WORKING, replace(MOMENT, now=ANCIENT)) == Step("still_working", None)
    assert when_due(unasked, NOW, "fresh", TIMES)[0] is Due.PROBE
    assert when_due(replace(LINKLESS, asked_at=None), NOW, "fresh", TIMES)[0] is Due.PROBE
