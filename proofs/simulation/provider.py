"""The provider: its videos, responses, callbacks and charges."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

from proofs.simulation import shapes
from proofs.simulation.effects import Effects
from proofs.simulation.shapes import reply
from proofs.simulation.videos import FOUR_K, GONE, HD, TALL, Fate, File, Video, content
from veo4k.domain.job import Job, Key, ProviderApi
from veo4k.domain.response import HttpResponse

WINDOW, REQUESTS = 10.0, 20
LATE = 200.0  # seconds for which a result that is late stays away


@dataclass(frozen=True, kw_only=True)
class Manners:
    """What the provider's documentation leaves open. Times in seconds."""

    registers_within: float = 40.0  # until then an accepted request is not known to the next one
    counts_index: bool = True
    starts_over: float = 0.0  # how often a repeated request is taken for a new one
    retries_failures: bool = False  # a repeat after a failure is a new, paid attempt
    link_lives: float = 14 * 86_400.0
    names_own_id: bool = True  # in its 422 responses and callbacks


@dataclass(eq=False, kw_only=True)
class Making:
    """One accepted and charged request: a video being made for one run."""

    video: Video
    index: int
    run: Key
    own_id: str
    accepted_at: float
    known_at: float
    done_at: float
    provider_api: ProviderApi
    is_told: bool = False  # a callback with its result was acknowledged


@dataclass(eq=False)
class ProviderModel:
    """The provider's state."""

    effects: Effects
    manners: Manners
    call_back: Callable[[Making], object]
    videos: dict[str, Video] = field(default_factory=dict)
    makings: dict[tuple[str, int], list[Making]] = field(default_factory=dict)
    own_ids: dict[str, Making] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    bad_fetches: dict[tuple[str, int], int] = field(default_factory=dict)
    arrivals: deque[float] = field(default_factory=deque)
    refused_429: int = 0

    def __post_init__(self) -> None:
        self.kernel, self.random = self.effects.kernel, self.effects.random

    def bought(self) -> dict[Key, list[Making]]:
        """Return what was accepted and charged for each run."""
        runs: dict[Key, list[Making]] = {}
        for making in chain.from_iterable(self.makings.values()):
            runs.setdefault(making.run, []).append(making)
        return runs

    def post(self, job: Job) -> HttpResponse:
        """Answer a request for a video, at the instant it arrives."""
        now = self.kernel.now
        while self.arrivals and self.arrivals[0] <= now - WINDOW:
            self.arrivals.popleft()
        if len(self.arrivals) >= REQUESTS:
            self.refused_429 += 1
            return reply(429, "Your call frequency is too high")
        self.arrivals.append(now)
        return self._answer(job, self.videos[job.task_id], now)

    def _answer(self, job: Job, video: Video, now: float) -> HttpResponse:
        if refusal := _REFUSALS.get(video.fate):
            return reply(*refusal)
        if video.fate is Fate.UNFINISHED and now < video.ready_at:
            return reply(422, "record status is not success.")
        if job.index >= video.bases:
            return reply(422, "record result data not exist.")
        known = [making for making in self._makings(job.task_id, job.index) if making.known_at <= now]
        again = job.provider_api == ProviderApi.JOBS or self.random.random() < self.manners.starts_over
        if not known or again:
            return self._accept(job, video, now)
        return self._status(job, known[-1], now)

    def _makings(self, task_id: str, index: int) -> list[Making]:
        return self.makings.setdefault((task_id, index if self.manners.counts_index else 0), [])

    def _accept(self, job: Job, video: Video, now: float) -> HttpResponse:
        number = sum(len(each) for each in self.makings.values()) + 1
        making = Making(
            video=video,
            index=job.index,
            run=job.key,
            own_id=f"own_4k_{number:08d}" if video.own_id or job.provider_api == ProviderApi.JOBS else job.task_id,
            accepted_at=now,
            known_at=now + self.manners.registers_within * self.random.random() ** 2,
            done_at=now + (float("inf") if video.fate is Fate.STUCK else video.takes),
            provider_api=job.provider_api,
        )
        self._makings(job.task_id, job.index).append(making)
        self.own_ids[making.own_id] = making
        if making.done_at < float("inf"):
            self.kernel.at(making.done_at, self.call_back, making)
        return reply(200, "success", taskId=making.own_id, resultUrls=None, imageUrls=None)

    def _status(self, job: Job, making: Making, now: float) -> HttpResponse:
        named = making.own_id if self.manners.names_own_id else job.task_id
        if now < making.done_at:
            return reply(422, "4k is processing. It should be ready in 5-10 minutes.", taskId=named)
        if making.video.fate is Fate.FAILS:
            return self._accept(job, making.video, now) if self.manners.retries_failures else reply(*UNAVAILABLE)
        is_late = making.video.late_urls and now < making.done_at + LATE
        result = {} if is_late else self.result(making)
        return reply(422, "The video has been generated successfully", taskId=named, **result)

    def record(self, own_id: str | None) -> HttpResponse:
        """Return the record of a task; under a base video's id, the record of the base video."""
        if own_id is None:
            return reply(422, "taskId is missing")
        making = self.own_ids.get(own_id)
        if making is None or making.own_id == making.run.task_id:
            base = self.link(own_id, -1, HD)
            return reply(200, "success", successFlag=1, response={"resultUrls": [base], "resolution": "720p"})
        is_made = self.kernel.now >= making.done_at and making.video.fate in (Fate.MADE, Fate.UNFINISHED)
        return shapes.record(making, self.kernel.now, self.result(making) if is_made else {})

    def look(self, task_id: str) -> HttpResponse:
        """Return the base task's own record. Under the unified task API it is unknown there, and read here."""
        video = self.videos[task_id]
        if video.fate in (Fate.UNKNOWN, Fate.EXPIRED):
            return reply(422, "record is null." if video.fate is Fate.UNKNOWN else "recordInfo is null")
        if video.fate is Fate.MISSING:
            return reply(404, "not found")
        if video.fate is Fate.UNFINISHED and self.kernel.now < video.ready_at:
            return reply(200, "success", taskId=task_id, successFlag=0)
        if video.fate is Fate.BASE_FAILED:
            return reply(200, "success", taskId=task_id, successFlag=3, errorMessage="Your prompt was rejected")
        if self.kernel.now >= (video.ready_at if video.fate is Fate.DELETED else video.forgotten_at):
            return reply(422, "recordInfo is null")
        place = Video(host=video.host)
        bases = [File(video.base, task_id, -1 - index) for index in range(video.bases)]
        links = [self._link(base, place, self.kernel.now) for base in bases]
        details = {"taskId": task_id, "resultUrls": links, "resolution": video.label}
        is_legacy = video.fate is Fate.LEGACY
        return reply(200, "success", taskId=task_id, successFlag=1, response=details, fallbackFlag=is_legacy)

    def result(self, making: Making) -> shapes.Links:
        """Return links to the result: the next one where the file behind the last was wrong."""
        video, task_id = making.video, making.run.task_id
        if video.link_once and making.is_told:
            return {"resultUrls": None, "imageUrls": None}
        index = 0 if video.same_for_all else making.index
        turn = min(self.bad_fetches.get((task_id, index), 0), len(video.links) - 1)
        file = File(video.links[turn], task_id, index, instead=video.hindered)
        if video.hindered:
            file = file._replace(begin=making.done_at + video.hindered_for)
        keeps = video.link_once or video.same_link
        link = self._link(file, video, making.done_at if video.same_link else self.kernel.now, keeps=keeps)
        poster = [f"{link}.{video.poster}.jpg"] if video.poster else None
        own = {making.index: link}
        places = range(video.bases) if video.lists_all else own
        links: list[str | None] = [own.get(place) or self.link(task_id, place, FOUR_K) for place in places]
        if video.late_place and len(links) > 1 and self.kernel.now < making.done_at + LATE:
            links[making.index] = self.random.choice((None, ""))
        return {"resultUrls": links, "imageUrls": poster}

    def link(self, task_id: str, index: int, kind: str) -> str:
        """Return a link to a file, as long as links live."""
        return self._link(File(kind, task_id, index), Video(), self.kernel.now)

    def _link(self, file: File, video: Video, signed_at: float, *, keeps: bool = False) -> str:
        signature = f"sig=canary{int(signed_at)}"
        path = f"download?id={file.name}&{signature}" if video.same_path else f"{file.name}.mp4?{signature}"
        url = f"https://{video.host}/v/{path}"
        until = float("inf") if keeps else self.kernel.now + self.manners.link_lives
        self.files[url] = file._replace(until=until)
        return url

    def fetch(self, url: str) -> bytes | None:
        """Return the file behind a link; None where the link is dead."""
        if url.endswith(".jpg"):
            return content(url.split(".")[-2], url)
        file = self.files[url]
        if file.kind not in (FOUR_K, TALL):
            place = file.task_id, file.number
            self.bad_fetches[place] = self.bad_fetches.get(place, 0) + 1
        kind = file.kind if self.kernel.now >= file.begin else file.instead
        return None if kind == GONE or self.kernel.now >= file.until else content(kind, file.name)

    def body(self, making: Making) -> bytes:
        names_own_id = self.manners.names_own_id or making.provider_api == ProviderApi.JOBS
        named = making.own_id if names_own_id else making.run.task_id
        return shapes.callback(making, named, self.result(making), self.random)


UNAVAILABLE = (500, "The 4K version of this video is unavailable. Please try a different video.")
_REFUSALS = {
    Fate.UNKNOWN: (422, "record is null."),
    Fate.MISSING: (404, "not found"),
    Fate.DELETED: (404, "not found"),
    Fate.EXPIRED: (422, "Temporarily supports records within 14 days."),
    Fate.BASE_FAILED: (422, "record status is not success."),
    Fate.LEGACY: (400, "Tasks of the fallback path have no 4K version."),
    Fate.UNAVAILABLE: UNAVAILABLE,
}
