"""Waiting times, in seconds: when a request, a poll, an attempt or a message is repeated."""

from dataclasses import dataclass

HOUR = 3600.0
DAY = 86_400
LOOK_RETRY = 60.0  # until a look without a response is repeated, once
MOST_RELOOKS = 3  # of a file that the record calls 4K and that is not
LONGEST_UNKNOWN_WAIT = 12 * HOUR
LONGEST_UNCLEAR_WAIT = HOUR / 2
LONGEST_HOST_WAIT = HOUR / 4
LONGEST_POLL_WAIT = 2 * HOUR
LONGEST_ARCHIVE_WAIT = 4 * HOUR
LONGEST_BACK_OFF = HOUR
MOST_STEPS = 64  # far beyond the longest waits: a greater power would be no float in the end
LONGEST_ANNOUNCEMENT_WAIT = HOUR
LONGEST_ANNOUNCEMENT = 24 * HOUR  # for task tokens; the event is sent until the bus has it
POLL_SPREAD = 0.1  # up to 10 % longer, so that jobs of one burst drift apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The stack's time parameters, named as in docs/interface.md, in seconds."""

    first_probe: float = 720
    probe: float = 120
    unknown_wait: float = 120
    unclear: float = 7200
    lease: float = 90
    pause: float = 60
    base_retry: float = 300
    deadline: float = 86_400
    hard_deadline: float = 259_200
    queued_deadline: float = 1_123_200
    nudge: float = 60
    archive_retry: float = 60
    archive_lease: float = 960
    archive_attempts: int = 10


def unknown_wait(lost: int, times: Times) -> float:
    """Return the wait after the `lost`-th lost response: four times longer each time, 12 hours at most."""
    return min(times.unknown_wait * 4.0 ** min(lost - 1, MOST_STEPS), LONGEST_UNKNOWN_WAIT)


def unclear_wait(count: int, times: Times) -> float:
    """Return the wait after the `count`-th lost or unclear response, where the latest was unclear: 30 minutes at most.

    An unclear response did come: the provider can be reached, and its words may be known again soon.
    """
    return min(unknown_wait(count, times), LONGEST_UNCLEAR_WAIT)


def base_wait(looks: int, times: Times) -> float:
    """Return the wait before the `looks`-th look at a base video that is not finished: doubling, an hour at most."""
    return min(times.base_retry * 2.0 ** min(looks - 1, MOST_STEPS), HOUR)


def relook_wait(files: int, times: Times) -> float:
    """Return the wait before a look for a fresh link: ten times ArchiveRetrySeconds for each file that was not 4K.

    `files`: how many were not, of which one at least and three at most count.
    """
    return times.archive_retry * 10 * min(max(files, 1), MOST_RELOOKS)


def poll_wait(age: float, chance: float, times: Times) -> float:
    """Return the wait between two polls: half the job's age and up to 10 % more, from ProbeSeconds to 2 hours.

    `chance`: from 0 to 1.
    """
    wait = age / 2 * (1 + POLL_SPREAD * chance)
    return max(times.probe, min(wait, LONGEST_POLL_WAIT))


def archive_wait(attempts: int, times: Times) -> float:
    """Return the wait after the `attempts`-th failed attempt to archive: doubling, 4 hours at most."""
    return min(times.archive_retry * 2.0 ** min(attempts - 1, MOST_STEPS), LONGEST_ARCHIVE_WAIT)


def announcement_wait(elapsed: float, times: Times) -> float:
    """Return the wait after a failed announcement: as long as it has been failing, so that waits double, to an hour."""
    return max(times.nudge, min(elapsed, LONGEST_ANNOUNCEMENT_WAIT))


def back_off(receives: int) -> float:
    """Return the wait of a message that could not be stored, after its n-th receive: 2 s, doubling to an hour."""
    return min(2.0**receives, LONGEST_BACK_OFF)
