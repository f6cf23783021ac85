"""Archive a result: claim, stream provider → bucket in one pass, prove it 4K, and say what became of it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from veo4k.domain import transitions
from veo4k.domain.errors import DeadLinkError, DownloadError, StorageError
from veo4k.domain.job import Archived, Code, Job, Key
from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, Verdict, Video, is_4k
from veo4k.domain.notes import Note
from veo4k.domain.ports import Archive, Body, Clock, Downloads, Jobs
from veo4k.domain.schedule import Times, archive_wait
from veo4k.domain.write import Refused, Write, changed

RESERVE = 30.0  # seconds before its own timeout at which the function stops downloading and writes down how far it got
LONGEST_POSTER = 8 << 20
MP4 = "video/mp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What archiving needs."""

    jobs: Jobs
    downloads: Downloads
    archive: Archive
    clock: Clock
    new_id: Callable[[], str]
    times: Times


def archive(vault: Vault, key: Key, stop_at: float) -> Note:
    """Archive the result of one job; `stop_at`: epoch second at which the function is killed."""
    now = vault.clock.now()
    claimed = vault.jobs.write(transitions.claim_archive(key, vault.new_id(), now, vault.times))
    if isinstance(claimed, Refused):
        return Note("archive_not_needed", claimed.job)
    job = claimed.job
    if not job.urls:
        return _end(vault, job, Code.ARCHIVE_FAILED)
    siblings = _siblings(vault, job)
    if any(set(job.result_urls) & set(other.result_urls) for other in siblings):
        return _end(vault, job, Code.INDEX_AMBIGUOUS)
    return _store(vault, job, siblings, min(stop_at - RESERVE, job.lease_until or stop_at))


def object_key(job: Job, suffix: str) -> str:
    """Key of a job's object: `videos/{taskId}/{index}/{run}.mp4`, the poster and the sidecar beside it."""
    return str(PurePosixPath("videos", job.task_id, str(job.index), f"{job.run}{suffix}"))


def _siblings(vault: Vault, job: Job) -> list[Job]:
    # Later runs are asked for only when this one has ended, so the first run never has to look.
    if job.run == 1:
        return []
    return [other for other in vault.jobs.runs(job.task_id) if other.index != job.index]


def _store(vault: Vault, job: Job, siblings: list[Job], stop_at: float) -> Note:
    try:
        stored = _stream(vault, job, siblings, stop_at)
    except _UnfitError as unfit:
        why = str(unfit)
        return _end(vault, job, unfit.code, why) if unfit.final else _link_died(vault, job, why, not_4k=True)
    except DeadLinkError as error:
        return _link_died(vault, job, str(error), not_4k=False)
    except (DownloadError, StorageError) as error:
        return _try_later(vault, job, str(error))
    return _succeed(vault, job, stored, stop_at)


class _UnfitError(Exception):
    """A whole file that is not the result; `final` ends the job with `code`."""

    def __init__(self, code: Code, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.code, self.final = code, final


def _stream(vault: Vault, job: Job, siblings: list[Job], stop_at: float) -> Archived:
    """Stream the file into the bucket; it appears there only when its own header proves it 4K."""
    name = object_key(job, ".mp4")
    tags = {"taskId": job.task_id, "index": str(job.index), "run": str(job.run)}
    vault.archive.abort_strays(name, vault.clock.now() - vault.times.archive_lease)
    with vault.downloads.open(job.urls[0], stop_at) as body, vault.archive.upload(name, MP4, tags) as upload:
        proof, digest, size = Mp4Proof(), hashlib.sha256(), 0
        for chunk in body:
            upload.write(chunk)
            proof.feed(chunk)
            digest.update(chunk)
            size += len(chunk)
        video = _proven(job, proof.verdict())
        _check_siblings(siblings, digest.hexdigest())
        upload.complete()
    return Archived(vault.archive.bucket, name, size, digest.hexdigest(), video.width, video.height)


def _proven(job: Job, verdict: Verdict) -> Video:
    if isinstance(verdict, EndsEarly):
        raise DownloadError(verdict.reason)
    if isinstance(verdict, Video) and is_4k(verdict):
        return verdict
    why = verdict.reason if isinstance(verdict, NotMp4) else _sizes(verdict)
    raise _UnfitError(Code.NOT_4K, why, final=job.not_4k > 0)


def _sizes(video: Video) -> str:
    return f"{video.width}x{video.height} of {video.coded_width}x{video.coded_height}"


def _check_siblings(siblings: list[Job], sha256: str) -> None:
    if any(other.archive and other.archive.sha256 == sha256 for other in siblings):
        raise _UnfitError(Code.INDEX_AMBIGUOUS, "the same file as another index", final=True)


def _succeed(vault: Vault, job: Job, stored: Archived, stop_at: float) -> Note:
    write = transitions.archived(job, stored, vault.clock.now())
    sidecar = json.dumps(changed(write, job).public(), ensure_ascii=False, indent=2).encode()
    try:
        _put_poster(vault, job, stop_at)
        vault.archive.put(object_key(job, ".json"), sidecar, "application/json")
    except StorageError as error:
        return _try_later(vault, job, str(error))
    return _write(vault, "job_archived", write)


def _put_poster(vault: Vault, job: Job, stop_at: float) -> None:
    """Store the poster where there is one; its absence never fails a job."""
    for url in job.image_urls[:1]:
        try:
            with vault.downloads.open(url, stop_at) as body:
                poster = _small(body)
        except DownloadError:
            return
        vault.archive.put(object_key(job, ".jpg"), poster, "image/jpeg")


def _small(body: Body) -> bytes:
    chunks, size = [], 0
    for chunk in body:
        size += len(chunk)
        if size > LONGEST_POSTER:
            raise DownloadError
        chunks.append(chunk)
    return b"".join(chunks)


def _link_died(vault: Vault, job: Job, why: str, *, not_4k: bool) -> Note:
    if job.tries >= vault.times.archive_attempts:
        return _end(vault, job, Code.ARCHIVE_FAILED, why)
    due = max(vault.clock.now() + archive_wait(job.tries, vault.times), (job.asked_at or 0) + vault.times.probe)
    action = "archive_not_4k" if not_4k else "archive_link_dead"
    return _write(vault, action, transitions.link_died(job, due, not_4k=not_4k), why)


def _try_later(vault: Vault, job: Job, why: str) -> Note:
    if job.tries >= vault.times.archive_attempts:
        return _end(vault, job, Code.ARCHIVE_FAILED, why)
    due = vault.clock.now() + archive_wait(job.tries, vault.times)
    return _write(vault, "archive_postponed", transitions.archive_later(job, due), why)


def _end(vault: Vault, job: Job, code: Code, why: str = "") -> Note:
    return _write(vault, "job_failed", transitions.failed(job, code, vault.clock.now(), vault.times), why)


def _write(vault: Vault, action: str, write: Write, why: str = "") -> Note:
    outcome = vault.jobs.write(write)
    if isinstance(outcome, Refused):
        return Note("archive_overtaken", outcome.job, {"why": why} if why else {})
    return Note(action, outcome.job, {"why": why} if why else {})
