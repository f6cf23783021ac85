from collections.abc import Iterator

import pytest

from local.cloud.environment import staged
from local.cloud.event_listener import Announcements
from local.cloud.queue_reader import Inbox
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from tests.integration.world import ROOT, World

# A lease so short that a file has to be archived within it, and any port of the loopback for the files.
SHORT = {"ResultHosts": "127.0.0.1", "ArchiveLeaseSeconds": "10", "FirstProbeSeconds": "2"}


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    settings = Settings(speed=600, media_folder=ROOT / ".local/media")
    with staged(settings, SHORT) as (simulator, cloud), sweeping(cloud, 1) as sweeps:
        dead_letters = Inbox(cloud.client("sqs"), cloud.outputs["DeadLetterQueueUrl"])
        yield World(simulator, cloud, Announcements(cloud), dead_letters, sweeps)
