"""Threads for requests side by side, kept between invocations: starting ten costs as much as two requests."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def thread_pool(width: int) -> ThreadPoolExecutor:
    """Return the process's threads; the dispatcher waits for its own requests."""
    return ThreadPoolExecutor(max_workers=width)
