"""The provider's rate limit: a true sliding window."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence


class SlidingWindow:
    """At most a number of admissions in any window. A refused request takes no place in it."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admits(self, now: float, count: int, seconds: float) -> bool:
        """Return whether a request at `now` (seconds, never decreasing) is admitted. Count it if so."""
        while self._admitted and now - self._admitted[0] >= seconds:
            self._admitted.popleft()
        if len(self._admitted) >= count:
            return False
        self._admitted.append(now)
        return True


def most_in_a_window(times: Sequence[float], seconds: float) -> int:
    """Return the largest number of times (sorted) within a window shorter than `seconds`."""
    return max((place + 1 - bisect_right(times, time - seconds) for place, time in enumerate(times)), default=0)
