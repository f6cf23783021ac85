"""A file of 200 MB on the local cloud, compared with boto3's own upload of it. Run by `make prove`."""

import hashlib
import io
import time

from local.cloud.environment import Environment
from tests.e2e.archive_processes import kill_archives, peak_mib
from tests.e2e.result_host import Host, hosting, padded


def archived(env: Environment, task: str, content: bytes) -> str:
    """Have a file archived. Return its key."""
    env.simulator.register(task, "lost", minutes=600)
    with hosting(Host(content)) as host:
        env.cloud.send({"taskId": task})
        host.call_back(env, task)
        return str(env.reached(task, "SUCCEEDED")["archive"]["key"])


def test_a_large_file_is_archived_in_bounded_memory(env: Environment) -> None:
    large = padded(200 << 20)
    kill_archives()  # a process that has archived a large file shows no growth any more
    archived(env, "veo_task_small_file", padded(1))
    before, started = peak_mib(), time.monotonic()
    key = archived(env, "veo_task_large_file", large)
    seconds, growth = time.monotonic() - started, peak_mib() - before

    bucket, s3 = env.cloud.outputs["ArchiveBucketName"], env.cloud.client("s3")
    started = time.monotonic()
    s3.upload_fileobj(io.BytesIO(large), bucket, "comparison")
    print(f"job {seconds:.1f} s, memory +{growth:.0f} MiB; upload_fileobj alone {time.monotonic() - started:.1f} s")
    stored = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert hashlib.sha256(stored).digest() == hashlib.sha256(large).digest()
    assert growth <= 64
