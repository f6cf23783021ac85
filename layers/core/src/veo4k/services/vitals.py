"""The vital signs: what a sweep leaves behind, as the numbers that alarms and the dashboard look at."""

from typing import NamedTuple

from veo4k.domain.errors import StorageError
from veo4k.domain.job import Lane
from veo4k.domain.ports import Account, World
from veo4k.services.ask import give_back, reserve

BALANCE_EVERY = 600.0  # seconds, by the clock: nobody has to remember when it was asked for
TICK = 60.0


class Vital(NamedTuple):
    """One number, by the name and the unit of its metric."""

    name: str
    unit: str
    value: float


def vitals(world: World) -> list[Vital]:
    """Measure what alarms need; empty where the table is out of reach.

    How overdue the oldest due job is (a QUEUED one is not: it waits for the gate), whether the gate is open, and how
    much of the day's limit is used.
    """
    try:
        now = world.clock.now()
        return [
            Vital("OldestDueSeconds", "Seconds", _oldest_due(world, now)),
            Vital("GateOpen", "Count", not world.gate.shut_until(now)[0]),
            Vital("DailyLimitUsed", "Percent", 100 * world.gate.spent(now)),
        ]
    except StorageError:
        return []


def balance(world: World, account: Account, stop_at: float, asked: set[float]) -> list[Vital]:
    """Ask for the credits left, in the first minute of every ten and with a slot like any request.

    `stop_at`: epoch second at which the function is killed; `asked`: the ten minutes in which this process has asked
    before, for sweeps may come more often than the schedule. A shut gate asks nothing.
    """
    try:
        now = world.clock.now()
        if (
            now % BALANCE_EVERY >= TICK
            or now // BALANCE_EVERY in asked
            or world.provider.unready()
            or world.gate.shut_until(now)[0]
        ):
            return []
        slots = reserve(world, 1, stop_at)[0]
    except StorageError:
        return []
    if not slots or slots[0].probe:
        give_back(world, slots)
        return []
    asked.add(now // BALANCE_EVERY)
    world.clock.sleep_until(slots[0].instant)
    left = account.balance()
    return [] if left is None else [Vital("CreditsLeft", "Count", left)]


def _oldest_due(world: World, now: float) -> float:
    key = next(iter(world.jobs.due(Lane.LIVE, now)), None)
    job = world.jobs.get(key) if key else None
    # The index may be behind the table.
    return max(0.0, now - job.due) if job and job.due else 0.0
