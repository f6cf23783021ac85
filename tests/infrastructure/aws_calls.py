"""Which AWS calls each function makes, read from the code: from the ports its services call to the clients' methods.

A service calls a port (`world.jobs.write`); the adapter that fills the port has a method of that name; what this method
calls, in its class or its module, belongs to it; and some of it are methods of an AWS client.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import boto3
from botocore import xform_name

from veo4k.adapters.archive_s3 import S3Archive, S3Upload
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.links_s3 import S3Links
from veo4k.adapters.provider_kie import KieProvider
from veo4k.adapters.queue_sqs import SqsJobSender, SqsQueue, SqsRedelivery
from veo4k.adapters.secrets import Secret

SERVICES = {"dynamodb", "sqs", "s3", "secretsmanager", "events", "stepfunctions"}


class Call(NamedTuple):
    """A method of an AWS client, its caller, and whether the call queries the `due` index."""

    adapter: str
    operation: str
    of_index: bool


def aws_calls(function: str) -> set[Call]:
    """Return every AWS call that a function can make, by the name of its folder."""
    called = _port_calls(_reachable(Path("functions") / function / "app.py"))
    of_ports = [(ADAPTERS[port], method) for port, method in called if port in ADAPTERS]
    return {call for adapter, method in of_ports if hasattr(adapter, method) for call in _follow(adapter, method)}


def _reachable(start: Path) -> list[ast.Module]:
    """Return the function's own file, and every module of bootstrap and services that it imports, also indirectly."""
    found: dict[str, ast.Module] = {"": ast.parse(start.read_text())}
    waiting = [found[""]]
    while waiting:
        nodes = [node for node in ast.walk(waiting.pop()) if isinstance(node, ast.ImportFrom)]
        names = {str(node.module) for node in nodes} - found.keys()
        for name in (name for name in names if name.startswith(("veo4k.bootstrap", "veo4k.services"))):
            found[name] = ast.parse(inspect.getsource(import_module(name)))
            waiting.append(found[name])
    return list(found.values())


def _port_calls(trees: list[ast.Module]) -> set[tuple[str, str]]:
    """Return (port, method) of every `port.method(…)` that is called or `port.method` that is passed on."""
    attributes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {(_last_name(node.value), node.attr) for node in attributes}


def _last_name(value: ast.expr) -> str:
    if isinstance(value, ast.Call):
        return _last_name(value.func)
    return value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""


ADAPTERS: dict[str, type] = {
    "jobs": DynamoJobs,
    "gate": DynamoGate,
    "provider": KieProvider,
    "queue": SqsQueue,
    "job_sender": SqsJobSender,
    "links": S3Links,
    "redelivery": SqsRedelivery,
    "secret": Secret,
    "events": AwsEventPublisher,
    "archive": S3Archive,
    "upload": S3Upload,
}
"""What fills each port, by the name under which services and bootstrap call it; and a secret."""


def _follow(adapter: type, method: str) -> Iterator[Call]:
    """Follow a method through its class, its module and the secrets, by the names it calls."""
    definitions = _definitions(inspect.getmodule(adapter))
    of_index = any("'IndexName'" in ast.unparse(body) for body in definitions[method])
    seen: set[str] = set()
    waiting = [method]
    while waiting:
        name = waiting.pop()
        for body in definitions.get(name, []) if name not in seen else []:
            waiting += _names(body)
            yield from (Call(adapter.__name__, operation, of_index) for operation in _client_calls(body))
        seen.add(name)


@cache
def _definitions(module: ModuleType | None) -> dict[str, list[ast.AST]]:
    """Functions by name, of this module and of the adapters it imports."""
    assert module
    tree = ast.parse(inspect.getsource(module))
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("veo4k.adapters.secrets"):
            for name, bodies in _definitions(import_module(node.module or "")).items():
                found.setdefault(name, []).extend(bodies)
    return found


def _names(body: ast.AST) -> list[str]:
    nodes = list(ast.walk(body))
    bare = [node.id for node in nodes if isinstance(node, ast.Name)]
    return bare + [node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_ours(node)]


def _is_ours(node: ast.Attribute) -> bool:
    """Distinguish `self.get` from the `get` of some dictionary."""
    on_self = isinstance(node.value, ast.Name) and node.value.id == "self"
    return on_self or not hasattr(dict, node.attr)


def _client_calls(body: ast.AST) -> Iterator[str]:
    known = _client_methods()
    for node in ast.walk(body):
        if isinstance(node, ast.Attribute) and node.attr in known:
            yield known[node.attr]
        if isinstance(node, ast.Constant) and node.value in known:  # get_paginator("list_…")
            yield known[node.value]


@cache
def _client_methods() -> dict[str, str]:
    """Methods of the clients in use, each with its operation: `update_item` is `dynamodb:UpdateItem`."""
    session = boto3.Session(region_name="us-east-1")
    models = {service: session.client(service).meta.service_model for service in SERVICES}
    return {
        xform_name(name): f"{service}:{name}" for service, model in models.items() for name in model.operation_names
    }
