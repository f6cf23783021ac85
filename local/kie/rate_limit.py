"""The provider's rate limit as a true sliding window."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence


class SlidingWindow:
    """At most so many admissions in any window. A refused request is not added: it costs the caller nothing later."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admits(self, now: float, count: int, seconds: float) -> bool:
        """Whether a request stamped `now` (seconds, never falling) is let in; if so it is counted."""
        while self._admitted and now - self._admitted[0] >= seconds:
            self._admitted.popleft()
        if len(self._admitted) >= count:
            return False
        self._admitted.append(now)
        return True


def densest(stamps: Sequence[float], seconds: float) -> int:
    """The largest number of stamps (sorted) within any stretch shorter than `seconds`."""
    return max((place + 1 - bisect_right(stamps, stamp - seconds) for place, stamp in enumerate(stamps)), default=0)
