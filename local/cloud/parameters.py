"""The stack's parameters on this machine: beside the simulator at sixty times the speed, or at the real provider."""

from collections.abc import Mapping

from local.kie import SimulatorClient
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES

SPEED = 60
"""A minute is a second, for the provider (`local.kie.Settings.speed`) and for the stack alike."""

# A sixtieth of NudgeSeconds' default would be shorter than a cold start. Each archive at work is a process of its own.
SMALL_MACHINE = {"NudgeSeconds": "5", "ArchiveConcurrency": "2"}
JOBS_API = {"JobsApi": "on"}
"""The HTTP API for jobs, which a stack has only where it is asked for."""

_TIMES = Times()
# The lease must outlast a request, which takes its real time. Deadlines are never reached here.
COMPRESSED = {
    "FirstProbeSeconds": _TIMES.first_probe,
    "ProbeSeconds": _TIMES.probe,
    "UnknownWaitSeconds": _TIMES.unknown_wait,
    "BaseRetrySeconds": _TIMES.base_retry,
    "PauseSeconds": _TIMES.pause,
    "ArchiveRetrySeconds": _TIMES.archive_retry,
}
"""The times that shrink with the clock, with their defaults in seconds."""

# Times are real there. The first poll comes earlier than with callbacks, but not before the 30 s that the provider
# demands.
AT_THE_PROVIDER = {
    "CallbackBaseUrl": "none",  # the provider cannot reach this machine
    "FirstProbeSeconds": "60",
    "ProbeSeconds": "60",
}


def parameters_beside(simulator: SimulatorClient) -> dict[str, str]:
    """Return the parameters of a stack that sends its requests to the simulator, at `SPEED`."""
    place = {"KieBaseUrl": simulator.base_url, "ResultHosts": simulator.host_port}
    return place | compressed(COMPRESSED) | SMALL_MACHINE


def compressed(times: Mapping[str, float]) -> dict[str, str]:
    """Return the times (seconds) divided by `SPEED`, but at least a second."""
    return {name: str(max(1, int(seconds) // SPEED)) for name, seconds in times.items()}


def as_parameters(values: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters: those of `values` that `Tuning` knows become its value."""
    tuned = {name: value for name, value in values.items() if name in TUNING_NAMES}
    others = {name: value for name, value in values.items() if name not in TUNING_NAMES}
    return others | ({"Tuning": ",".join(f"{name}={value}" for name, value in tuned.items())} if tuned else {})
