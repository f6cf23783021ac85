"""The functions' code uses what libraries publish: it touches, overrides and replaces no private part of them."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import veo4k

SOURCES = sorted([*Path("layers/core/src/veo4k").rglob("*.py"), *Path("functions").rglob("*.py")])
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
LIBRARIES = (
    "aws_lambda_powertools",
    "botocore",
    "certifi",
    "http",
    "logging",
    "requests",
    "ssl",
    "threading",
    "urllib3",
)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("_")


def imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def methods(one: type) -> list[str]:
    return [name for name, value in vars(one).items() if inspect.isfunction(value)]


def test_ruff_lets_one_line_alone_use_private_attributes() -> None:
    """The shared TLS context's: the SDK has no parameter for one."""
    [allowed] = [line for path in SOURCES for line in path.read_text().splitlines() if "SLF001" in line]
    assert "created._endpoint.http_session._manager." in allowed


def test_no_private_module_or_name_is_imported() -> None:
    nodes = [node for tree in TREES.values() for node in imports(tree)]
    names = [alias.name for node in nodes for alias in node.names]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert not [name for name in [*names, *modules] if any(is_private(part) for part in name.split("."))]


def test_nothing_that_is_imported_is_assigned_to() -> None:
    for path, tree in TREES.items():
        names = {(name.asname or name.name).partition(".")[0] for node in imports(tree) for name in node.names}
        attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Subscript)]
        changed = [ast.unparse(each) for each in attributes if not isinstance(each.ctx, ast.Load)]
        changed = [each for each in changed if re.split(r"[.\[(]", each)[0] in names]
        assert changed == [], path


def test_no_class_overrides_a_private_part_of_a_library() -> None:
    modules = [importlib.import_module(module.name) for module in pkgutil.walk_packages(veo4k.__path__, "veo4k.")]
    members = {member for module in modules for _, member in inspect.getmembers(module, inspect.isclass)}
    ours = [one for one in members if one.__module__.startswith("veo4k.")]
    inherited = [(one, base) for one in ours for base in one.__mro__ if base.__module__.partition(".")[0] in LIBRARIES]
    assert inherited
    overridden = [(one, name) for one, base in inherited for name in methods(one) if hasattr(base, name)]
    assert [(one, name) for one, name in overridden if is_private(name)] == []
