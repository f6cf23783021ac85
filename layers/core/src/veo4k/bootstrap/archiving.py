"""What archive needs: the table, the way to a result, and the bucket."""

from functools import cache

from veo4k.adapters.archive_s3 import S3Archive
from veo4k.adapters.aws import client
from veo4k.adapters.download import GuardedDownloads
from veo4k.bootstrap import clock, jobs, new_id, settings
from veo4k.services.archive import Vault


@cache
def vault() -> Vault:
    """Build what archive needs."""
    told = settings()
    return Vault(
        jobs=jobs(),
        downloads=GuardedDownloads(told.hosts(), clock().now),
        archive=S3Archive(client("s3"), told.text("ARCHIVE_BUCKET_NAME")),
        clock=clock(),
        new_id=new_id,
        times=told.times(),
    )
