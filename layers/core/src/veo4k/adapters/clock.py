"""The system's clock."""

import time


class SystemClock:
    """Epoch seconds, to the millisecond."""

    def now(self) -> float:
        """Return the time."""
        return round(time.time(), 3)

    def sleep_until(self, instant: float) -> None:
        """Return at that time, at once where it has passed."""
        time.sleep(max(0.0, instant - time.time()))
