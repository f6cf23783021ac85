"""Small scope, all of it: one job, and up to two faults at every effect of its way."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import MENUS, Fault, PlacedFaults
from proofs.simulation.oracles import Violation
from proofs.simulation.provider import Manners

CALM = FaultProfile(
    jobs=1,
    spread=1.0,
    fault_end=86_400.0,
    rates=dict.fromkeys(MENUS, 0.0),
    manners=Manners(registers_within=30.0),
    own_ids=0.0,
    forged=0.0,
    tampered=0.0,
    invalid=0.0,
    repeated=0.0,
    generated=0.0,
    tokens=1.0,
    plain=True,
)
"""The profile without faults."""

WAYS: Mapping[str, FaultProfile] = {"callback": CALM, "no callback": replace(CALM, calls_back=False)}
"""The ways a job may end: reported by a callback, or by a poll."""

Places = tuple[tuple[int, Fault], ...]
Part = tuple[str, Places, int]
"""All placements, on one way, that begin with this one and add so many faults."""


def run(profile: FaultProfile, places: Places) -> tuple[list[Violation], list[str], Simulation]:
    """Run one job with faults at these effects. Return the violations, the effects passed and the simulation."""
    faults = PlacedFaults(dict(places))
    simulation = Simulation(0, profile, faults=faults).run()
    return simulation.oracles.violations, faults.passed, simulation


def parts(faults: int) -> Iterator[Part]:
    """Divide all placements of up to so many faults into parts to be run side by side."""
    for way, profile in WAYS.items():
        yield way, (), 0
        for places in _placed((), run(profile, ())[1]) if faults else ():
            yield way, places, faults - 1


def part(task: Part) -> tuple[int, list[tuple[str, Places, list[Violation]]]]:
    """Run one part. Return the number of runs, and the runs with violations."""
    way, first, more = task
    runs = list(_deeper(WAYS[way], first, more))
    return len(runs), [(way, places, violations) for places, violations in runs if violations]


def _deeper(profile: FaultProfile, places: Places, more: int) -> Iterator[tuple[Places, list[Violation]]]:
    violations, passed, _ = run(profile, places)
    yield places, violations
    for further in _placed(places, passed) if more else ():
        yield from _deeper(profile, further, more - 1)


def _placed(places: Places, passed: list[str]) -> Iterator[Places]:
    """Return each way to place one more fault, later than the last."""
    first = places[-1][0] + 1 if places else 0
    for place, effect in islice(enumerate(passed), first, None):
        for fault in MENUS[effect]:
            yield (*places, (place, fault))
