import ast
from pathlib import Path

OURS = ("veo4k.bootstrap", "veo4k.observability", "veo4k.services", "veo4k.domain")
ALLOWED = (*OURS, "aws_lambda_powertools", "json", "typing")


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    modules = {f"{n.module}.{name.name}" for n in nodes if isinstance(n, ast.ImportFrom) for name in n.names}
    return modules | {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}


def test_functions_import_what_wires_and_narrates_and_never_an_adapter() -> None:
    for path in Path("functions").glob("*/app.py"):
        assert [name for name in imported(path) if not name.startswith(ALLOWED)] == [], path


def test_there_is_no_module_for_things_without_a_place() -> None:
    names = {path.stem for path in Path("layers/core/src").rglob("*.py")}
    assert not names & {"utils", "helpers", "common", "shared", "misc"}
