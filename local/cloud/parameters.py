"""The stack's parameters on this machine: beside the simulator at sixty times the speed, or at the real provider."""

from collections.abc import Mapping

from local.kie import SimulatorClient
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES

SPEED = 60
"""Simulated minutes are seconds, for the provider (`local.kie.Settings.speed`) and for the stack alike."""

# A nudge after a sixtieth of its default would overtake a cold start; each archive at work is a process of its own.
SMALL_MACHINE = {"NudgeSeconds": "5", "ArchiveConcurrency": "2"}

_TIMES = Times()
# The lease must outlast a request, which nobody makes shorter; deadlines are never reached here.
COMPRESSED = {
    "FirstProbeSeconds": _TIMES.first_probe,
    "ProbeSeconds": _TIMES.probe,
    "UnknownWaitSeconds": _TIMES.unknown_wait,
    "BaseRetrySeconds": _TIMES.base_retry,
    "PauseSeconds": _TIMES.pause,
    "ArchiveRetrySeconds": _TIMES.archive_retry,
}
"""The times that shrink with the clock, in seconds as they are by default."""

# Times are real there: the first probe comes earlier than beside callbacks, but none before the 30 s the provider asks
# for.
AT_THE_PROVIDER = {
    "CallbackBaseUrl": "none",  # nobody out there can call this machine
    "FirstProbeSeconds": "60",
    "ProbeSeconds": "60",
}


def beside(simulator: SimulatorClient) -> dict[str, str]:
    """Return the parameters of a stack that sends its requests to the simulator: a minute takes a second."""
    place = {"KieBaseUrl": simulator.base_url, "ResultHosts": simulator.host_port}
    return place | compressed(COMPRESSED) | SMALL_MACHINE


def compressed(times: Mapping[str, float]) -> dict[str, str]:
    """Return the times at `SPEED`, a whole second at least."""
    return {name: str(max(1, int(seconds) // SPEED)) for name, seconds in times.items()}


def as_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters: of `given`, the names that `Tuning` knows become its value."""
    tuned = {name: value for name, value in given.items() if name in TUNING_NAMES}
    others = {name: value for name, value in given.items() if name not in TUNING_NAMES}
    return others | ({"Tuning": ",".join(f"{name}={value}" for name, value in tuned.items())} if tuned else {})
