"""The deterministic simulation: the real services in an environment whose every fault is drawn from a seed."""

import sys
from pathlib import Path

_CORE = str(Path(__file__).parents[2] / "layers" / "core" / "src")
if _CORE not in sys.path:  # `python -m tests.simulation` knows nothing of pytest's pythonpath
    sys.path.insert(0, _CORE)
