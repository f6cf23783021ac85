"""The transitions of a job, each one conditional write: docs/architecture.md draws them.

Who may do what, and only if: the table of states is this file. Nothing here reads a clock or a table.
"""

from collections.abc import Sequence
from dataclasses import replace

from veo4k.domain.answer import Answer
from veo4k.domain.callback import Address, News
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
    Lane,
    State,
)
from veo4k.domain.message import Message
from veo4k.domain.result_url import without_query
from veo4k.domain.schedule import Times, archive_wait, probe_wait, unknown_wait
from veo4k.domain.write import Clause, Op, Test, Write, at_least, at_most, in_, is_

WHY = {
    Code.INVALID_TASK: "The provider does not know this task, or it has no video at this index.",
    Code.BASE_NOT_FINISHED: "The base video was still not finished at the deadline.",
    Code.BASE_EXPIRED: "The base video is older than 14 days.",
    Code.NOT_AVAILABLE_IN_4K: "The provider has no 4K version of this video.",
    Code.PROVIDER_FAILED: "The provider refused the request or failed to make the video.",
    Code.NOT_4K: "The file was no 4K video, twice.",
    Code.RESULT_HOST_BLOCKED: "The result lies on a host that is not on ResultHosts.",
    Code.INDEX_AMBIGUOUS: "The result is the same file as that of another index of this task.",
    Code.ARCHIVE_FAILED: "The file could not be archived in any of the tries.",
    Code.SUBMISSION_UNCONFIRMED: "It was asked for, but nobody ever said that it was accepted.",
    Code.NO_ANSWER: "The provider accepted it, but never brought a result.",
    Code.NEVER_SUBMITTED: "It could not be asked for in all its time.",
}


# Intake


def create_queued(message: Message, run: int, now: float, wait: Wait) -> Write:
    """Create a run that waits."""
    put = _new(message, run, now) | {"state": State.QUEUED, "lane": Lane.QUEUED, "attempts": 0}
    return Write(key=Key(message.task_id, run), put=put | {"due": wait.until, "reason": wait.reason})


def create_submitting(message: Message, run: int, now: float, *, attempt: str, times: Times, contract: str) -> Write:
    """Create a run with the intent of its first request, which follows at once."""
    again = now + times.lease + unknown_wait(1, times)
    put = _new(message, run, now) | {"state": State.SUBMITTING, "lane": Lane.LIVE, "due": now + times.first_probe}
    put |= {"attempt": attempt, "first_asked_at": now, "asked_at": now, "ask_again_at": again, "contract": contract}
    return Write(key=Key(message.task_id, run), put=put | {"attempts": 1}, mark="attempt")


def _new(message: Message, run: int, now: float) -> dict[str, object]:
    tokens = frozenset({message.task_token} if message.task_token else ())
    put = {"task_id": message.task_id, "run": run, "index": message.index, "tags": message.tags}
    return put | {"created_at": now, "message_id": message.message_id, "tokens": tokens}


def join(job: Job, token: str | None) -> Write:
    """Let a message join a live job: its task token is answered with the others."""
    return Write(key=job.key, when=(in_("state", LIVE),), add=_token(token))


def announce_again(job: Job, token: str | None, nudge: str, now: float, times: Times) -> Write:
    """Announce an end once more: the row is back in the due index until publish has done so."""
    put = {"nudge": nudge, "lane": Lane.LIVE, "due": now + times.nudge}
    return Write(key=job.key, when=(in_("state", ENDED),), put=put, add=_token(token))


def _token(token: str | None) -> dict[str, frozenset[str]]:
    return {"tokens": frozenset({token})} if token else {}


# Submission


def claim_submission(job: Job, attempt: str, now: float, times: Times, contract: str) -> Write:
    """QUEUED or SUBMITTING → SUBMITTING: a request follows. A claim that was never answered counts as one lost."""
    lost = job.lost + (1 if job.state is State.SUBMITTING and job.attempt else 0)
    again = now + times.lease + unknown_wait(lost + 1, times)
    put = {
        "state": State.SUBMITTING,
        "attempt": attempt,
        "lost": lost,
        "contract": contract if lost == 0 else job.contract,
        "first_asked_at": job.first_asked_at if lost else now,
        "asked_at": now,
        "ask_again_at": again,
        "lane": Lane.LIVE,
        "due": again if lost else now + times.first_probe,
        "reason": None,
    }
    unchanged = (is_("state", job.state), is_("attempt", job.attempt), is_("asked_at", job.asked_at))
    return Write(key=job.key, when=unchanged, put=put, add={"attempts": 1}, mark="attempt")


def accepted(job: Job, answer: Answer, now: float, due: float | None) -> Write:
    """SUBMITTING → PROCESSING: the provider has said so. `due`: only where the next look is to be moved."""
    put = {"state": State.PROCESSING, "accepted_at": now, "accepts": 1, "provider_task_id": answer.task_id}
    put |= {"ask_again_at": None} | _credits(answer) | ({} if due is None else {"due": due})
    return Write(key=job.key, when=_held(job), put=put)


def answered_ready(job: Job, answer: Answer, urls: Sequence[str], now: float, times: Times) -> Write:
    """SUBMITTING → READY: the answer to the submission has the result in it."""
    put = _result(answer, urls, Evidence.SUBMIT) | {"accepted_at": now, "accepts": 1, "due": now + times.nudge}
    return Write(key=job.key, when=_held(job), put=put)


def deferred(job: Job, reason: str, due: float, *, sent: bool) -> Write:
    """SUBMITTING → QUEUED: surely not accepted; once an answer was lost it stays SUBMITTING instead."""
    put = {"attempt": None, "ask_again_at": due, "due": due, "reason": reason}
    if not job.lost:
        put |= {"state": State.QUEUED, "lane": Lane.QUEUED, "ask_again_at": None}
    return Write(key=job.key, when=_held(job), put=put, add={} if sent else {"attempts": -1})


def answer_lost(job: Job, now: float, times: Times) -> Write:
    """SUBMITTING → SUBMITTING: one more answer lost, so wait long enough for the request to be registered."""
    due = now + unknown_wait(job.lost + 1, times)
    put = {"lost": job.lost + 1, "attempt": None, "ask_again_at": due, "due": due}
    return Write(key=job.key, when=_held(job), put=put)


def _held(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.SUBMITTING), is_("attempt", job.attempt))


# Callback


def called_back_ready(address: Address, news: News, urls: Sequence[str], now: float) -> Write:
    """QUEUED, SUBMITTING or PROCESSING → READY: an authenticated success."""
    put = _result(news.answer, urls, Evidence.CALLBACK)
    return Write(key=address.key, when=_callable(address, news, WAITING, now), put=put, keep=_acceptance(news, now))


def called_back_failed(address: Address, news: News, now: float, times: Times) -> Write:
    """QUEUED, SUBMITTING or PROCESSING → FAILED: an authenticated failure is believed as it comes."""
    put = _end(State.FAILED, news.answer.code, now, times, maybe_charged=True) | _credits(news.answer)
    return Write(key=address.key, when=_callable(address, news, WAITING, now), put=put, keep=_acceptance(news, now))


def called_back_working(address: Address, news: News, now: float, times: Times) -> Write:
    """QUEUED or SUBMITTING → PROCESSING: authenticated, but no result in it."""
    put = {"state": State.PROCESSING, "lane": Lane.LIVE, "due": now + times.probe, "reason": None}
    return Write(key=address.key, when=_callable(address, news, UNANSWERED, now), put=put, keep=_acceptance(news, now))


def called_back_blocked(address: Address, news: News, now: float, times: Times) -> Write:
    """Make the job due: a success whose URLs may not be fetched, so the provider itself is asked."""
    write = called_back_working(address, news, now, times)
    return replace(write, when=_callable(address, news, WAITING, now))


def _callable(address: Address, news: News, states: frozenset[State], now: float) -> tuple[Clause, ...]:
    when = (in_("state", states), is_("index", address.index), at_least("attempts", 1))
    if news.task_id is None:
        return when
    # The id is the one the provider's answer gave this job; only a job whose answer was lost, or whose claim is so old
    # that its function must have died, adopts one.
    known = Test("provider_task_id", Op.IS, news.task_id)
    lost = (Test("lost", Op.AT_LEAST, 1), Test("ask_again_at", Op.AT_MOST, now))
    return (*when, (known, Test("provider_task_id", Op.ABSENT)), (known, *lost))


def _acceptance(news: News, now: float) -> dict[str, object]:
    return {"accepted_at": now, "accepts": 1} | ({"provider_task_id": news.task_id} if news.task_id else {})


# Probe


def claim_probe(job: Job, probe: str, now: float, chance: float, times: Times, *, by_post: bool) -> Write:
    """PROCESSING → PROCESSING, or READY → READY for a fresh link: the next look is written before anyone asks."""
    age = now - (job.accepted_at or job.created_at)
    wait = probe_wait(age, chance, times) if job.state is State.PROCESSING else archive_wait(job.tries + 1, times)
    put = {"probe": probe, "asked_at": now, "due": now + max(wait, times.probe), "lane": Lane.LIVE}
    add = ({"attempts": 1} if by_post else {}) | ({"tries": 1} if job.state is State.READY else {})
    unchanged = (is_("state", job.state), is_("probe", job.probe), is_("asked_at", job.asked_at))
    return Write(key=job.key, when=(*unchanged, is_("lease", job.lease)), put=put, add=add, mark="probe")


def probed_ready(job: Job, answer: Answer, urls: Sequence[str], now: float, times: Times) -> Write:
    """PROCESSING → READY: the probe's answer has the result in it."""
    put = _result(answer, urls, Evidence.PROBE) | {"due": now + times.nudge}
    return Write(key=job.key, when=(is_("state", State.PROCESSING),), put=put)


def accepted_again(job: Job) -> Write:
    """Count a probe that was answered like a first request: it may have bought the video a second time."""
    return Write(key=job.key, when=(is_("state", job.state), is_("accepts", job.accepts)), add={"accepts": 1})


def unsent(job: Job, *, by_post: bool = True) -> Write:
    """Take back the counts of a probe that never left; once, though its answer be lost and the write repeated."""
    back = ({"attempts": -1} if by_post else {}) | ({"tries": -1} if job.state is State.READY else {})
    as_counted = tuple(is_(count, getattr(job, count)) for count in back)
    return Write(key=job.key, when=(is_("state", job.state), is_("probe", job.probe), *as_counted), add=back)


def fresh_link(job: Job, answer: Answer, urls: Sequence[str], nudge: str, due: float) -> Write:
    """READY → READY: a fresh link, and the archive is told. The try that asking for it cost is given back."""
    put: dict[str, object] = {"urls": tuple(urls), "result_urls": _stripped(urls), "link_dead": None}
    put |= {"image_urls": answer.image_urls, "nudge": nudge, "due": due}
    return Write(key=job.key, when=(is_("state", State.READY), is_("link_dead", True)), put=put, add={"tries": -1})


# Ends


def failed(job: Job, code: Code, now: float, times: Times) -> Write:
    """End a job without a result; only if it stands as it was seen."""
    put = _end(State.FAILED, code, now, times, maybe_charged=_maybe_charged(job))
    return Write(key=job.key, when=_as_seen(job), put=put)


def timed_out(job: Job, code: Code, now: float, times: Times) -> Write:
    """End a job of which nobody ever told; only if it stands as it was seen."""
    put = _end(State.TIMED_OUT, code, now, times, maybe_charged=_maybe_charged(job))
    return Write(key=job.key, when=_as_seen(job), put=put)


def _as_seen(job: Job) -> tuple[Clause, ...]:
    return (is_("state", job.state), is_("attempt", job.attempt), is_("lease", job.lease))


def _maybe_charged(job: Job) -> bool:
    return job.lost > 0 or job.accepted_at is not None


def _end(state: State, code: Code, now: float, times: Times, *, maybe_charged: bool) -> dict[str, object]:
    error = Failure(code, WHY[code])
    ended = {"state": state, "error": error, "maybe_charged": maybe_charged, "finished_at": now}
    return ended | {"lane": Lane.LIVE, "due": now + times.nudge, "reason": None, "lease": None, "lease_until": None}


def _result(answer: Answer, urls: Sequence[str], evidence: Evidence) -> dict[str, object]:
    result = {"state": State.READY, "evidence": evidence, "urls": tuple(urls), "result_urls": _stripped(urls)}
    return result | _credits(answer) | {"image_urls": answer.image_urls, "lane": Lane.LIVE, "reason": None}


def _credits(answer: Answer) -> dict[str, object]:
    return {} if answer.credits is None else {"credits_consumed": answer.credits}


def _stripped(urls: Sequence[str]) -> tuple[str, ...]:
    return tuple(without_query(url) for url in urls)


# Archive and announcement


def claim_archive(key: Key, lease: str, now: float, times: Times) -> Write:
    """READY → READY: the only archive of this file until its lease is over. The write is also the read."""
    free = (Test("lease_until", Op.ABSENT), Test("lease_until", Op.AT_MOST, now))
    when = (is_("state", State.READY), free, is_("link_dead", None))
    put = {"lease": lease, "lease_until": now + times.archive_lease}
    return Write(key=key, when=when, put=put, add={"tries": 1}, mark="lease")


def archived(job: Job, archive: Archived, now: float) -> Write:
    """READY → SUCCEEDED: stored and proven 4K."""
    put = {"state": State.SUCCEEDED, "archive": archive, "finished_at": now, "lease": None, "lease_until": None}
    return Write(key=job.key, when=_leased(job), put=put)


def archive_later(job: Job, due: float) -> Write:
    """READY → READY: this try failed; the sweep hands the job out again when it is due."""
    put = {"lease": None, "lease_until": None, "due": due, "lane": Lane.LIVE}
    return Write(key=job.key, when=_leased(job), put=put)


def link_died(job: Job, due: float, *, not_4k: bool) -> Write:
    """READY → READY: the sweep is to bring a fresh link."""
    write = archive_later(job, due)
    put = {**write.put, "link_dead": True, "not_4k": job.not_4k + int(not_4k)}
    return Write(key=job.key, when=write.when, put=put)


def _leased(job: Job) -> tuple[Clause, ...]:
    return (is_("state", State.READY), is_("lease", job.lease))


def nudge(job: Job, nudge_id: str, due: float) -> Write:
    """Make publish act again on a READY or ended row whose consequence nobody has drawn."""
    when = (is_("state", job.state), is_("nudge", job.nudge), is_("lease", job.lease), at_most("due", job.due or 0))
    return Write(key=job.key, when=when, put={"nudge": nudge_id, "due": due}, mark="nudge")


def postpone(job: Job, due: float) -> Write:
    """Stay as it is until then: it is not its turn yet, or it is asked no more and only waited for."""
    return Write(key=job.key, when=(is_("state", job.state), is_("due", job.due)), put={"due": due})


def announced(job: Job, ttl: int) -> Write:
    """Leave the due index: the end was announced as this image shows it; tokens and private links go with it."""
    put = {"lane": None, "due": None, "tokens": None, "urls": None, "image_urls": None, "ttl": ttl}
    return Write(key=job.key, when=(is_("state", job.state), is_("nudge", job.nudge)), put=put)
