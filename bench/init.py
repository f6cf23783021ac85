"""What a cold start costs: CPU of a whole process that gets a function ready, its clients included.

Each round runs every case once, in turn, so that a noisy machine is noisy to all.
"""

import resource
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.artefact import installed, interpreter
from bench.stack import environment
from local.paths import ROOT

ROUNDS = 15
IDIOMATIC = ROOT / "bench/idiomatic"
BARE = "import boto3; boto3.client('dynamodb')"
FLOOR = "import hashlib, hmac, http.client, json, ssl; ssl.create_default_context()"
ENVIRONMENT = environment("SubmitFunction") | environment("CallbackFunction")
START = "import app"  # the clients are built on import
COUNTING = """
import importlib.machinery, sys
compiled, compile = [], importlib.machinery.SourceFileLoader.source_to_code
def counting(self, data, path, **more):
    compiled.append(path)
    return compile(self, data, path, **more)
importlib.machinery.SourceFileLoader.source_to_code = counting
"""
TELLING = """
ours = tuple(sys.path[:{folders}])
loaded = [one for one in list(sys.modules.values()) if (getattr(one, "__file__", None) or "").startswith(ours)]
print(len([path for path in compiled if path.startswith(ours)]), len(loaded))
"""


def cases(functions: Mapping[str, list[Path]]) -> dict[str, tuple[str, Sequence[Path]]]:
    """Return each case's code and path. The anchors: idiomatic without bytecode, as SAM ships it; bare boto3 with."""
    shipped = installed(IDIOMATIC / "requirements.txt", "idiomatic")
    plain = installed(IDIOMATIC / "requirements.txt", "idiomatic-compiled", compiled=True)
    return {
        "submit": (START, functions["SubmitFunction"]),
        "callback": (START, functions["CallbackFunction"]),
        "idiomatic submit": ("import submit", [IDIOMATIC, shipped]),
        "idiomatic callback": ("import callback", [IDIOMATIC, shipped]),
        "bare boto3 client": (BARE, [plain]),
        "standard library floor": (FLOOR, []),
        "empty process": ("pass", []),
    }


def measure(given: Mapping[str, tuple[str, Sequence[Path]]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """CPU seconds of each case in each round; the first round fills the page cache and is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in given}
    for _ in range(rounds + 1):
        for name, (code, path) in given.items():
            taken[name].append(_cpu(code, path))
    return {name: seconds[1:] for name, seconds in taken.items()}


def compiled(code: str, path: Sequence[Path]) -> tuple[int, int]:
    """Return how many modules of these folders are compiled when the code runs, and how many it loads."""
    variables = ENVIRONMENT | {"PYTHONPATH": ":".join(map(str, path)), "PYTHONSAFEPATH": "1"}
    whole = COUNTING + code + TELLING.format(folders=len(path))
    done = subprocess.run([interpreter(), "-S", "-c", whole], env=variables, check=True, capture_output=True, text=True)
    some, of = done.stdout.split()
    return int(some), int(of)


def _cpu(code: str, path: Sequence[Path]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    variables = ENVIRONMENT | {"PYTHONPATH": ":".join(map(str, path))}
    subprocess.run([interpreter(), "-S", "-c", code], env=variables, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
