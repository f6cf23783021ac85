"""Places of dots, bars and labels in the charts. The templates draw them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

from veo4k.domain.gate import Gate, Pace
from veo4k.domain.job import State
from veo4k_cli.console.monitoring import Pauses
from veo4k_cli.console.times import DAY, HOUR, MINUTE, Row, age, clock, seconds_of
from veo4k_cli.formatting import duration
from veo4k_cli.spending import PRICE, Spending

MOST_DOTS = 500
LEFT, RIGHT, TOP, BOTTOM = 52.0, 948.0, 14.0, 206.0
LENGTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000, 86_400, 259_200, 864_000)
STEPS = (10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400)
SHAPES = {"callback": "ring", "probe": "hollow", "look": "diamond"}
MOST_TICKS = 8
LEAST_DISTANCE = 22.0


class Tick(NamedTuple):
    """A label at a place of an axis."""

    at: float
    text: str


class Dot(NamedTuple):
    """One ended job of the day."""

    x: float
    y: float
    state: str
    shape: str
    row: Row
    title: str


class Day(NamedTuple):
    """The chart of a day: dots, both axes, and the band of the usual time from its upper to its lower edge."""

    dots: Sequence[Dot]
    times: Sequence[Tick]
    lengths: Sequence[Tick]
    band: tuple[float, float] | None
    total: int


def usual(rows: Sequence[Row], now: float) -> tuple[float, float, float] | None:
    """Return the quarter, the middle and the three quarters of the seconds that successful jobs took."""
    took = [age(row, now) for row in rows if row.get("state") == State.SUCCEEDED]
    if not took:
        return None
    if len(took) == 1:
        return took[0], took[0], took[0]
    first, middle, third = quantiles(took, n=4, method="inclusive")
    return first, middle, third


def day(rows: Sequence[Row], now: float) -> Day:
    """Place the newest jobs of a day by when they ended and how long they took."""
    shown = [row for row in rows[:MOST_DOTS] if seconds_of(row, "finishedAt") is not None]
    ends = [seconds_of(row, "finishedAt") or now for row in shown]
    took = [max(0.5, age(row, now)) for row in shown]
    if not shown:
        return Day((), (), (), None, len(rows))
    across = _Scale(min(ends), max(*ends, min(ends) + MINUTE), LEFT + 12, RIGHT - 12)
    up = _Scale(math.log(min(took) / 1.4), math.log(max(took) * 1.4), BOTTOM, TOP)
    dots = [
        _dot(row, across.place(end), up.place(math.log(length)))
        for row, end, length in zip(shown, ends, took, strict=True)
    ]
    lengths = _apart(Tick(up.place(math.log(s)), duration(s)) for s in LENGTHS if up.low <= math.log(s) <= up.high)
    band = usual(rows, now)
    edges = (up.place(math.log(max(0.5, band[2]))), up.place(math.log(max(0.5, band[0])))) if band else None
    return Day(dots, _times(across), lengths, edges, len(rows))


def _dot(row: Row, x: float, y: float) -> Dot:
    shape = SHAPES.get(str(row.get("evidence")), "plain")
    return Dot(x, y, str(row.get("state")), shape, row, f"{row.get('jobId')} {row.get('state')}")


class _Scale(NamedTuple):
    """Maps values from `low` to `high` to places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1)
        return round(self.start + share * (self.end - self.start), 1)


def _apart(ticks: Iterable[Tick]) -> list[Tick]:
    """Leave out ticks whose labels would touch."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or abs(kept[-1].at - tick.at) >= LEAST_DISTANCE:
            kept.append(tick)
    return kept


def _times(scale: _Scale) -> list[Tick]:
    step = next((size for size in STEPS if (scale.high - scale.low) / size <= MOST_TICKS), DAY)
    first = math.ceil(scale.low / step) * step
    return [
        Tick(scale.place(at), clock(at)[: 8 if step < MINUTE else 5]) for at in range(first, int(scale.high) + 1, step)
    ]


class Slot(NamedTuple):
    """A dot of the window: how full it is now, and the seconds until it is empty."""

    fill: float
    seconds: float


def window(gate: Gate, pace: Pace, now: float) -> list[Slot]:
    """Return a dot for each request that the window allows, the latest ones first."""
    left = sorted((at + pace.window - now for at in gate.instants if at + pace.window > now), reverse=True)
    full = [Slot(round(min(1.0, seconds / pace.window), 2), round(seconds, 1)) for seconds in left[: pace.requests]]
    return full + [Slot(0.0, 0.0)] * (pace.requests - len(full))


class Hour(NamedTuple):
    """The last hour of the gate: bars of requests, bands of pauses with their reasons, the line of the limit."""

    bars: Sequence[tuple[float, float, float, str]]
    bands: Sequence[tuple[float, float, str]]
    limit: float
    allowed: float
    times: Sequence[Tick]


def hour(pauses: Pauses, pace: Pace, now: float) -> Hour:
    """Place the requests of each minute under the limit."""
    limit = pace.requests * MINUTE / pace.window
    most = max([limit, *(value for _, value in pauses.requests)]) * 1.1
    up, across = _Scale(0, most, BOTTOM, TOP), _Scale(now - HOUR, now + MINUTE, LEFT, RIGHT)
    width = across.place(now + MINUTE) - across.place(now)
    bars = [
        (across.place(at), up.place(value), round(width - 2, 1), f"{clock(at)[:5]}: {value:.0f} requests")
        for at, value in pauses.requests
    ]
    bands = [(across.place(at), round(width + 0.5, 1), _reason(pauses, at)) for at in pauses.paused]
    return Hour(bars, bands, up.place(limit), limit, _times(across))


def _reason(pauses: Pauses, at: float) -> str:
    """Return the latest reason by the end of that minute."""
    known = [reason for since, reason in pauses.reasons if since < at + MINUTE]
    return known[-1] if known else "paused"


class Stack(NamedTuple):
    """The bar of one day: its parts from the bottom, each a kind, the upper edge, the height and a title."""

    x: float
    width: float
    day: str
    parts: Sequence[tuple[str, float, float, str]]


def spend_bars(days: Mapping[str, Spending]) -> tuple[list[Stack], list[Tick]]:
    """Place the bars of each day, and labels of credits."""
    kinds = {day: _kinds(one) for day, one in days.items()}
    most = max([PRICE, *(sum(parts.values()) for parts in kinds.values())])
    up, slot = _Scale(0, most * 1.08, BOTTOM, TOP), (RIGHT - LEFT) / len(days)
    stacks = []
    for number, (day_name, parts) in enumerate(kinds.items()):
        below, drawn = 0.0, []
        for kind, value in parts.items():
            if value:
                height = round(up.place(below) - up.place(below + value), 1)
                drawn.append((kind, up.place(below + value), height, f"{day_name}: {value:,.0f} credits {kind}"))
            below += value
        width = min(64.0, slot * 0.7)
        stacks.append(Stack(round(LEFT + slot * number + (slot - width) / 2, 1), round(width, 1), day_name, drawn))
    return stacks, [Tick(up.place(most * share), f"{most * share:,.0f}") for share in (0, 0.5, 1)]


def _kinds(one: Spending) -> dict[str, float]:
    paid, failed, maybe = one.credits_in_4k, one.credits_without_4k, one.maybe_credits
    return {"paid": paid, "failed": failed, "maybe": maybe, "free": float(one.free * PRICE)}
