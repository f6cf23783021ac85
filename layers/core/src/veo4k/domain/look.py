"""The free look: the base task's own record, read before anything is paid, and what follows from it.

Provider: "Get Veo3.1 Details", and "Get Task Details" of the unified task API. Only positive knowledge counts: a record
that is refused, unclear, or of another task is no look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from veo4k.domain import transitions
from veo4k.domain.decisions import Context, Decision, failed, host_due
from veo4k.domain.job import Code, Job, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.payload import data_of, links_of, places_of, task_id_of, whole
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.response import (
    OK,
    HttpResponse,
    Meaning,
    NoResponse,
    envelope_of,
    read_envelope,
    read_flag,
    read_state,
)
from veo4k.domain.result_url import Refusal, ResultHosts, normalized
from veo4k.domain.schedule import LOOK_RETRY, base_wait
from veo4k.domain.transitions import BlockedLink, Seen
from veo4k.domain.wait_reason import WaitReason

FRESH = 300.0  # seconds for which a look is not repeated


class Unanswered(Enum):
    """A look that shows nothing. `LATER`: the provider may answer a minute later."""

    NOTHING = auto()
    LATER = auto()
    NO_SUCH_TASK = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRecord:
    """What the record of a base task says. `links`: one for each place of `resultUrls`, empty where unreadable."""

    status: Meaning
    links: tuple[str, ...] = ()
    is_4k: bool = False
    is_legacy: bool = False
    words: Words = NO_WORDS


Look = BaseRecord | Unanswered


def read_base_record(response: HttpResponse | NoResponse, task_id: str) -> Look:
    """Read the base task's record, in the shape of either API."""
    envelope = envelope_of(response.body) if isinstance(response, HttpResponse) else None
    if envelope is None:
        is_busy = isinstance(response, NoResponse) or response.status in (429, 430)
        return Unanswered.LATER if is_busy else Unanswered.NOTHING
    data = data_of(envelope)
    read = read_flag(data) or read_state(data)
    if whole(envelope["code"]) != OK or read is None or task_id_of(data) not in (None, task_id):
        return _without_record(envelope)
    return BaseRecord(
        status=Meaning.DONE if read.meaning is Meaning.UNREADABLE else read.meaning,
        links=links_of(data),
        is_4k=any(map(_is_4k, places_of(data))),
        is_legacy=data.get("fallbackFlag") is True,
        words=read.words,
    )


def _without_record(envelope: Mapping[str, Any]) -> Unanswered:
    read = read_envelope(envelope, is_submission=False)
    if read.meaning is Meaning.REFUSED and read.code is Code.INVALID_TASK:
        return Unanswered.NO_SUCH_TASK
    return Unanswered.LATER if read.wait_reason is WaitReason.RATE_LIMITED else Unanswered.NOTHING


def _is_4k(details: Mapping[str, Any]) -> bool:
    label = str(details.get("resolution")).lower()
    return "4k" in label or "2160" in label


def is_wanted(job: Job, now: float) -> bool:
    """Return whether a job that is about to be requested is to be looked at first."""
    return job.state is State.QUEUED and now >= (job.looked_at or 0) + FRESH


def shown_by(look: Look | None, job: Job, now: float, hosts: ResultHosts) -> Seen | None:
    """Return what a row keeps of a look after which its job is requested; None where the look showed nothing."""
    return Seen(now, base_link(look, job, hosts)) if isinstance(look, BaseRecord) else None


def base_link(look: Look | None, job: Job, hosts: ResultHosts) -> str | None:
    """Return the link of the job's base video: entry `index` of the record, though its host may not be allowed yet."""
    if not isinstance(look, BaseRecord) or look.status is not Meaning.DONE:
        return None
    link = _own_link(look, job)
    target = hosts.target(link)
    return None if isinstance(target, Refusal) and not target.host else link


def _own_link(look: BaseRecord, job: Job) -> str:
    return normalized(look.links[job.index]) if job.index < len(look.links) else ""


def after_look(job: Job, look: Look, context: Context) -> Decision | None:
    """Return what a look means for a QUEUED job in its turn; None where the job is to be requested."""
    if look is Unanswered.LATER and not job.looks:
        return Decision(LogEvent.LOOK_POSTPONED, transitions.look_later(job, context.now + LOOK_RETRY))
    if look is Unanswered.NO_SUCH_TASK and job.wait_reason in (WaitReason.NOT_FOUND, WaitReason.PATH_GONE):
        return failed(job, Code.INVALID_TASK, context)
    if not isinstance(look, BaseRecord):
        return None
    if look.status is Meaning.WORKING:
        return _wait_for_base(job, context)
    if look.status is Meaning.FAILED:
        return failed(job, Code.BASE_FAILED, context, look.words)
    return _finished(job, look, context)


def _finished(job: Job, look: BaseRecord, context: Context) -> Decision | None:
    if look.is_legacy:
        return failed(job, Code.NOT_AVAILABLE_IN_4K, context, base_url=base_link(look, job, context.hosts))
    if look.links and all(look.links) and job.index >= len(look.links):
        message = f"The provider has no video at index {job.index}; the task's highest index is {len(look.links) - 1}."
        return failed(job, Code.INVALID_TASK, context, message=message)
    return _in_4k_already(job, look, context) if look.is_4k and not job.passes_label else None


def _in_4k_already(job: Job, look: BaseRecord, context: Context) -> Decision | None:
    """Take the base video for the result. On a host that is not allowed it waits as every other result does."""
    link = _own_link(look, job)
    target = context.hosts.target(link)
    if not isinstance(target, Refusal):
        return Decision(LogEvent.RESULT_RECEIVED, transitions.look_ready(job, link, context.now, context.times))
    if not target.host:
        return None
    due = host_due(job, context.now, context.times)
    update = transitions.look_on_other_host(job, BlockedLink(link, target.host), context.now, due)
    return Decision(LogEvent.RESULT_HOST_BLOCKED, update, target.host)


def _wait_for_base(job: Job, context: Context) -> Decision | None:
    if context.now >= job.created_at + context.times.deadline:
        return None  # the request says it, for nothing
    due = context.now + base_wait(job.looks + 1, context.times)
    return Decision(LogEvent.BASE_AWAITED, transitions.wait_for_base(job, context.now, due))


def after_wait(job: Job, look: Look, context: Context) -> Decision | None:
    """Return what a look means for a job that waits for its base video; None where it waits on."""
    if not isinstance(look, BaseRecord) or look.status is Meaning.WORKING:
        return None
    decision = after_look(job, look, context)
    if decision is not None:
        return decision
    seen = shown_by(look, job, context.now, context.hosts)
    return Decision(LogEvent.BASE_FINISHED, transitions.requeue(job, context.now, seen))


def after_relook(job: Job, look: Look, context: Context) -> Decision | None:
    """Return what a look means for a READY job whose result it was: a link, or another try of the old one.

    Each try is counted, so that a job whose record has no link any more ends. None without a response.
    """
    if look is Unanswered.LATER:
        return None
    due = context.now + context.times.nudge
    link = base_link(look, job, context.hosts)
    if link and not isinstance(context.hosts.target(link), Refusal):
        return Decision(LogEvent.LINK_REFRESHED, transitions.refresh_by_look(job, link, context.new_id, due))
    return Decision(LogEvent.ARCHIVE_RETRIGGERED, transitions.retrigger(job, context.new_id, due))


def was_mislabelled(job: Job) -> bool:
    """Return whether a run ended because the record calls the video 4K, and its file is not: force passes that over."""
    return job.is_by_look and job.error is not None and job.error.code is Code.NOT_4K
