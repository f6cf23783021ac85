"""The archive function killed at ten places of a file, on the local cloud; run by `make prove`."""

import hashlib

import pytest

from tests.e2e.archive_processes import kill_archives
from tests.e2e.result_host import Host, hosting, padded
from tests.integration.world import World

PLACES = [place / 9 for place in range(10)]
CONTENT = padded(40 << 20)  # three parts of an upload


@pytest.mark.parametrize("place", PLACES)
def test_an_archive_killed_in_mid_file_is_made_good(world: World, place: float) -> None:
    task = f"veo_task_killed_{int(place * 9)}"
    world.simulator.register(task, "lost", minutes=600)
    with hosting(Host(CONTENT, place, kill_archives)) as host:
        world.send({"taskId": task})
        host.call_back(world, task)
        row = world.reached(task, "SUCCEEDED")

    bucket, s3 = world.cloud.outputs["ArchiveBucketName"], world.client("s3")
    versions = s3.list_object_versions(Bucket=bucket, Prefix=row["archive"]["key"])["Versions"]
    assert host.interrupted[f"/{task}.mp4"] > 0
    assert row["#tries"] > 1
    assert row["archive"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert [version["Size"] for version in versions] == [len(CONTENT)]
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
