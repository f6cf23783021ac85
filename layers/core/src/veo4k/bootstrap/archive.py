"""What archive needs: the table, the downloads, the bucket, and its queue."""

from functools import cache, partial

from veo4k.adapters.archive_s3 import S3Archive
from veo4k.adapters.aws import client
from veo4k.adapters.download import GuardedDownloads
from veo4k.adapters.queue_sqs import SqsRedelivery
from veo4k.bootstrap import clock, hosts, jobs, new_id, settings, times
from veo4k.services.archive import Archiver
from veo4k.services.keep_base import BaseKeeper


@cache
def archiver() -> Archiver:
    """Return the archiver of results."""
    return Archiver(
        jobs=jobs(),
        open_download=GuardedDownloads(hosts(), clock().now).open,
        archive=S3Archive(client("s3"), settings().text("ARCHIVE_BUCKET_NAME")),
        clock=clock(),
        new_id=new_id,
        times=times(),
    )


@cache
def base_keeper() -> BaseKeeper:
    """Return the keeper of base videos."""
    at = archiver()
    return BaseKeeper(jobs=at.jobs, open_download=at.open_download, archive=at.archive, clock=at.clock, times=at.times)


@cache
def redelivery() -> SqsRedelivery:
    """Return the archive queue, as far as the next delivery of a message is concerned."""
    return SqsRedelivery(partial(client, "sqs"), settings().text("ARCHIVE_QUEUE_URL"))
