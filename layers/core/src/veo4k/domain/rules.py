"""What follows: from an answer of the provider, and from a job being due. Pure; the writes are in transitions.

Every rule gives a `Step`: a past-tense word for logs and metrics, and the write that says it in the table, if any.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.answer import PATH_GONE, Answer, Meaning
from veo4k.domain.job import ENDED, VEO, Code, Job, State
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import LONGEST_PROBE_WAIT, Times, archive_wait
from veo4k.domain.write import Write

MOST_ACCEPTS = 3  # after two suspected double charges a job is asked no more
MOST_URLS = 4
LONGEST_URL = 2048


class Step(NamedTuple):
    """What happened, and the write that says so."""

    action: str
    write: Write | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a rule may know besides the job and the answer.

    `now`: epoch seconds; `until`: when a refused job is due again; `on_trial`: the answer is that of a paused
    gate's trial; `new_id`: a fresh id.
    """

    now: float
    until: float
    times: Times
    hosts: ResultHosts
    on_trial: bool
    new_id: str


def fetchable(urls: Sequence[str], hosts: ResultHosts) -> tuple[str, ...]:
    """Keep the URLs that the archive's own rule would fetch."""
    return tuple(url for url in urls if len(url) <= LONGEST_URL and hosts.target(url))[:MOST_URLS]


def repeat_is_safe(job: Job) -> bool:
    """Tell whether the provider answers a repeated request with a status instead of a second job."""
    return job.contract == VEO


def probes_by_post(job: Job) -> bool:
    """Tell how the provider is asked for a status: by the repeated POST, or under the id it gave the job."""
    return repeat_is_safe(job) and job.own_id is None


def may_be_asked(job: Job) -> bool:
    """Tell whether the provider may still be asked how an accepted job stands, and there is a way to ask."""
    return job.accepts < MOST_ACCEPTS and (probes_by_post(job) or job.own_id is not None)


def after_answer(job: Job, answer: Answer, moment: Moment) -> Step:
    """Give what an answer means for a job, by where the job stands."""
    return _AFTER[job.state][answer.meaning](job, with_fetchable_poster(answer, moment.hosts), moment)


def with_fetchable_poster(answer: Answer, hosts: ResultHosts) -> Answer:
    """Keep one poster, and only where the archive's own rule would fetch it."""
    return replace(answer, image_urls=fetchable(answer.image_urls, hosts)[:1])


# After a submission


def _result_in_answer(job: Job, answer: Answer, moment: Moment) -> Step:
    if urls := fetchable(answer.urls, moment.hosts):
        return Step("result_ready", transitions.answered_ready(job, answer, urls, moment.now, moment.times))
    due = moment.now + moment.times.probe
    return Step("submission_accepted", transitions.accepted(job, answer, moment.now, due))


def _accepted(job: Job, answer: Answer, moment: Moment) -> Step:
    if "generated" in answer.reason:
        due: float | None = moment.now + moment.times.probe
    else:
        due = moment.now + moment.times.first_probe if job.lost else None
    return Step("submission_accepted", transitions.accepted(job, answer, moment.now, due))


def _base_not_finished(job: Job, answer: Answer, moment: Moment) -> Step:
    if moment.now >= job.created_at + moment.times.deadline:
        return _ended(job, answer, moment)
    due = moment.now + moment.times.base_retry
    return Step("submission_deferred", transitions.deferred(job, answer.code, due, sent=True))


def _ended(job: Job, answer: Answer, moment: Moment) -> Step:
    return Step("job_failed", transitions.failed(job, answer.code, moment.now, moment.times))


def _account_refused(job: Job, answer: Answer, moment: Moment) -> Step:
    return Step("submission_deferred", transitions.deferred(job, answer.reason, moment.until, sent=True))


def _never_sent(job: Job, answer: Answer, moment: Moment) -> Step:
    return Step("submission_deferred", transitions.deferred(job, answer.reason, moment.until, sent=False))


def _lost(job: Job, _: Answer, moment: Moment) -> Step:
    asked, first = job.asked_at or moment.now, job.first_asked_at or moment.now
    if asked >= first + moment.times.hard_deadline and not moment.on_trial:
        heard = replace(job, lost=job.lost + 1)
        return Step(
            "job_timed_out", transitions.timed_out(heard, Code.SUBMISSION_UNCONFIRMED, moment.now, moment.times)
        )
    return Step("answer_lost", transitions.answer_lost(job, moment.now, moment.times))


# After a probe of an accepted job: only a result, a failure or "still working" is a verdict


def _probed(job: Job, answer: Answer, moment: Moment) -> Step:
    if urls := fetchable(answer.urls, moment.hosts):
        return Step("result_ready", transitions.probed_ready(job, answer, urls, moment.now, moment.times))
    return Step("job_failed", transitions.failed(job, Code.RESULT_HOST_BLOCKED, moment.now, moment.times))


def _still_working(job: Job, answer: Answer, moment: Moment) -> Step:
    if (job.asked_at or 0) >= (job.accepted_at or job.created_at) + moment.times.deadline:
        return Step("job_timed_out", transitions.timed_out(job, Code.NO_ANSWER, moment.now, moment.times))
    return _bought_again(job, answer, moment) if answer.first else Step("still_working", None)


def _refreshed(job: Job, answer: Answer, moment: Moment) -> Step:
    if urls := fetchable(answer.urls, moment.hosts):
        return Step(
            "link_refreshed", transitions.fresh_link(job, answer, urls, moment.new_id, moment.now + moment.times.nudge)
        )
    return Step("probe_unanswered", None)


def _bought_again(job: Job, answer: Answer, _: Moment) -> Step:
    if answer.first and probes_by_post(job):
        return Step("double_charge_suspected", transitions.accepted_again(job))
    return Step("probe_unanswered", None)


def _probe_unsent(job: Job, answer: Answer, _: Moment) -> Step:
    by_post = probes_by_post(job)
    # A path that is gone never comes back: a try given back there would be made for ever.
    counted = (by_post or job.state is State.READY) and not answer.reason.startswith(PATH_GONE)
    return Step("probe_unanswered", transitions.unsent(job, by_post=by_post) if counted else None)


def _no_verdict(_: Job, __: Answer, ___: Moment) -> Step:
    return Step("probe_unanswered", None)


Rule = Callable[[Job, Answer, Moment], Step]

_SUBMISSION: dict[Meaning, Rule] = {
    Meaning.DONE: _result_in_answer,
    Meaning.WORKING: _accepted,
    Meaning.NOT_YET: _base_not_finished,
    Meaning.REFUSED: _ended,
    Meaning.FAILED: _ended,
    Meaning.SHUT: _account_refused,
    Meaning.LOST: _lost,
    Meaning.NEVER_SENT: _never_sent,
}
_SILENCE: dict[Meaning, Rule] = dict.fromkeys(Meaning, _no_verdict) | {Meaning.NEVER_SENT: _probe_unsent}
_PROBE: dict[Meaning, Rule] = _SILENCE | {
    Meaning.DONE: _probed,
    Meaning.WORKING: _still_working,
    Meaning.FAILED: _ended,
}
_REFRESH: dict[Meaning, Rule] = _SILENCE | {Meaning.DONE: _refreshed, Meaning.WORKING: _bought_again}
_AFTER = {State.SUBMITTING: _SUBMISSION, State.PROCESSING: _PROBE, State.READY: _REFRESH}


# When a job is due


class Due(StrEnum):
    """What a due job needs."""

    NOTHING = "nothing"  # its lease, or its wait, is still running
    SUBMIT = "submit"  # ask, or ask again
    PROBE = "probe"  # ask how it stands, or for a fresh link
    WRITE = "write"  # the write of the step, and no request


def when_due(job: Job, now: float, new_id: str, times: Times) -> tuple[Due, Step]:
    """Give what a due job needs; the step is meant only with WRITE."""
    if job.state in ENDED:
        return Due.WRITE, Step("end_nudged", transitions.nudge(job, new_id, now + times.nudge))
    if job.state is State.READY:
        return _ready_due(job, now, new_id, times)
    if now >= job.created_at + times.queued_deadline and now >= (job.ask_again_at or 0):
        return Due.WRITE, Step("job_timed_out", transitions.timed_out(job, _unheard(job), now, times))
    return _probe_due(job, now, times) if job.state is State.PROCESSING else _submission_due(job, now, times)


_NOTHING = Step("waiting", None)


def _ready_due(job: Job, now: float, new_id: str, times: Times) -> tuple[Due, Step]:
    if now < (job.lease_until or 0):
        return Due.NOTHING, _NOTHING
    if job.tries >= times.archive_attempts or (job.link_dead and not may_be_asked(job)):
        return Due.WRITE, Step("job_failed", transitions.failed(job, Code.ARCHIVE_FAILED, now, times))
    if job.link_dead:
        return (Due.PROBE if now >= (job.asked_at or 0) + times.probe else Due.NOTHING), _NOTHING
    wait = archive_wait(max(job.tries, 1), times)
    return Due.WRITE, Step("archive_nudged", transitions.nudge(job, new_id, now + wait))


def _probe_due(job: Job, now: float, times: Times) -> tuple[Due, Step]:
    if not may_be_asked(job):
        over = (job.accepted_at or job.created_at) + times.deadline
        return _awaited(job, over, now, transitions.timed_out(job, Code.NO_ANSWER, now, times))
    return (Due.PROBE if now >= (job.asked_at or 0) + times.probe else Due.NOTHING), _NOTHING


def _submission_due(job: Job, now: float, times: Times) -> tuple[Due, Step]:
    if now < (job.ask_again_at or 0):
        return Due.NOTHING, _NOTHING
    if job.state is State.QUEUED or repeat_is_safe(job):
        return Due.SUBMIT, _NOTHING
    over, heard = (job.first_asked_at or now) + times.hard_deadline, replace(job, lost=job.lost + 1)
    return _awaited(job, over, now, transitions.timed_out(heard, Code.SUBMISSION_UNCONFIRMED, now, times))


def _awaited(job: Job, over: float, now: float, end: Write) -> tuple[Due, Step]:
    """Let a job that is asked no more be looked at again when its time is over, and now and then before."""
    if now >= over:
        return Due.WRITE, Step("job_timed_out", end)
    return Due.WRITE, Step("job_awaited", transitions.postpone(job, min(over, now + LONGEST_PROBE_WAIT)))


def _unheard(job: Job) -> Code:
    if job.state is State.PROCESSING:
        return Code.NO_ANSWER
    return Code.SUBMISSION_UNCONFIRMED if job.attempts else Code.NEVER_SUBMITTED


def is_turn(job: Job, runs: Sequence[Job]) -> bool:
    """Tell whether every earlier run of the task has ended: two of them are never in flight together."""
    return all(other.state in ENDED for other in runs if other.run < job.run)
