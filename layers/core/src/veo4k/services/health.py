"""Health metrics: what a sweep leaves behind, as the gauges that alarms and the dashboard read."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from veo4k.domain.errors import StorageError
from veo4k.domain.job import Partition
from veo4k.domain.log_events import LogEvent
from veo4k.domain.ports import Clock, Gate, Jobs, Provider
from veo4k.services.dispatch import TIME_FOR_A_REQUEST

PERIOD = 600.0  # seconds, by the clock: the balance is read once in each
MINUTE = 60.0
BLOCKED = frozenset({LogEvent.SWEEP_INTERRUPTED, LogEvent.SECRET_UNSET, LogEvent.GATE_UNREACHABLE})
"""Log events of a sweep that could not work: the table, a key or the gate was out of reach."""


class Gauge(NamedTuple):
    """One number, with the name and the unit of its metric."""

    name: str
    unit: str
    value: float


def heartbeat(counts: Mapping[str, int]) -> list[Gauge]:
    """Measure that a sweep could work, by the log events that it counted."""
    return [] if BLOCKED & counts.keys() else [Gauge("Heartbeat", "Count", 1)]


@dataclass
class Health:
    """Measures the stack's health, once in each sweep."""

    jobs: Jobs
    gate: Gate
    provider: Provider
    clock: Clock
    _period: float = -1.0  # the latest period in which this process has read the balance

    def gauges(self) -> list[Gauge]:
        """Measure what alarms need. What cannot be read is left out, and hides nothing else.

        OldestDueSeconds counts no QUEUED jobs: they wait for the gate.
        """
        now, gauges = self.clock.now(), list[Gauge]()
        with suppress(StorageError):
            gauges.append(Gauge("OldestDueSeconds", "Seconds", self._oldest_due(now)))
        with suppress(StorageError):
            gauges.append(Gauge("GateOpen", "Count", self.gate.current_pause(now) is None))
            gauges.append(Gauge("DailyLimitUsed", "Percent", 100 * self.gate.limit_used(now)))
        return gauges

    def balance(self, deadline: float) -> list[Gauge]:
        """Read the credits left, while the gate runs, in the first minute of each period; once in a period and process.

        The provider charges nothing for this request and does not limit it, so it needs no slot. `deadline`: epoch
        second at which the function is killed.
        """
        now = self.clock.now()
        period = now // PERIOD
        if now % PERIOD >= MINUTE or period == self._period or now > deadline - TIME_FOR_A_REQUEST:
            return []
        try:
            if self.provider.unset_secret() or self.gate.current_pause(now):
                return []
        except StorageError:
            return []
        self._period = period
        left = self.provider.balance()
        return [] if left is None else [Gauge("CreditsLeft", "Count", left)]

    def _oldest_due(self, now: float) -> float:
        key = next(iter(self.jobs.due(Partition.LIVE, now)), None)
        job = self.jobs.get(key) if key else None
        # The index may be behind the table.
        return max(0.0, now - job.due) if job and job.due else 0.0
