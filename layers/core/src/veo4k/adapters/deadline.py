"""A deadline for a connection. A socket's own timeout is no deadline: it starts again with every byte that arrives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


@contextmanager
def shut_down_after(seconds: float, shut_down: Callable[[], object]) -> Iterator[Event]:
    """Call `shut_down` when these seconds have passed, unless the block ends before.

    Yields:
        An event that is set just before the call, so that a connection that was cut is not taken for one that ended.
    """
    passed = Event()

    def cut() -> None:
        passed.set()
        with suppress(Exception):  # the connection has ended already
            shut_down()

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
