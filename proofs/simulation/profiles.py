"""Fault profiles that the seeds hardly ever draw, under names."""

from collections.abc import Mapping
from dataclasses import replace

from proofs.simulation.environment import Simulation
from proofs.simulation.exhaustive import CALM
from proofs.simulation.fault_profile import FIXED_RATES, HOUR, FaultProfile
from proofs.simulation.faults import AWS, MENUS, TABLE, Fault, Outage
from proofs.simulation.oracles import Violation
from proofs.simulation.restore import without_table
from veo4k.domain.job import ProviderApi

USUAL = FaultProfile()
MANY_REFUSED = dict.fromkeys(MENUS, 0.01) | {"request": 0.6}
SLOW_WRITES = Outage(0, 2 * HOUR, frozenset({"write", "to bus"}), Fault.SLOW_BEFORE)
NOTHING_WRONG = replace(CALM, jobs=100, spread=600.0, tokens=0.1)

PROFILES: Mapping[str, FaultProfile] = {
    "every callback lost": replace(USUAL, calls_back=False, tampered=0.0),
    "every callback lost, and nothing else": replace(NOTHING_WRONG, calls_back=False, plain=False),
    "fifteen hours without AWS": replace(
        USUAL, fault_end=20 * HOUR, spread=2 * HOUR, outages=(Outage(600, 600 + 15 * HOUR, AWS, Fault.REFUSED),)
    ),
    "fifteen hours without the table": replace(
        USUAL, fault_end=20 * HOUR, spread=2 * HOUR, outages=(Outage(600, 600 + 15 * HOUR, TABLE, Fault.REFUSED),)
    ),
    "an hour in which every write's response is lost": replace(
        USUAL, outages=(Outage(600, 600 + HOUR, frozenset({"write"}), Fault.LOST),)
    ),
    "an hour without credits": replace(
        USUAL, outages=(Outage(300, 300 + HOUR, frozenset({"request"}), Fault.NO_CREDITS),)
    ),
    "an hour of maintenance": replace(
        USUAL, outages=(Outage(300, 300 + HOUR, frozenset({"request"}), Fault.MAINTENANCE),)
    ),
    "half an hour of nothing but 429": replace(
        USUAL, outages=(Outage(300, 300 + HOUR / 2, frozenset({"request"}), Fault.TOO_MANY),)
    ),
    "six requests of ten go wrong": replace(USUAL, rates=MANY_REFUSED),
    "an hour in which functions die at their requests": replace(
        USUAL, outages=(Outage(0, HOUR, frozenset({"request"}), Fault.CRASH_AFTER),)
    ),
    "half an hour of lost responses": replace(
        USUAL, fault_end=HOUR / 2, spread=900.0, outages=(Outage(0, HOUR / 2, frozenset({"request"}), Fault.LOST),)
    ),
    "clocks two seconds off": replace(USUAL, skew=2.0),
    "clocks half a minute off": replace(USUAL, skew=30.0),
    "a limit of thirty submissions a day": replace(USUAL, daily=30),
    "the table lost, and half an hour later as it was ten minutes before": without_table(USUAL, HOUR / 2, HOUR),
    "two versions of the code": replace(USUAL, mixed=True),
    "a busy job queue": replace(USUAL, generated=0.3, rates=FIXED_RATES | {"send": 0.6}),
    "the unified task API": replace(USUAL, provider_api=ProviderApi.JOBS),
    "the older paths end, and an hour later the stack is switched": replace(
        USUAL, veo_until=600.0, switched_at=600.0 + HOUR
    ),
    "a callback meets a poll": replace(
        USUAL, spread=30.0, takes=(700.0, 780.0), fails=0.5, outages=(SLOW_WRITES,), rates=dict.fromkeys(MENUS, 0.0)
    ),
}
NO_CREDITS = Outage(300, 300 + HOUR, frozenset({"request"}), Fault.NO_CREDITS)
DAILY = 30
CALM_PROFILES: Mapping[str, FaultProfile] = {
    "every callback lost": replace(NOTHING_WRONG, calls_back=False),
    "an hour without credits": replace(NOTHING_WRONG, fault_end=2 * HOUR, spread=HOUR, outages=(NO_CREDITS,)),
    "a limit of thirty submissions a day": replace(NOTHING_WRONG, daily=DAILY),
    "the unified task API": replace(NOTHING_WRONG, provider_api=ProviderApi.JOBS),
    "two versions of the code": replace(NOTHING_WRONG, mixed=True),
    "the older paths end, and an hour later the stack is switched": replace(
        NOTHING_WRONG, veo_until=300.0, switched_at=300.0 + HOUR
    ),
}
"""Fault profiles with one unusual thing, in which every video is finished and each job must succeed."""
BURST = replace(NOTHING_WRONG, jobs=1000, spread=0.0, calls_back=True)


def run(name: str, seed: int) -> list[Violation]:
    """Run one seed of a profile. Return the violations."""
    return Simulation(seed, PROFILES[name]).run().oracles.violations
