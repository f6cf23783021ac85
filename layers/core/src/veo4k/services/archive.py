"""Archive a result: claim it, stream it from provider to bucket in one pass, prove it 4K, and write the outcome."""

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import PurePosixPath
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Refused, changed
from veo4k.domain.errors import DeadLinkError, DownloadError, StorageError
from veo4k.domain.job import Archived, Code, Job, Key
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, OtherContent, Verdict, Video, is_4k
from veo4k.domain.picture import content_type
from veo4k.domain.ports import Archive, Clock, Jobs, OpenDownload, Upload
from veo4k.domain.schedule import MOST_RELOOKS, Times, archive_wait, relook_wait

MISLABELLED = (
    "The provider's record calls this video 4K, but its file is not. Send the job again with force to request 4K."
)
RESERVE = 30.0  # seconds before its own timeout at which the function stops downloading, to write the outcome
LONGEST_POSTER = 8 << 20
MP4 = "video/mp4"


class _UnfitError(Exception):
    """A whole file that is not the result; `is_final`: the job ends with `code`."""

    def __init__(self, code: Code, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.code, self.is_final = code, is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Archiver:
    """Archives results."""

    jobs: Jobs
    open_download: OpenDownload
    archive: Archive
    clock: Clock
    new_id: Callable[[], str]
    times: Times

    def store(self, key: Key, deadline: float) -> LogEntry:
        """Archive the result of one job. Return what happened.

        `deadline`: epoch second at which the function is killed. Raise StorageError where the job cannot be claimed,
        or the outcome cannot be written.
        """
        now = self.clock.now()
        claimed = self.jobs.write(transitions.claim_archive(key, self.new_id(), now, self.times))
        if isinstance(claimed, Refused):
            return LogEntry(LogEvent.ARCHIVE_SKIPPED, claimed.job)
        job = claimed.job
        if not job.urls:
            return self._fail(job, Code.ARCHIVE_FAILED)
        return self._store(job, min(deadline - RESERVE, job.lease_until or deadline))

    def _store(self, job: Job, deadline: float) -> LogEntry:
        try:
            stored, codec = self._stream(job, deadline)
        except _UnfitError as unfit:
            if unfit.is_final:
                return self._fail(job, unfit.code, str(unfit))
            return self._request_link(job, str(unfit), not_4k=True)
        except DeadLinkError as error:
            return self._dead_link(job, str(error))
        except (DownloadError, StorageError) as error:
            return self._postpone(job, str(error))
        return self._succeed(job, stored._replace(poster=self._store_poster(job, deadline)), codec)

    def _stream(self, job: Job, deadline: float) -> tuple[Archived, str]:
        """Stream the file into the bucket. The object appears only when its own header proves it 4K.

        Return the stored file and its codec.
        """
        name, tags = object_key(job, ".mp4"), object_tags(job)
        self.archive.abort_strays(name, inf)  # of attempts that were killed: the lease is this one's
        with self.open_download(job.urls[0], deadline) as body, self.archive.upload(name, MP4, tags) as upload:
            copied = copy(body, upload, Mp4Proof())
            video = _proven(job, copied.verdict)
            if any(other.archive and other.archive.sha256 == copied.sha256 for other in self._siblings(job)):
                raise _UnfitError(Code.INDEX_AMBIGUOUS, "the same file as another index", is_final=True)
            upload.complete()
        stored = Archived(self.archive.bucket, name, copied.bytes, copied.sha256, video.width, video.height)
        return stored, video.codec

    def _siblings(self, job: Job) -> list[Job]:
        return [other for other in self.jobs.runs(job.task_id) if other.index != job.index]

    def _succeed(self, job: Job, stored: Archived, codec: str) -> LogEntry:
        update = transitions.succeed(job, stored, codec, self.clock.now())
        sidecar = json.dumps(changed(update, job).public(), ensure_ascii=False, indent=2).encode()
        try:
            self.archive.put(object_key(job, ".json"), sidecar, "application/json")
        except StorageError as error:
            return self._postpone(job, str(error))
        return self._write(LogEvent.JOB_ARCHIVED, update)

    def _store_poster(self, job: Job, deadline: float) -> bool:
        """Store the poster where the provider has a picture. Return whether it is stored; it never fails a job."""
        for url in job.image_urls[:1]:
            with suppress(DownloadError, StorageError):
                with self.open_download(url, deadline) as body:
                    poster = _small(body)
                if kind := content_type(poster):
                    self.archive.put(object_key(job, ".jpg"), poster, kind)
                    return True
        return False

    def _dead_link(self, job: Job, reason: str) -> LogEntry:
        """Try a refused link again after the first wait: files appear at their host a while after the callback."""
        if job.link_refusals:
            return self._request_link(job, reason, not_4k=False)
        return self._postpone(job, reason, refused=True)

    def _request_link(self, job: Job, reason: str, *, not_4k: bool) -> LogEntry:
        """Let the sweep request a fresh link, or end the job where its attempts are spent."""
        if job.archive_attempts >= self.times.archive_attempts:
            return self._fail(job, Code.ARCHIVE_FAILED, reason)
        earliest = (job.requested_at or 0) + self.times.probe
        wait = archive_wait(job.archive_attempts, self.times)
        if not_4k and job.is_by_look:
            wait = relook_wait(job.not_4k + 1, self.times)
        due = max(self.clock.now() + wait, earliest)
        event = LogEvent.ARCHIVE_FILE_NOT_4K if not_4k else LogEvent.ARCHIVE_LINK_EXPIRED
        return self._write(event, transitions.request_link(job, due, not_4k=not_4k), reason)

    def _postpone(self, job: Job, reason: str, *, refused: bool = False) -> LogEntry:
        """Try again later. `refused`: the host refused the link, which is tried again as soon as after one attempt."""
        if job.archive_attempts >= self.times.archive_attempts:
            return self._fail(job, Code.ARCHIVE_FAILED, reason)
        due = self.clock.now() + archive_wait(1 if refused else job.archive_attempts, self.times)
        return self._write(LogEvent.ARCHIVE_POSTPONED, transitions.postpone_archive(job, due, refused=refused), reason)

    def _fail(self, job: Job, code: Code, reason: str = "") -> LogEntry:
        message = MISLABELLED if code is Code.NOT_4K and job.is_by_look else ""
        update = transitions.fail(job, code, self.clock.now(), self.times, message=message)
        return self._write(LogEvent.JOB_FAILED, update, reason)

    def _write(self, event: LogEvent, update: ConditionalUpdate, reason: str = "") -> LogEntry:
        outcome = self.jobs.write(update)
        detail: Detail = {"why": reason} if reason else {}
        event = LogEvent.ARCHIVE_SUPERSEDED if isinstance(outcome, Refused) else event
        return LogEntry(event, outcome.job, detail)


class Copied(NamedTuple):
    """A file that was copied into an upload: what it is, its size, and its SHA-256 in hex."""

    verdict: Verdict
    bytes: int
    sha256: str


def copy(body: Iterable[bytes], upload: Upload, proof: Mp4Proof) -> Copied:
    """Copy a file into an upload in one pass."""
    digest, size = hashlib.sha256(), 0
    for chunk in body:
        upload.write(chunk)
        proof.feed(chunk)
        digest.update(chunk)
        size += len(chunk)
    return Copied(proof.verdict(), size, digest.hexdigest())


def object_tags(job: Job) -> dict[str, str]:
    """Return the tags of a job's videos in the bucket."""
    return {"taskId": job.task_id, "index": str(job.index), "run": str(job.run)}


def object_key(job: Job, suffix: str) -> str:
    """Return the key of a job's object: `videos/{taskId}/{index}/{run}.mp4`, and of what lies beside it."""
    return str(PurePosixPath("videos", job.task_id, str(job.index), f"{job.run}{suffix}"))


def _proven(job: Job, verdict: Verdict) -> Video:
    if isinstance(verdict, EndsEarly | OtherContent):
        raise DownloadError(verdict.reason)
    if isinstance(verdict, NotMp4):
        reason = verdict.reason
    elif is_4k(verdict):
        return verdict
    else:
        reason = f"{verdict.width}x{verdict.height} of {verdict.coded_width}x{verdict.coded_height}"
    most = MOST_RELOOKS if job.is_by_look else 1
    raise _UnfitError(Code.NOT_4K, reason, is_final=job.not_4k >= most)


def _small(body: Iterable[bytes]) -> bytes:
    chunks, size = [], 0
    for chunk in body:
        size += len(chunk)
        if size > LONGEST_POSTER:
            raise DownloadError
        chunks.append(chunk)
    return b"".join(chunks)
