"""Two stacks in one account of the local cloud: one with defaults, one with every option."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.cloud.environment import environment, set_keys
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import parameters_beside
from local.cloud.rows import has_ended
from local.cloud.stored_videos import stored_videos
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from local.waiting import wait_until
from tests.e2e.account import BUCKET, prepared

ONLY_CALLBACKS = {"FirstProbeSeconds": "600"}  # so a callback to the other stack's API would end no job
OPTIONS = {
    "KmsKeyArn": "{key}",
    "ArchiveBucketName": "{bucket}",
    "PermissionsBoundaryArn": "{boundary}",
    "SubnetIds": "{subnets}",
    "SecurityGroupIds": "{groups}",
    "AlarmEmail": "operator@example.com",
    "DailyRequestLimit": "10",
}
NAMES = ("veo4k", "veo4k-other")
Stacks = dict[str, LocalCloud]


@pytest.fixture(scope="module")
def stacks() -> Iterator[Stacks]:
    """Both stacks, by name, with the same provider. One job of each was sent at the same time."""
    settings = Settings(speed=600)
    with ExitStack() as running:
        first = running.enter_context(environment(settings, ONLY_CALLBACKS))
        endpoint = first.cloud.endpoint
        options = parameters_beside(first.simulator) | ONLY_CALLBACKS | prepared(endpoint).filled(OPTIONS)
        second = running.enter_context(LocalCloud(options, stack=NAMES[1], endpoint=endpoint))
        set_keys(second, settings)
        running.enter_context(sweeping(second, 1))
        stacks = {NAMES[0]: first.cloud, NAMES[1]: second}
        for name, cloud in stacks.items():
            cloud.send({"taskId": task(name)})
        yield stacks


def task(name: str) -> str:
    return f"veo_task_on_time_{name}"


def test_the_stacks_share_no_output(stacks: Stacks) -> None:
    first, second = (set(cloud.outputs.values()) for cloud in stacks.values())
    assert first & second == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_stack_runs_stores_and_logs_its_own_job(stacks: Stacks, name: str) -> None:
    cloud, [other] = stacks[name], set(NAMES) - {name}
    [row] = wait_until(lambda: [row for row in cloud.rows() if has_ended(row)])
    assert (row["taskId"], row["state"], row["evidence"]) == (task(name), "SUCCEEDED", "callback")
    assert len(cloud.rows()) == 1

    bucket = cloud.outputs["ArchiveBucketName"]
    [stored] = stored_videos(cloud.client("s3"), bucket, task(name))
    assert stored.sha256 == row["archive"]["sha256"]
    assert (bucket == BUCKET) == (name == NAMES[1])

    logged = "\n".join(cloud.all_logs().values())
    assert (f"{task(name)}#" in logged, f"{task(other)}#" in logged) == (True, False)
