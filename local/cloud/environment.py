"""The whole play on this machine: the provider's simulator and, beside it, the stack that knows its keys."""

import contextlib
from collections.abc import Iterator, Mapping

from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import AT_THE_PROVIDER, beside
from local.kie import Settings, Simulator
from local.kie.simulator_process import SimulatorProcess


@contextlib.contextmanager
def staged(settings: Settings, parameters: Mapping[str, str] | None = None) -> Iterator[tuple[Simulator, LocalCloud]]:
    """A running simulator and a running stack; `parameters` go before those that the simulator's speed asks for."""
    with SimulatorProcess(settings) as simulator, LocalCloud(beside(simulator) | dict(parameters or {})) as cloud:
        give_keys(cloud, settings)
        yield simulator, cloud


@contextlib.contextmanager
def at_the_provider(key: str, parameters: Mapping[str, str]) -> Iterator[LocalCloud]:
    """A running stack that asks the real provider under the given API key, which only its secret ever holds."""
    with LocalCloud(AT_THE_PROVIDER | dict(parameters)) as cloud:
        cloud.set_secret("ApiKeySecretName", key)
        yield cloud


def give_keys(cloud: LocalCloud, settings: Settings) -> None:
    """Tell the stack the simulator's API key and webhook key."""
    cloud.set_secret("ApiKeySecretName", settings.api_key)
    cloud.set_secret("WebhookKeySecretName", settings.webhook_key)
