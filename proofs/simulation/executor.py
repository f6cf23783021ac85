"""An executor in virtual time: each call is a thread of the running function."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from greenlet import getcurrent, greenlet

from proofs.simulation.kernel import Kernel, Killed, Process, resume


class _Call(Future[Any]):
    def __init__(self, executor: "SimulatedExecutor", fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self._executor, self._fn, self._args = executor, fn, args

    def run(self) -> None:
        try:
            self.set_result(self._fn(*self._args))
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - a future keeps what its call raised
            self.set_exception(error)
        self._executor.one_has_ended()

    def result(self, timeout: float | None = None) -> Any:
        self._executor.wait_for(self)
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._executor.wait_for(self)
        return super().exception(timeout)


class SimulatedExecutor(Executor):
    """Makes calls side by side, in one invocation of a function."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._waiting: greenlet | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        call = _Call(self, fn, args)
        self._kernel.spawn(self._running(), call.run)
        return call

    def wait_for(self, call: Future[Any]) -> None:
        process = self._running()
        while not call.done():
            self._waiting = getcurrent()
            self._kernel.give_way(process)

    def one_has_ended(self) -> None:
        """Wake the thread that waits for a call."""
        waiting, self._waiting = self._waiting, None  # one wake for one wait
        if waiting is not None:
            self._kernel.at(self._kernel.now, resume, self._kernel, self._running(), waiting)

    def _running(self) -> Process:
        process = self._kernel.process
        if process is None or process.dead:
            raise Killed
        return process
