"""Executors without threads: a call is made where it is submitted."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class ImmediateExecutor(Executor):
    """Makes each call at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Make the call."""
        return _ended(Future(), fn, args, named)


class SlowExecutor(Executor):
    """Makes each call at once, but the call counts as under way until its result is awaited."""

    def __init__(self) -> None:
        self.under_way: list[Future[Any]] = []
        self.most = 0
        self.left: list[int] = []  # how many were under way each time one was awaited

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Make the call, and report it as under way."""
        future = _ended(_Awaited(self), fn, args, named)
        self.under_way.append(future)
        self.most = max(self.most, len(self.under_way))
        return future


class _Awaited(Future[Any]):
    def __init__(self, executor: SlowExecutor) -> None:
        super().__init__()
        self._executor = executor

    def done(self) -> bool:
        return self not in self._executor.under_way

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self._executor.left.append(len(self._executor.under_way))
            self._executor.under_way.remove(self)
        return super().result(timeout)


class LazyExecutor(Executor):
    """Makes no call before its result is awaited."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """Keep the call for later."""
        return _Lazy(fn, args, named)


class _Lazy(Future[Any]):
    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> None:
        super().__init__()
        self._call = fn, args, named

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            _ended(self, *self._call)
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        if not self.done():
            _ended(self, *self._call)
        return super().exception(timeout)


def _ended(future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Future[Any]:
    try:
        future.set_result(fn(*args, **named))
    except Exception as error:  # noqa: BLE001 - a future keeps what its call raised
        future.set_exception(error)
    return future
