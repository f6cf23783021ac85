"""Two stacks side by side in one account of the local cloud: a bare one, and one with every option at once."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from local.cloud.environment import give_keys, staged
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send
from local.cloud.parameters import beside
from local.cloud.rows import Row, has_ended, read_rows
from local.cloud.sweep_schedule import sweeping
from local.demo.evidence import stored_videos
from local.kie import Settings
from tests.e2e.account import BUCKET, prepared
from tests.integration.world import ROOT, until

ONLY_CALLBACKS = {"FirstProbeSeconds": "600"}  # a callback that came to the other stack's API would end no job
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
    settings = Settings(speed=600, media_folder=ROOT / ".local/media")
    with ExitStack() as running:
        simulator, first = running.enter_context(staged(settings, ONLY_CALLBACKS))
        options = beside(simulator) | ONLY_CALLBACKS | prepared(first.endpoint).filled(OPTIONS)
        second = running.enter_context(LocalCloud(options, stack=NAMES[1], endpoint=first.endpoint))
        give_keys(second, settings)
        for cloud in (first, second):
            running.enter_context(sweeping(cloud, 1))
        yield {NAMES[0]: first, NAMES[1]: second}


@pytest.fixture(scope="module")
def ended(stacks: Stacks) -> dict[str, Row]:
    """The row of one job of each stack, at its end; both were sent at the same time."""
    for name, cloud in stacks.items():
        send(cloud.client("sqs"), cloud.outputs["JobQueueUrl"], [{"taskId": task(name)}])
    return {name: until(lambda: end(cloud)) for name, cloud in stacks.items()}  # noqa: B023 - called within the turn


def task(name: str) -> str:
    return f"veo_task_on_time_{name}"


def rows(cloud: LocalCloud) -> list[Row]:
    return read_rows(cloud.client("dynamodb"), cloud.outputs["JobTableName"])


def end(cloud: LocalCloud) -> Row | None:
    return next((row for row in rows(cloud) if has_ended(row)), None)


def test_nothing_is_shared(stacks: Stacks) -> None:
    first, second = (set(cloud.outputs.values()) for cloud in stacks.values())
    assert first & second == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_its_own_job(stacks: Stacks, ended: dict[str, Row], name: str) -> None:
    assert (ended[name]["state"], ended[name]["evidence"]) == ("SUCCEEDED", "callback")
    assert [row["taskId"] for row in rows(stacks[name])] == [task(name)]


@pytest.mark.parametrize("name", NAMES)
def test_each_stores_in_its_own_bucket(stacks: Stacks, ended: dict[str, Row], name: str) -> None:
    bucket = stacks[name].outputs["ArchiveBucketName"]
    [stored] = stored_videos(stacks[name].client("s3"), bucket, task(name))
    assert stored.sha256 == ended[name]["archive"]["sha256"]
    assert (bucket == BUCKET) == (name == NAMES[1])


@pytest.mark.parametrize("name", NAMES)
def test_each_logs_to_its_own_group(stacks: Stacks, ended: dict[str, Row], name: str) -> None:
    [other] = set(NAMES) - {name}
    logged = "\n".join(stacks[name].all_logs().values())
    assert (f"{task(name)}#" in logged, f"{task(other)}#" in logged) == (True, False)
