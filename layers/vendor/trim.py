# A script beside its Makefile, in no package.  # noqa: INP001
"""Remove from the installed libraries what the functions do not use: `python trim.py FOLDER`, standard library only.

Source files are removed or left as published, never changed. Only botocore's data is rewritten: it keeps the operations
in use, as plain JSON without documentation texts. A client then knows no other operation, so a new operation is first
added to OPERATIONS.
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
        "GetObject",
        "ListMultipartUploads",
        "PutObject",
        "UploadPart",
    },
    "secretsmanager": {"GetSecretValue"},
    "sqs": {"ChangeMessageVisibility", "SendMessage", "SendMessageBatch"},
    "stepfunctions": {"SendTaskFailure", "SendTaskSuccess"},
}
DATA_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
MODEL_FILES = ("service-2", "endpoint-rule-set-1", "paginators-1")

UNUSED = (
    "bin",  # console scripts, with paths of the build machine in them
    "*.dist-info/RECORD",  # hashes of those scripts
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
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
    "botocore/cacert.pem",  # botocore prefers certifi's
    "dateutil/zoneinfo",
    "**/py.typed",
    "**/*.pyi",
    "**/*.pxd",
    "**/*.c",
    "**/__pycache__",
)


def trim(folder: Path) -> None:
    """Remove the unused files and cut botocore's data."""
    for pattern in UNUSED:
        for path in sorted(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _trim_data(folder / "botocore/data")


def _trim_data(data: Path) -> None:
    kept = {Path(name): _read(data / name) for name in DATA_FILES}
    prefixes = set()
    for service, operations in OPERATIONS.items():
        newest = max(path for path in (data / service).iterdir() if path.is_dir())
        files = {path.name.removesuffix(".gz"): path for path in newest.iterdir() if path.name.startswith(MODEL_FILES)}
        kept |= {newest.relative_to(data) / name: _read(path) for name, path in files.items()}
        model = kept[newest.relative_to(data) / "service-2.json"]
        prefixes.add(model["metadata"]["endpointPrefix"])
        keep_operations(model, operations)
    for partition in kept[Path("endpoints.json")]["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in prefixes}
    _write(data, kept)


def keep_operations(model: dict[str, Any], operations: set[str]) -> None:
    """Reduce a service's model to these operations and the shapes that they reach."""
    model["operations"] = {name: model["operations"][name] for name in sorted(operations)}
    reached: set[str] = set()
    new = set(_shapes(model["operations"]))
    while new:
        reached |= new
        new = {shape for name in new for shape in _shapes(model["shapes"][name])} - reached
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in reached}


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
    """Return the value with every documentation text empty: botocore reads some of them."""
    if isinstance(value, dict):
        return {
            name: "" if name == "documentation" and isinstance(inner, str) else _undocumented(inner)
            for name, inner in value.items()
        }
    return [_undocumented(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
