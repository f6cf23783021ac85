"""What each step saves: the function as it is, beside itself with that one step undone."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import init, warm
from bench.artefact import VENDOR, installed
from bench.pages import ratio
from bench.roots import server_context
from bench.stub import Stub, serving

ROUNDS = 9
EVERY_WAY_IN = f"{init.START}; import veo4k.bootstrap.archive, veo4k.bootstrap.submit, veo4k.bootstrap.publish"
ROOTS_EACH_TIME = "import ssl; from veo4k.adapters import tls; del tls.SharedContext.load_verify_locations"
SDK_DEFAULTS = "from botocore.config import Config; from veo4k.adapters import aws; aws._DEFAULT = Config()"


class Step(NamedTuple):
    """A step, what it is measured by, and the ratio of the function to itself without it."""

    step: str
    by: str
    ratio: float


def measure(functions: Mapping[str, list[Path]], place: Path) -> list[Step]:
    """Measure each step."""
    return [*_starts(functions["CallbackFunction"], place), *_warm(functions, place)]


def _starts(path: Sequence[Path], place: Path) -> list[Step]:
    """Vary what the callback starts from."""
    function, vendor, core = path
    plain = installed(VENDOR, "plain", compiled=True)
    variants = {
        "bytecode": (init.START, [_without_bytecode(folder, place / f"source-{n}") for n, folder in enumerate(path)]),
        "the SDK's data": (init.START, [function, _with_whole_data(vendor, plain, place / "data"), core]),
        "one module for each way in": (EVERY_WAY_IN, path),
    }
    taken = init.measure({"": (init.START, path)} | variants, ROUNDS)
    return [Step(name, "init CPU of callback", ratio(taken[""], taken[name])) for name in variants]


def _warm(functions: Mapping[str, list[Path]], place: Path) -> list[Step]:
    """Vary how the running functions speak to AWS."""
    (place / "tls").mkdir()
    tls = server_context(place / "tls")
    submit, callback = ([place / "tls", *functions[name]] for name in ("SubmitFunction", "CallbackFunction"))
    first: dict[str, list[float]] = {"": [], ROOTS_EACH_TIME: []}
    with serving(Stub(warm.LATENCY), tls) as stub:
        for number in range(ROUNDS):
            for undone, taken in first.items():
                taken.extend(warm.run(stub, submit, "app", [warm.batch(number)], undone))
        usual, defaults = (warm.run(stub, callback, "app", _calls(), undone) for undone in ("", SDK_DEFAULTS))
    return [
        Step("roots read once", "CPU of a first batch", ratio(first[""], first[ROOTS_EACH_TIME])),
        Step("no validation, no composed user agent", "warm CPU of callback", median(usual[1:]) / median(defaults[1:])),
    ]


def _calls() -> list[dict[str, object]]:
    return [warm.callback(f"veo_task_bench_{n % ROUNDS:04}-{n // ROUNDS:02}", forged=False) for n in range(ROUNDS * 8)]


def _without_bytecode(folder: Path, copy: Path) -> Path:
    return shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))


def _with_whole_data(vendor: Path, plain: Path, copy: Path) -> Path:
    """Copy the layer with the SDK's data as pip installs it."""
    shutil.copytree(vendor, copy)
    for folder in (copy, *copy.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    shutil.rmtree(copy / "botocore/data")
    shutil.copytree(plain / "botocore/data", copy / "botocore/data")
    return copy
