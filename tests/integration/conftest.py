from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from local.cloud.environment import give_keys
from local.cloud.event_listener import Announcements
from local.cloud.function_logs import collected
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import beside
from local.cloud.queue_reader import Inbox
from local.cloud.rows import Row
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings
from local.kie.simulator_process import SimulatorProcess
from local.paths import LOGS
from tests.integration.callback import post, success
from tests.integration.leaks import Searched, search_world
from tests.integration.world import ROOT, World

MINUTES_IN_A_SECOND = 10.0  # a generation takes a second or less
TIMES = {"FirstProbeSeconds": "4", "ProbeSeconds": "1", "UnknownWaitSeconds": "1", "BaseRetrySeconds": "1"}
TRUE_WINDOW, SHORT_WINDOW = 10.0, 1.0  # seconds
SWEEP_SECONDS = 1.0


SEARCHED: list[Searched] = []
"""What the search of each stack came to."""


@contextmanager
def running(name: str, window: float, *retired: str, **times: str) -> Iterator[World]:
    """A provider with its limit per window (seconds), and a stack that has not been told its keys.

    Whatever the stack has written is searched for secrets when the block ends; `retired`: keys it had before.
    """
    log = LOGS / f"integration-{name}.log"
    log.unlink(missing_ok=True)
    speed, media = 60 * MINUTES_IN_A_SECOND, ROOT / ".local/media"
    settings = Settings(
        speed=speed,
        media_folder=media,
        log_file=log,
        window_seconds=window,
        api_key=f"canary-api-key-{name}",
        webhook_key=f"canary-webhook-key-{name}",
    )
    with ExitStack() as stage:
        simulator = stage.enter_context(SimulatorProcess(settings))
        cloud = stage.enter_context(LocalCloud(beside(simulator) | TIMES | times | {"WindowSeconds": str(int(window))}))
        stage.enter_context(collected(cloud, log))
        # The tests sweep by themselves, so that they can hold it up.
        cloud.client("scheduler").delete_schedule(Name="veo4k-sweep")
        dead_letters = Inbox(cloud.client("sqs"), cloud.outputs["DeadLetterQueueUrl"])
        sweeps = stage.enter_context(sweeping(cloud, SWEEP_SECONDS))
        world = World(simulator, cloud, Announcements(cloud), dead_letters, sweeps)
        yield world
        SEARCHED.append(search_world(world, *retired))
        assert SEARCHED[-1].hits == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how much was searched for secrets."""
    if SEARCHED:
        texts, characters = sum(each.texts for each in SEARCHED), sum(each.characters for each in SEARCHED)
        secrets, hits = sum(each.secrets for each in SEARCHED), sum(len(each.hits) for each in SEARCHED)
        told = f"{len(SEARCHED)} stacks, {texts:,} texts, {characters:,} characters: {secrets:,} secrets, {hits} hits"
        terminalreporter.write_line(told)


@dataclass(frozen=True)
class Unkeyed:
    """A stack that had no keys at first: its job as it waited then, and what a callback was answered."""

    world: World
    task: str
    waiting: Row
    answer: int


@pytest.fixture(scope="session")
def unkeyed() -> Iterator[Unkeyed]:
    """A stack of its own that is told its keys only after it was asked for something."""
    task = "veo_task_on_time_unkeyed"
    with running("unkeyed", TRUE_WINDOW) as world:
        world.send({"taskId": task})
        waiting = world.reached(task, "QUEUED")
        answer = post(world, success(world, task)).status_code
        give_keys(world.cloud, world.simulator.settings)
        yield Unkeyed(world, task, waiting, answer)


@pytest.fixture(scope="session")
def world(unkeyed: Unkeyed) -> Iterator[World]:
    """The stack that most tests share, which need not wait for the provider's true window.

    The other one goes first: keys are looked up again after 30 seconds only.
    """
    with running("shared", SHORT_WINDOW) as world:
        give_keys(world.cloud, world.simulator.settings)
        yield world
