"""When things happen again: every waiting time of the design, as functions of what is known. All in seconds."""

from dataclasses import dataclass

HOUR = 3600.0
LONGEST_UNKNOWN_WAIT = 12 * HOUR
LONGEST_PROBE_WAIT = 2 * HOUR
LONGEST_ARCHIVE_WAIT = 4 * HOUR
LONGEST_BACK_OFF = HOUR
PROBE_SPREAD = 0.1  # up to 10 % longer, so that jobs of one burst drift apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The stack's time parameters, named as in docs/interface.md, in seconds."""

    first_probe: float = 720
    probe: float = 120
    unknown_wait: float = 120
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
    """Wait after the `lost`-th lost answer: four times longer each time, 12 hours at most."""
    return min(times.unknown_wait * 4.0 ** (lost - 1), LONGEST_UNKNOWN_WAIT)


def probe_wait(age: float, chance: float, times: Times) -> float:
    """Wait between two probes: half the job's age and up to 10 %, within ProbeSeconds and 2 hours.

    `chance`: from 0 to 1.
    """
    wait = age / 2 * (1 + PROBE_SPREAD * chance)
    return max(times.probe, min(wait, LONGEST_PROBE_WAIT))


def archive_wait(tries: int, times: Times) -> float:
    """Wait after the `tries`-th failed try to archive: doubling, 4 hours at most."""
    return min(times.archive_retry * 2.0 ** (tries - 1), LONGEST_ARCHIVE_WAIT)


def back_off(receives: int) -> float:
    """Wait of a message that could not be stored, after its n-th receive: doubling from 2 s, an hour at most."""
    return min(2.0**receives, LONGEST_BACK_OFF)
