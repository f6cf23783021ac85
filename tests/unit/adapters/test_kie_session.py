from threading import Semaphore
from typing import Any

import pytest

from veo4k.adapters import kie_session


class Slippery:
    """A response whose connection cannot be shut, and what tells of each try."""

    def __init__(self) -> None:
        self.tried = Semaphore(0)

    @property
    def raw(self) -> Any:
        self.tried.release()
        raise LookupError("no connection")


def test_the_watcher_outlives_a_connection_that_cannot_be_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kie_session, "TICK", 0.01)
    slippery: Any = Slippery()
    with kie_session._cut_at(slippery, stop=0.0):
        assert slippery.tried.acquire(timeout=5)
        assert slippery.tried.acquire(timeout=5)
