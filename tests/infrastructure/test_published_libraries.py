"""The functions' code uses what libraries publish: it touches, overrides and replaces no private part of them."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import veo4k

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "layers/core/src/veo4k").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
LIBRARIES = {
    "aws_lambda_powertools",
    "botocore",
    "certifi",
    "http",
    "logging",
    "requests",
    "ssl",
    "threading",
    "urllib3",
}
NAMED_TUPLE = {"_asdict", "_field_defaults", "_fields", "_make", "_replace"}  # public, so named to be no field's name


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("_") and name not in NAMED_TUPLE


def names_imported(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def targets_assigned(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield every attribute and every element that is assigned to or deleted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield node


def first_name(target: ast.expr) -> str:
    """Return the name that an expression begins with."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return ast.unparse(target)


def methods(one: type) -> list[str]:
    return [name for name, value in vars(one).items() if inspect.isfunction(value)]


def test_private_attributes_are_used_in_one_line_alone() -> None:
    """The shared TLS context's: the SDK has no parameter for one."""
    found = [
        (path.name, node.lineno, ast.unparse(node))
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) not in ("self", "cls")
    ]
    assert len({(name, line) for name, line, _ in found}) == 1
    assert {(name, text) for name, _, text in found} == {
        ("aws.py", "created._endpoint"),
        ("aws.py", "created._endpoint.http_session._manager"),
    }


def test_no_private_module_or_name_is_imported() -> None:
    imports = [
        node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = [alias.name for node in imports for alias in node.names]
    modules = [node.module or "" for node in imports if isinstance(node, ast.ImportFrom)]
    assert not [name for name in [*names, *modules] if any(is_private(part) for part in name.split("."))]


def test_nothing_that_is_imported_is_assigned_to() -> None:
    found = [
        (path.name, ast.unparse(target))
        for path, tree in TREES.items()
        for target in targets_assigned(tree)
        if first_name(target) in names_imported(tree)
    ]
    assert found == []


def test_no_class_overrides_a_private_part_of_a_library() -> None:
    modules = [importlib.import_module(module.name) for module in pkgutil.walk_packages(veo4k.__path__, "veo4k.")]
    members = {member for module in modules for _, member in inspect.getmembers(module, inspect.isclass)}
    ours = [one for one in members if one.__module__.startswith("veo4k.")]
    inherited = [(one, base) for one in ours for base in one.__mro__ if base.__module__.partition(".")[0] in LIBRARIES]
    assert inherited
    overridden = [(one, name) for one, base in inherited for name in methods(one) if hasattr(base, name)]
    assert [(one, name) for one, name in overridden if is_private(name)] == []
