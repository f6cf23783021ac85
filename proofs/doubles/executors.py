"""Executors without threads: a call is made where it is submitted, or where its result is awaited."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

Call = Callable[..., Any]


class ImmediateExecutor(Executor):
    """Makes each call at once."""

    def submit(self, fn: Call, /, *args: Any, **named: Any) -> Future[Any]:
        return _ended(Future(), partial(fn, *args, **named))


class SlowExecutor(Executor):
    """Makes each call at once, but the call counts as under way until its result is awaited."""

    def __init__(self) -> None:
        self.under_way: list[Future[Any]] = []
        self.most = 0
        self.left: list[int] = []  # how many were under way each time one was awaited

    def submit(self, fn: Call, /, *args: Any, **named: Any) -> Future[Any]:
        future = _ended(_Slow(self), partial(fn, *args, **named))
        self.under_way.append(future)
        self.most = max(self.most, len(self.under_way))
        return future


class _Slow(Future[Any]):
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

    def submit(self, fn: Call, /, *args: Any, **named: Any) -> Future[Any]:
        return _Lazy(partial(fn, *args, **named))


class _Lazy(Future[Any]):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def exception(self, timeout: float | None = None) -> BaseException | None:
        if not self.done():
            _ended(self, self._call)
        return super().exception(timeout)

    def result(self, timeout: float | None = None) -> Any:
        self.exception()
        return super().result(timeout)


def _ended(future: Future[Any], call: Call) -> Future[Any]:
    try:
        future.set_result(call())
    except Exception as error:  # noqa: BLE001 - a future keeps what its call raised
        future.set_exception(error)
    return future
