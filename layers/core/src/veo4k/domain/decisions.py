"""What follows from a response of the provider, and from a job being due. Pure; the updates are in transitions.

A rule returns a `Decision`: the log event, and the update of the job's row, if any. The rules about callbacks return
the update alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, KNOWN, Code, Evidence, Job, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.response import SERVER_ERROR, Meaning, Response
from veo4k.domain.result_url import Refusal, ResultHosts, normalized
from veo4k.domain.schedule import (
    LONGEST_HOST_WAIT,
    LONGEST_POLL_WAIT,
    Times,
    announcement_wait,
    archive_wait,
    poll_wait,
    unclear_wait,
)
from veo4k.domain.transitions import BlockedLink
from veo4k.domain.wait_reason import WaitReason

MOST_ACCEPTANCES = 3  # after two suspected double charges no further request is sent for a job


class Decision(NamedTuple):
    """What happened, and the update that records it; `about`: plain details for the log."""

    event: LogEvent
    update: ConditionalUpdate | None = None
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule may know besides the job and the response.

    `now`: epoch seconds; `new_id`: a fresh id. The others only a response needs. `until`: when a refused job is due
    again; `on_trial`: the response is that of a paused gate's trial; `is_understood`: since this job's first unclear
    response, one for another job was understood.
    """

    now: float
    times: Times
    hosts: ResultHosts
    new_id: str
    until: float = 0.0
    on_trial: bool = False
    is_understood: bool = False


def own_link(urls: Sequence[str], index: int, hosts: ResultHosts) -> str | Refusal:
    """Return this job's link of a 4K result, if the archive's own rule would fetch it, else why it would not.

    A list of one entry is this job's, whatever the index; of a longer one the entry at `index` is.
    """
    if not (url := own_entry(urls, index)):
        return Refusal(f"the result has {len(urls)} entries, and no link at index {index}")
    target = hosts.target(url)
    return target if isinstance(target, Refusal) else url


def own_entry(urls: Sequence[str], index: int) -> str:
    """Return this job's link of a 4K result, whether it may be fetched or not; empty where there is none."""
    place = 0 if len(urls) == 1 else index
    return normalized(urls[place]) if place < len(urls) else ""


def blocked_link(response: Response, index: int, host: str) -> BlockedLink:
    """Return this job's link of a result on a host that is not allowed."""
    return BlockedLink(own_entry(response.urls, index), host)


def repeat_is_safe(job: Job) -> bool:
    """Return whether a further request buys nothing twice.

    The Veo API answers a repeated request with a status. The unified task API makes a second task; there a request may
    follow only where each one before was surely not accepted.
    """
    if job.provider_api == ProviderApi.VEO:
        return True
    return job.claim_id is None and job.lost_responses == job.unclear_responses


def polls_by_post(job: Job) -> bool:
    """Return whether the job is polled by the repeated POST; else under the id that the provider gave it."""
    return job.provider_api == ProviderApi.VEO and job.own_id is None


def may_be_polled(job: Job) -> bool:
    """Return whether the provider may still be polled about an accepted job, and there is a way to do so."""
    return job.acceptances < MOST_ACCEPTANCES and (polls_by_post(job) or job.own_id is not None)


def may_be_refreshed(job: Job) -> bool:
    """Return whether a fresh link may be requested: only of an accepted request that has not failed since."""
    return job.accepted_at is not None and not job.failure_reported and may_be_polled(job)


def kept_link_of_callback(
    job: Job, response: Response, hosts: ResultHosts, now: float, times: Times
) -> ConditionalUpdate | None:
    """Return the update that keeps a callback's link on a host that is not allowed; None where the job is polled.

    The body of a callback is not signed. So its link is kept only where the provider can be polled no more, or where
    the poll under way may be the last.
    """
    refusal = own_link(response.urls, job.index, hosts)
    is_under_way = polls_by_post(job) and now < (job.requested_at or 0) + times.probe
    may_be_last = is_under_way and job.acceptances + 1 >= MOST_ACCEPTANCES
    if (may_be_polled(job) and not may_be_last) or not isinstance(refusal, Refusal):
        return None
    kept = blocked_link(response, job.index, refusal.host)
    due, shown = host_due(job, now, times), with_fetchable_poster(response, job.index, hosts)
    return transitions.poll_on_other_host(job, shown, kept, due, evidence=Evidence.CALLBACK)


def link_of_callback(job: Job, response: Response, hosts: ResultHosts, due: float) -> ConditionalUpdate | None:
    """Return the update by which a callback's link replaces one that is dead or not 4K; None where it is not fresh."""
    is_lost = job.state is State.READY and job.link_dead and not job.is_by_look
    if not is_lost or response.meaning is not Meaning.DONE:
        return None
    link = own_link(response.urls, job.index, hosts)
    if isinstance(link, Refusal) or job.has_tried(link):
        return None
    return transitions.callback_link(job, with_fetchable_poster(response, job.index, hosts), link, due)


def after_response(job: Job, response: Response, context: Context) -> Decision:
    """Return what a response means for a job, by the job's state."""
    shown = with_fetchable_poster(response, job.index, context.hosts)
    return _AFTER[job.state][response.meaning](job, shown, context)


def with_fetchable_poster(response: Response, index: int, hosts: ResultHosts) -> Response:
    """Keep the job's poster, and only where the archive's own rule would fetch it."""
    poster = own_link(response.image_urls, index, hosts)
    return replace(response, image_urls=() if isinstance(poster, Refusal) else (poster,))


# After a submission


def _done(job: Job, response: Response, context: Context) -> Decision:
    """Return what a result means, in the response to a submission or to a poll."""
    link, is_poll = own_link(response.urls, job.index, context.hosts), job.state is State.PROCESSING
    if isinstance(link, str):
        ready = transitions.poll_ready if is_poll else transitions.accept_with_result
        return Decision(LogEvent.RESULT_RECEIVED, ready(job, response, link, context.now, context.times))
    if not link.host:
        without_link = _polled_unreadable if is_poll else _unreadable
        return without_link(job, response, context)._replace(about=link.reason)
    due = host_due(job, context.now, context.times)
    kept = blocked_link(response, job.index, link.host)
    if is_poll:
        update = transitions.poll_on_other_host(job, response, kept, due)
    else:
        update = transitions.accept_on_other_host(job, response, kept, context.now, due)
    return Decision(LogEvent.RESULT_HOST_BLOCKED, update, link.host)


def host_due(job: Job, now: float, times: Times) -> float:
    """Return when the host of a kept link is looked up again in ResultHosts: no request is sent."""
    return now + min(poll_wait(now - job.created_at, 0, times), max(LONGEST_HOST_WAIT, times.probe))


def _working(job: Job, response: Response, context: Context) -> Decision:
    if response.is_generated:
        return _accept(job, response, context, context.now + context.times.probe)
    due = context.now + context.times.first_probe if job.lost_responses else None
    return _accept(job, response, context, due)


def _unreadable(job: Job, response: Response, context: Context) -> Decision:
    accepted = _accept(job, response, context, context.now + context.times.probe)
    return accepted._replace(event=LogEvent.RESULT_UNREADABLE)


def _accept(job: Job, response: Response, context: Context, due: float | None) -> Decision:
    return Decision(LogEvent.REQUEST_ACCEPTED, transitions.accept(job, response, context.now, due))


def _base_not_finished(job: Job, response: Response, context: Context) -> Decision:
    if context.now >= job.created_at + context.times.deadline:
        return _failed(job, response, context)
    return _defer(job, Wait(context.now + context.times.base_retry, WaitReason.BASE_NOT_FINISHED), is_sent=True)


def _failed(job: Job, response: Response, context: Context) -> Decision:
    return failed(job, response.code, context, response.words)


def failed(
    job: Job, code: Code, context: Context, words: Words = NO_WORDS, *, message: str = "", base_url: str | None = None
) -> Decision:
    """Return the end of a job without a result; the arguments are those of `transitions.fail`."""
    update = transitions.fail(job, code, context.now, context.times, words, message=message, base_url=base_url)
    return Decision(LogEvent.JOB_FAILED, update)


def _refused_or_not_sent(job: Job, response: Response, context: Context) -> Decision:
    return _defer(job, Wait(context.until, response.reason), is_sent=response.meaning is not Meaning.NOT_SENT)


def _not_found(job: Job, response: Response, context: Context) -> Decision:
    wait = unclear_wait(job.requests_sent, context.times)
    deferred = _defer(job, Wait(context.now + wait, response.reason), is_sent=True)
    return deferred._replace(event=LogEvent.RESPONSE_UNCLEAR)


def _defer(job: Job, wait: Wait, *, is_sent: bool) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, wait, is_sent=is_sent))


def _lost(job: Job, response: Response, context: Context) -> Decision:
    counted = transitions.with_lost_response(job, response, context.now)
    requested, first = job.requested_at or context.now, job.first_requested_at or context.now
    if requested >= first + context.times.hard_deadline and not context.on_trial:
        return _time_out(counted, Code.SUBMISSION_UNCONFIRMED, context)
    update = transitions.count_lost_response(job, response, context.now, context.times)
    return Decision(LogEvent.RESPONSE_LOST, update)


def _unclear(job: Job, response: Response, context: Context) -> Decision:
    """Go on as after a lost response; end the job only where the unclear words have been its answer for long."""
    counted = transitions.with_lost_response(job, response, context.now)
    age = context.now - (counted.unclear_since or context.now)
    is_steady = age >= context.times.unclear and counted.lost_responses == counted.unclear_responses
    if is_steady and (context.is_understood or age >= context.times.deadline):
        return failed(counted, Code.PROVIDER_FAILED, context, response.words)
    return _lost(job, response, context)._replace(event=LogEvent.RESPONSE_UNCLEAR)


def _time_out(job: Job, code: Code, context: Context) -> Decision:
    return Decision(LogEvent.JOB_TIMED_OUT, transitions.time_out(job, code, context.now, context.times))


# After a poll of an accepted job: only a result, a failure or "still working" is a verdict


def _polled_unreadable(job: Job, response: Response, context: Context) -> Decision:
    if _is_past_deadline(job, context):
        return failed(job, Code.RESULT_UNREADABLE, context, response.words)
    return Decision(LogEvent.RESULT_UNREADABLE)


def _polled_unclear(job: Job, response: Response, context: Context) -> Decision:
    if _is_past_deadline(job, context):
        return _time_out(replace(job, words=response.words), Code.NO_ANSWER, context)
    return Decision(LogEvent.RESPONSE_UNCLEAR)


def _polled_refused(job: Job, response: Response, context: Context) -> Decision:
    """A refusal is no verdict on an accepted job; an own id that names no record is dropped after the second time."""
    if response.code is Code.INVALID_TASK and job.provider_api == ProviderApi.VEO and job.own_id:
        return Decision(LogEvent.POLL_INCONCLUSIVE, transitions.count_unknown_record(job))
    return _inconclusive(job, response, context)


def _is_past_deadline(job: Job, context: Context) -> bool:
    return (job.requested_at or 0) >= (job.accepted_at or job.created_at) + context.times.deadline


def _still_working(job: Job, response: Response, context: Context) -> Decision:
    if _is_past_deadline(job, context):
        return _time_out(job, Code.NO_ANSWER, context)
    if response.accepted_anew:
        return _accepted_anew(job, response, context)
    return Decision(LogEvent.JOB_STILL_PROCESSING)


def _refreshed(job: Job, response: Response, context: Context) -> Decision:
    link = own_link(response.urls, job.index, context.hosts)
    if isinstance(link, str):
        due = context.now + context.times.nudge
        return Decision(LogEvent.LINK_REFRESHED, transitions.refresh_link(job, response, link, context.new_id, due))
    if not link.host:
        return _not_refreshed(job, response, context)._replace(about=link.reason)
    due, kept = host_due(job, context.now, context.times), blocked_link(response, job.index, link.host)
    update = transitions.refresh_on_other_host(job, response, kept, due)
    return Decision(LogEvent.RESULT_HOST_BLOCKED, update, link.host)


def _not_refreshed(job: Job, response: Response, context: Context) -> Decision:
    """Try a dead link again. That of a file below 4K waits for a fresh one, until the provider reports a failure."""
    if context.on_trial and response.meaning is Meaning.ACCOUNT_REFUSED:
        # While the account is refused no link can come, so that attempts would be spent in vain.
        return Decision(LogEvent.POLL_INCONCLUSIVE, transitions.uncount_poll(job, by_post=False))
    event, update, about = _WITHOUT_LINK[response.meaning](job, response, context)
    has_failed = response.meaning is Meaning.FAILED
    if has_failed or job.link_refusals or not job.not_4k:
        counts: Mapping[str, int] = update.add if update else {}
        due = context.now + context.times.nudge
        update = transitions.retry_link(job, context.new_id, due, counts, failed=has_failed)
    return Decision(event, update, about)


def _accepted_anew(job: Job, response: Response, _: Context) -> Decision:
    if response.accepted_anew and polls_by_post(job):
        return Decision(LogEvent.DOUBLE_CHARGE_SUSPECTED, transitions.count_acceptance(job))
    return Decision(LogEvent.POLL_INCONCLUSIVE)


def count_overtaken(polled: Job, current: Job | None, refused: ConditionalUpdate) -> ConditionalUpdate | None:
    """Return the update that still counts an acceptance where a callback was faster than the poll's response."""
    if current is None or current.state in ENDED or "acceptances" not in refused.add:
        return None
    is_same_poll = (current.poll_id, current.acceptances) == (polled.poll_id, polled.acceptances)
    return transitions.count_acceptance(current) if is_same_poll else None


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
    Meaning.UNREADABLE: _unreadable,
    Meaning.BASE_NOT_FINISHED: _base_not_finished,
    Meaning.REFUSED: _failed,
    Meaning.FAILED: _failed,
    Meaning.ACCOUNT_REFUSED: _refused_or_not_sent,
    Meaning.NOT_FOUND: _not_found,
    Meaning.UNCLEAR: _unclear,
    Meaning.LOST: _lost,
    Meaning.NOT_SENT: _refused_or_not_sent,
}
_NO_VERDICT: dict[Meaning, Rule] = dict.fromkeys(Meaning, _inconclusive) | {Meaning.NOT_SENT: _poll_not_sent}
_POLL: dict[Meaning, Rule] = _NO_VERDICT | {
    Meaning.DONE: _done,
    Meaning.WORKING: _still_working,
    Meaning.UNREADABLE: _polled_unreadable,
    Meaning.REFUSED: _polled_refused,
    Meaning.NOT_FOUND: _polled_unclear,
    Meaning.UNCLEAR: _polled_unclear,
    Meaning.FAILED: _failed,
}
_WITHOUT_LINK: dict[Meaning, Rule] = _NO_VERDICT | {Meaning.WORKING: _accepted_anew}
_REFRESH: dict[Meaning, Rule] = {**dict.fromkeys(Meaning, _not_refreshed), Meaning.DONE: _refreshed}
_AFTER = {State.SUBMITTING: _SUBMISSION, State.PROCESSING: _POLL, State.READY: _REFRESH}


# When a job is due


class Need(StrEnum):
    """The request that a due job needs."""

    SUBMISSION = "submission"
    POLL = "poll"  # of the job's status, or for a fresh link
    LOOK = "look"  # at the base task's record, which is free and needs no slot


Due = Need | Decision | None
"""What a due job needs: a request, an update, or nothing while its lease or its wait is running."""


def when_due(job: Job, context: Context) -> Due:
    """Return what a due job needs: nothing where a later version has written its state."""
    if job.state not in KNOWN:
        return Decision(LogEvent.JOB_SKIPPED)
    if job.state in ENDED:
        wait = announcement_wait(context.now - (job.announcing_since or context.now), context.times)
        return Decision(
            LogEvent.ANNOUNCEMENT_RETRIGGERED, transitions.retrigger(job, context.new_id, context.now + wait)
        )
    if job.state is State.READY:
        return _ready_due(job, context)
    return _kept_link_due(job, context) if job.urls else _waiting_due(job, context)


def _waiting_due(job: Job, context: Context) -> Due:
    if job.state is State.QUEUED and job.partition is Partition.LIVE:
        return _base_due(job, context)
    if context.now >= job.created_at + context.times.queued_deadline and context.now >= (job.retry_at or 0):
        return _time_out(_counted_lost(job) if job.claim_id else job, _unconfirmed(job), context)
    return _poll_due(job, context) if job.state is State.PROCESSING else _submission_due(job, context)


def _base_due(job: Job, context: Context) -> Due:
    """Look at a base video that is not finished; at the deadline the request says so, for nothing."""
    if context.now < job.created_at + context.times.deadline:
        return Need.LOOK
    return Decision(LogEvent.BASE_FINISHED, transitions.requeue(job, context.now, None))


def _kept_link_due(job: Job, context: Context) -> Due:
    """Fetch a kept link if its host is allowed by now. It was the only thing in the way."""
    target = context.hosts.target(job.urls[0])
    if not isinstance(target, Refusal):
        return Decision(LogEvent.RESULT_RECEIVED, transitions.fetch_kept_link(job, context.now, context.times))
    is_over = context.now >= job.created_at + context.times.queued_deadline
    if job.evidence is Evidence.CALLBACK and may_be_polled(job) and not is_over:
        return _poll_when_allowed(job, context)  # the link may be a stranger's: a callback's body is not signed
    return _still_blocked(job, target.host, context)


def _still_blocked(job: Job, host: str, context: Context) -> Decision:
    if context.now >= job.created_at + context.times.queued_deadline:
        return failed(job, Code.RESULT_HOST_BLOCKED, context)
    update = transitions.wait_for_host(job, host, host_due(job, context.now, context.times))
    return Decision(LogEvent.RESULT_HOST_BLOCKED, update, host)


def _ready_due(job: Job, context: Context) -> Due:
    if context.now < (job.lease_until or 0):
        return None
    if job.wait_reason == WaitReason.HOST_NOT_ALLOWED:
        target = context.hosts.target(job.urls[0])
        if isinstance(target, Refusal):
            return _still_blocked(job, target.host, context)
    if job.link_dead and job.is_by_look and job.archive_attempts < context.times.archive_attempts:
        return Need.LOOK
    if job.archive_attempts >= context.times.archive_attempts:
        # Archive itself ends a job whose last attempt fails. It was killed in this one, or a fresh link was the last.
        return failed(job, Code.ARCHIVE_FAILED, context)._replace(event=LogEvent.ARCHIVE_ABANDONED)
    if job.link_dead and may_be_refreshed(job):
        return _poll_when_allowed(job, context)
    wait = archive_wait(max(job.archive_attempts, 1), context.times)
    return Decision(LogEvent.ARCHIVE_RETRIGGERED, transitions.retrigger(job, context.new_id, context.now + wait))


def _poll_due(job: Job, context: Context) -> Due:
    if may_be_polled(job):
        return _poll_when_allowed(job, context)
    end = (job.accepted_at or job.created_at) + context.times.deadline
    return _end_or_postpone(job, end, _time_out(job, Code.NO_ANSWER, context), context)


def _poll_when_allowed(job: Job, context: Context) -> Need | None:
    return Need.POLL if context.now >= (job.requested_at or 0) + context.times.probe else None


def _submission_due(job: Job, context: Context) -> Due:
    if context.now < (job.retry_at or 0):
        return None
    if job.state is State.QUEUED or repeat_is_safe(job):
        return Need.SUBMISSION
    if job.words and (job.words.code or 0) >= SERVER_ERROR and job.unclear_since:
        # A repeated request might buy the video twice. The callback has been awaited since the latest one.
        end = max(job.unclear_since, job.requested_at or 0) + context.times.unclear
        return _end_or_postpone(job, end, failed(job, Code.PROVIDER_FAILED, context, job.words), context)
    end = (job.first_requested_at or context.now) + context.times.hard_deadline
    timed_out = _time_out(_counted_lost(job), Code.SUBMISSION_UNCONFIRMED, context)
    return _end_or_postpone(job, end, timed_out, context)


def _counted_lost(job: Job) -> Job:
    """Count a claim without a response, as the next claim would."""
    return replace(job, lost_responses=job.lost_responses + 1)


def _end_or_postpone(job: Job, end: float, ended: Decision, context: Context) -> Decision:
    """End a job for which no further request is sent when its time is over; check it now and then before."""
    if context.now >= end:
        return ended
    postponed = transitions.postpone(job, min(end, context.now + LONGEST_POLL_WAIT))
    return Decision(LogEvent.JOB_CHECK_POSTPONED, postponed)


def _unconfirmed(job: Job) -> Code:
    if job.state is State.PROCESSING:
        return Code.NO_ANSWER
    return Code.SUBMISSION_UNCONFIRMED if job.requests_sent else Code.NEVER_SUBMITTED


def is_turn(job: Job, runs: Sequence[Job]) -> bool:
    """Return whether every earlier run of the task has ended: two of them are never in flight together."""
    return all(other.state in ENDED for other in runs if other.run < job.run)
