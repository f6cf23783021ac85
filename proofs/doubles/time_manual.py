"""Time that passes only when a test moves it."""

NOON = 1_800_000_000.0
"""An instant to begin at, in epoch seconds."""


class ManualClock:
    """A clock that moves when it is moved, or slept on."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep_until(self, instant: float) -> None:
        """Jump to that time, unless it is over."""
        self.slept.append(instant)
        self.at = max(self.at, instant)

    def advance(self, seconds: float) -> None:
        self.at = round(self.at + seconds, 3)
