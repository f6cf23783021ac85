"""Sweeps every few seconds: the template's schedule has one a minute, which is too slow where a minute is a second."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.local_cloud import InvocationError, LocalCloud


@dataclass(slots=True)
class Sweeps:
    """The sweeps so far.

    turn          each sweep takes one; a caller that takes the only one has the table to itself
    done          sweeps that ended, failed sweeps included
    failures      the error of each sweep that failed
    most_at_once  the largest number of sweeps at work at the same time
    """

    turn: threading.Semaphore
    done: int = 0
    failures: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _working: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count one sweep."""
        with self.turn:
            with self._lock:
                self._working += 1
                self.most_at_once = max(self.most_at_once, self._working)
            try:
                yield
            finally:
                with self._lock:
                    self._working -= 1
                    self.done += 1


@contextlib.contextmanager
def sweeping(cloud: LocalCloud, seconds: float, at_once: int = 1) -> Iterator[Sweeps]:
    """Keep `at_once` sweeps going, each started `seconds` after the end of another."""
    stop, sweeps = threading.Event(), Sweeps(threading.Semaphore(at_once))
    for _ in range(at_once):
        threading.Thread(target=_sweep, args=(cloud, seconds, stop, sweeps), daemon=True).start()
    try:
        yield sweeps
    finally:
        stop.set()


def delete_schedule(cloud: LocalCloud) -> None:
    """Delete the template's own schedule, so that all sweeps are counted and can be held up."""
    cloud.client("scheduler").delete_schedule(Name=f"{cloud.stack}-sweep")


def _sweep(cloud: LocalCloud, seconds: float, stop: threading.Event, sweeps: Sweeps) -> None:
    while not stop.wait(seconds):
        try:
            with sweeps.counted():
                cloud.invoke("SweepFunctionName", {})
        except (InvocationError, BotoCoreError, ClientError) as error:
            if not stop.is_set():
                sweeps.failures.append(str(error))
