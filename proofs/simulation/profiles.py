"""Fault profiles that the seeds hardly ever draw, under names."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from proofs.simulation.environment import Simulation
from proofs.simulation.exhaustive import CALM
from proofs.simulation.fault_profile import FIXED_RATES, HOUR, FaultProfile
from proofs.simulation.faults import AWS, MENUS, REQUEST, TABLE, WRITE, Fault, Outage
from proofs.simulation.oracles import Violation
from proofs.simulation.restore import without_table
from proofs.simulation.videos import GONE, PAGE
from veo4k.domain.job import ProviderApi

USUAL = FaultProfile()
NOTHING_WRONG = replace(CALM, jobs=100, spread=600.0, tokens=0.1)
usual, only = partial(replace, USUAL), partial(replace, NOTHING_WRONG)
"""Make a profile with these settings: beside the usual faults, or as the only thing that goes wrong."""
NO_CREDITS = Outage(300, 300 + HOUR, REQUEST, Fault.NO_CREDITS)
NO_LOOK = {**CALM.rates, "look": 1.0}
SLOW_WRITES = Outage(0, 2 * HOUR, frozenset({"write", "to bus"}), Fault.SLOW_BEFORE)
DAILY = 30


def _outage(fault: Fault, effects: frozenset[str] = REQUEST, hours: float = 1, begin: float = 300) -> FaultProfile:
    return usual(outages=(Outage(begin, begin + hours * HOUR, effects, fault),))


def _fifteen_hours_without(effects: frozenset[str]) -> FaultProfile:
    profile = _outage(Fault.REFUSED, effects, hours=15, begin=600)
    return replace(profile, fault_end=20 * HOUR, spread=2 * HOUR)


def _incident(fault: Fault, hours: int, provider_api: ProviderApi = ProviderApi.VEO, **more: Any) -> FaultProfile:
    """Return a profile in which nothing goes wrong but one incident, while jobs come in, are made and are polled."""
    outage, end = Outage(600, 600 + hours * HOUR, REQUEST, fault), (hours + 1) * HOUR
    return only(jobs=60, fault_end=end, spread=end, outages=(outage,), provider_api=provider_api, **more)


def _videos(**settings: Any) -> FaultProfile:
    return only(videos=settings)


UNUSUAL: Mapping[str, FaultProfile] = {
    "task tokens that are refused for good": only(tokens=1.0, refused_tokens=0.5),
    "a page instead of each file for three minutes": _videos(hindered=PAGE, hindered_for=180.0),
    "404 for a minute, and no link a second time": _videos(hindered=GONE, hindered_for=60.0, link_once=True),
    "404 for an hour, and no link a second time": _videos(hindered=GONE, hindered_for=HOUR, link_once=True),
    "404 for an hour, links that live half of it, and no credits for half a day": only(
        jobs=3,
        spread=100.0,
        outages=(Outage(300, 12 * HOUR, REQUEST, Fault.NO_CREDITS),),
        videos={"hindered": GONE, "hindered_for": HOUR},
        manners=replace(CALM.manners, link_lives=HOUR / 2),
    ),
    "404 for an hour, and the same link in every response": _videos(hindered=GONE, hindered_for=HOUR, same_link=True),
}
"""Fault profiles in which nothing goes wrong but this."""

PROFILES: Mapping[str, FaultProfile] = {
    "every callback lost": usual(calls_back=False, tampered=0.0),
    "every callback lost, and nothing else": only(calls_back=False, plain=False),
    "fifteen hours without AWS": _fifteen_hours_without(AWS),
    "fifteen hours without the table": _fifteen_hours_without(TABLE),
    "an hour in which every write's response is lost": _outage(Fault.LOST, WRITE, begin=600),
    "an hour without credits": _outage(Fault.NO_CREDITS),
    "an hour of maintenance": _outage(Fault.MAINTENANCE),
    "half an hour of nothing but 429": _outage(Fault.TOO_MANY, hours=0.5),
    "six requests of ten go wrong": usual(rates=dict.fromkeys(MENUS, 0.01) | {"request": 0.6}),
    "an hour in which functions die at their requests": _outage(Fault.CRASH_AFTER, begin=0),
    "half an hour of lost responses": replace(
        _outage(Fault.LOST, hours=0.5, begin=0), fault_end=HOUR / 2, spread=900.0
    ),
    "clocks two seconds off": usual(skew=2.0),
    "clocks half a minute off": usual(skew=30.0),
    "a limit of thirty submissions a day, lifted on the second": usual(
        daily=DAILY, spread=18 * HOUR, fault_end=24 * HOUR, lifted_at=20 * HOUR
    ),
    "the table lost, and half an hour later as it was ten minutes before": without_table(USUAL, HOUR / 2, HOUR),
    "two versions of the code": usual(mixed=True),
    "a busy job queue": usual(generated=0.3, rates=FIXED_RATES | {"send": 0.6}),
    "the unified task API": usual(provider_api=ProviderApi.JOBS),
    "the older paths end, and an hour later the stack is switched": usual(veo_until=600.0, switched_at=600.0 + HOUR),
    "six hours of unknown codes": _incident(Fault.UNKNOWN_CODE, 6),
    "an hour of known words, denied": _incident(Fault.DENIAL, 1),
    "an hour of 404 in the envelope, and no look that shows anything": _incident(Fault.NOT_FOUND, 1, rates=NO_LOOK),
    "unknown codes behind a pause": usual(
        outages=(NO_CREDITS, Outage(300 + HOUR, 300 + 2 * HOUR, REQUEST, Fault.UNKNOWN_CODE))
    ),
    "unknown codes under 500, then over 500, under the unified task API": only(
        jobs=60,
        fault_end=5 * HOUR,
        spread=HOUR / 2,
        provider_api=ProviderApi.JOBS,
        outages=(
            Outage(0, 1.5 * HOUR, REQUEST, Fault.UNKNOWN_CODE),
            Outage(1.5 * HOUR, 5 * HOUR, REQUEST, Fault.UNKNOWN_ERROR),
        ),
    ),
    "a day of lost responses, and results that come after the end": only(
        jobs=30,
        fault_end=24 * HOUR,
        outages=(Outage(0, 24 * HOUR, REQUEST, Fault.LOST),),
        provider_api=ProviderApi.JOBS,
        videos={"takes": 96 * HOUR, "own_id": True},
    ),
    "failures that are none": usual(own_ids=1.0, spurious=0.5),
    "news under the codes of failures": usual(own_ids=0.0, spurious=0.5),
    "a host that is allowed after a day": usual(strange_hosts=0.2, host_allowed_at=30 * HOUR),
    "a thief's link first, and a host that is allowed after a day": usual(
        tampered=0.5, strange_hosts=0.5, host_allowed_at=30 * HOUR
    ),
    "no callback but a thief's, and a provider that starts over": only(
        jobs=20,
        calls_back=False,
        tampered=1.0,
        takes=(730.0, 830.0),
        plain=False,
        manners=replace(CALM.manners, starts_over=0.6),
    ),
    "labels that lie": usual(labels=0.5),
    "labels that lie, in records that are gone after half an hour": usual(labels=0.5, records_live=HOUR / 2),
    "a callback meets a poll": usual(
        spread=30.0, takes=(700.0, 780.0), fails=0.5, outages=(SLOW_WRITES,), rates=CALM.rates
    ),
    "two indices, and links that differ in their queries": only(repeated=1.0, tokens=0.0, videos={"same_path": True}),
    "two indices, and results that list both": only(repeated=1.0, videos={"lists_all": True}),
    "two indices, and results that list both, one of them later": only(
        repeated=1.0, videos={"lists_all": True, "late_place": True}
    ),
    "records that come twice, and task tokens that are refused now and then": only(
        tokens=1.0, rates={**CALM.rates, "record": 0.5, "to task": 0.3}
    ),
    "404 for hours, and a provider that starts over at once": replace(
        _videos(hindered=GONE, hindered_for=12 * HOUR, takes=0.0), manners=replace(CALM.manners, starts_over=1.0)
    ),
    "the older paths end, no callback comes, and an hour later the stack is switched": only(
        jobs=20,
        calls_back=False,
        outages=(Outage(200, 300, REQUEST, Fault.NOT_ARRIVED),),
        veo_until=300.0,
        switched_at=300.0 + HOUR,
    ),
    **UNUSUAL,
}
INCIDENTS = {
    "404 in the envelope": Fault.NOT_FOUND,
    "unknown codes under 500": Fault.UNKNOWN_CODE,
    "unknown codes over 500": Fault.UNKNOWN_ERROR,
    "a service that is unavailable": Fault.UNAVAILABLE,
    "known words, denied": Fault.DENIAL,
}
CALM_PROFILES: Mapping[str, FaultProfile] = {
    "every callback lost": only(calls_back=False),
    "an hour without credits": only(fault_end=2 * HOUR, spread=HOUR, outages=(NO_CREDITS,)),
    "a limit of thirty submissions a day": only(daily=DAILY),
    "the unified task API": only(provider_api=ProviderApi.JOBS),
    "two versions of the code": only(mixed=True),
    "the older paths end, and an hour later the stack is switched": only(veo_until=300.0, switched_at=300.0 + HOUR),
    "the older paths answer 404, and half an hour later the stack is switched": only(
        veo_until=300.0, switched_at=300.0 + HOUR / 2, gone_in_envelope=True
    ),
    "a provider that rephrases": only(rephrases=0.2, fault_end=6 * HOUR),
    "a provider that rephrases, under the unified task API": only(
        rephrases=0.2, fault_end=6 * HOUR, provider_api=ProviderApi.JOBS
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
BURST = replace(NOTHING_WRONG, jobs=1000, spread=0.0)


def run(name_and_seed: tuple[str, int]) -> list[Violation]:
    name, seed = name_and_seed
    return Simulation(seed, PROFILES[name]).run().oracles.violations
