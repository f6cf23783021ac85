"""Fault profiles that the seeds hardly ever draw, under names."""

from collections.abc import Mapping
from dataclasses import replace

from proofs.simulation.environment import Simulation
from proofs.simulation.exhaustive import CALM
from proofs.simulation.fault_profile import FIXED_RATES, HOUR, FaultProfile
from proofs.simulation.faults import AWS, MENUS, TABLE, Fault, Outage
from proofs.simulation.oracles import Violation
from proofs.simulation.restore import without_table
from proofs.simulation.videos import GONE, PAGE
from veo4k.domain.job import ProviderApi

USUAL = FaultProfile()
MANY_REFUSED = dict.fromkeys(MENUS, 0.01) | {"request": 0.6}
SLOW_WRITES = Outage(0, 2 * HOUR, frozenset({"write", "to bus"}), Fault.SLOW_BEFORE)
NOTHING_WRONG = replace(CALM, jobs=100, spread=600.0, tokens=0.1)
UNUSUAL: Mapping[str, FaultProfile] = {
    "task tokens that are refused for good": replace(NOTHING_WRONG, tokens=1.0, refused_tokens=0.5),
    "a page instead of each file for three minutes": replace(
        NOTHING_WRONG, videos={"hindered": PAGE, "hindered_for": 180.0}
    ),
    "404 for a minute, and no link a second time": replace(
        NOTHING_WRONG, videos={"hindered": GONE, "hindered_for": 60.0, "link_once": True}
    ),
    "404 for an hour, and no link a second time": replace(
        NOTHING_WRONG, videos={"hindered": GONE, "hindered_for": HOUR, "link_once": True}
    ),
    "404 for an hour, and the same link in every response": replace(
        NOTHING_WRONG, videos={"hindered": GONE, "hindered_for": HOUR, "same_link": True}
    ),
}
"""Fault profiles in which nothing goes wrong but this."""

INCIDENTS = {
    "404 in the envelope": Fault.NOT_FOUND,
    "unknown codes under 500": Fault.UNKNOWN_CODE,
    "unknown codes over 500": Fault.UNKNOWN_ERROR,
    "a service that is unavailable": Fault.UNAVAILABLE,
}


def _incident(fault: Fault, hours: int, provider_api: ProviderApi) -> FaultProfile:
    """Return a profile in which nothing goes wrong but one incident, while jobs come in, are made and are polled."""
    outage = Outage(600, 600 + hours * HOUR, frozenset({"request"}), fault)
    end = (hours + 1) * HOUR
    return replace(NOTHING_WRONG, jobs=60, fault_end=end, spread=end, outages=(outage,), provider_api=provider_api)


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
    "six hours of unknown codes": _incident(Fault.UNKNOWN_CODE, 6, ProviderApi.VEO),
    "an hour of 404 in the envelope, and no look that shows anything": replace(
        _incident(Fault.NOT_FOUND, 1, ProviderApi.VEO), rates={**NOTHING_WRONG.rates, "look": 1.0}
    ),
    "unknown codes behind a pause": replace(
        USUAL,
        outages=(
            Outage(300, 300 + HOUR, frozenset({"request"}), Fault.NO_CREDITS),
            Outage(300 + HOUR, 300 + 2 * HOUR, frozenset({"request"}), Fault.UNKNOWN_CODE),
        ),
    ),
    "failures that are none": replace(USUAL, own_ids=1.0, spurious=0.5),
    "a host that is allowed after a day": replace(USUAL, strange_hosts=0.2, host_allowed_at=30 * HOUR),
    "labels that lie": replace(USUAL, labels=0.5),
    "a callback meets a poll": replace(
        USUAL, spread=30.0, takes=(700.0, 780.0), fails=0.5, outages=(SLOW_WRITES,), rates=dict.fromkeys(MENUS, 0.0)
    ),
    "two indices, and links that differ in their queries": replace(
        NOTHING_WRONG, repeated=1.0, tokens=0.0, videos={"same_path": True}
    ),
    "two indices, and results that list both": replace(NOTHING_WRONG, repeated=1.0, videos={"lists_all": True}),
    "records that come twice, and task tokens that are refused now and then": replace(
        NOTHING_WRONG, tokens=1.0, rates={**NOTHING_WRONG.rates, "record": 0.5, "to task": 0.3}
    ),
    "404 for hours, and a provider that starts over at once": replace(
        NOTHING_WRONG,
        manners=replace(NOTHING_WRONG.manners, starts_over=1.0),
        videos={"hindered": GONE, "hindered_for": 12 * HOUR, "takes": 0.0},
    ),
    **UNUSUAL,
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
    "the older paths answer 404, and half an hour later the stack is switched": replace(
        NOTHING_WRONG, veo_until=300.0, switched_at=300.0 + HOUR / 2, gone_in_envelope=True
    ),
    "a provider that rephrases": replace(NOTHING_WRONG, rephrases=0.2, fault_end=6 * HOUR),
    "a provider that rephrases, under the unified task API": replace(
        NOTHING_WRONG, rephrases=0.2, fault_end=6 * HOUR, provider_api=ProviderApi.JOBS
    ),
    **{
        f"{hours} h of {name}, {api}": _incident(fault, hours, api)
        for name, fault in INCIDENTS.items()
        for hours in (1, 6, 12)
        for api in ProviderApi
        if (fault, api) != (Fault.UNKNOWN_ERROR, ProviderApi.JOBS)  # cannot be asked again safely
    },
    **UNUSUAL,
}
"""Fault profiles with one unusual thing, in which every video is finished and each job must succeed."""
BURST = replace(NOTHING_WRONG, jobs=1000, spread=0.0, calls_back=True)


def run(name: str, seed: int) -> list[Violation]:
    """Run one seed of a profile. Return the violations."""
    return Simulation(seed, PROFILES[name]).run().oracles.violations
