"""What jobs cost, by day and by tag, from the rows of jobs that have ended."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from veo4k.domain.job import Job, State
from veo4k_cli.console.times import Row
from veo4k_cli.spending import DOLLARS, charge

UNTAGGED = ""
NAMES = ("callback", "probe", "submit", "look")


def dollars(credit_count: float) -> float:
    """Return the price of credits in dollars."""
    return credit_count * DOLLARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Jobs and what they cost. Credits of `failed` are paid ones; `maybe` may have been charged, or not."""

    jobs: int = 0
    succeeded: int = 0
    free: int = 0
    credits: float = 0.0
    failed: float = 0.0
    maybe: float = 0.0

    def __add__(self, other: "Sum") -> "Sum":
        """Return both together."""
        return Sum(**{name: getattr(self, name) + getattr(other, name) for name in Sum.__slots__})

    @property
    def paid(self) -> float:
        """Return the credits of jobs that succeeded."""
        return self.credits - self.failed

    @property
    def per_video(self) -> float | None:
        """Return the credits for one archived video, or None where there is none."""
        return self.credits / self.succeeded if self.succeeded else None


def cost(row: Row) -> Sum:
    """Return what one ended job cost, as `veo4k spend` counts it; what may have been charged is kept apart."""
    job = Job.from_row(row)
    succeeded, charged = job.state is State.SUCCEEDED, charge(job)
    return Sum(
        jobs=1,
        succeeded=int(succeeded),
        free=int(succeeded and not charged.credits),
        credits=charged.credits,
        failed=0.0 if succeeded else charged.credits,
        maybe=charged.maybe,
    )


def total(rows: Iterable[Row]) -> Sum:
    """Return what jobs cost together."""
    return sum((cost(row) for row in rows), Sum())


def by_day(rows: Iterable[Row], days: Sequence[str]) -> Mapping[str, Sum]:
    """Return what the jobs cost that ended on each of these days."""
    sums = _grouped(rows, lambda row: [str(row.get("finishedAt", ""))[:10]])
    return {day: sums.get(day, Sum()) for day in days}


def by_tag(rows: Iterable[Row]) -> Mapping[str, Sum]:
    """Return what jobs cost by `name=value`. A job with two tags is in two groups, one without a tag in its own."""
    sums = _grouped(rows, lambda row: [f"{name}={text}" for name, text in row.get("tags", {}).items()] or [UNTAGGED])
    return dict(sorted(sums.items(), key=lambda entry: (-entry[1].credits, entry[0])))


def by_delivery(rows: Iterable[Row]) -> Mapping[str, int]:
    """Return how many results each way delivered."""
    counts = dict.fromkeys(NAMES, 0)
    for row in rows:
        if (name := row.get("evidence")) is not None:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _grouped(rows: Iterable[Row], groups: Callable[[Row], list[str]]) -> dict[str, Sum]:
    sums: dict[str, Sum] = defaultdict(Sum)
    for row in rows:
        for group in groups(row):
            sums[group] += cost(row)
    return sums
