"""A file of 200 MB on the local cloud, beside boto3's own upload of it; run by `make prove`."""

import hashlib
import io
import time

from tests.e2e.archive_processes import kill_archives, peak_mib
from tests.e2e.result_host import Host, hosting, padded
from tests.integration.world import World


def archived(world: World, task: str, content: bytes) -> str:
    """Have a file archived; gives its key."""
    world.simulator.register(task, "lost", minutes=600)
    with hosting(Host(content)) as host:
        world.send({"taskId": task})
        host.call_back(world, task)
        return str(world.reached(task, "SUCCEEDED")["archive"]["key"])


def test_a_large_file_arrives_whole_in_bounded_memory(world: World) -> None:
    large = padded(200 << 20)
    kill_archives()  # a process that has had a large file shows no growth any more
    archived(world, "veo_task_small_file", padded(1))
    before = peak_mib()
    started = time.monotonic()
    key = archived(world, "veo_task_large_file", large)
    seconds, growth = time.monotonic() - started, peak_mib() - before

    bucket, s3 = world.cloud.outputs["ArchiveBucketName"], world.client("s3")
    started = time.monotonic()
    s3.upload_fileobj(io.BytesIO(large), bucket, "beside")
    print(f"job {seconds:.1f} s, memory +{growth:.0f} MiB; upload_fileobj alone {time.monotonic() - started:.1f} s")
    stored = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert hashlib.sha256(stored).digest() == hashlib.sha256(large).digest()
    assert growth <= 64
