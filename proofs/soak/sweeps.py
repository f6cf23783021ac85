"""Sweeps side by side, again and again: the schedule and whoever else invokes the function, all at once."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.local_cloud import LocalCloud


@dataclass
class Sweeps:
    """How many sweeps were done, how many died, and how many at most were at work at the same time."""

    done: int = 0
    died: int = 0
    most: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one sweep, from its beginning to its end."""
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1
                self.done += 1


@contextmanager
def sweeping(cloud: LocalCloud, at_once: int, seconds: float) -> Iterator[Sweeps]:
    """Keep so many sweeps going, each one again `seconds` after its end."""
    stop, sweeps = threading.Event(), Sweeps()
    with ExitStack() as threads:
        threads.callback(stop.set)
        for _ in range(at_once):
            work = (cloud.client("lambda"), cloud.outputs["SweepFunctionName"], seconds, stop, sweeps)
            threading.Thread(target=_sweep, args=work, daemon=True).start()
        yield sweeps


def _sweep(functions: Any, name: str, seconds: float, stop: threading.Event, sweeps: Sweeps) -> None:
    while not stop.wait(seconds):
        try:
            with sweeps.counted():
                sweeps.died += "FunctionError" in functions.invoke(FunctionName=name, Payload=b"{}")
        except (BotoCoreError, ClientError):
            sweeps.died += not stop.is_set()
