import ast
from pathlib import Path

ALLOWED = ("veo4k.bootstrap", "veo4k.observability", "veo4k.services", "veo4k.domain", "aws_lambda_powertools")
STANDARD = {"json", "typing"}


def imported(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    modules = [f"{n.module}.{name.name}" for n in tree if isinstance(n, ast.ImportFrom) for name in n.names]
    tree = ast.walk(ast.parse(path.read_text()))
    return {*modules, *(name.name for node in tree if isinstance(node, ast.Import) for name in node.names)}


def test_functions_import_what_wires_and_narrates_and_never_an_adapter() -> None:
    for path in Path("functions").glob("*/app.py"):
        strangers = [
            name for name in imported(path) if not name.startswith(ALLOWED) and name.partition(".")[0] not in STANDARD
        ]

        assert strangers == [], path


def test_there_is_no_module_for_things_without_a_place() -> None:
    names = {path.stem for path in Path("layers/core/src").rglob("*.py")}

    assert not names & {"utils", "helpers", "common", "shared", "misc"}
