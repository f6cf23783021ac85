"""Virtual time: events in a heap, functions as greenlets that give way at every effect, and may die there."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Killed(BaseException):
    """The function is dead: crashed, or killed at its timeout."""


class Kernel:
    """The clock and the events to come. Two events of one instant happen in the order in which they were planned."""

    def __init__(self, begin: float) -> None:
        self.now = begin
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._number = count()
        self._hub = getcurrent()
        self.process: Process | None = None  # the one that runs now
        self.processes = count()
        self.alive: dict[Process, None] = {}

    def at(self, instant: float, call: Callable[..., object], *args: Any) -> None:
        heapq.heappush(self._heap, (max(instant, self.now), next(self._number), call, args))

    def after(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        self.at(self.now + seconds, call, *args)

    def next_event(self) -> float:
        """Return the instant of the next planned call; infinity when nothing is planned."""
        return self._heap[0][0] if self._heap else float("inf")

    def run(self, until: float) -> None:
        """Let time pass until then, or until nothing is planned any more."""
        self._hub = getcurrent()
        while self._heap and self._heap[0][0] <= until:
            self.now, _, call, args = heapq.heappop(self._heap)
            call(*args)

    def kill_all(self) -> None:
        for process in self.alive:
            self.at(self.now, process.kill)

    def running(self) -> "Process":
        if self.process is None:
            raise RuntimeError("no function is running")
        return self.process

    def pause(self, seconds: float) -> None:
        """Let the running function wait, while others go on."""
        process = self.running()
        if process.dead:
            raise Killed
        self.after(seconds, resume, self, process, getcurrent())
        self.give_way(process)

    def give_way(self, process: "Process") -> None:
        """Let others go on until this one is resumed."""
        self._hub.switch()
        self.process = process
        if process.dead:
            raise Killed

    def spawn(self, process: "Process", call: Callable[[], object]) -> None:
        """Start a thread of a function, as soon as the running one gives way."""
        thread = greenlet(call, self._hub)
        process.threads.append(thread)
        self.at(self.now, resume, self, process, thread)


def resume(kernel: Kernel, process: "Process", thread: greenlet) -> None:
    """Let a thread of a function go on, unless it is dead."""
    if thread.dead or process.dead:
        return
    kernel.process = process
    thread.switch()
    kernel.process = None


class Process:
    """One invocation of a function. `skew`: how far its clock is off, in seconds; `deadline`: when it is killed."""

    def __init__(self, kernel: Kernel, name: str, deadline: float, skew: float = 0.0) -> None:
        self.kernel, self.name, self.deadline, self.skew = kernel, name, deadline, skew
        self.number = next(kernel.processes)
        self.dead = False
        self.is_hurt = False  # a fault hit the function: unfinished work is no violation
        self.threads: list[greenlet] = []
        self._done: Callable[..., object] = lambda *_: None
        self._over = True

    def start(self, call: Callable[[], T], done: Callable[[T | None, BaseException | None], object]) -> None:
        """Run it; `done` is called with its value, its exception, or Killed."""

        def body() -> None:
            try:
                value = call()
            except (Killed, Exception) as error:  # noqa: BLE001 - what a function lets through is for the oracles
                self._finish(None, error)
            else:
                self._finish(value, None)

        self._done, self._over = done, False
        self.kernel.alive[self] = None
        self.kernel.spawn(self, body)
        self.kernel.at(self.deadline, self.kill)

    def _finish(self, value: object, error: BaseException | None) -> None:
        self.dead = self._over = True
        self.kernel.process = None
        self.kernel.alive.pop(self, None)
        self._done(value, error)

    def kill(self) -> None:
        """End it where it stands: no thread of it does anything any more."""
        self.dead = True
        if self._over and len(self.threads) == 1:
            return
        for thread in self.threads:
            self.is_hurt = self.is_hurt or not thread.dead
            if not thread.dead and thread:  # one that never began has nothing to unwind
                self.kernel.process = self
                thread.throw(Killed)
        self.kernel.process = None
        if not self._over:  # it never began
            self._finish(None, Killed())

    def crash(self) -> None:
        """Die here and now, from within."""
        self.dead = True
        self.kernel.at(self.kernel.now, self.kill)
        raise Killed


class SkewedClock:
    """The time as the running function's machine has it, to the millisecond."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def now(self) -> float:
        process = self._kernel.process
        return round(self._kernel.now + (process.skew if process else 0.0), 3)

    def sleep_until(self, instant: float) -> None:
        if (wait := instant - self.now()) > 0:
            self._kernel.pause(wait)
