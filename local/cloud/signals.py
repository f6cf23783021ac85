"""Turns signals that end a process into KeyboardInterrupt, so that every `with` block is left in order."""

import contextlib
import signal
from collections.abc import Iterator

INTERRUPTED = 130
"""Exit status of a program that was interrupted."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, and SIGINT too where a shell has switched it off."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
