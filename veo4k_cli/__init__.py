"""The operator's command line `veo4k`: one tool over a deployed stack or the local cloud."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("veo4k") is None:  # `python -m veo4k_cli` in the work tree, where nothing is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers/core/src"))
