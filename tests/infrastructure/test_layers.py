"""The built layers, as they would be uploaded."""

import ast
import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from bench.artefact import MissingError, interpreter, unpack, zipped
from bench.stack import environment
from local.paths import ROOT
from tests.infrastructure.aws_calls import aws_calls
from tests.infrastructure.stack import FUNCTIONS

CORE = ROOT / "layers/core/src"
trim = import_module("layers.vendor.trim")
AARCH64 = 0xB7
"""The machine number of 64-bit ARM in an ELF header, at byte 18."""

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[2:]
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
"""


def layer(built: Path, name: str) -> Path:
    return built / name / "python"


def run_isolated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with its standard library and nothing else."""
    command = [sys.executable, "-I", "-S", "-B", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter and code


def test_every_third_party_is_pure_or_built_for_the_functions_machine(built: Path) -> None:
    vendor = layer(built, "VendorLayer")
    wheels, libraries = list(vendor.glob("*.dist-info/WHEEL")), list(vendor.rglob("*.so"))
    tags = [tag for wheel in wheels for tag in re.findall(r"^Tag: (.+)$", wheel.read_text(), flags=re.MULTILINE)]
    assert len(wheels) > 10
    assert not [tag for tag in tags if not re.fullmatch(r".+-none-any|cp313-cp313-manylinux.*_aarch64", tag)]
    assert {int.from_bytes(library.read_bytes()[18:20], "little") for library in libraries} <= {AARCH64}


def test_the_core_layer_holds_the_package_and_nothing_else(built: Path) -> None:
    core = layer(built, "CoreLayer")
    source = {path.relative_to(CORE) for path in (CORE / "veo4k").rglob("*.py")}
    assert {path.relative_to(core) for path in core.rglob("*.py")} == source
    assert [path.name for path in core.iterdir()] == ["veo4k"]


def test_the_domain_imports_with_the_core_layer_alone(built: Path) -> None:
    done = run_isolated("-c", IMPORT_ALL, "veo4k.domain", str(layer(built, "CoreLayer")))
    assert done.returncode == 0, done.stderr


def test_every_module_of_the_core_imports_with_the_two_layers_alone(built: Path) -> None:
    done = run_isolated("-c", IMPORT_ALL, "veo4k", str(layer(built, "CoreLayer")), str(layer(built, "VendorLayer")))
    assert done.returncode == 0, done.stderr


def test_a_function_is_its_one_file(built: Path) -> None:
    for function in FUNCTIONS:
        assert [path.name for path in (built / f"{function}Function").iterdir() if path.is_file()] == ["app.py"]


# Bytecode. Without a Python of the functions' version the layers are built without it, and there is nothing to test.

ONLY_BYTECODE = """
import importlib.machinery, sys

def refuse(self, data, path):
    raise AssertionError(f"{path} is compiled at every cold start")

importlib.machinery.SourceFileLoader.source_to_code = refuse
sys.path[:0] = sys.argv[1:]
import app
print(sorted(name.split(".")[0] for name in sys.modules))
"""


@pytest.fixture(scope="session")
def python() -> str:
    try:
        return interpreter()
    except MissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Path]]]:
    """Yield the path of each function, unpacked as Lambda does it."""
    place = tmp_path_factory.mktemp("opt")
    yield unpack(built, place)
    for path in [place, *place.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(place)


SLOW = {"asyncio", "aws_xray_sdk", "multiprocessing", "pydantic", "s3transfer"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_from_bytecode_alone(python: str, unpacked: dict[str, list[Path]], function: str) -> None:
    name = f"{function}Function"
    command = [python, "-I", "-S", "-B", "-c", ONLY_BYTECODE, *map(str, unpacked[name])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(name))  # noqa: S603  our own
    assert done.returncode == 0, done.stderr
    if function in ("Submit", "Callback"):  # every job waits for their cold starts
        assert SLOW.isdisjoint(ast.literal_eval(done.stdout))


def test_every_module_has_bytecode_that_checks_no_date(python: str, built: Path) -> None:
    assert python
    sources = [path for path in built.rglob("*.py") if "__pycache__" not in path.parts]
    compiled = [path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in sources]
    assert len(compiled) > 300
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {0b01}  # hashed, not checked


def test_bytecode_names_no_path_of_the_host(python: str, built: Path) -> None:
    assert python
    assert not [path for path in built.rglob("*.pyc") if str(ROOT).encode() in path.read_bytes()]


def test_layers_are_built_the_same_anywhere_at_any_time(built: Path, tmp_path: Path) -> None:
    environment = os.environ | {"ARTIFACTS_DIR": str(tmp_path), "PYTHONHASHSEED": "7", "PIP": str(sys.executable)}
    subprocess.run(["make", "-s", "build-CoreLayer"], cwd=CORE.parent, env=environment, check=True)  # noqa: S607
    assert zipped(tmp_path) == zipped(built / "CoreLayer")


# The trimming of the third parties


def published(layer: Path) -> dict[str, str]:
    """SHA-256 of every file of the locked distributions, by its path, as their wheels record it.

    The tests' own environment holds the same versions as the layer.
    """
    names = [path.name.removesuffix(".dist-info").rsplit("-", 1) for path in layer.glob("*.dist-info")]
    found = {name: distribution(name) for name, _ in names}
    assert {name: one.version for name, one in found.items()} == dict(names)
    files = [file for one in found.values() for file in one.files or []]
    return {str(file): file.hash.value for file in files if file.hash}


def recorded_hash(path: Path) -> str:
    """SHA-256 of a file as a wheel's RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def test_no_file_but_data_of_the_sdk_is_changed_or_added(built: Path) -> None:
    """Left out are metadata, which name the machine, native libraries, which are that machine's, and bytecode."""
    vendor = layer(built, "VendorLayer")
    expected = published(vendor)
    files = [path for path in vendor.rglob("*") if path.is_file() and path.suffix not in (".so", ".pyc")]
    shipped = {str(path.relative_to(vendor)): recorded_hash(path) for path in files if ".dist-info" not in str(path)}
    changed = {name for name, of in shipped.items() if expected.get(name) != of}
    assert len(shipped) > 200
    assert {name for name in changed if not name.startswith("botocore/data/")} == set()


def test_of_a_model_the_operations_in_use_and_their_shapes_are_kept() -> None:
    shapes: dict[str, Any] = {
        "In": {"members": {"tree": {"shape": "Tree"}}},
        "Tree": {"type": "list", "member": {"shape": "Tree"}},
        "Other": {},
    }
    model = {"operations": {"Get": {"input": {"shape": "In"}}, "Put": {"input": {"shape": "Other"}}}, "shapes": shapes}
    trim.keep_operations(model, {"Get"})
    assert (set(model["operations"]), set(model["shapes"])) == ({"Get"}, {"In", "Tree"})


def test_the_layer_has_the_operations_that_the_adapters_call_and_no_others() -> None:
    kept = {f"{service}:{name}" for service, operations in trim.OPERATIONS.items() for name in operations}
    assert {call.operation for function in FUNCTIONS for call in aws_calls(function.lower())} == kept
