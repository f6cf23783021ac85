"""The transitions of a job, each one conditional update: docs/architecture.md draws them.

The table of states is this file: who may do what, and on which conditions. Nothing here reads a clock or a table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import Clause, Condition, ConditionalUpdate, Op, at_least, at_most, in_, is_
from veo4k.domain.gate import Wait
from veo4k.domain.job import (
    ENDED,
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
)
from veo4k.domain.message import Message
from veo4k.domain.response import Response
from veo4k.domain.result_url import without_query
from veo4k.domain.schedule import Times, archive_wait, poll_wait, unknown_wait

Urls = Sequence[str]
States = frozenset[State]
Put = Mapping[str, object]


# Intake


def create_queued(message: Message, run: int, now: float, wait: Wait) -> ConditionalUpdate:
    """Create a run that waits."""
    put = _new(message, run, now) | {"state": State.QUEUED, "partition": Partition.QUEUED, "requests_sent": 0}
    put |= {"due": wait.until, "wait_reason": wait.reason}
    return ConditionalUpdate(key=Key(message.task_id, run), put=put)


def create_submitting(
    message: Message, run: int, now: float, *, claim_id: str, times: Times, provider_api: ProviderApi
) -> ConditionalUpdate:
    """Create a run with the intent of its first request, which follows at once."""
    retry_at = now + times.lease + unknown_wait(1, times)
    put = _new(message, run, now) | {"state": State.SUBMITTING, "partition": Partition.LIVE, "requests_sent": 1}
    put |= {"claim_id": claim_id, "provider_api": provider_api, "first_requested_at": now, "requested_at": now}
    put |= {"retry_at": retry_at, "due": now + times.first_probe}
    return ConditionalUpdate(key=Key(message.task_id, run), put=put, ownership="claim_id")


def _new(message: Message, run: int, now: float) -> dict[str, object]:
    tokens = frozenset({message.task_token} if message.task_token else ())
    put = {"task_id": message.task_id, "run": run, "index": message.index, "tags": message.tags}
    return put | {"created_at": now, "message_id": message.message_id, "task_tokens": tokens}


def join(job: Job, token: str | None) -> ConditionalUpdate:
    """Let a message join a live job: its task token is answered with the others."""
    return ConditionalUpdate(key=job.key, when=(in_("state", LIVE),), add=_token(token))


def repeat_announcement(job: Job, token: str | None, new_id: str, now: float, times: Times) -> ConditionalUpdate:
    """Announce an end once more: the row is back in the due index until publish has done so."""
    put = {"retrigger_id": new_id, "partition": Partition.LIVE, "due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=(in_("state", ENDED),), put=put, add=_token(token))


def _token(token: str | None) -> dict[str, frozenset[str]]:
    return {"task_tokens": frozenset({token})} if token else {}


# Submission


def claim_submission(job: Job, claim_id: str, now: float, times: Times, api: ProviderApi) -> ConditionalUpdate:
    """QUEUED or SUBMITTING → SUBMITTING: a request follows. A claim without a response counts as one lost response."""
    lost = job.lost_responses + (1 if job.state is State.SUBMITTING and job.claim_id else 0)
    retry_at = now + times.lease + unknown_wait(lost + 1, times)
    put = {
        "state": State.SUBMITTING,
        "claim_id": claim_id,
        "lost_responses": lost,
        "provider_api": api if lost == 0 else job.provider_api,
        "first_requested_at": job.first_requested_at if lost else now,
        "requested_at": now,
        "retry_at": retry_at,
        "partition": Partition.LIVE,
        "due": retry_at if lost else now + times.first_probe,
        "wait_reason": None,
    }
    unchanged = (is_("state", job.state), is_("claim_id", job.claim_id), is_("requested_at", job.requested_at))
    return ConditionalUpdate(key=job.key, when=unchanged, put=put, add={"requests_sent": 1}, ownership="claim_id")


def accept(job: Job, response: Response, now: float, due: float | None) -> ConditionalUpdate:
    """SUBMITTING → PROCESSING: the provider has accepted. `due`: only where the next poll moves."""
    put = {"state": State.PROCESSING, "accepted_at": now, "acceptances": 1, "provider_task_id": response.task_id}
    put |= {"retry_at": None} | _credits(response) | ({} if due is None else {"due": due})
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


def accept_with_result(job: Job, response: Response, urls: Urls, now: float, times: Times) -> ConditionalUpdate:
    """SUBMITTING → READY: the response to the submission contains the result."""
    put = _result(response, urls, Evidence.SUBMIT) | {"accepted_at": now, "acceptances": 1, "due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


def defer(job: Job, wait: Wait, *, is_sent: bool) -> ConditionalUpdate:
    """SUBMITTING → QUEUED: surely not accepted. After a lost response the job stays SUBMITTING instead."""
    put = {"claim_id": None, "retry_at": wait.until, "due": wait.until, "wait_reason": wait.reason}
    if not job.lost_responses:
        put |= {"state": State.QUEUED, "partition": Partition.QUEUED, "retry_at": None}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put, add={} if is_sent else {"requests_sent": -1})


def count_lost_response(job: Job, now: float, times: Times) -> ConditionalUpdate:
    """SUBMITTING → SUBMITTING: one more response was lost. Wait until the request must have been registered."""
    lost = job.lost_responses + 1
    due = now + unknown_wait(lost, times)
    put = {"lost_responses": lost, "claim_id": None, "retry_at": due, "due": due}
    return ConditionalUpdate(key=job.key, when=_claimed(job), put=put)


def _claimed(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.SUBMITTING), is_("claim_id", job.claim_id))


# Callback


def callback_ready(address: Address, payload: CallbackPayload, urls: Urls, now: float) -> ConditionalUpdate:
    """QUEUED, SUBMITTING or PROCESSING → READY: an authenticated success."""
    put = _result(payload.response, urls, Evidence.CALLBACK)
    return _by_callback(address, payload, now, WAITING, put)


def callback_failed(address: Address, payload: CallbackPayload, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED, SUBMITTING or PROCESSING → FAILED: an authenticated failure is believed as it is."""
    put = _end(State.FAILED, payload.response.code, now, times, maybe_charged=True) | _credits(payload.response)
    return _by_callback(address, payload, now, WAITING, put)


def callback_working(address: Address, payload: CallbackPayload, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED or SUBMITTING → PROCESSING: authenticated, but without a result."""
    return _due_for_poll(address, payload, now, UNANSWERED, times)


def callback_blocked(address: Address, payload: CallbackPayload, now: float, times: Times) -> ConditionalUpdate:
    """Make the job due for a poll: a success whose URLs may not be fetched."""
    return _due_for_poll(address, payload, now, WAITING, times)


def _due_for_poll(
    address: Address, payload: CallbackPayload, now: float, states: States, times: Times
) -> ConditionalUpdate:
    put = {"state": State.PROCESSING, "partition": Partition.LIVE, "due": now + times.probe, "wait_reason": None}
    return _by_callback(address, payload, now, states, put)


def _by_callback(address: Address, payload: CallbackPayload, now: float, states: States, put: Put) -> ConditionalUpdate:
    acceptance: dict[str, object] = {"accepted_at": now, "acceptances": 1}
    acceptance |= {"provider_task_id": payload.task_id} if payload.task_id else {}
    when: tuple[Clause, ...] = (in_("state", states), is_("index", address.index), at_least("requests_sent", 1))
    when += _of_own_id(payload.task_id, now) if payload.task_id else ()
    return ConditionalUpdate(key=address.key, when=when, put=put, set_if_absent=acceptance)


def _of_own_id(task_id: str, now: float) -> tuple[Clause, ...]:
    # The id is the one that the provider's response gave this job. Only a job with a lost response, or with a claim so
    # old that its function must have died, adopts an id.
    known = Condition("provider_task_id", Op.IS, task_id)
    lost = (Condition("lost_responses", Op.AT_LEAST, 1), Condition("retry_at", Op.AT_MOST, now))
    return ((known, Condition("provider_task_id", Op.ABSENT)), (known, *lost))


# Poll


def claim_poll(job: Job, poll_id: str, now: float, chance: float, times: Times, *, by_post: bool) -> ConditionalUpdate:
    """PROCESSING → PROCESSING, or READY → READY for a fresh link: the next poll is written before this one is sent."""
    age = now - (job.accepted_at or job.created_at)
    wait = poll_wait(age, chance, times)
    if job.state is State.READY:
        wait = archive_wait(job.archive_attempts + 1, times)
    put = {"poll_id": poll_id, "requested_at": now, "due": now + max(wait, times.probe), "partition": Partition.LIVE}
    unchanged = (is_("state", job.state), is_("poll_id", job.poll_id), is_("requested_at", job.requested_at))
    when = (*unchanged, is_("lease", job.lease))
    return ConditionalUpdate(key=job.key, when=when, put=put, add=_poll_counts(job, 1, by_post), ownership="poll_id")


def _poll_counts(job: Job, count: int, by_post: bool) -> dict[str, int]:
    counts = {"requests_sent": count} if by_post else {}
    return counts | ({"archive_attempts": count} if job.state is State.READY else {})


def poll_ready(job: Job, response: Response, urls: Urls, now: float, times: Times) -> ConditionalUpdate:
    """PROCESSING → READY: the response to the poll contains the result."""
    put = _result(response, urls, Evidence.POLL) | {"due": now + times.nudge}
    return ConditionalUpdate(key=job.key, when=(is_("state", State.PROCESSING),), put=put)


def count_acceptance(job: Job) -> ConditionalUpdate:
    """Count a poll that was accepted like a first request: it may have bought the video a second time."""
    when = (is_("state", job.state), is_("acceptances", job.acceptances))
    return ConditionalUpdate(key=job.key, when=when, add={"acceptances": 1})


def uncount_poll(job: Job, *, by_post: bool = True) -> ConditionalUpdate:
    """Subtract the counts of a poll that was never sent: once, even where the update is repeated."""
    counts = _poll_counts(job, -1, by_post)
    as_counted = tuple(is_(name, getattr(job, name)) for name in counts)
    when = (is_("state", job.state), is_("poll_id", job.poll_id), *as_counted)
    return ConditionalUpdate(key=job.key, when=when, add=counts)


def refresh_link(job: Job, response: Response, urls: Urls, new_id: str, due: float) -> ConditionalUpdate:
    """READY → READY: a fresh link, and the archive is re-triggered. The attempt that the poll cost is given back."""
    put: dict[str, object] = {"urls": tuple(urls), "result_urls": _stripped(urls), "link_dead": None}
    put |= {"image_urls": response.image_urls, "retrigger_id": new_id, "due": due}
    when = (is_("state", State.READY), is_("link_dead", True))
    return ConditionalUpdate(key=job.key, when=when, put=put, add={"archive_attempts": -1})


# Ends


def cancel(key: Key, new_id: str, now: float, times: Times) -> ConditionalUpdate:
    """QUEUED → CANCELLED: its owner takes the job back, of which nothing was accepted."""
    put = {"state": State.CANCELLED, "finished_at": now, "retrigger_id": new_id, "wait_reason": None}
    put |= {"partition": Partition.LIVE, "due": now + times.nudge}
    return ConditionalUpdate(key=key, when=(is_("state", State.QUEUED),), put=put, ownership="retrigger_id")


def fail(job: Job, code: Code, now: float, times: Times) -> ConditionalUpdate:
    """End a job without a result; only if it is still as it was read."""
    put = _end(State.FAILED, code, now, times, maybe_charged=_maybe_charged(job))
    return ConditionalUpdate(key=job.key, when=_unchanged(job), put=put)


def time_out(job: Job, code: Code, now: float, times: Times) -> ConditionalUpdate:
    """End a job about which the provider never reported; only if it is still as it was read."""
    put = _end(State.TIMED_OUT, code, now, times, maybe_charged=_maybe_charged(job))
    return ConditionalUpdate(key=job.key, when=_unchanged(job), put=put)


def _unchanged(job: Job) -> tuple[Clause, ...]:
    return (is_("state", job.state), is_("claim_id", job.claim_id), is_("lease", job.lease))


def _maybe_charged(job: Job) -> bool:
    return job.lost_responses > 0 or job.accepted_at is not None


def _end(state: State, code: Code, now: float, times: Times, *, maybe_charged: bool) -> dict[str, object]:
    error = Failure(code, code.message)
    put = {"state": state, "error": error, "maybe_charged": maybe_charged, "finished_at": now}
    put |= {"partition": Partition.LIVE, "due": now + times.nudge}
    return put | {"wait_reason": None, "lease": None, "lease_until": None}


def _result(response: Response, urls: Urls, evidence: Evidence) -> dict[str, object]:
    put: dict[str, object] = {"state": State.READY, "evidence": evidence}
    put |= {"urls": tuple(urls), "result_urls": _stripped(urls)}
    put |= {"image_urls": response.image_urls, "partition": Partition.LIVE, "wait_reason": None}
    return put | _credits(response)


def _credits(response: Response) -> dict[str, object]:
    return {} if response.credits is None else {"credits_consumed": response.credits}


def _stripped(urls: Urls) -> tuple[str, ...]:
    return tuple(without_query(url) for url in urls)


# Archive and announcement


def claim_archive(key: Key, lease: str, now: float, times: Times) -> ConditionalUpdate:
    """READY → READY: the only archive of this file until its lease is over. The update is also the read."""
    free = (Condition("lease_until", Op.ABSENT), Condition("lease_until", Op.AT_MOST, now))
    when = (is_("state", State.READY), free, is_("link_dead", None))
    put = {"lease": lease, "lease_until": now + times.archive_lease}
    return ConditionalUpdate(key=key, when=when, put=put, add={"archive_attempts": 1}, ownership="lease")


def succeed(job: Job, archive: Archived, now: float) -> ConditionalUpdate:
    """READY → SUCCEEDED: stored and proven 4K."""
    put = {"state": State.SUCCEEDED, "archive": archive, "finished_at": now, "lease": None, "lease_until": None}
    return ConditionalUpdate(key=job.key, when=_leased(job), put=put)


def postpone_archive(job: Job, due: float) -> ConditionalUpdate:
    """READY → READY: this attempt failed; the sweep re-triggers the archive when the job is due."""
    put = {"lease": None, "lease_until": None, "due": due, "partition": Partition.LIVE}
    return ConditionalUpdate(key=job.key, when=_leased(job), put=put)


def request_link(job: Job, due: float, *, not_4k: bool) -> ConditionalUpdate:
    """READY → READY: the sweep is to fetch a fresh link."""
    update = postpone_archive(job, due)
    return replace(update, put={**update.put, "link_dead": True, "not_4k": job.not_4k + int(not_4k)})


def _leased(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.READY), is_("lease", job.lease))


def retrigger(job: Job, new_id: str, due: float) -> ConditionalUpdate:
    """Make publish act again on a READY or ended row from which nothing has followed."""
    unchanged = (is_("state", job.state), is_("retrigger_id", job.retrigger_id), is_("lease", job.lease))
    put = {"retrigger_id": new_id, "due": due}
    when = (*unchanged, at_most("due", job.due or 0))
    return ConditionalUpdate(key=job.key, when=when, put=put, ownership="retrigger_id")


def postpone(job: Job, due: float) -> ConditionalUpdate:
    """Keep the job as it is until then: it is not its turn yet, or no further request is sent for it."""
    return ConditionalUpdate(key=job.key, when=(is_("state", job.state), is_("due", job.due)), put={"due": due})


def mark_announced(job: Job, ttl: int) -> ConditionalUpdate:
    """Remove an announced row from the due index, if it is still as announced; tokens and private links go with it."""
    put = {"partition": None, "due": None, "task_tokens": None, "urls": None, "image_urls": None, "ttl": ttl}
    when = (is_("state", job.state), is_("retrigger_id", job.retrigger_id))
    return ConditionalUpdate(key=job.key, when=when, put=put)
