"""Threads for calls side by side, kept from one batch to the next: to start ten costs as much as two of their calls."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Self, TypeVar

T = TypeVar("T")


class KeptCrew:
    """Calls in the process's threads; leaving its context waits for all, whatever has happened.

    A function must not be frozen with a request on its way.
    """

    def __init__(self, width: int) -> None:
        self._threads, self._calls = _threads(width), list[Future[Any]]()

    def submit(self, call: Callable[..., T], /, *args: Any) -> Future[T]:
        """Start a call."""
        started = self._threads.submit(call, *args)
        self._calls.append(started)
        return started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        wait(self._calls)


@cache
def _threads(width: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=width)
