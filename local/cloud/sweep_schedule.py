"""The sweep's tick: the schedule comes every minute, which is too slow where minutes are seconds."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.local_cloud import InvocationError, LocalCloud


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Sweeps that failed, and the lock each one takes: whoever holds it has the table to himself."""

    failures: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)


@contextlib.contextmanager
def sweeping(cloud: LocalCloud, seconds: float) -> Iterator[Sweeps]:
    """Invoke the sweep function so often, one after the other."""
    stop, sweeps = threading.Event(), Sweeps()
    threading.Thread(target=_sweep, args=(cloud, seconds, stop, sweeps), daemon=True).start()
    try:
        yield sweeps
    finally:
        stop.set()


def _sweep(cloud: LocalCloud, seconds: float, stop: threading.Event, sweeps: Sweeps) -> None:
    while not stop.wait(seconds):
        try:
            with sweeps.turn:
                cloud.invoke("SweepFunctionName", {})
        except (InvocationError, BotoCoreError, ClientError) as error:
            if not stop.is_set():
                sweeps.failures.append(str(error))
