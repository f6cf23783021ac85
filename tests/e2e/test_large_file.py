"""Large files on the local cloud: archived in bounded memory, and whole although their function is killed."""

import hashlib
import io
import time

import pytest

from local.cloud.environment import Environment
from tests.e2e.archive_processes import kill_archives, peak_mib
from tests.e2e.result_host import Host, archived, padded

THREE_PARTS = padded(40 << 20)  # of an upload


@pytest.mark.parametrize("ninths", range(10))
def test_a_killed_archive_is_repeated_and_leaves_one_file(env: Environment, ninths: int) -> None:
    task, host = f"veo_task_killed_{ninths}", Host(THREE_PARTS, ninths / 9, kill_archives)
    row = archived(env, task, host)

    bucket, s3 = env.cloud.outputs["ArchiveBucketName"], env.cloud.client("s3")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=row["archive"]["key"])["Versions"]
    assert host.interrupted[f"/{task}.mp4"] > 0
    assert row["#tries"] > 1
    assert row["archive"]["sha256"] == hashlib.sha256(THREE_PARTS).hexdigest()
    assert [version["Size"] for version in versions] == [len(THREE_PARTS)]
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_a_large_file_is_archived_in_bounded_memory(env: Environment) -> None:
    """It prints how long boto3's own upload of the file takes, for comparison."""
    large = padded(200 << 20)
    kill_archives()  # a process that has archived a large file shows no growth any more
    archived(env, "veo_task_small_file", Host(padded(1)))
    before, started = peak_mib(), time.monotonic()
    row = archived(env, "veo_task_large_file", Host(large))
    seconds, growth = time.monotonic() - started, peak_mib() - before

    bucket, s3 = env.cloud.outputs["ArchiveBucketName"], env.cloud.client("s3")
    started = time.monotonic()
    s3.upload_fileobj(io.BytesIO(large), bucket, "comparison")
    print(f"job {seconds:.1f} s, memory +{growth:.0f} MiB; upload_fileobj alone {time.monotonic() - started:.1f} s")
    stored = s3.get_object(Bucket=bucket, Key=row["archive"]["key"])["Body"].read()
    assert hashlib.sha256(stored).digest() == hashlib.sha256(large).digest()
    assert growth <= 64
