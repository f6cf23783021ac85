"""The built layers, as they would be uploaded."""

import ast
import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

from bench.artefact import MissingError, interpreter, unpack, zipped
from tests.infrastructure.stack import FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "layers/core/src"
VENDOR = ROOT / "layers/vendor"
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
    wheels = list(layer(built, "VendorLayer").glob("*.dist-info/WHEEL"))
    tags = {
        line.removeprefix("Tag: ") for wheel in wheels for line in wheel.read_text().splitlines() if "Tag: " in line
    }
    assert len(wheels) > 10
    assert {tag for tag in tags if not tag.endswith("-none-any")} == {
        tag for tag in tags if tag.startswith("cp313-cp313-manylinux") and tag.endswith("_aarch64")
    }


def test_every_native_library_is_for_the_functions_machine(built: Path) -> None:
    libraries = list(layer(built, "VendorLayer").rglob("*.so"))
    machines = {int.from_bytes(library.read_bytes()[18:20], "little") for library in libraries}
    assert machines <= {AARCH64}


def test_the_vendor_layer_holds_what_is_locked_and_nothing_else(built: Path) -> None:
    lines = (ROOT / "layers/vendor/requirements.txt").read_text().splitlines()
    locked = {line.split(" ")[0].replace("-", "_") for line in lines if "==" in line}
    installed = {path.stem.replace("-", "==") for path in layer(built, "VendorLayer").glob("*.dist-info")}
    assert installed == locked


def test_third_parties_import_with_the_vendor_layer_alone(built: Path) -> None:
    vendor = str(layer(built, "VendorLayer"))
    code = "import sys; sys.path.insert(0, sys.argv[1]); import botocore.session, requests, aws_lambda_powertools"
    done = run_isolated("-c", code, vendor)
    assert done.returncode == 0, done.stderr


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


def test_the_core_uses_clients_and_no_resources() -> None:
    trees = [ast.parse(path.read_text()) for path in (CORE / "veo4k").rglob("*.py")]
    attributes = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert trees
    assert "resource" not in attributes


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


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_from_bytecode_alone(python: str, unpacked: dict[str, list[Path]], function: str) -> None:
    environment = {"POWERTOOLS_METRICS_NAMESPACE": "veo4k", "AWS_DEFAULT_REGION": "us-east-1"}
    command = [python, "-I", "-S", "-B", "-c", ONLY_BYTECODE, *map(str, unpacked[f"{function}Function"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603  our own
    assert done.returncode == 0, done.stderr


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


def test_hot_functions_do_not_import_what_is_slow(python: str, unpacked: dict[str, list[Path]]) -> None:
    slow = {"asyncio", "aws_xray_sdk", "multiprocessing", "pydantic", "s3transfer"}
    for function in ("Submit", "Callback"):
        command = [python, "-I", "-S", "-B", "-c", ONLY_BYTECODE, *map(str, unpacked[f"{function}Function"])]
        environment = {"POWERTOOLS_METRICS_NAMESPACE": "veo4k"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
        assert slow.isdisjoint(ast.literal_eval(done.stdout))


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


def test_every_source_file_of_the_vendor_layer_is_as_published(built: Path) -> None:
    vendor = layer(built, "VendorLayer")
    expected = published(vendor)
    shipped = {str(path.relative_to(vendor)): recorded_hash(path) for path in vendor.rglob("*.py")}
    assert len(shipped) > 200
    assert {name for name, of in shipped.items() if expected.get(name) != of} == set()


def test_no_file_but_data_of_the_sdk_is_changed_or_added(built: Path) -> None:
    """Left out are metadata, which name the machine, native libraries, which are that machine's, and bytecode."""
    vendor = layer(built, "VendorLayer")
    expected = published(vendor)
    files = [path for path in vendor.rglob("*") if path.is_file() and path.suffix not in (".so", ".pyc")]
    shipped = {str(path.relative_to(vendor)): recorded_hash(path) for path in files if ".dist-info" not in str(path)}
    changed = {name for name, of in shipped.items() if expected.get(name) != of}
    assert {name for name in changed if not name.startswith("botocore/data/")} == set()


@pytest.fixture(scope="session")
def trim() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trim", VENDOR / "trim.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_of_a_model_the_operations_in_use_and_their_shapes_are_kept(trim: ModuleType) -> None:
    shapes: dict[str, Any] = {
        "In": {"members": {"tree": {"shape": "Tree"}}},
        "Tree": {"type": "list", "member": {"shape": "Tree"}},
        "Other": {},
    }
    model = {"operations": {"Get": {"input": {"shape": "In"}}, "Put": {"input": {"shape": "Other"}}}, "shapes": shapes}
    trim.keep_operations(model, {"Get"})
    assert (set(model["operations"]), set(model["shapes"])) == ({"Get"}, {"In", "Tree"})


CLIENTS = ("client", "sqs", "events", "sfn")


def test_every_operation_the_adapters_name_is_in_the_layer(trim: ModuleType) -> None:
    trees = [ast.parse(path.read_text()) for path in (CORE / "veo4k/adapters").glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    named = {node.attr for node in nodes if ast.unparse(node.value).endswith(CLIENTS)}
    for service, kept in trim.OPERATIONS.items():
        operations = boto3.client(service, region_name="us-east-1").meta.method_to_api_mapping
        used = {operations[name] for name in named & operations.keys()}
        assert used <= kept
        assert used


SENDS = """
import sys
sys.path[:0] = sys.argv[1:]
from botocore.awsrequest import AWSResponse
from botocore.session import get_session

def answer(request, **_):
    return AWSResponse(request.url, 200, {}, type("Raw", (), {"stream": lambda *_, **__: iter([b"<a/>"])})())

keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
s3 = get_session().create_client("s3", "eu-central-1", **keys)
s3.meta.events.register("before-send", answer)
list(s3.get_paginator("list_multipart_uploads").paginate(Bucket="bucket"))
s3.put_object(Bucket="bucket", Key="a", Body=b"a", ChecksumCRC32="6Le+Qw==")
s3.abort_multipart_upload(Bucket="bucket", Key="a", UploadId="b")
"""


def test_a_trimmed_model_still_makes_requests_and_reads_answers(built: Path) -> None:
    done = run_isolated("-c", SENDS, str(layer(built, "VendorLayer")))
    assert done.returncode == 0, done.stderr


ROWS = """
import json, sys
sys.path[:0] = sys.argv[1:]
from botocore.awsrequest import AWSResponse
from botocore.session import get_session

ROW = {"taskId": {"S": "a"}, "run": {"N": "1"}, "urls": {"L": [{"S": "b"}]}, "more": {"M": {"none": {"NULL": True}}}}
ASKED = {
    "TableName": "jobs",
    "Key": {"taskId": {"S": "a"}, "run": {"N": "1"}},
    "UpdateExpression": "SET #more = :0",
    "ExpressionAttributeNames": {"#more": "more"},
    "ExpressionAttributeValues": {":0": ROW["more"]},
}
answers = [
    (200, {"Attributes": ROW}),
    (400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "Item": ROW}),
    (200, {"Items": [ROW], "LastEvaluatedKey": ASKED["Key"]}),
]

def answer(request, **_):
    assert json.loads(request.body) in (ASKED, {"TableName": "jobs"})
    status, document = answers.pop(0)
    raw = type("Raw", (), {"stream": lambda *_, **__: iter([json.dumps(document).encode()])})
    return AWSResponse(request.url, status, {}, raw())

keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
client = get_session().create_client("dynamodb", "eu-central-1", **keys)
client.meta.events.register("before-send", answer)
assert client.update_item(**ASKED)["Attributes"] == ROW
try:
    client.update_item(**ASKED)
except client.exceptions.ConditionalCheckFailedException as refusal:
    assert refusal.response["Item"] == ROW
page = client.query(TableName="jobs")
assert (page["Items"], page["LastEvaluatedKey"]) == ([ROW], ASKED["Key"])
assert not answers
"""


def test_the_trimmed_sdk_sends_and_reads_rows_of_the_table(built: Path) -> None:
    done = run_isolated("-c", ROWS, str(layer(built, "VendorLayer")))
    assert done.returncode == 0, done.stderr
