"""Which metrics each function counts, read from the code: its log events, and its gauges."""

import ast
from pathlib import Path

from veo4k.domain.log_events import LogEvent
from veo4k.observability import metric_name

CORE = Path("layers/core/src/veo4k")
EVENTS = {
    "submit": ["services/submit.py", "services/dispatch.py", "domain/decisions.py"],
    "callback": ["services/callback.py", "services/signed_request.py"],
    "sweep": ["services/sweep.py", "services/dispatch.py", "services/health.py", "domain/decisions.py"],
    "publish": ["services/publish.py", "adapters/stream_dynamodb.py"],
    "archive": ["services/archive.py"],
    "api": ["services/api.py"],
}
"""Where each function's log events are named."""


def counted(service: str) -> set[str]:
    """Return the metrics of a function."""
    handler = Path("functions") / service / "app.py"
    events = {event for place in [*(CORE / place for place in EVENTS[service]), handler] for event in _events(place)}
    gauges = {text for place in EVENTS[service] for text in _texts(CORE / place)}
    return gauges | {metric_name(event) for event in events}


def _events(path: Path) -> set[LogEvent]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    return {LogEvent[node.attr] for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "LogEvent"}


def _texts(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
