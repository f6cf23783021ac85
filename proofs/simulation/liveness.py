"""Invariants 4 to 7, 10, 11 and 14, checked at the end: nothing lost, everything announced, everything true."""

import hashlib
import json
import math
from typing import TYPE_CHECKING

from proofs.simulation.provider import Making
from proofs.simulation.videos import FOUR_K, HOST, JPEG, TALL, Fate, Video, content
from veo4k.domain.decisions import may_be_polled
from veo4k.domain.generated import MOST_VIDEOS
from veo4k.domain.job import ENDED, Code, Evidence, Job, ProviderApi, State
from veo4k.domain.response import SERVER_ERROR, Meaning
from veo4k.domain.schedule import Times
from veo4k.services.base import MOST_RECEIVES

if TYPE_CHECKING:
    from proofs.simulation.messages import Sending
    from proofs.simulation.oracles import Oracles

HALF_AN_HOUR, TWO_DAYS = 1800.0, 2 * 86_400.0
MOST_REFUSALS = 60  # of a task token in a day: seven waits that double, then one an hour, each perhaps twice
MOST_TRIES = Times().archive_attempts
OBSTACLES = frozenset(
    {Code.RESULT_HOST_BLOCKED, Code.RESULT_UNREADABLE, Code.NOT_4K, Code.INDEX_AMBIGUOUS, Code.ARCHIVE_FAILED}
)

GIVEN_UP = frozenset(
    {Code.PROVIDER_FAILED, Code.INVALID_TASK, Code.BASE_EXPIRED, Code.NOT_AVAILABLE_IN_4K, Code.BASE_NOT_FINISHED}
)


def judge(oracles: "Oracles") -> None:
    """Check every message and every row."""
    simulation = oracles.simulation
    for message_id, sending in simulation.sendings.items():
        _taken(oracles, message_id, sending)
    for job in simulation.memory.all():
        _ended(oracles, job)
        _announced(oracles, job)
        _archived(oracles, job)
        _cancelled(oracles, job)
        _base_kept(oracles, job)
        _right(oracles, job)
        _not_by_words(oracles, job)
    _one_run_each(oracles)
    _generated(oracles)
    _claims_kept(oracles)


def _claims_kept(oracles: "Oracles") -> None:
    """Each unhurt function has sent every request that it claimed, or has released the claim.

    A refused release counts as well: a callback has taken the job on meanwhile.
    """
    dealt_with = oracles.simulation.provider.requested | oracles.simulation.jobs.unsent
    for process, key in oracles.claims:
        job = oracles.simulation.memory.get(key)
        if not process.is_hurt and (process, key) not in dealt_with:
            oracles.add_violation(
                4, key.task_id, f"run {key.run}: a claim was abandoned ({job.state if job else None})"
            )


def _generated(oracles: "Oracles") -> None:
    """Each video of a generation that was acknowledged has one job with the tags of the URL, and no other has any."""
    simulation = oracles.simulation
    for generation in simulation.generations.drawn:
        jobs, task_id = simulation.memory.runs(generation.task_id), generation.task_id
        indices = sorted(job.index for job in jobs)
        wanted = list(range(generation.videos)) if generation in simulation.generations.acknowledged else indices
        if indices != wanted or not set(indices) <= set(range(generation.videos)):
            oracles.add_violation(4, task_id, f"a generation of {generation.videos} videos has jobs for {indices}")
        if any(job.tags != {"n": task_id} for job in jobs):
            oracles.add_violation(4, task_id, "a job without the tags of its generation's URL")


def _taken(oracles: "Oracles", message_id: str, sending: "Sending") -> None:
    simulation = oracles.simulation
    if message_id in simulation.job_queue.messages:
        oracles.add_violation(4, sending.task_id, f"{message_id} is still in the queue")
    if not sending.valid:
        rejected = [body for body, _ in simulation.messages.rejected]
        if sending.body not in rejected:
            oracles.add_violation(4, sending.task_id, "an invalid message is not in the dead-letter queue")
        return
    if any(dead.message_id == message_id for dead in simulation.job_queue.dead):  # nothing here lasts fifty receives
        oracles.add_violation(4, sending.task_id, f"{message_id} is in the dead-letter queue")
    elif not any(job.index == sending.index for job in simulation.memory.runs(sending.task_id)):
        oracles.add_violation(4, sending.task_id, f"{message_id} has no job")
    refused = sending.token and simulation.event_publisher.refuses(sending.token)
    if (
        sending.token
        and not refused
        and not any(token == sending.token for token, _ in simulation.event_publisher.completed_tasks)
    ):
        oracles.add_violation(5, sending.task_id, f"{message_id}'s task was never completed")


def _ended(oracles: "Oracles", job: Job) -> None:
    if job.state not in ENDED:
        oracles.add_violation(4, job.task_id, f"run {job.run} is {job.state} for ever")
    elif job.partition is not None:
        oracles.add_violation(4, job.task_id, f"run {job.run} is in the due index for ever")
    elif job.urls or job.image_urls or job.task_tokens or (job.base_url and not _may_keep_link(oracles, job)):
        oracles.add_violation(11, job.task_id, "private links or tokens outlive the announcement")


def _announced(oracles: "Oracles", job: Job) -> None:
    """The end was announced, and no other: always the same event id."""
    event_ids = {event["eventId"] for event in oracles.events.get(job.key, [])}
    if job.state in ENDED and f"{job.job_id}#{job.state}" not in event_ids:
        oracles.add_violation(5, job.task_id, f"run {job.run}'s end was never announced")
    _tokens(oracles, job)
    if len(event_ids) > 1 and not oracles.simulation.restored_at:
        oracles.add_violation(5, job.task_id, f"run {job.run} has {len(event_ids)} ends: {sorted(map(str, event_ids))}")


def _tokens(oracles: "Oracles", job: Job) -> None:
    """A token that is refused for good repeats no event, and is tried ever less, for a day after each message."""
    simulation, messages = (
        oracles.simulation,
        sum(s.task_id == job.task_id for s in oracles.simulation.sendings.values()),
    )
    for (_, key), times in simulation.event_publisher.refusals.items():
        if key == job.key and (len(times) > MOST_REFUSALS * messages or times[-1] - times[0] > messages * TWO_DAYS):
            oracles.add_violation(4, job.task_id, f"a refused task token was tried {len(times)} times")
    has_rates = simulation.faults is not None or any(simulation.profile.rates.values())  # or faults at chosen places
    is_calm = not has_rates and not simulation.profile.outages
    if is_calm and len(oracles.events.get(job.key, [])) > messages:
        oracles.add_violation(5, job.task_id, f"{len(oracles.events[job.key])} events of {messages} messages")


def _archived(oracles: "Oracles", job: Job) -> None:
    if job.state is not State.SUCCEEDED:
        return
    stored = oracles.simulation.archive.objects.get(job.archive.key) if job.archive else None
    if stored is None or job.archive is None:
        oracles.add_violation(6, job.task_id, "SUCCEEDED without an object")
        return
    if (len(stored), hashlib.sha256(stored).hexdigest()) != (job.archive.bytes, job.archive.sha256):
        oracles.add_violation(6, job.task_id, "the object is not the row's")
    poster = oracles.simulation.archive.objects.get(job.archive.key.replace(".mp4", ".jpg"))
    if job.archive.poster and (poster is None or not poster.startswith(content(JPEG, "")[:4])):
        oracles.add_violation(6, job.task_id, "a poster that is no picture")
    # Where the provider does not count the index, a sibling that ended without a result leaves nothing to compare with.
    indices = {job.index} if oracles.simulation.profile.manners.counts_index else set(range(MOST_VIDEOS))
    indices |= {-1 - job.index} if job.evidence is Evidence.LOOK else set()
    indices |= {0} if oracles.simulation.model.videos[job.task_id].same_for_all else set()
    names = [(index, kind) for index in indices for kind in (FOUR_K, TALL)]
    if stored not in [content(kind, f"{job.task_id}_{index}_{kind}") for index, kind in names]:
        oracles.add_violation(6, job.task_id, "the object is not this video in 4K")


def _cancelled(oracles: "Oracles", job: Job) -> None:
    """Only a job of which the provider has accepted nothing is cancelled, and only by its owner."""
    if job.state is State.CANCELLED and job.key not in oracles.simulation.functions.cancelled:
        oracles.add_violation(7, job.task_id, f"run {job.run} is CANCELLED, and its owner never wanted it")
    bought = [m for each in oracles.simulation.model.makings.values() for m in each if m.run == job.key]
    if job.state is State.CANCELLED and bought and not oracles.simulation.restored_at:
        oracles.add_violation(7, job.task_id, f"run {job.run} is CANCELLED, but the provider had accepted it")


def _may_keep_link(oracles: "Oracles", job: Job) -> bool:
    """Return whether the base video's link may outlive the announcement: its message is dead, or forgotten."""
    dead = (json.loads(message.body) for message in oracles.simulation.archive_queue.dead)
    is_dead = any("kind" in named and (named["taskId"], named["run"]) == job.key for named in dead)
    return is_dead or bool(oracles.simulation.restored_at)


def _base_kept(oracles: "Oracles", job: Job) -> None:
    """The base video that a look showed is in the bucket, unless it could not be fetched in a message's five tries."""
    simulation = oracles.simulation
    tries = simulation.functions.base_tries.get(job.key, 0)
    is_wanted = simulation.profile.keep_base and job.key in oracles.shown_bases and not simulation.restored_at
    if job.base is None:
        if is_wanted and tries < MOST_RECEIVES:
            oracles.add_violation(14, job.task_id, f"run {job.run} has no base video after {tries} tries")
        return
    stored, video = simulation.archive.objects.get(job.base.key, b""), simulation.model.videos[job.task_id]
    if stored != content(video.base, f"{job.task_id}_{-1 - job.index}_{video.base}"):
        oracles.add_violation(14, job.task_id, f"run {job.run}: the object is not the base video")
    if (len(stored), hashlib.sha256(stored).hexdigest()) != (job.base.bytes, job.base.sha256):
        oracles.add_violation(14, job.task_id, f"run {job.run}: the base video is not the row's")
    if not simulation.profile.keep_base:
        oracles.add_violation(14, job.task_id, f"run {job.run}: the base video was kept unasked")


def _right(oracles: "Oracles", job: Job) -> None:
    """A finished video must have been archived, if a callback or a poll reported it."""
    simulation, code = oracles.simulation, job.error.code if job.error else None
    if job.state is State.SUCCEEDED or code in OBSTACLES:
        _excused(oracles, job, code)
        return
    makings = [m for each in simulation.model.makings.values() for m in each if m.run == job.key]
    limit = (job.accepted_at or job.created_at) + simulation.times.deadline - HALF_AN_HOUR
    for making in makings:
        finished = making.video.fate is Fate.MADE and _is_allowed(oracles, making.video) and making.done_at <= limit
        if finished and _was_reported(oracles, job, making):
            oracles.add_violation(7, job.task_id, f"run {job.run} is {job.state} {code}, but was finished and paid for")


def _not_by_words(oracles: "Oracles", job: Job) -> None:
    """A video that the provider makes is given up for no words of it, but where it cannot be asked again safely."""
    if job.error is None or job.error.code not in GIVEN_UP:
        return
    if oracles.simulation.model.videos[job.task_id].fate is not Fate.MADE:
        return
    video = oracles.simulation.model.videos[job.task_id]
    if job.index >= video.bases and job.error.code is Code.INVALID_TASK:
        return
    unsafe = job.provider_api == ProviderApi.JOBS and (job.error.words.code or 0) >= SERVER_ERROR
    if not unsafe:
        oracles.add_violation(15, job.task_id, f"run {job.run} was given up as {job.error.code}: {job.error.words}")


def _is_allowed(oracles: "Oracles", video: Video) -> bool:
    return video.host == HOST or math.isfinite(oracles.simulation.profile.host_allowed_at)


def _was_reported(oracles: "Oracles", job: Job, making: Making) -> bool:
    simulation, ended = oracles.simulation, job.finished_at or 0.0
    called = any(each.making is making and each.at <= ended for each in simulation.callbacks.acknowledged)
    polled = any(
        sent.key == job.key and sent.left_at > making.done_at and sent.meaning is Meaning.DONE and sent.known_at < ended
        for sent in simulation.provider.sent
    )
    # Where the provider starts over, the product stops polling; with the jobs API it never repeats a request.
    polls = simulation.profile.provider_api == "veo" and not simulation.profile.manners.starts_over
    healthy = polls and simulation.end < making.done_at + HALF_AN_HOUR
    return called or (polls and polled) or healthy


def _excused(oracles: "Oracles", job: Job, code: Code | None) -> None:
    """An error code that names an obstacle is right only where the obstacle existed."""
    video, runs = oracles.simulation.model.videos[job.task_id], oracles.simulation.memory.runs(job.task_id)
    misled = job.key in oracles.simulation.callbacks.tampered_with and (len(video.links) > 1 or video.link_once)
    there = video.fate is Fate.MADE and video.links[-1] in (FOUR_K, TALL)
    if job.evidence is Evidence.LOOK:
        _by_look(oracles, job, video, code)
        return
    if code is Code.NOT_4K and there and not misled and may_be_polled(job):
        oracles.add_violation(7, job.task_id, "NOT_4K, but the provider had the 4K file")
    # Of a link that nobody but its thief has told, and that nobody can be asked about, no better one ever comes.
    callbacks = oracles.simulation.callbacks
    is_only_tampered = job.key in callbacks.tampered_with - callbacks.acknowledged_runs and not may_be_polled(job)
    if code is Code.RESULT_HOST_BLOCKED and _is_allowed(oracles, video) and not is_only_tampered:
        oracles.add_violation(7, job.task_id, "RESULT_HOST_BLOCKED, but the host was allowed in time")
    if code is Code.RESULT_UNREADABLE and not video.link_once:
        oracles.add_violation(7, job.task_id, "RESULT_UNREADABLE, but every link was readable in the end")
    if code is Code.INDEX_AMBIGUOUS and all(other.index == job.index for other in runs):
        oracles.add_violation(7, job.task_id, "INDEX_AMBIGUOUS, but there is one index only")
    profile = oracles.simulation.profile
    if code is Code.INDEX_AMBIGUOUS and profile.manners.counts_index and not video.same_for_all and not misled:
        oracles.add_violation(7, job.task_id, "INDEX_AMBIGUOUS, but each index has a file of its own")
    # An older version does not count how often the host has refused a link, and so spends tries on it.
    rough = bool(profile.outages) or max(profile.rates.values()) > 0.1 or profile.mixed
    path_gone = job.provider_api == ProviderApi.VEO and math.isfinite(profile.veo_until)
    # After a second acceptance the provider reports the state of the second, and nothing more of the first one's file.
    makings = [making for each in oracles.simulation.model.makings.values() for making in each if making.run == job.key]
    in_vain = (rough or len(makings) > 1) and job.archive_attempts >= MOST_TRIES
    gave_up_polling = path_gone or not may_be_polled(job) or not _is_allowed(oracles, video) or in_vain
    if code is Code.ARCHIVE_FAILED and there and not gave_up_polling and not misled:
        oracles.add_violation(
            7, job.task_id, f"ARCHIVE_FAILED after {job.archive_attempts} tries, but the file was there"
        )


def _by_look(oracles: "Oracles", job: Job, video: Video, code: Code | None) -> None:
    """A base video is taken for the result only where its record calls it 4K, and given up only where it is not."""
    makings = [making for each in oracles.simulation.model.makings.values() for making in each if making.run == job.key]
    if video.label != "4k" or makings:
        oracles.add_violation(13, job.task_id, f"run {job.run} took a base video that is called {video.label}")
    if code is Code.NOT_4K and video.base == FOUR_K:
        oracles.add_violation(7, job.task_id, "NOT_4K, but the base video was 4K")


def _one_run_each(oracles: "Oracles") -> None:
    seen: set[str] = set()
    files: dict[tuple[str, str], int] = {}
    for job in oracles.simulation.memory.all():
        if job.message_id not in oracles.simulation.sendings:
            oracles.add_violation(4, job.task_id, f"run {job.run} was created by no message")
        if job.message_id in seen:
            oracles.add_violation(4, job.task_id, f"{job.message_id} created two runs")
        seen.add(job.message_id or "")
        valid = [each for each in oracles.simulation.sendings.values() if each.task_id == job.task_id and each.valid]
        if job.run > len({each.index for each in valid}) + sum(each.force for each in valid):
            oracles.add_violation(4, job.task_id, f"run {job.run} of {len(valid)} messages")
        if job.archive and files.setdefault((job.task_id, job.archive.sha256), job.index) != job.index:
            oracles.add_violation(6, job.task_id, "the same file for two indices")
