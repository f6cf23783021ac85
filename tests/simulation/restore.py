"""The table is lost, and comes back from a backup as it was ten minutes before.

What its last minutes knew is gone, messages that had become rows among it: producers send those again. The file in
the bucket, the event on the bus, and what the provider was asked and paid for, are not forgotten.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation.faults import TABLE, Fault, Outage
from veo4k.domain.gate import Gate
from veo4k.domain.job import Job, Key, Partition

if TYPE_CHECKING:
    from tests.simulation.weather import Weather
    from tests.simulation.world import Simulation

Tasks = dict[str, dict[int, Job]]
Index = dict[Partition, dict[Key, float]]
FORGOTTEN = 600.0  # seconds before the loss that the backup does not know
LEEWAY = 120.0  # seconds a message may take to become a row


def without_table(weather: "Weather", lost_at: float, restored_at: float) -> "Weather":
    """Give weather in which the table is lost at one time and comes back at another."""
    outage = Outage(lost_at, restored_at, TABLE, Fault.REFUSED)
    return replace(weather, lost_at=lost_at, restored_at=restored_at, outages=(*weather.outages, outage))


def plan(world: "Simulation") -> None:
    """Plan the backup, the loss and the way back."""
    begin, weather = world.kernel.now, world.weather
    world.kernel.at(begin + weather.lost_at - FORGOTTEN, _keep, world)


def _keep(world: "Simulation") -> None:
    tasks = {task_id: dict(runs) for task_id, runs in world.memory.tasks.items()}
    index = {lane: dict(entries) for lane, entries in world.memory.index.items()}
    lasts = world.weather.restored_at - world.weather.lost_at + FORGOTTEN
    world.kernel.after(lasts, _come_back, world, tasks, index, world.gate_row.row)


def _come_back(world: "Simulation", tasks: Tasks, index: Index, gate: Gate) -> None:
    world.memory.tasks, world.memory.index, world.gate_row.row = tasks, index, gate
    world.stream.records.clear()
    world.restored_at = world.kernel.now
    world.oracles.forget()
    lost_at = world.weather.lost_at
    for sending in list(world.sendings.values()):
        if sending.valid and lost_at - FORGOTTEN - LEEWAY <= sending.at <= lost_at:
            world.plan(replace(sending, at=world.kernel.now - world.timeline.begin))
