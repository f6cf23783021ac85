"""What follows from a response of the provider, and from a job being due. Pure; the updates are in transitions.

Every rule returns a `Decision`: the log event, and the update of the job's row, if any.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, KNOWN, Code, Job, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import LONGEST_POLL_WAIT, Times, archive_wait
from veo4k.domain.wait_reason import WaitReason

MOST_ACCEPTANCES = 3  # after two suspected double charges no further request is sent for a job
MOST_URLS = 4
LONGEST_URL = 2048


class Decision(NamedTuple):
    """What happened, and the update that records it."""

    event: LogEvent
    update: ConditionalUpdate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule may know besides the job and the response.

    `now`: epoch seconds; `until`: when a refused job is due again; `on_trial`: the response is that of a paused gate's
    trial; `new_id`: a fresh id.
    """

    now: float
    until: float
    times: Times
    hosts: ResultHosts
    on_trial: bool
    new_id: str


def fetchable(urls: Sequence[str], hosts: ResultHosts) -> tuple[str, ...]:
    """Return the URLs that the archive's own rule would fetch."""
    return tuple(url for url in urls if len(url) <= LONGEST_URL and hosts.target(url))[:MOST_URLS]


def repeat_is_safe(job: Job) -> bool:
    """Return whether the provider answers a repeated request with a status instead of a second task."""
    return job.provider_api == ProviderApi.VEO


def polls_by_post(job: Job) -> bool:
    """Return whether the job is polled by the repeated POST; else under the id that the provider gave it."""
    return repeat_is_safe(job) and job.own_id is None


def may_be_polled(job: Job) -> bool:
    """Return whether the provider may still be polled about an accepted job, and there is a way to do so."""
    return job.acceptances < MOST_ACCEPTANCES and (polls_by_post(job) or job.own_id is not None)


def after_response(job: Job, response: Response, context: Context) -> Decision:
    """Return what a response means for a job, by the job's state."""
    return _AFTER[job.state][response.meaning](job, with_fetchable_poster(response, context.hosts), context)


def with_fetchable_poster(response: Response, hosts: ResultHosts) -> Response:
    """Keep one poster, and only where the archive's own rule would fetch it."""
    return replace(response, image_urls=fetchable(response.image_urls, hosts)[:1])


# After a submission


def _done(job: Job, response: Response, context: Context) -> Decision:
    if urls := fetchable(response.urls, context.hosts):
        update = transitions.accept_with_result(job, response, urls, context.now, context.times)
        return Decision(LogEvent.RESULT_RECEIVED, update)
    return _accept(job, response, context, context.now + context.times.probe)


def _working(job: Job, response: Response, context: Context) -> Decision:
    if response.is_generated:
        return _accept(job, response, context, context.now + context.times.probe)
    due = context.now + context.times.first_probe if job.lost_responses else None
    return _accept(job, response, context, due)


def _accept(job: Job, response: Response, context: Context, due: float | None) -> Decision:
    return Decision(LogEvent.REQUEST_ACCEPTED, transitions.accept(job, response, context.now, due))


def _base_not_finished(job: Job, response: Response, context: Context) -> Decision:
    if context.now >= job.created_at + context.times.deadline:
        return _failed(job, response, context)
    return _defer(job, Wait(context.now + context.times.base_retry, WaitReason.BASE_NOT_FINISHED), is_sent=True)


def _failed(job: Job, response: Response, context: Context) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, response.code, context.now, context.times))


def _account_refused(job: Job, response: Response, context: Context) -> Decision:
    return _defer(job, Wait(context.until, response.reason), is_sent=True)


def _not_sent(job: Job, response: Response, context: Context) -> Decision:
    return _defer(job, Wait(context.until, response.reason), is_sent=False)


def _defer(job: Job, wait: Wait, *, is_sent: bool) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, wait, is_sent=is_sent))


def _lost(job: Job, _: Response, context: Context) -> Decision:
    requested, first = job.requested_at or context.now, job.first_requested_at or context.now
    if requested >= first + context.times.hard_deadline and not context.on_trial:
        return _time_out(_with_lost_response(job), Code.SUBMISSION_UNCONFIRMED, context.now, context.times)
    update = transitions.count_lost_response(job, context.now, context.times)
    return Decision(LogEvent.RESPONSE_LOST, update)


def _with_lost_response(job: Job) -> Job:
    return replace(job, lost_responses=job.lost_responses + 1)


def _time_out(job: Job, code: Code, now: float, times: Times) -> Decision:
    return Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, now, times))


# After a poll of an accepted job: only a result, a failure or "still working" is a verdict


def _polled_done(job: Job, response: Response, context: Context) -> Decision:
    if urls := fetchable(response.urls, context.hosts):
        update = transitions.poll_ready(job, response, urls, context.now, context.times)
        return Decision(LogEvent.RESULT_RECEIVED, update)
    return _failed(job, replace(response, code=Code.RESULT_HOST_BLOCKED), context)


def _still_working(job: Job, response: Response, context: Context) -> Decision:
    if (job.requested_at or 0) >= (job.accepted_at or job.created_at) + context.times.deadline:
        return _time_out(job, Code.NO_ANSWER, context.now, context.times)
    if response.accepted_anew:
        return _accepted_anew(job, response, context)
    return Decision(LogEvent.JOB_STILL_PROCESSING)


def _refreshed(job: Job, response: Response, context: Context) -> Decision:
    if urls := fetchable(response.urls, context.hosts):
        due = context.now + context.times.nudge
        update = transitions.refresh_link(job, response, urls, context.new_id, due)
        return Decision(LogEvent.LINK_REFRESHED, update)
    return Decision(LogEvent.POLL_INCONCLUSIVE)


def _accepted_anew(job: Job, response: Response, _: Context) -> Decision:
    if response.accepted_anew and polls_by_post(job):
        return Decision(LogEvent.DOUBLE_CHARGE_SUSPECTED, transitions.count_acceptance(job))
    return Decision(LogEvent.POLL_INCONCLUSIVE)


def _poll_not_sent(job: Job, response: Response, _: Context) -> Decision:
    by_post = polls_by_post(job)
    # A path that is gone never comes back: an attempt given back there would be repeated for ever.
    is_counted = (by_post or job.state is State.READY) and response.wait_reason is not WaitReason.PATH_GONE
    update = transitions.uncount_poll(job, by_post=by_post) if is_counted else None
    return Decision(LogEvent.POLL_INCONCLUSIVE, update)


def _inconclusive(_: Job, __: Response, ___: Context) -> Decision:
    return Decision(LogEvent.POLL_INCONCLUSIVE)


Rule = Callable[[Job, Response, Context], Decision]

_SUBMISSION: dict[Meaning, Rule] = {
    Meaning.DONE: _done,
    Meaning.WORKING: _working,
    Meaning.BASE_NOT_FINISHED: _base_not_finished,
    Meaning.REFUSED: _failed,
    Meaning.FAILED: _failed,
    Meaning.ACCOUNT_REFUSED: _account_refused,
    Meaning.LOST: _lost,
    Meaning.NOT_SENT: _not_sent,
}
_NO_VERDICT: dict[Meaning, Rule] = dict.fromkeys(Meaning, _inconclusive) | {Meaning.NOT_SENT: _poll_not_sent}
_POLL: dict[Meaning, Rule] = _NO_VERDICT | {
    Meaning.DONE: _polled_done,
    Meaning.WORKING: _still_working,
    Meaning.FAILED: _failed,
}
_REFRESH: dict[Meaning, Rule] = _NO_VERDICT | {Meaning.DONE: _refreshed, Meaning.WORKING: _accepted_anew}
_AFTER = {State.SUBMITTING: _SUBMISSION, State.PROCESSING: _POLL, State.READY: _REFRESH}


# When a job is due


class Need(StrEnum):
    """The request that a due job needs."""

    SUBMISSION = "submission"
    POLL = "poll"  # of the job's status, or for a fresh link


Due = Need | Decision | None
"""What a due job needs: a request, an update, or nothing while its lease or its wait is running."""


def when_due(job: Job, now: float, new_id: str, times: Times) -> Due:
    """Return what a due job needs: nothing where a later version has written its state."""
    if job.state not in KNOWN:
        return Decision(LogEvent.JOB_SKIPPED)
    if job.state in ENDED:
        return Decision(LogEvent.ANNOUNCEMENT_RETRIGGERED, transitions.retrigger(job, new_id, now + times.nudge))
    if job.state is State.READY:
        return _ready_due(job, now, new_id, times)
    if now >= job.created_at + times.queued_deadline and now >= (job.retry_at or 0):
        return _time_out(job, _unconfirmed(job), now, times)
    return _poll_due(job, now, times) if job.state is State.PROCESSING else _submission_due(job, now, times)


def _ready_due(job: Job, now: float, new_id: str, times: Times) -> Due:
    if now < (job.lease_until or 0):
        return None
    if job.archive_attempts >= times.archive_attempts or (job.link_dead and not may_be_polled(job)):
        return Decision(LogEvent.JOB_FAILED, transitions.fail(job, Code.ARCHIVE_FAILED, now, times))
    if job.link_dead:
        return _poll_when_allowed(job, now, times)
    wait = archive_wait(max(job.archive_attempts, 1), times)
    return Decision(LogEvent.ARCHIVE_RETRIGGERED, transitions.retrigger(job, new_id, now + wait))


def _poll_due(job: Job, now: float, times: Times) -> Due:
    if may_be_polled(job):
        return _poll_when_allowed(job, now, times)
    end = (job.accepted_at or job.created_at) + times.deadline
    return _end_or_postpone(job, end, now, _time_out(job, Code.NO_ANSWER, now, times))


def _poll_when_allowed(job: Job, now: float, times: Times) -> Need | None:
    return Need.POLL if now >= (job.requested_at or 0) + times.probe else None


def _submission_due(job: Job, now: float, times: Times) -> Due:
    if now < (job.retry_at or 0):
        return None
    if job.state is State.QUEUED or repeat_is_safe(job):
        return Need.SUBMISSION
    end = (job.first_requested_at or now) + times.hard_deadline
    timed_out = _time_out(_with_lost_response(job), Code.SUBMISSION_UNCONFIRMED, now, times)
    return _end_or_postpone(job, end, now, timed_out)


def _end_or_postpone(job: Job, end: float, now: float, timed_out: Decision) -> Decision:
    """End a job for which no further request is sent when its time is over; check it now and then before."""
    if now >= end:
        return timed_out
    postponed = transitions.postpone(job, min(end, now + LONGEST_POLL_WAIT))
    return Decision(LogEvent.JOB_CHECK_POSTPONED, postponed)


def _unconfirmed(job: Job) -> Code:
    if job.state is State.PROCESSING:
        return Code.NO_ANSWER
    return Code.SUBMISSION_UNCONFIRMED if job.requests_sent else Code.NEVER_SUBMITTED


def is_turn(job: Job, runs: Sequence[Job]) -> bool:
    """Return whether every earlier run of the task has ended: two of them are never in flight together."""
    return all(other.state in ENDED for other in runs if other.run < job.run)
