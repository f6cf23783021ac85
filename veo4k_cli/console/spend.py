"""What jobs cost, by day and by tag, from the rows of jobs that have ended."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from veo4k.domain.job import Job
from veo4k_cli import spending
from veo4k_cli.console.times import Row
from veo4k_cli.spending import Spending

UNTAGGED = ""
NAMES = ("callback", "probe", "submit", "look")


def total(rows: Iterable[Row]) -> Spending:
    """Return what jobs cost together."""
    return spending.total(_grouped(rows, lambda _: [UNTAGGED]).values())


def by_day(rows: Iterable[Row], days: Sequence[str]) -> Mapping[str, Spending]:
    """Return what the jobs cost that ended on each of these days."""
    sums = _grouped(rows, lambda row: [str(row.get("finishedAt", ""))[:10]])
    return {day: sums.get(day, Spending(group=day)) for day in days}


def by_tag(rows: Iterable[Row]) -> Mapping[str, Spending]:
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


def _grouped(rows: Iterable[Row], groups: Callable[[Row], list[str]]) -> dict[str, Spending]:
    sums: dict[str, Spending] = {}
    for row in rows:
        job = Job.from_row(row)
        for name in groups(row):
            sums[name] = spending.add(sums.get(name, Spending(group=name)), spending.of_job(job, name))
    return sums
