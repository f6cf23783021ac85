"""The table is lost, and comes back from a backup as it was ten minutes before.

The writes of its last minutes are lost, and so are their new rows: producers send those messages again. The file in
the bucket, the event on the bus, and the provider's paid requests are not forgotten.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import TABLE, Fault, Outage
from veo4k.domain.gate import Gate
from veo4k.domain.job import Job, Key, Partition

if TYPE_CHECKING:
    from proofs.simulation.environment import Simulation

FORGOTTEN = 600.0  # seconds before the loss that the backup does not know
LEEWAY = 1200.0  # seconds a message may take to become a row: three receives, where functions die


def without_table(profile: FaultProfile, lost_at: float, restored_at: float) -> FaultProfile:
    """Return a profile in which the table is lost at one time and comes back at another."""
    outage = Outage(lost_at, restored_at, TABLE, Fault.REFUSED)
    return replace(profile, lost_at=lost_at, restored_at=restored_at, outages=(*profile.outages, outage))


def keep_backup(simulation: "Simulation") -> None:
    """Keep the table as it is, and plan its way back."""
    tasks = {task_id: dict(runs) for task_id, runs in simulation.memory.tasks.items()}
    index = {partition: dict(entries) for partition, entries in simulation.memory.index.items()}
    lasts = simulation.profile.restored_at - simulation.profile.lost_at + FORGOTTEN
    simulation.kernel.after(lasts, _come_back, simulation, tasks, index, simulation.gate_row.row)


def _come_back(
    simulation: "Simulation", tasks: dict[str, dict[int, Job]], index: dict[Partition, dict[Key, float]], gate: Gate
) -> None:
    simulation.memory.tasks, simulation.memory.index, simulation.gate_row.row = tasks, index, gate
    simulation.stream.records.clear()
    simulation.restored_at = simulation.kernel.now
    simulation.oracles.forget()
    lost_at = simulation.profile.lost_at
    for sending in list(simulation.sendings.values()):
        if sending.valid and lost_at - FORGOTTEN - LEEWAY <= sending.at <= lost_at:
            simulation.plan(replace(sending, at=simulation.kernel.now - simulation.timeline.begin))
