"""What the HTTP API for jobs needs: the table, the job queue, the bucket, and the token."""

from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.links_s3 import S3Links
from veo4k.adapters.queue_sqs import SqsJobSender
from veo4k.bootstrap import clock, jobs, new_id, secret, settings, times
from veo4k.services.api import JobsApi


@cache
def jobs_api() -> JobsApi:
    """Return the HTTP API for jobs."""
    return JobsApi(
        jobs=jobs(),
        job_sender=SqsJobSender(client("sqs"), settings().text("JOB_QUEUE_URL")),
        links=S3Links(client("s3"), settings().text("ARCHIVE_BUCKET_NAME")),
        clock=clock(),
        new_id=new_id,
        tokens=secret("JOBS_API_TOKEN_SECRET_NAME").in_use,
        times=times(),
        url=settings().text("JOBS_API_URL"),
    )
