"""A simulator of KIE.AI's Veo 3.1 "Get 4K Video" API: both contracts, signed callbacks, and the ways they go wrong."""

from local.kie.settings import Settings
from local.kie.simulator import Simulator, SimulatorClient

__all__ = ["Settings", "Simulator", "SimulatorClient"]
