"""What archive needs: the table, the downloads, and the bucket."""

from functools import cache

from veo4k.adapters.archive_s3 import S3Archive
from veo4k.adapters.aws import client
from veo4k.adapters.download import GuardedDownloads
from veo4k.bootstrap import clock, hosts, jobs, new_id, settings, times
from veo4k.services.archive import Archiver


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
