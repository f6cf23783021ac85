"""The settings of a seed: the rate of each fault, and the outages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from proofs.simulation.faults import AWS, BY_OTHERS, MENUS, REQUEST, SLOW, TABLE, WRITE, Fault, Outage
from proofs.simulation.provider import Manners
from veo4k.domain.job import ProviderApi

HOUR = 3600.0
FIXED_RATES = dict.fromkeys(MENUS, 0.01) | dict.fromkeys(BY_OTHERS, 0.05)


@dataclass(frozen=True, kw_only=True)
class FaultProfile:
    """One seed's settings; rates from 0 to 1, times in seconds from the beginning."""

    jobs: int = 100
    spread: float = HOUR  # messages come over this time
    fault_end: float = 6 * HOUR
    rates: Mapping[str, float] = field(default_factory=lambda: FIXED_RATES)
    outages: tuple[Outage, ...] = ()
    manners: Manners = field(default_factory=Manners)
    own_ids: float = 0.3
    calls_back: bool = True  # the provider calls back at all
    forged: float = 0.1  # of the jobs, attacked by a sender without keys
    tampered: float = 0.05  # of the callbacks, their signature stolen and used for another payload
    skew: float = 0.05  # of any clock, either way
    invalid: float = 0.03  # of the messages
    generated: float = 0.05  # generations for each message of a producer
    repeated: float = 0.1  # of the tasks have more than one message
    tokens: float = 0.1  # of the messages carry a task token
    refused_tokens: float = 0.0  # of the task tokens are refused for good
    cancels: float = 0.1  # of the valid messages, their job cancelled by its owner where it is QUEUED
    provider_api: ProviderApi = ProviderApi.VEO
    switched_at: float = float("inf")  # then the stack uses the newer API
    veo_until: float = float("inf")  # then the older API's paths return 404
    daily: int = 0  # submissions of a UTC day
    lifted_at: float = float("inf")  # then there is no such limit any more
    restored_at: float = 0.0  # then the table is as it was `FORGOTTEN` seconds before it was lost
    lost_at: float = 0.0  # the table, until it is restored
    mixed: bool = False  # every other invocation runs an older version's code
    unset_until: float = 0.0  # the API key is set only then
    plain: bool = False  # every video is finished, as 4K
    videos: Mapping[str, Any] = field(default_factory=dict)  # what plain videos have besides
    takes: tuple[float, float] = (0.0, 0.0)  # seconds to make one, from and to, instead of the usual
    fails: float = 0.0  # of the videos, besides the usual
    rephrases: float = 0.0  # of the responses and callbacks
    spurious: float = 0.0  # of the videos: news under the code of a failure, or, with an own id, one in unknown words
    keep_base: bool = True
    labels: float = 0.07  # of the base videos are called 4K; most of these are
    records_live: float = float("inf")  # seconds for which the record of a base video is known
    strange_hosts: float = 0.01  # of the videos lie on a host that is not allowed
    host_allowed_at: float = float("inf")  # then the strange host is in ResultHosts
    gone_in_envelope: bool = False  # the older API's paths, gone, answer 404 in the envelope


def draw_profile(seed: int, jobs: int, provider_api: ProviderApi | None = None) -> FaultProfile:
    """Return a seed's settings: fixed rates for even seeds, drawn ones ("swarm") for odd ones."""
    random = Random(f"weather {seed}")  # noqa: S311 - repeatable on purpose
    fixed = FaultProfile(
        jobs=jobs,
        spread=jobs * 0.5 + HOUR * random.random(),
        manners=Manners(
            counts_index=random.random() < 0.5,
            starts_over=0.0 if random.random() < 0.8 else 0.3,
            retries_failures=random.random() < 0.3,
            link_lives=random.choice((14 * 24 * HOUR, 24 * HOUR, HOUR)),
            names_own_id=random.random() < 0.6,
        ),
        rephrases=random.choice((0.0, 0.05, 0.1)),
        spurious=random.choice((0.0, 0.1)),
        host_allowed_at=random.choice((HOUR, 12 * HOUR, float("inf"))),
        keep_base=seed % 8 < 6,
    )
    drawn = fixed if seed % 2 == 0 else _swarm(fixed, random)
    return replace(drawn, provider_api=provider_api or drawn.provider_api)


def _swarm(fixed: FaultProfile, random: Random) -> FaultProfile:
    def often(rate: float) -> float:
        return rate * random.choice((0, 0, 0.3, 1, 3))

    end = random.choice((0.5, 2, 6, 20)) * HOUR
    return replace(
        fixed,
        fault_end=end,
        rates={effect: often(0.2 if effect in BY_OTHERS else 0.05) for effect in MENUS},
        outages=tuple(_outage(random, end) for _ in range(random.choice((0, 0, 1, 2)))),
        own_ids=random.choice((0, 0.3, 1)),
        calls_back=random.random() < 0.8,
        forged=often(0.2),
        tampered=often(0.1),
        repeated=random.choice((0, 0.1, 0.5)),
        refused_tokens=random.choice((0, 0, 0, 0.5)),
        generated=random.choice((0, 0.05, 0.3)),
        provider_api=ProviderApi.JOBS if random.random() < 0.1 else ProviderApi.VEO,
        unset_until=random.choice((0, 0, 0, 900)),
        daily=random.choice((0,) * 19 + (fixed.jobs // 2,)),
    )


def _outage(random: Random, end: float) -> Outage:
    begin = end * 0.8 * random.random()
    effects, fault = random.choice(_OUTAGES)
    return Outage(begin, begin + random.choice((60, 900, 5000)), effects, fault)


_OUTAGES = (
    (AWS, Fault.REFUSED),
    (TABLE, Fault.REFUSED),
    (WRITE, Fault.REFUSED),
    (WRITE, Fault.LOST),
    (frozenset({"to bus", "to archive"}), Fault.REFUSED),
    *((REQUEST, fault) for fault in (Fault.NO_CREDITS, Fault.MAINTENANCE, Fault.TOO_MANY)),
    *((REQUEST, fault) for fault in (Fault.NOT_ARRIVED, Fault.LOST)),
    *((WRITE, fault) for fault in SLOW),
    (REQUEST, Fault.SLOW_AFTER),
    (frozenset({"download"}), Fault.DEAD),
    (frozenset({"base to archive"}), Fault.REFUSED),
    *((REQUEST, fault) for fault in (Fault.NOT_FOUND, Fault.UNKNOWN_CODE, Fault.UNKNOWN_ERROR, Fault.UNAVAILABLE)),
    (REQUEST, Fault.DENIAL),
)
