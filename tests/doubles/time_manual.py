"""Time that passes only when told to, and a crew that works by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, TypeVar

T = TypeVar("T")

NOON = 1_800_000_000.0
"""An instant to begin at, in epoch seconds."""


class ManualClock:
    """A clock that moves when it is moved, or slept on."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> float:
        """Give the time."""
        return self.at

    def sleep_until(self, instant: float) -> None:
        """Jump to that time, unless it is over."""
        self.slept.append(instant)
        self.at = max(self.at, instant)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at = round(self.at + seconds, 3)


class Done(NamedTuple):
    """A call that is over: what it gave, or raised."""

    value: Any
    error: BaseException | None

    def done(self) -> bool:
        """Tell that it is over."""
        return True

    def result(self) -> Any:
        """Give it, or raise it."""
        if self.error is not None:
            raise self.error
        return self.value


class SoloCrew:
    """A crew of one: each call is made at once, where it is submitted."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for nobody."""

    def submit(self, call: Callable[..., T], /, *args: Any) -> Done:
        """Make the call."""
        try:
            return Done(call(*args), None)
        except Exception as error:  # noqa: BLE001 - a future keeps what its call raised
            return Done(None, error)


class SlowCrew(SoloCrew):
    """A crew of one whose calls count as under way until somebody waits for them."""

    def __init__(self) -> None:
        self.under_way: list[Waited] = []
        self.most = 0
        self.left: list[int] = []  # how many were under way each time somebody waited

    def submit(self, call: Callable[..., T], /, *args: Any) -> "Waited":  # type: ignore[override]
        """Make the call, and tell nobody that it is over."""
        pending = Waited(super().submit(call, *args), self)
        self.under_way.append(pending)
        self.most = max(self.most, len(self.under_way))
        return pending


@dataclass(eq=False)
class Waited:
    """A call that is under way until it is waited for."""

    call: Done
    crew: SlowCrew

    def done(self) -> bool:
        """Tell that it is not over."""
        return False

    def result(self) -> Any:
        """Let it be over."""
        self.crew.left.append(len(self.crew.under_way))
        self.crew.under_way.remove(self)
        return self.call.result()
