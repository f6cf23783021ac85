"""The archive function, killed at ten places of a file on the local cloud. Run by `make prove`."""

import hashlib

import pytest

from local.cloud.environment import Environment
from tests.e2e.archive_processes import kill_archives
from tests.e2e.result_host import Host, hosting, padded

CONTENT = padded(40 << 20)  # three parts of an upload


@pytest.mark.parametrize("ninths", range(10))
def test_a_killed_archive_is_repeated_and_leaves_one_file(env: Environment, ninths: int) -> None:
    task = f"veo_task_killed_{ninths}"
    env.simulator.register(task, "lost", minutes=600)
    with hosting(Host(CONTENT, ninths / 9, kill_archives)) as host:
        env.cloud.send({"taskId": task})
        host.call_back(env, task)
        row = env.reached(task, "SUCCEEDED")

    bucket, s3 = env.cloud.outputs["ArchiveBucketName"], env.cloud.client("s3")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=row["archive"]["key"])["Versions"]
    assert host.interrupted[f"/{task}.mp4"] > 0
    assert row["#tries"] > 1
    assert row["archive"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert [version["Size"] for version in versions] == [len(CONTENT)]
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
