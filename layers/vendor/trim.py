# A script beside its Makefile, in no package.  # noqa: INP001
"""Leaves of the installed third parties what the functions import: `python trim.py FOLDER`, standard library only.

The SDK's data is rewritten: of each service the operations in use, plain JSON without its texts. A client then
knows no other operation, so a new one is entered in OPERATIONS first. What each step saves: docs/performance.md.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": {"GetItem", "Query", "UpdateItem"},
    "events": {"PutEvents"},
    "s3": {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "ListMultipartUploads",
        "PutObject",
        "UploadPart",
    },
    "secretsmanager": {"GetSecretValue"},
    "sqs": {"ChangeMessageVisibility", "SendMessage", "SendMessageBatch"},
    "stepfunctions": {"SendTaskFailure", "SendTaskSuccess"},
}
# JSON that goes through as it is, both ways: botocore would look for each of ten kinds in each value of a row. Only
# binary values need it, and rows have none.
AS_IT_STANDS = {
    "dynamodb": {"AttributeMap", "AttributeValue", "ExpressionAttributeNameMap", "ExpressionAttributeValueMap", "Key"}
}
DOCUMENT = {"type": "structure", "members": {}, "document": True}
DATA_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
MODEL_FILES = ("service-2", "endpoint-rule-set-1", "paginators-1")

UNUSED = (
    "bin",  # console scripts, with the host's paths in them
    "*.dist-info/RECORD",  # hashes of those scripts
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics/provider/datadog",
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            "auth_alpha",
            "circuit_breaker",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "metadata",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
    "boto3/data",  # resources; the client API reads none of it
    "boto3/docs",
    "boto3/examples",
    "boto3/resources/[!_]*",
    "botocore/docs/[!_u]*",  # but utils
    "botocore/cacert.pem",  # certifi's is used
    "dateutil/zoneinfo",
    "**/py.typed",
    "**/*.pyi",
    "**/*.pxd",
    "**/*.c",
    "**/__pycache__",
)

# What is imported with every client and used by none of ours. `resource()` and `help()` find nothing.
STAND_INS = {
    "boto3/resources/factory.py": "class ResourceFactory:\n    def __init__(self, emitter):\n        pass\n",
    "botocore/docs/__init__.py": "",
    "botocore/docs/docstring.py": "def WaiterDocstring(**_):\n    return None\n\n\n"
    "ClientMethodDocstring = PaginatorDocstring = WaiterDocstring\n",
    # A mode of retries that none of our clients is in.
    "botocore/retries/adaptive.py": "register_retry_handler = None\n",
    # The bundle lies beside it as a file: nothing needs to be unpacked from an archive.
    "certifi/core.py": "from os.path import dirname, join\n\n\n"
    "def where():\n    return join(dirname(__file__), 'cacert.pem')\n\n\n"
    "def contents():\n    with open(where(), encoding='ascii') as bundle:\n        return bundle.read()\n",
}
EDITS = {
    # boto3 imports all of s3transfer, and multiprocessing with it, to ask what the locked version answers with yes.
    "boto3/compat.py": {
        "from s3transfer.manager import TransferConfig\n": "",
        "hasattr(TransferConfig, 'UNSET_DEFAULT')": "True",
    },
    # What they take of it the standard library has since 3.11 and 3.13.
    "aws_lambda_powertools/metrics/types.py": {
        "from typing_extensions import NotRequired\n": "from typing import NotRequired\n"
    },
    "aws_lambda_powertools/utilities/jmespath_utils/__init__.py": {
        "from typing_extensions import deprecated\n": "from warnings import deprecated\n"
    },
    # A name in a header of the SDK's requests, put there by a hook that runs for each of them.
    "aws_lambda_powertools/__init__.py": {
        "from aws_lambda_powertools.shared.user_agent import inject_user_agent\n": "",
        "\ninject_user_agent()\n": "",
    },
    # To be hashed for its signature, a request would be made up once more with all its headers.
    "botocore/awsrequest.py": {
        "body = self.prepare().body\n": "body = self.data if isinstance(self.data, bytes) else self.prepare().body\n"
    },
    # Copied for the headers of a proxy, of which there is none.
    "urllib3/connectionpool.py": {
        "if not http_tunnel_required:\n            headers =": "if self.proxy_headers and not http_tunnel_required:\n"
        "            headers ="
    },
    "urllib3/util/url.py": {'_IPV6_RE = re.compile("^" + _IPV6_PAT + "$")\n': ""},  # used by nobody
    # A small body goes with its head, in one write, as botocore's connection means to do it; urllib3 2 sends it apart.
    "urllib3/connection.py": {
        "        self.endheaders()\n": "        whole = None\n"
        "        if isinstance(chunks, tuple) and not chunked and 'expect' not in header_keys:\n"
        "            if len(chunks[0]) < 65536:\n"
        "                whole, chunks = chunks[0], None\n"
        "        self.endheaders(whole)\n",
    },
    # Needed only for HTTP/2, which is not installed.
    "urllib3/http2/__init__.py": {"from importlib.metadata import version\n": ""},
}


class ChangedError(Exception):
    """A new version of a package no longer has what is edited: look at it again."""


def trim(folder: Path) -> None:
    """Remove what is unused and rewrite botocore's data."""
    for pattern in UNUSED:
        for path in sorted(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in STAND_INS.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, changes in EDITS.items():
        _edit(folder / name, changes)
    _trim_data(folder / "botocore/data")


def _edit(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        if text.count(old) != 1:
            raise ChangedError(f"{path}: {old!r}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _trim_data(data: Path) -> None:
    kept = {Path(name): _read(data / name) for name in DATA_FILES}
    services = kept[Path("endpoints.json")]["partitions"]
    prefixes = set()
    for service, operations in OPERATIONS.items():
        newest = max(path for path in (data / service).iterdir() if path.is_dir())
        files = {path.name.removesuffix(".gz"): path for path in newest.iterdir() if path.name.startswith(MODEL_FILES)}
        kept |= {newest.relative_to(data) / name: _read(path) for name, path in files.items()}
        model = kept[newest.relative_to(data) / "service-2.json"]
        prefixes.add(model["metadata"]["endpointPrefix"])
        model["shapes"] |= dict.fromkeys(AS_IT_STANDS.get(service, ()), DOCUMENT)
        keep_operations(model, operations)
    for partition in services:
        partition["services"] = {name: at for name, at in partition["services"].items() if name in prefixes}
    _write(data, kept)


def keep_operations(model: dict[str, Any], operations: set[str]) -> None:
    """Leave of a service's model these operations and the shapes they lead to."""
    model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
    found: set[str] = set()
    new = set(_shapes(model["operations"]))
    while new:
        found |= new
        new = {shape for name in new for shape in _shapes(model["shapes"][name])} - found
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in found}


def _shapes(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("shape"), str):
            yield value["shape"]
        for inner in value.values():
            yield from _shapes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _shapes(inner)


def _write(data: Path, kept: dict[Path, Any]) -> None:
    shutil.rmtree(data)
    for path, content in kept.items():
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_text(json.dumps(content, separators=(",", ":")), encoding="ascii")


def _read(path: Path) -> Any:
    packed = path.read_bytes()
    return _undocumented(json.loads(gzip.decompress(packed) if path.suffix == ".gz" else packed))


def _undocumented(value: Any) -> Any:
    """Empty every documentation text: botocore asks for some of them."""
    if isinstance(value, dict):
        return {
            name: "" if name == "documentation" and isinstance(inner, str) else _undocumented(inner)
            for name, inner in value.items()
        }
    return [_undocumented(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
