"""Keep the base video beside the result: copy it into the bucket, and note it in the row.

It changes nothing of the job: no lease, no state, no attempt. publish requests it, by messages of a kind of their own.
"""

from dataclasses import dataclass

from veo4k.domain import transitions
from veo4k.domain.conditional_update import Refused
from veo4k.domain.errors import DownloadError, StorageError
from veo4k.domain.job import KNOWN, Archived, Job, Key
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.mp4 import Mp4Proof, Video
from veo4k.domain.ports import Archive, Clock, Jobs, OpenDownload
from veo4k.domain.schedule import Times
from veo4k.services.archive import MP4, RESERVE, copy, object_key, object_tags

MOST_RECEIVES = 5  # of a message, then it is deleted with a warning
RETRY = 60  # seconds until a message whose attempt failed comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseKeeper:
    """Keeps base videos."""

    jobs: Jobs
    open_download: OpenDownload
    archive: Archive
    clock: Clock
    times: Times

    def keep(self, key: Key, deadline: float, receives: int) -> LogEntry:
        """Keep the base video of one job. BASE_POSTPONED is returned where the message is to come back.

        `deadline`: epoch second at which the function is killed. Raise StorageError where the table cannot be reached.
        """
        job = self.jobs.get(key)
        if job is None or job.state not in KNOWN or job.base_url is None or job.base is not None:
            return LogEntry(LogEvent.BASE_SKIPPED, job)
        try:
            base = self._stream(job, job.base_url, deadline - RESERVE)
        except (DownloadError, StorageError) as error:
            return self._postpone(job, str(error), receives)
        outcome = self.jobs.write(transitions.keep_base(job, base))
        return LogEntry(LogEvent.BASE_SKIPPED if isinstance(outcome, Refused) else LogEvent.BASE_ARCHIVED, outcome.job)

    def _stream(self, job: Job, link: str, deadline: float) -> Archived:
        name = object_key(job, ".base.mp4")
        # Unlike a result's, this upload is under no lease: another message about it may be at work.
        self.archive.abort_strays(name, self.clock.now() - self.times.archive_lease)
        with self.open_download(link, deadline) as body, self.archive.upload(name, MP4, object_tags(job)) as upload:
            copied = copy(body, upload, Mp4Proof(any_codec=True))
            if not isinstance(copied.verdict, Video):
                raise DownloadError(copied.verdict.reason)
            upload.complete()
        video = copied.verdict
        return Archived(self.archive.bucket, name, copied.bytes, copied.sha256, video.width, video.height)

    def _postpone(self, job: Job, reason: str, receives: int) -> LogEntry:
        if receives < MOST_RECEIVES:
            return LogEntry(LogEvent.BASE_POSTPONED, job, {"why": reason})
        # Of a row that is not announced the link stays: publish requests the base video with its next state.
        self.jobs.write(transitions.abandon_base(job))
        return LogEntry(LogEvent.BASE_ABANDONED, job, {"why": reason})
