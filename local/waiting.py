"""Waiting for a condition."""

import contextlib
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], seconds: float = 60.0, pause: float = 0.2) -> T:
    """Return the first true value of `condition`, called again after each pause (seconds).

    Raise TimeoutError where there is none in time.
    """
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"the condition did not hold within {seconds:g} s")
        time.sleep(pause)
    return value


def listens(port: int) -> bool:
    """Return whether a server listens on a port of the loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
