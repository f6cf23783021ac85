"""Checks of the deployment itself and of the archive bucket."""

from typing import NamedTuple

from botocore.exceptions import ClientError

from veo4k.domain.job import ProviderApi
from veo4k_cli.checks.finding import CHECK_AGAIN, RESTORE, Finding, Findings, Verdict
from veo4k_cli.command import Session

BUCKET = "archive bucket"
MOVED, FORBIDDEN, NOT_FOUND = 301, 403, 404
BUCKET_PROBLEMS = frozenset({MOVED, FORBIDDEN, NOT_FOUND})
_FIRST = dict.fromkeys(("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"), ", delete the stack") | {
    "UPDATE_ROLLBACK_FAILED": ", let CloudFormation continue the update's rollback"
}
"""What comes before a deployment in the states in which CloudFormation updates no stack."""


def check_stack(session: Session) -> Findings:
    """Check how the last deployment ended."""
    stack = session.stack
    yield judge_stack(stack.description, stack.status, stack.parameter("ProviderContract", ProviderApi.VEO))


def judge_stack(description: str, status: str, contract: str) -> Finding:
    """Judge the status of the stack."""
    text = f"{description[0].upper()}{description[1:]}. Provider contract: {contract}."
    if status.endswith("_IN_PROGRESS"):
        return Finding("stack", Verdict.WARN, f"{text} A deployment is running ({status}).", CHECK_AGAIN)
    if "ROLLBACK" in status or status.endswith("_FAILED"):
        then = f"{_FIRST.get(status, '')} and deploy again"
        todo = f"Read the reason among the stack's events in CloudFormation, fix it{then}."
        return Finding("stack", Verdict.ACT, f"{text} The last deployment failed ({status}).", todo)
    return Finding("stack", Verdict.WELL, text)


class Bucket(NamedTuple):
    """A bucket: its name, the region that S3 reports or "", and the region it must be in."""

    name: str
    region: str
    expected_region: str


def check_bucket(session: Session) -> Findings:
    """Check that the archive bucket exists, in the stack's region and in the stack's account."""
    stack, name = session.stack, session.stack.output("ArchiveBucketName")
    try:
        http = stack.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=stack.account)["ResponseMetadata"]
    except ClientError as error:
        http = error.response["ResponseMetadata"]
        if http["HTTPStatusCode"] not in BUCKET_PROBLEMS:
            raise
    bucket = Bucket(name, http["HTTPHeaders"].get("x-amz-bucket-region", ""), stack.region)
    yield judge_bucket(bucket, http["HTTPStatusCode"], is_users=bool(stack.parameter("ArchiveBucketName")))


def judge_bucket(bucket: Bucket, status: int, *, is_users: bool) -> Finding:
    """Judge the archive bucket by the status of HeadBucket. `is_users`: the parameter ArchiveBucketName names it."""
    replace = f"Set ArchiveBucketName to a bucket of this account in {bucket.expected_region}, then deploy."
    if status == NOT_FOUND:
        text = f"The bucket {bucket.name} does not exist. No video is archived."
        return Finding(BUCKET, Verdict.ACT, text, replace if is_users else RESTORE)
    if status == MOVED or (bucket.region and bucket.region != bucket.expected_region):
        region = bucket.region or "another region"
        text = f"The bucket {bucket.name} is in {region}, the stack in {bucket.expected_region}. No video is archived."
        return Finding(BUCKET, Verdict.ACT, text, replace)
    if status == FORBIDDEN:
        text = f"The bucket {bucket.name} belongs to another account, or you lack s3:ListBucket on it."
        todo = "Check your own rights to the bucket."
        return Finding(BUCKET, Verdict.ACT, text, f"{todo} If another account owns it: {replace}" if is_users else todo)
    owner = "Your bucket" if is_users else "The stack's own bucket"
    place = f" in {bucket.region}" if bucket.region else ""
    return Finding(BUCKET, Verdict.WELL, f"{owner} {bucket.name} exists{place}, in this account.")
