import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from local.cloud.environment import Environment, environment, set_keys
from local.cloud.parameters import JOBS_API
from local.cloud.rows import Row
from local.cloud.sweep_schedule import delete_schedule
from local.kie import Settings
from local.paths import LOGS, ROOT
from tests.integration.callback import post, success
from tests.integration.leaks import search_environment

SPEED = 600.0  # ten of the provider's minutes in a second: a generation takes a second or less
TIMES = {
    "FirstProbeSeconds": "4",
    "ProbeSeconds": "1",
    "UnknownWaitSeconds": "1",
    "BaseRetrySeconds": "1",
    "ArchiveRetrySeconds": "1",
}
TRUE_WINDOW, SHORT_WINDOW = 10.0, 1.0  # seconds


@contextmanager
def running(
    name: str, window_seconds: float, *former_keys: str, keys: bool = True, **times: str
) -> Iterator[Environment]:
    """Run an environment. Search everything that its stack has written for secrets when the block ends.

    `former_keys`: keys that the stack had before; `keys`: whether it has keys from the beginning.
    """
    log = LOGS / f"integration-{name}.log"
    log.unlink(missing_ok=True)
    settings = Settings(
        speed=SPEED,
        log_file=log,
        window_seconds=window_seconds,
        api_key=f"canary-api-key-{name}",
        webhook_key=f"canary-webhook-key-{name}",
    )
    parameters = TIMES | JOBS_API | times | {"WindowSeconds": str(int(window_seconds))}
    with environment(settings, parameters, log=log, keys=keys) as env:
        delete_schedule(env.cloud)
        yield env
        assert search_environment(env, *former_keys) == []
        assert env.sweeps.failures == []


def sample(name: str) -> dict[str, Any]:
    """Return one of the sample events in events/."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


@dataclass(frozen=True)
class Keyless:
    """An environment that got its keys late: a job as it waited for them, and the response to a callback by then."""

    env: Environment
    task: str
    waiting: Row
    callback_status: int


@pytest.fixture(scope="session")
def keyless() -> Iterator[Keyless]:
    """An environment with the provider's true window."""
    task = "veo_task_on_time_keyless"
    with running("keyless", TRUE_WINDOW, keys=False) as env:
        env.cloud.send({"taskId": task})
        waiting = env.reached(task, "QUEUED")
        status = post(env, success(env, task)).status_code
        set_keys(env.cloud, env.simulator.settings)
        yield Keyless(env, task, waiting, status)


@pytest.fixture(scope="session")
def env(keyless: Keyless) -> Iterator[Environment]:
    """The environment that most tests share. Its short window saves them waiting.

    It starts after the other one, whose functions need up to 30 seconds to read their keys again.
    """
    with running("shared", SHORT_WINDOW) as env:
        yield env
