"""Two stacks in one account of the local cloud: one with defaults, one with every option."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.cloud.environment import environment, set_keys
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import parameters_beside
from local.cloud.rows import Row, has_ended
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
    """Both stacks, by name, with the same provider."""
    settings = Settings(speed=600)
    with ExitStack() as running:
        first = running.enter_context(environment(settings, ONLY_CALLBACKS))
        endpoint = first.cloud.endpoint
        options = parameters_beside(first.simulator) | ONLY_CALLBACKS | prepared(endpoint).filled(OPTIONS)
        second = running.enter_context(LocalCloud(options, stack=NAMES[1], endpoint=endpoint))
        set_keys(second, settings)
        running.enter_context(sweeping(second, 1))
        yield {NAMES[0]: first.cloud, NAMES[1]: second}


@pytest.fixture(scope="module")
def ended(stacks: Stacks) -> dict[str, Row]:
    """The row of one job of each stack, at its end. Both were sent at the same time."""
    for name, cloud in stacks.items():
        cloud.send({"taskId": task(name)})
    return {name: wait_until(lambda: end(cloud)) for name, cloud in stacks.items()}  # noqa: B023  called at once


def task(name: str) -> str:
    return f"veo_task_on_time_{name}"


def end(cloud: LocalCloud) -> Row | None:
    return next((row for row in cloud.rows() if has_ended(row)), None)


def test_the_stacks_share_no_output(stacks: Stacks) -> None:
    first, second = (set(cloud.outputs.values()) for cloud in stacks.values())
    assert first & second == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_stack_runs_stores_and_logs_its_own_job(stacks: Stacks, ended: dict[str, Row], name: str) -> None:
    cloud, [other] = stacks[name], set(NAMES) - {name}
    assert (ended[name]["state"], ended[name]["evidence"]) == ("SUCCEEDED", "callback")
    assert [row["taskId"] for row in cloud.rows()] == [task(name)]

    bucket = cloud.outputs["ArchiveBucketName"]
    [stored] = stored_videos(cloud.client("s3"), bucket, task(name))
    assert stored.sha256 == ended[name]["archive"]["sha256"]
    assert (bucket == BUCKET) == (name == NAMES[1])

    logged = "\n".join(cloud.all_logs().values())
    assert (f"{task(name)}#" in logged, f"{task(other)}#" in logged) == (True, False)
