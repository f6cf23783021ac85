"""Invariants 4 to 7, 10, 11 and 14, checked at the end: nothing lost, everything announced, everything true."""

import hashlib
import json
import math
from typing import TYPE_CHECKING

from proofs.simulation.callbacks import JUST_NOW
from proofs.simulation.faults import Fault
from proofs.simulation.provider import Making
from proofs.simulation.videos import FOUR_K, HOST, JPEG, TALL, Fate, content
from veo4k.domain.decisions import may_be_polled
from veo4k.domain.generation import MOST_VIDEOS
from veo4k.domain.job import ENDED, Archived, Code, Job, ProviderApi, State
from veo4k.domain.response import SERVER_ERROR, Meaning
from veo4k.domain.schedule import Times
from veo4k.services.keep_base import MOST_RECEIVES

if TYPE_CHECKING:
    from proofs.simulation.messages import Sending
    from proofs.simulation.oracles import Oracles

QUARTER, HALF_AN_HOUR, TWO_DAYS = 900.0, 1800.0, 2 * 86_400.0
MOST_REFUSALS = 60  # of a task token in a day: seven waits that double, then one an hour, each perhaps twice
PAUSES = frozenset({Fault.NO_CREDITS, Fault.MAINTENANCE})  # outages that cost no tries: no request is sent meanwhile
MOST_TRIES = Times().archive_attempts
OBSTACLES = frozenset(
    {Code.RESULT_HOST_BLOCKED, Code.RESULT_UNREADABLE, Code.NOT_4K, Code.INDEX_AMBIGUOUS, Code.ARCHIVE_FAILED}
)
GIVEN_UP = frozenset(
    {Code.PROVIDER_FAILED, Code.INVALID_TASK, Code.BASE_EXPIRED, Code.NOT_AVAILABLE_IN_4K, Code.BASE_NOT_FINISHED}
)


def judge(oracles: "Oracles") -> None:
    """Check every message and every row."""
    for message_id, sending in oracles.simulation.sendings.items():
        _taken(oracles, message_id, sending)
    bought = oracles.simulation.model.bought()
    for job in oracles.simulation.memory.all():
        JobJudge(oracles, job, bought.get(job.key, [])).judge()
    _one_run_each(oracles)
    _generated(oracles)
    _claims_kept(oracles)


def _claims_kept(oracles: "Oracles") -> None:
    """Each unhurt function has sent every request that it claimed, or has released the claim.

    A refused release counts as well: a callback has taken the job on meanwhile.
    """
    dealt_with = oracles.simulation.provider.requested | oracles.simulation.jobs.unsent
    for process, key in oracles.claims:
        if not process.is_hurt and (process, key) not in dealt_with:
            job = oracles.simulation.memory.get(key)
            state = job.state if job else None
            oracles.add_violation(4, key.task_id, f"run {key.run}: a claim was abandoned ({state})")


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
    simulation, task_id, token = oracles.simulation, sending.task_id, sending.token
    if message_id in simulation.job_queue.messages:
        oracles.add_violation(4, task_id, f"{message_id} is still in the queue")
    if not sending.valid:
        if sending.body not in simulation.messages.rejected:
            oracles.add_violation(4, task_id, "an invalid message is not in the dead-letter queue")
        return
    if any(dead.message_id == message_id for dead in simulation.job_queue.dead):  # nothing here lasts fifty receives
        oracles.add_violation(4, task_id, f"{message_id} is in the dead-letter queue")
    elif all(job.index != sending.index for job in simulation.memory.runs(task_id)):
        oracles.add_violation(4, task_id, f"{message_id} has no job")
    publisher = simulation.event_publisher
    is_completed = not token or any(token == completed for completed, _ in publisher.completed_tasks)
    if not is_completed and not publisher.refuses(token):
        oracles.add_violation(5, task_id, f"{message_id}'s task was never completed")


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


class JobJudge:
    """Checks one row. `bought`: what the provider accepted for it, and charged."""

    def __init__(self, oracles: "Oracles", job: Job, bought: list[Making]) -> None:
        self.oracles, self.job, self.bought, self.run = oracles, job, bought, f"run {job.run}"
        self.simulation, self.profile = oracles.simulation, oracles.simulation.profile
        self.video = self.simulation.model.videos[job.task_id]
        self.code = job.error.code if job.error else None

    def judge(self) -> None:
        """Check everything about it."""
        self._ended()
        self._announced()
        self._tokens()
        self._archived()
        self._cancelled()
        self._base_kept()
        if self.job.state is not State.SUCCEEDED and self.code not in OBSTACLES:
            self._right()
        elif self.job.is_by_look:
            self._by_look()
        else:
            self._excused()
        self._not_by_words()

    def _wrong(self, invariant: int, what: str) -> None:
        self.oracles.add_violation(invariant, self.job.task_id, what)

    def _ended(self) -> None:
        job = self.job
        if job.state not in ENDED:
            self._wrong(4, f"{self.run} is {job.state} for ever")
        elif job.partition is not None:
            self._wrong(4, f"{self.run} is in the due index for ever")
        elif job.urls or job.image_urls or job.task_tokens or (job.base_url and not self._may_keep_link()):
            self._wrong(11, "private links or tokens outlive the announcement")

    def _may_keep_link(self) -> bool:
        """Return whether the base video's link may outlive the announcement: its message is dead, or forgotten."""
        dead = (json.loads(message.body) for message in self.simulation.archive_queue.dead)
        is_dead = any("kind" in named and (named["taskId"], named["run"]) == self.job.key for named in dead)
        return is_dead or bool(self.simulation.restored_at)

    def _announced(self) -> None:
        """The end was announced, and no other: always the same event id."""
        job, event_ids = self.job, {event["eventId"] for event in self.oracles.events.get(self.job.key, [])}
        if job.state in ENDED and f"{job.job_id}#{job.state}" not in event_ids:
            self._wrong(5, f"{self.run}'s end was never announced")
        if len(event_ids) > 1 and not self.simulation.restored_at:
            self._wrong(5, f"{self.run} has {len(event_ids)} ends: {sorted(map(str, event_ids))}")

    def _tokens(self) -> None:
        """A token that is refused for good repeats no event, and is tried ever less, for a day after each message."""
        messages = sum(sending.task_id == self.job.task_id for sending in self.simulation.sendings.values())
        for (_, key), times in self.simulation.event_publisher.refusals.items():
            is_pressed = len(times) > MOST_REFUSALS * messages or times[-1] - times[0] > messages * TWO_DAYS
            if key == self.job.key and is_pressed:
                self._wrong(4, f"a refused task token was tried {len(times)} times")
        has_rates = self.simulation.faults is not None or any(self.profile.rates.values())  # or faults at chosen places
        events = len(self.oracles.events.get(self.job.key, []))
        if not has_rates and not self.profile.outages and events > messages:
            self._wrong(5, f"{events} events of {messages} messages")

    def _archived(self) -> None:
        job, objects = self.job, self.simulation.archive.objects
        if job.state is not State.SUCCEEDED:
            return
        if job.archive is None or job.archive.key not in objects:
            self._wrong(6, "SUCCEEDED without an object")
            return
        self._stored(job.archive, 6, "the object")
        if any(upload.key == job.archive.key for upload in self.simulation.archive.under_way):
            self._wrong(6, "parts of a killed upload are left, and paid for")
        poster = objects.get(job.archive.key.replace(".mp4", ".jpg"), b"")
        if job.archive.poster and not poster.startswith(content(JPEG, "")[:4]):
            self._wrong(6, "a poster that is no picture")
        # Without a count of the index, a sibling that ended without a result leaves nothing to compare with.
        indices = {job.index} if self.profile.manners.counts_index else set(range(MOST_VIDEOS))
        indices |= {-1 - job.index} if job.is_by_look else set()
        indices |= {0} if self.video.same_for_all else set()
        right = [content(kind, f"{job.task_id}_{index}_{kind}") for index in indices for kind in (FOUR_K, TALL)]
        if objects[job.archive.key] not in right:
            self._wrong(6, "the object is not this video in 4K")

    def _stored(self, archived: Archived, invariant: int, name: str) -> bytes:
        """Check that an object is as the row says. Return it."""
        stored = self.simulation.archive.objects.get(archived.key, b"")
        if (len(stored), hashlib.sha256(stored).hexdigest()) != (archived.bytes, archived.sha256):
            self._wrong(invariant, f"{name} is not the row's")
        return stored

    def _cancelled(self) -> None:
        """Only a job of which the provider has accepted nothing is cancelled, and only by its owner."""
        if self.job.state is not State.CANCELLED:
            return
        if self.job.key not in self.simulation.functions.cancelled:
            self._wrong(7, f"{self.run} is CANCELLED, and its owner never wanted it")
        if self.bought and not self.simulation.restored_at:
            self._wrong(7, f"{self.run} is CANCELLED, but the provider had accepted it")

    def _base_kept(self) -> None:
        """The base video that a look showed is in the bucket, unless it could not be fetched in a message's tries."""
        job, tries = self.job, self.simulation.functions.base_tries.get(self.job.key, 0)
        is_wanted = self.profile.keep_base and job.key in self.oracles.shown_bases and not self.simulation.restored_at
        if job.base is None:
            if is_wanted and tries < MOST_RECEIVES:
                self._wrong(14, f"{self.run} has no base video after {tries} tries")
            return
        stored = self._stored(job.base, 14, f"{self.run}: the base video")
        if stored != content(self.video.base, f"{job.task_id}_{-1 - job.index}_{self.video.base}"):
            self._wrong(14, f"{self.run}: the object is not the base video")
        if not self.profile.keep_base:
            self._wrong(14, f"{self.run}: the base video was kept unasked")

    def _right(self) -> None:
        """A finished video must have been archived, if a callback or a poll reported it."""
        job = self.job
        limit = (job.accepted_at or job.created_at) + self.simulation.times.deadline - HALF_AN_HOUR
        for making in self.bought:
            finished = making.video.fate is Fate.MADE and self._is_allowed() and making.done_at <= limit
            if finished and self._was_reported(making):
                self._wrong(7, f"{self.run} is {job.state} {self.code}, but was finished and paid for")

    def _is_allowed(self) -> bool:
        return self.video.host == HOST or math.isfinite(self.profile.host_allowed_at)

    def _is_path_gone(self) -> bool:
        """Whether the paths of this job's API come to an end."""
        return self.job.provider_api == ProviderApi.VEO and math.isfinite(self.profile.veo_until)

    def _was_reported(self, making: Making) -> bool:
        simulation, ended = self.simulation, self.job.finished_at or 0.0
        called = any(each is making and at <= ended for at, each in simulation.callbacks.acknowledged)
        polled = any(
            sent.key == self.job.key
            and sent.left_at > making.done_at
            and sent.meaning is Meaning.DONE
            and sent.known_at < ended
            for sent in simulation.provider.sent
        )
        # Where the provider starts over, the product stops polling; with the jobs API it never repeats a request.
        polls = self.profile.provider_api == ProviderApi.VEO and not self.profile.manners.starts_over
        polls = polls and not self._is_path_gone()
        healthy = simulation.end < making.done_at + HALF_AN_HOUR
        return called or (polls and (polled or healthy))

    def _not_by_words(self) -> None:
        """A video that the provider makes is given up for no words of it, but where it cannot be asked again safely."""
        job, error = self.job, self.job.error
        if error is None or error.code not in GIVEN_UP or self.video.fate is not Fate.MADE:
            return
        is_missing = job.index >= self.video.bases and error.code is Code.INVALID_TASK
        unsafe = job.provider_api == ProviderApi.JOBS and (error.words.code or 0) >= SERVER_ERROR
        if not is_missing and not unsafe:
            self._wrong(15, f"{self.run} was given up as {error.code}: {error.words}")
        if unsafe and not self.profile.spurious and self._awaited() < self.simulation.times.unclear - JUST_NOW:
            self._wrong(15, f"{self.run} was given up {self._awaited():.0f} s after its last request")

    def _awaited(self) -> float:
        """Return how long before its end the last request for it was sent."""
        last = max((sent.left_at for sent in self.simulation.provider.sent if sent.key == self.job.key), default=0.0)
        return (self.job.finished_at or 0.0) - last

    def _excused(self) -> None:
        """An error code that names an obstacle is right only where the obstacle existed."""
        job, code, video, profile = self.job, self.code, self.video, self.profile
        callbacks, polled = self.simulation.callbacks, may_be_polled(job)
        misled = job.key in callbacks.tampered_with and (len(video.links) > 1 or video.link_once)
        there = video.fate is Fate.MADE and video.links[-1] in (FOUR_K, TALL) and not misled
        if code is Code.NOT_4K and there and polled:
            self._wrong(7, "NOT_4K, but the provider had the 4K file")
        # Of a link that nobody but its thief has told, and that nobody can be asked about, no better one ever comes.
        is_only_tampered = job.key in callbacks.tampered_with - callbacks.acknowledged_runs and not polled
        if code is Code.RESULT_HOST_BLOCKED and self._is_allowed() and not is_only_tampered:
            self._wrong(7, "RESULT_HOST_BLOCKED, but the host was allowed in time")
        if code is Code.RESULT_UNREADABLE and not video.link_once:
            self._wrong(7, "RESULT_UNREADABLE, but every link was readable in the end")
        if code is Code.INDEX_AMBIGUOUS:
            if all(other.index == job.index for other in self.simulation.memory.runs(job.task_id)):
                self._wrong(7, "INDEX_AMBIGUOUS, but there is one index only")
            if profile.manners.counts_index and not video.same_for_all and not misled:
                self._wrong(7, "INDEX_AMBIGUOUS, but each index has a file of its own")
        # An older version does not count how often the host has refused a link, and so spends tries on it.
        rough = any(outage.fault not in PAUSES for outage in profile.outages)
        rough |= max(profile.rates.values()) > 0.1 or profile.mixed
        # A file that is not there for a quarter of an hour costs six tries, and leaves four for the faults.
        rough |= bool(video.hindered) and video.hindered_for >= QUARTER and max(profile.rates.values()) > 0
        # After a second acceptance the provider reports the state of the second, and no more of the first one's file.
        in_vain = (rough or len(self.bought) > 1) and job.archive_attempts >= MOST_TRIES
        gave_up_polling = self._is_path_gone() or not polled or not self._is_allowed() or in_vain
        if code is Code.ARCHIVE_FAILED and there and not gave_up_polling:
            self._wrong(7, f"ARCHIVE_FAILED after {job.archive_attempts} tries, but the file was there")

    def _by_look(self) -> None:
        """A base video is the result only where its record calls it 4K, and is given up only where it is not."""
        if self.video.label != "4k" or self.bought:
            self._wrong(13, f"{self.run} took a base video that is called {self.video.label}")
        if self.code is Code.NOT_4K and self.video.base == FOUR_K:
            self._wrong(7, "NOT_4K, but the base video was 4K")
