from collections.abc import Iterator

import pytest

from local.cloud.emulator import emulator
from local.cloud.environment import Environment, environment
from local.kie import Settings

# Files may come from any port of the loopback. A killed archive is repeated soon, but not before a file is archived.
PARAMETERS = {"ResultHosts": "127.0.0.1", "ArchiveLeaseSeconds": "10", "FirstProbeSeconds": "2"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Return the address of an emulator without a stack."""
    with emulator() as url:
        yield url


@pytest.fixture(scope="session")
def env() -> Iterator[Environment]:
    with environment(Settings(speed=600), PARAMETERS) as env:
        yield env
