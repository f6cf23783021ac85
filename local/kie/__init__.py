"""A simulator of KIE.AI's Veo 3.1 "Get 4K Video" API: both of its versions, signed callbacks, and their faults."""

from local.kie.settings import JOBS, PROVIDER_APIS, VEO, Settings
from local.kie.simulator import Simulator, SimulatorClient

__all__ = ["JOBS", "PROVIDER_APIS", "VEO", "Settings", "Simulator", "SimulatorClient"]
