"""The stack's parameters on this machine: beside the simulator at sixty times the speed, or at the real provider."""

from samtranslator.yaml_helper import yaml_parse

from local.build import ROOT
from local.kie import SimulatorClient

SPEED = 60
"""Simulated minutes are seconds, for the provider (`local.kie.Settings.speed`) and for the stack alike."""

# A nudge after a sixtieth of its default would overtake a cold start; each archive at work is a process of its own.
SMALL_MACHINE = {"NudgeSeconds": "5", "ArchiveConcurrency": "2"}

# The lease must outlast a request, which nobody makes shorter; deadlines are never reached here.
COMPRESSED = (
    "FirstProbeSeconds",
    "ProbeSeconds",
    "UnknownWaitSeconds",
    "BaseRetrySeconds",
    "PauseSeconds",
    "ArchiveRetrySeconds",
)

# Times are real there: the first probe comes earlier than beside callbacks, but none before the 30 s the provider asks
# for.
AT_THE_PROVIDER = {
    "CallbackBaseUrl": "none",  # nobody out there can call this machine
    "FirstProbeSeconds": "60",
    "ProbeSeconds": "60",
}


def beside(simulator: SimulatorClient) -> dict[str, str]:
    """Parameters of a stack that asks the simulator: the template's own times, a minute in a second."""
    place = {"KieBaseUrl": simulator.base_url, "ResultHosts": simulator.host_port}
    return place | compressed(_defaults()) | SMALL_MACHINE


def compressed(defaults: dict[str, int]) -> dict[str, str]:
    """Give the times that shrink with the clock, a whole second at least."""
    return {name: str(max(1, defaults[name] // SPEED)) for name in COMPRESSED}


def _defaults() -> dict[str, int]:
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    return {name: parameters[name]["Default"] for name in COMPRESSED}
