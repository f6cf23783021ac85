"""A crew in virtual time: calls side by side, each a strand of the function that runs."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from greenlet import getcurrent, greenlet

from tests.simulation.kernel import Kernel, Killed, Process, resume

T = TypeVar("T")


class _Pending:
    def __init__(self, crew: "Strands", call: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._crew, self._call, self._args = crew, call, args
        self._value: Any = None
        self._error: Exception | None = None
        self.over = False

    def run(self) -> None:
        try:
            self._value = self._call(*self._args)
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - a future keeps what its call raised
            self._error = error
        self.over = True
        self._crew.one_is_over()

    def done(self) -> bool:
        return self.over

    def result(self) -> Any:
        self._crew.wait_for(self)
        if self._error is not None:
            raise self._error
        return self._value


class Strands:
    """A crew: calls side by side as strands of the running function."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._calls: list[_Pending] = []
        self._waiting: greenlet | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for all, but not for the dead."""
        if kind is not Killed:
            for call in self._calls:
                self.wait_for(call)

    def submit(self, call: Callable[..., T], /, *args: Any) -> _Pending:
        """Start a call."""
        process = self._running()
        pending = _Pending(self, call, args)
        self._calls.append(pending)
        self._kernel.spawn(process, pending.run)
        return pending

    def wait_for(self, pending: _Pending) -> None:
        """Wait until one call is over."""
        process = self._running()
        while not pending.over:
            self._waiting = getcurrent()
            self._kernel.give_way(process)

    def one_is_over(self) -> None:
        """Wake whoever waits for it."""
        waiting, self._waiting = self._waiting, None  # one wake for one wait
        if waiting is not None:
            self._kernel.at(self._kernel.now, resume, self._kernel, self._running(), waiting)

    def _running(self) -> Process:
        process = self._kernel.process
        if process is None or process.dead:
            raise Killed
        return process
