"""Which metrics each function counts, read from the code: the words of its notes, and what its handler adds itself."""

import ast
from pathlib import Path

from veo4k.observability import _metric

CORE = Path("layers/core/src/veo4k")
NOTES = {
    "submit": ["services/submit.py", "services/dispatch.py", "domain/rules.py"],
    "callback": ["services/callback.py"],
    "sweep": ["services/sweep.py", "services/dispatch.py", "services/health.py", "domain/rules.py"],
    "publish": ["services/publish.py", "bootstrap/publish.py"],
    "archive": ["services/archive.py"],
}
"""Where each function's notes are written."""


def counted(service: str) -> set[str]:
    """The metrics of a function."""
    own = _texts(Path("functions") / service / "app.py")
    words = {text for place in NOTES[service] for text in _texts(CORE / place)}
    return own | words | {_metric(word) for word in words if word.islower()}


def _texts(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
