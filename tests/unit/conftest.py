import io
import sys
from collections.abc import Callable

import pytest

from veo4k.observability import logger, metrics


class Context:
    """What Lambda passes to a handler beside the event."""

    function_name = "function"
    function_version = "1"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Stdout(io.TextIOBase):
    """The current stdout at each write: pytest replaces it for each phase of a test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def log_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return all that the functions have logged and counted since the last call."""
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", Stdout())
    metrics.clear_metrics()
    monkeypatch.setattr(metrics, "namespace", "veo4k")
    monkeypatch.setattr(metrics, "service", "function")
    return lambda: capsys.readouterr().out
