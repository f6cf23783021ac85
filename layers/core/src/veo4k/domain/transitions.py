"""The transitions of a job, each one conditional update: docs/architecture.md draws them.

The table of states is this file: who may do what, and on which conditions. Nothing here reads a clock or a table.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import Clause, ConditionalUpdate, at_least, at_most, in_, is_
from veo4k.domain.gate import Wait
from veo4k.domain.job import (
    ENDED,
    KNOWN,
    LIVE,
    UNANSWERED,
    WAITING,
    Archived,
    Code,
    Evidence,
    Failure,
    Job,
    Key,
    Partition,
    ProviderApi,
    State,
    link_digest,
    utc_day,
)
from veo4k.domain.message import Message
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.response import SERVER_ERROR, Meaning, Response
from veo4k.domain.result_url import without_query
from veo4k.domain.schedule import Times, announcement_wait, archive_wait, poll_wait, unclear_wait, unknown_wait
from veo4k.domain.wait_reason import WaitReason

States = frozenset[State]
Put = Mapping[str, object]
_WAITS_NO_MORE: dict[str, object] = {"wait_reason": None, "wait_text": None}
_READY: dict[str, object] = {"state": State.READY, "partition": Partition.LIVE, **_WAITS_NO_MORE}
_LINK_DEAD = (is_("state", State.READY), is_("link_dead", True))


class Seen(NamedTuple):
    """What a look has shown of a base video that is to be made 4K: when, and its link where there is a usable one."""

    at: float
    base_url: str | None


class BlockedLink(NamedTuple):
    """The link of a result on a host that is not allowed."""

    url: str
    host: str


def _as_read(job: Job, *names: str) -> tuple[Clause, ...]:
    """Demand that these fields of the row are as they were read."""
    return tuple(is_(name, getattr(job, name)) for name in names)


def _waits(reason: str, about: str = "") -> dict[str, object]:
    return {"wait_reason": reason, "wait_text": f"{reason}: {about}" if about else reason}


# Intake


def create_queued(
    message: Message, run: int, now: float, wait: Wait, *, passes_label: bool = False, seen: Seen | None = None
) -> ConditionalUpdate:
    """Create a run that waits. `passes_label`: the record's label 4K was false, so that 4K is requested."""
    put = _new(message, run, now, passes_label=passes_label) | {"state": State.QUEUED, "partition": Partition.QUEUED}
    put |= {"requests_sent": 0, "due": wait.until} | _waits(wait.reason) | _seen(seen)
    return ConditionalUpdate(key=Key(message.task_id, run), put=put)


def create_submitting(
    message: Message,
    run: int,
    now: float,
    *,
    claim_id: str,
    times: Times,
    provider_api: ProviderApi,
    seen: Seen | None = None,
    passes_label: bool = False,
) -> ConditionalUpdate:
    """Create a run with the intent of its first request, which follows at once."""
    put = _new(message, run, now, passes_label=passes_label) | {"state": State.SUBMITTING, "partition": Partition.LIVE}
    put |= {"claim_id": claim_id, "provider_api": provider_api, "first_requested_at": now, "requested_at": now}
    put |= {"retry_at": now + times.lease + unknown_wait(1, times), "due": now + times.first_probe, "requests_sent": 1}
    put |= _seen(seen)
    return ConditionalUpdate(key=Key(message.task_id, run), put=put, ownership="claim_id")


def _new(message: Message, run: int, now: float, *, passes_label: bool) -> dict[str, object]:
    tokens = frozenset({message.task_token} if message.task_token else ())
    put = {"task_id": message.task_id, "run": run, "index": message.index, "tags": message.tags}
    put |= {"passes_label": True} if passes_label else {}
    return put | {"created_at": now, "message_id": message.message_id, "task_tokens": tokens}


def join(job: Job, token: str | None) -> ConditionalUpdate:
    """Let a message join a live job: its task token is answered with the others."""
    when = (in_("state", LIVE), *_same_tokens(job, token))
    return ConditionalUpdate(key=job.key, when=when, add=_token(token))


def repeat_announcement(job: Job, token: str | None, new_id: str, now: float, times: Times) -> ConditionalUpdate:
    """Announce an end once more: the row is back in the due index until publish has done so."""
    put = {"retrigger_id": new_id, "partition": Partition.LIVE, "due": now + times.nudge}
    put |= {"on_bus": None, "announcing_since": None}
    when = (in_("state", ENDED), *_same_tokens(job, token))
    return ConditionalUpdate(key=job.key, when=when, put=put, add=_token(token), ownership="retrigger_id")


def _same_tokens(job: Job, token: str | None) -> tuple[Clause, ...]:
    # Of two messages at the same time one reads the tokens again, so that no more wait than may.
    return (is_("task_tokens", job.task_tokens or None),) if token else ()


def _token(token: str | None) -> dict[str, frozenset[str]]:
    return {"task_tokens": frozenset({token})} if token else {}


# Submission


def claim_submission(
    job: Job, claim_id: str, now: float, times: Times, provider_api: ProviderApi, *, seen: Seen | None = None
) -> ConditionalUpdate:
    """QUEUED or SUBMITTING → SUBMITTING: a request follows. A claim without a response counts as one lost response."""
    lost = job.lost_responses + (1 if job.state is State.SUBMITTING and job.claim_id else 0)
    retry_at = now + times.lease + unknown_wait(lost + 1, times)
    put = {
        "state": State.SUBMITTING,
        "claim_id": claim_id,
        "lost_responses": lost,
        "provider_api": provider_api if lost == 0 else job.provider_api,
        "first_requested_at": job.first_requested_at if lost else now,
        "requested_at": now,
        "retry_at": retry_at,
        "partition": Partition.LIVE,
        "due": retry_at if lost else now + times.first_probe,
        **_WAITS_NO_MORE,
        **_seen(seen, job.base),
    }
    when = _as_read(job, "state", "claim_id", "requested_at")
    return ConditionalUpdate(key=job.key, when=when, put=put, add={"requests_sent": 1}, ownership="claim_id")


def _seen(seen: Seen | None, base: Archived | None = None) -> dict[str, object]:
    return {"looked_at": seen.at} | _missing_base(base, seen.base_url) if seen else {}


def _missing_base(base: Archived | None, base_url: str | None) -> dict[str, object]:
    return {"base_url": base_url} if base_url and not base else {}


# Look


def _queued(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.QUEUED), *_as_read(job, "due", "claim_id"))


def look_later(job: Job, due: float) -> ConditionalUpdate:
    """QUEUED → QUEUED: the look got no response, and is repeated once."""
    put: dict[str, object] = {"due": due, "looks": job.looks + 1, "looked_at": None} | _waits(WaitReason.LOOK_LATER)
    return ConditionalUpdate(key=job.key, when=_queued(job), put=put)


def look_ready(job: Job, url: str, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED → READY: the record calls the base video 4K, so that nothing is paid."""
    put = _READY | _link(url) | {"evidence": Evidence.LOOK, "due": now + times.nudge, "looked_at": now, "looks": 0}
    return ConditionalUpdate(key=job.key, when=_queued(job), put=put)


def look_on_other_host(job: Job, link: BlockedLink, now: float, due: float) -> ConditionalUpdate:
    """QUEUED → QUEUED: the record calls the base video 4K, and its host is not allowed.

    The row waits beside the live ones, and needs no slot.
    """
    put = _link(link.url) | _waits(WaitReason.HOST_NOT_ALLOWED, link.host) | {"evidence": Evidence.LOOK}
    put |= {"partition": Partition.LIVE, "due": due, "looked_at": now, "looks": 0}
    return ConditionalUpdate(key=job.key, when=_queued(job), put=put)


def wait_for_base(job: Job, now: float, due: float) -> ConditionalUpdate:
    """QUEUED → QUEUED: the base video is not finished. The row waits beside the live ones, and needs no slot."""
    put = {"partition": Partition.LIVE, "due": due, "looked_at": now, "looks": 1}
    return ConditionalUpdate(key=job.key, when=_queued(job), put=put | _waits(WaitReason.BASE_NOT_FINISHED))


def claim_look(job: Job, due: float) -> ConditionalUpdate:
    """QUEUED → QUEUED, or READY → READY: a look follows; the time of the next one is written before."""
    put = {"due": due, "looks": job.looks + 1}
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "due", "lease"), put=put)


def requeue(job: Job, now: float, seen: Seen | None) -> ConditionalUpdate:
    """QUEUED → QUEUED: the base video is finished, or the wait for it is over. The job is requested next."""
    put: dict[str, object] = {"partition": Partition.QUEUED, "due": now, "looks": 0}
    return ConditionalUpdate(key=job.key, when=_queued(job), put=put | _seen(seen, job.base) | _WAITS_NO_MORE)


def refresh_by_look(job: Job, url: str, new_id: str, due: float) -> ConditionalUpdate:
    """READY → READY: the record's link once more, and the archive is re-triggered."""
    put = _link(url) | {"link_dead": None, "retrigger_id": new_id, "due": due}
    return ConditionalUpdate(key=job.key, when=_LINK_DEAD, put=put)


# Response to a submission


def accept(job: Job, response: Response, now: float, due: float | None) -> ConditionalUpdate:
    """SUBMITTING → PROCESSING: the provider has accepted. `due`: only where the next poll moves."""
    put = {"state": State.PROCESSING, "accepted_at": now, "acceptances": 1, "provider_task_id": response.task_id}
    put |= {"retry_at": None} | _WAITS_NO_MORE | _credits(response) | ({} if due is None else {"due": due})
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


def accept_with_result(job: Job, response: Response, url: str, now: float, times: Times) -> ConditionalUpdate:
    """SUBMITTING → READY: the response to the submission contains the result."""
    put = _result(response, url, Evidence.SUBMIT) | {"accepted_at": now, "acceptances": 1, "due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


def accept_on_other_host(job: Job, response: Response, link: BlockedLink, now: float, due: float) -> ConditionalUpdate:
    """SUBMITTING → PROCESSING: the response contains the result, on a host that is not allowed."""
    accepted = accept(job, response, now, due)
    return replace(accepted, put={**accepted.put, **_on_other_host(response, link, Evidence.SUBMIT)})


def defer(job: Job, wait: Wait, *, is_sent: bool) -> ConditionalUpdate:
    """SUBMITTING → QUEUED: surely not accepted. After a lost response the job stays SUBMITTING instead."""
    put = {"claim_id": None, "retry_at": wait.until, "due": wait.until} | _waits(wait.reason)
    if not job.lost_responses:
        put |= {"state": State.QUEUED, "partition": Partition.QUEUED, "retry_at": None}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put, add={} if is_sent else {"requests_sent": -1})


def count_lost_response(job: Job, response: Response, now: float, times: Times) -> ConditionalUpdate:
    """SUBMITTING → SUBMITTING: one more response was lost, or unclear.

    Wait until the request must have been registered.
    """
    counted = with_lost_response(job, response, now)
    if response.meaning is Meaning.UNCLEAR:
        wait, reason = unclear_wait(counted.lost_responses, times), _waits(WaitReason.UNCLEAR_ANSWER)
    else:
        wait, reason = unknown_wait(counted.lost_responses, times), {}
    put: dict[str, object] = {"claim_id": None, "retry_at": now + wait, "due": now + wait} | reason
    put |= {name: value for name in _COUNTS if (value := getattr(counted, name)) != getattr(job, name)}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


_COUNTS = ("lost_responses", "unclear_responses", "unclear_since", "words")


def with_lost_response(job: Job, response: Response, now: float) -> Job:
    """Return the job with one more lost, or unclear, response."""
    counted = replace(job, lost_responses=job.lost_responses + 1)
    if response.meaning is not Meaning.UNCLEAR:
        return counted
    under_500 = int((response.words.code or 0) < SERVER_ERROR)
    unclear, since = job.unclear_responses + under_500, job.unclear_since or now
    return replace(counted, unclear_responses=unclear, unclear_since=since, words=response.words)


def _claimed(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.SUBMITTING), *_as_read(job, "claim_id"))


# Callback


def callback_ready(address: Address, payload: CallbackPayload, url: str, now: float) -> ConditionalUpdate:
    """QUEUED, SUBMITTING or PROCESSING → READY: an authenticated success."""
    put = _result(payload.response, url, Evidence.CALLBACK)
    return _by_callback(address, payload, now, WAITING, put)


def callback_failed(address: Address, payload: CallbackPayload, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED, SUBMITTING or PROCESSING → FAILED: an authenticated failure is believed as it is."""
    response = payload.response
    put = _end(State.FAILED, response.code, now, times, maybe_charged=True, words=response.words) | _credits(response)
    return _by_callback(address, payload, now, WAITING, put)


def callback_failed_unchecked(
    address: Address, payload: CallbackPayload, now: float, times: Times
) -> ConditionalUpdate:
    """Believe a failure in unknown words, of a job without an own id: to check it, the paid request would be needed."""
    failed = callback_failed(address, payload, now, times)
    no_own_id = is_("provider_task_id", None) + is_("provider_task_id", address.task_id)
    return replace(failed, when=(*failed.when, no_own_id))


def callback_working(address: Address, payload: CallbackPayload, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED or SUBMITTING → PROCESSING: authenticated, but without a result."""
    return _due_for_poll(address, payload, now, UNANSWERED, times, adopts=False)


def callback_unclear(
    address: Address, payload: CallbackPayload, now: float, times: Times, *, adopts: bool
) -> ConditionalUpdate:
    """Make the job due for a poll: the callback is no verdict. `adopts`: its id may be the job's own."""
    return _due_for_poll(address, payload, now, WAITING, times, adopts=adopts)


def _due_for_poll(
    address: Address, payload: CallbackPayload, now: float, states: States, times: Times, *, adopts: bool
) -> ConditionalUpdate:
    put = {"state": State.PROCESSING, "partition": Partition.LIVE, "due": now + times.probe} | _WAITS_NO_MORE
    return _by_callback(address, payload, now, states, put, adopts=adopts)


def _by_callback(
    address: Address, payload: CallbackPayload, now: float, states: States, put: Put, *, adopts: bool = True
) -> ConditionalUpdate:
    acceptance: dict[str, object] = {"accepted_at": now, "acceptances": 1}
    when: tuple[Clause, ...] = (in_("state", states), is_("index", address.index), at_least("requests_sent", 1))
    if payload.task_id and adopts:
        when += _may_adopt(payload.task_id, address.task_id, now)
        put = {**put, "provider_task_id": payload.task_id}
    elif payload.task_id:
        when += (is_("provider_task_id", payload.task_id),)
    return ConditionalUpdate(key=address.key, when=when, put=put, set_if_absent=acceptance)


def _may_adopt(task_id: str, base_id: str, now: float) -> tuple[Clause, ...]:
    # An id is taken in place of none, or of the base video's, if a response was lost, if the claim is so old that its
    # function must have died, or if the request was accepted.
    known = is_("provider_task_id", task_id) + is_("provider_task_id", base_id)
    accepted = at_least("lost_responses", 1) + at_least("acceptances", 1)
    return known + is_("provider_task_id", None), known + accepted + at_most("retry_at", now)


# Poll


def claim_poll(job: Job, poll_id: str, now: float, chance: float, times: Times, *, by_post: bool) -> ConditionalUpdate:
    """PROCESSING → PROCESSING, or READY → READY for a fresh link: the next poll is written before this one is sent."""
    if job.state is State.READY:
        wait = archive_wait(job.archive_attempts + 1, times)
    else:
        wait = poll_wait(now - (job.accepted_at or job.created_at), chance, times)
    put = {"poll_id": poll_id, "requested_at": now, "due": now + max(wait, times.probe), "partition": Partition.LIVE}
    when = _as_read(job, "state", "poll_id", "requested_at", "lease")
    return ConditionalUpdate(key=job.key, when=when, put=put, add=_poll_counts(job, 1, by_post), ownership="poll_id")


def _poll_counts(job: Job, count: int, by_post: bool) -> dict[str, int]:
    counts = {"requests_sent": count} if by_post else {}
    return counts | ({"archive_attempts": count} if job.state is State.READY else {})


def poll_ready(job: Job, response: Response, url: str, now: float, times: Times) -> ConditionalUpdate:
    """PROCESSING → READY: the response to the poll contains the result."""
    put = _result(response, url, Evidence.POLL) | {"due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=(is_("state", State.PROCESSING),), put=put)


def poll_on_other_host(
    job: Job, response: Response, link: BlockedLink, due: float, *, evidence: Evidence = Evidence.POLL
) -> ConditionalUpdate:
    """PROCESSING → PROCESSING: a poll, or a callback, brought the result, on a host that is not allowed."""
    put = _on_other_host(response, link, evidence) | {"due": due}
    return ConditionalUpdate(key=job.key, when=(is_("state", State.PROCESSING),), put=put)


def wait_for_host(job: Job, host: str, due: float) -> ConditionalUpdate:
    """QUEUED, PROCESSING or READY, unchanged: the host of the kept link is still not allowed."""
    put = {"due": due} | _waits(WaitReason.HOST_NOT_ALLOWED, host)
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "due"), put=put)


def fetch_kept_link(job: Job, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED or PROCESSING → READY: the host of the kept link is allowed by now."""
    put = _READY | {"due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "urls"), put=put)


def count_unknown_record(job: Job) -> ConditionalUpdate:
    """Count a poll under the job's own id that found no record; after the second one the id is dropped."""
    put: dict[str, object] = {"unknown_records": job.unknown_records + 1}
    if job.unknown_records:
        put = {"unknown_records": 0, "provider_task_id": job.task_id}
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "provider_task_id"), put=put)


def count_acceptance(job: Job) -> ConditionalUpdate:
    """Count a poll that was accepted like a first request: it may have bought the video a second time."""
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "acceptances"), add={"acceptances": 1})


def uncount_poll(job: Job, *, by_post: bool = True) -> ConditionalUpdate:
    """Subtract the counts of a poll that was never sent: once, even where the update is repeated."""
    counts = _poll_counts(job, -1, by_post)
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "poll_id", *counts), add=counts)


def refresh_link(job: Job, response: Response, url: str, new_id: str, due: float) -> ConditionalUpdate:
    """READY → READY: a fresh link, and the archive is re-triggered. The attempt that the poll cost is given back."""
    put = _fresh_link(job, response, url) | {"retrigger_id": new_id, "due": due}
    return ConditionalUpdate(key=job.key, when=_LINK_DEAD, put=put, add={"archive_attempts": -1})


def refresh_on_other_host(job: Job, response: Response, link: BlockedLink, due: float) -> ConditionalUpdate:
    """READY → READY: the fresh link is on a host that is not allowed. The attempt that the poll cost is given back."""
    put = _fresh_link(job, response, link.url) | _waits(WaitReason.HOST_NOT_ALLOWED, link.host) | {"due": due}
    return ConditionalUpdate(key=job.key, when=_LINK_DEAD, put=put, add={"archive_attempts": -1})


def callback_link(job: Job, response: Response, url: str, due: float) -> ConditionalUpdate:
    """READY → READY: an authenticated success brought a link that this run has not tried. It gives no attempt back."""
    put = _fresh_link(job, response, url) | {"retrigger_id": link_digest(url), "due": due}
    when = (*_LINK_DEAD, *_as_read(job, "urls"))
    return ConditionalUpdate(key=job.key, when=when, put=put, ownership="retrigger_id")


def _fresh_link(job: Job, response: Response, url: str) -> dict[str, object]:
    refusals = {} if (url,) == job.urls else {"link_refusals": 0}
    return _link(url) | refusals | {"link_dead": None, "image_urls": response.image_urls}


def retry_link(job: Job, new_id: str, due: float, counts: Mapping[str, int], *, failed: bool) -> ConditionalUpdate:
    """READY → READY: no fresh link came, and the archive tries the old one. The poll's attempt is given back.

    Args:
        job: The job as its poll was claimed.
        new_id: A fresh id.
        due: When the sweep re-triggers the archive if nothing has come of this.
        counts: What else the response adds to the counts of the row.
        failed: The provider reported a failure, so that no fresh link is requested any more.
    """
    put: dict[str, object] = {"link_dead": None, "retrigger_id": new_id, "due": due}
    put |= {"failure_reported": True} if failed else {}
    when = (*_LINK_DEAD, *_as_read(job, "poll_id"))
    add = {**counts, "archive_attempts": -1}
    return ConditionalUpdate(key=job.key, when=when, put=put, add=add, ownership="retrigger_id")


# Ends


def cancel(key: Key, new_id: str, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED → CANCELLED: its owner takes the job back, of which nothing was accepted."""
    put = {"state": State.CANCELLED, "retrigger_id": new_id} | _WAITS_NO_MORE | _finished(now)
    put |= {"partition": Partition.LIVE, "due": now + times.nudge}
    return ConditionalUpdate(key=key, when=(is_("state", State.QUEUED),), put=put, ownership="retrigger_id")


def fail(
    job: Job,
    code: Code,
    now: float,
    times: Times,
    words: Words = NO_WORDS,
    *,
    message: str = "",
    base_url: str | None = None,
) -> ConditionalUpdate:
    """End a job without a result; only if it is still as it was read.

    `message`: instead of the code's own. `base_url`: the link of the base video, which a look has shown.
    """
    put = _end(State.FAILED, code, now, times, maybe_charged=maybe_charged(job), words=words)
    put |= {"error": Failure(code, message, words)} if message else {}
    put |= _missing_base(job.base, base_url)
    return ConditionalUpdate(key=job.key, when=_unchanged(job), put=put)


def time_out(job: Job, code: Code, now: float, times: Times) -> ConditionalUpdate:
    """End a job about which the provider never reported; only if it is still as it was read."""
    put = _end(State.TIMED_OUT, code, now, times, maybe_charged=maybe_charged(job), words=job.words or NO_WORDS)
    return ConditionalUpdate(key=job.key, when=_unchanged(job), put=put)


def _unchanged(job: Job) -> tuple[Clause, ...]:
    return _as_read(job, "state", "claim_id", "lease")


def maybe_charged(job: Job) -> bool:
    """Return whether a request may have been accepted. Of the unified task API an unclear answer under 500 is none."""
    surely_not = job.unclear_responses if job.provider_api == ProviderApi.JOBS else 0
    return job.lost_responses > surely_not or job.accepted_at is not None


def _end(state: State, code: Code, now: float, times: Times, *, maybe_charged: bool, words: Words) -> dict[str, object]:
    error = Failure(code, code.message, words)
    put = {"state": state, "error": error, "maybe_charged": maybe_charged} | _finished(now)
    put |= {"partition": Partition.LIVE, "due": now + times.nudge}
    return put | {"lease": None, "lease_until": None} | _WAITS_NO_MORE


def _finished(now: float) -> dict[str, object]:
    return {"finished_at": now, "day": utc_day(now)}


def _result(response: Response, url: str, evidence: Evidence) -> dict[str, object]:
    return _READY | _links(response, url, evidence)


def _on_other_host(response: Response, link: BlockedLink, evidence: Evidence) -> dict[str, object]:
    return _waits(WaitReason.HOST_NOT_ALLOWED, link.host) | _links(response, link.url, evidence)


def _links(response: Response, url: str, evidence: Evidence) -> dict[str, object]:
    return _link(url) | {"evidence": evidence, "image_urls": response.image_urls} | _credits(response)


def _credits(response: Response) -> dict[str, object]:
    return {} if response.credits is None else {"credits_consumed": response.credits}


def _link(url: str) -> dict[str, object]:
    return {"urls": (url,), "result_urls": (without_query(url),)}


# Archive and announcement


def claim_archive(key: Key, lease: str, now: float, times: Times) -> ConditionalUpdate:
    """READY → READY: the only archive of this file until its lease is over. The update is also the read."""
    free = is_("lease_until", None) + at_most("lease_until", now)
    when = (is_("state", State.READY), free, is_("link_dead", None), is_("wait_reason", None))
    put = {"lease": lease, "lease_until": now + times.archive_lease}
    return ConditionalUpdate(key=key, when=when, put=put, add={"archive_attempts": 1}, ownership="lease")


def succeed(job: Job, archive: Archived, codec: str, now: float) -> ConditionalUpdate:
    """READY → SUCCEEDED: stored and proven 4K."""
    put = {"state": State.SUCCEEDED, "archive": archive, "codec": codec, "lease": None, "lease_until": None}
    return ConditionalUpdate(key=job.key, when=_leased(job), put=put | _finished(now))


def postpone_archive(job: Job, due: float, *, refused: bool = False, not_4k: bool = False) -> ConditionalUpdate:
    """READY → READY: this attempt failed; the sweep re-triggers the archive when the job is due.

    `refused`: the host refused the link; `not_4k`: the file was no 4K video.
    """
    put: dict[str, object] = {"lease": None, "lease_until": None, "due": due, "partition": Partition.LIVE}
    put |= {"link_refusals": job.link_refusals + 1} if refused else {}
    put |= {"link_refusals": 0, "not_4k": job.not_4k + 1} if not_4k else {}
    return ConditionalUpdate(key=job.key, when=_leased(job), put=put)


def request_link(job: Job, due: float, *, not_4k: bool) -> ConditionalUpdate:
    """READY → READY: the sweep is to request a fresh link."""
    update = postpone_archive(job, due, refused=not not_4k, not_4k=not_4k)
    tried = {"tried_links": frozenset(map(link_digest, job.urls[:1]))}
    return replace(update, put={**update.put, "link_dead": True}, add=tried)


def _leased(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.READY), *_as_read(job, "lease"))


def keep_base(job: Job, base: Archived) -> ConditionalUpdate:
    """Add the base video's file, once, in any known state: nothing else changes. Its link is needed no more."""
    put: dict[str, object] = {"base": base, "base_url": None}
    when = (in_("state", KNOWN), *_as_read(job, "index"), is_("base", None))
    return ConditionalUpdate(key=job.key, when=when, put=put, ownership="base")


def abandon_base(job: Job) -> ConditionalUpdate:
    """Remove the base video's link from an announced row. Before its end is announced, publish requests it again."""
    when = (in_("state", ENDED), is_("partition", None), is_("base", None))
    return ConditionalUpdate(key=job.key, when=when, put={"base_url": None})


def retrigger(job: Job, new_id: str, due: float) -> ConditionalUpdate:
    """Make publish act again on a READY or ended row from which nothing has followed, a dead link included."""
    put = {"retrigger_id": new_id, "due": due, "link_dead": None} | (_WAITS_NO_MORE if job.wait_reason else {})
    when = (*_as_read(job, "state", "retrigger_id", "lease"), at_most("due", job.due or 0))
    return ConditionalUpdate(key=job.key, when=when, put=put, ownership="retrigger_id")


def postpone(job: Job, due: float) -> ConditionalUpdate:
    """Keep the job as it is until then: it is not its turn yet, or no further request is sent for it."""
    return ConditionalUpdate(key=job.key, when=_as_read(job, "state", "due"), put={"due": due})


def postpone_announcement(
    job: Job, now: float, times: Times, *, on_bus: bool, tokens: frozenset[str]
) -> ConditionalUpdate:
    """Keep an end in the due index while a part of its announcement has failed, and store which parts are done.

    `on_bus`: the bus has the event; `tokens`: those that still wait.
    """
    since = job.announcing_since or now
    put = {"on_bus": on_bus or None, "task_tokens": tokens, "announcing_since": since}
    put |= {"due": now + announcement_wait(now - since, times)}
    # The same record may be read twice: a token answered since must not wait again.
    as_read = _as_read(job, "partition", *(["task_tokens"] if job.task_tokens else []))
    return ConditionalUpdate(key=job.key, when=(*_as_announced(job), *as_read), put=put)


def mark_announced(job: Job, ttl: int, *, keeps_base: bool = False) -> ConditionalUpdate:
    """Remove an announced row from the due index, if it is still as announced; tokens and private links go with it.

    `keeps_base`: a message to the archive is about the base video, so its link stays until that message is done.
    """
    gone = ["partition", "due", "task_tokens", "urls", "image_urls", "tried_links", "on_bus", "announcing_since"]
    put: dict[str, object] = dict.fromkeys(gone + ([] if keeps_base else ["base_url"]))
    return ConditionalUpdate(key=job.key, when=_as_announced(job), put=put | {"ttl": ttl})


def _as_announced(job: Job) -> tuple[Clause, ...]:
    return _as_read(job, "state", "retrigger_id")
