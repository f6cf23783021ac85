"""What jobs have cost at the provider: rows in, sums out. Nothing here reads a table or a clock."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, NamedTuple

from veo4k.domain.job import Code, Evidence, Job, State, utc_day

PRICE = 120
"""Credits for one 4K video, by the provider's newest lists."""
DOLLARS = 0.005
"""Dollars for one credit: $0.60 for 120."""
WITHOUT = "(none)"
"""The group of jobs without the tag."""

_MAY_BE_MADE = frozenset(
    {
        Code.NOT_4K,
        Code.RESULT_HOST_BLOCKED,
        Code.RESULT_UNREADABLE,
        Code.INDEX_AMBIGUOUS,
        Code.ARCHIVE_FAILED,
        Code.SUBMISSION_UNCONFIRMED,
        Code.NO_ANSWER,
    }
)
"""Errors after which the provider may have the 4K video."""

Group = Callable[[Job], str]


class Charge(NamedTuple):
    """Credits of one job: those that the provider has charged, and those that it may have charged besides."""

    credits: float
    maybe: float


def charge(job: Job) -> Charge:
    """Return what a job has cost: what the provider has reported, else its price for a video that it delivered.

    Each further acceptance, and an acceptance or a lost response without a result, may have been charged.
    """
    repeats = PRICE * max(0, job.acceptances - 1)
    if job.credits_consumed is not None:
        return Charge(job.credits_consumed, repeats)
    if job.evidence is not None:
        return Charge(PRICE if _was_bought(job) else 0, repeats)
    return Charge(0, PRICE + repeats if job.maybe_charged else 0)


def _was_bought(job: Job) -> bool:
    """Return whether the result was made for this job.

    A result in the response to the first request was made before: a new video takes minutes.
    """
    existed = job.evidence == Evidence.SUBMIT and job.acceptances == 1 and not job.lost_responses
    return job.acceptances > 0 and not existed


def may_be_free(job: Job) -> bool:
    """Return whether the provider may have the 4K video already: by its documentation a replay then costs nothing."""
    may_be_made = job.error is not None and job.error.code in _MAY_BE_MADE
    return job.state is State.SUCCEEDED or (may_be_made and job.maybe_charged is True)


@dataclass(frozen=True, kw_only=True)
class Spending:
    """The sums of a group of jobs.

    Attributes:
        group: the day, or the value of the tag.
        jobs: ended jobs.
        in_4k: those that became 4K.
        free: those of them that cost nothing.
        credits: charged.
        credits_without_4k: the part of it for jobs that did not become 4K.
        maybe_credits: what may have been charged besides.
    """

    group: str
    jobs: int = 0
    in_4k: int = 0
    free: int = 0
    credits: float = 0
    credits_without_4k: float = 0
    maybe_credits: float = 0

    @property
    def share(self) -> float:
        """Return the share of the jobs that became 4K, 0 to 1."""
        return self.in_4k / self.jobs if self.jobs else 0.0

    @property
    def dollars(self) -> float:
        """Return the credits in dollars."""
        return self.credits * DOLLARS

    @property
    def credits_in_4k(self) -> float:
        """Return the credits of the jobs that became 4K."""
        return self.credits - self.credits_without_4k

    @property
    def per_video(self) -> float | None:
        """Return the credits for one archived video, or None where there is none."""
        return self.credits / self.in_4k if self.in_4k else None

    def value(self) -> dict[str, Any]:
        """Return the sums as plain values."""
        return dict(zip(COLUMNS, astuple(self), strict=True)) | {"share": self.share, "dollars": round(self.dollars, 4)}


COLUMNS = ("group", "jobs", "succeeded", "free", "credits", "creditsWithout4k", "maybeCredits")
"""The names of the fields of `Spending` in JSON and CSV, in order."""


def by_day(job: Job) -> str:
    """Return the UTC day on which a job ended, or, of a live job, was created."""
    return utc_day(job.finished_at or job.created_at)


def by_tag(name: str) -> Group:
    """Return the grouping by the values of a tag."""
    return lambda job: job.tags.get(name, WITHOUT)


def sums(jobs: Iterable[Job], group: Group) -> list[Spending]:
    """Return the sums of each group, in the order of their names."""
    found: dict[str, Spending] = {}
    for job in jobs:
        name = group(job)
        found[name] = add(found.get(name, Spending(group=name)), of_job(job, name))
    return [found[name] for name in sorted(found)]


def total(spendings: Iterable[Spending]) -> Spending:
    """Return the sums of all groups."""
    result = Spending(group="all")
    for each in spendings:
        result = add(result, each)
    return result


def add(first: Spending, second: Spending) -> Spending:
    """Return the sums of two groups under the name of the first."""
    numbers = [each.name for each in fields(Spending) if each.name != "group"]
    added = {name: getattr(first, name) + getattr(second, name) for name in numbers}
    return Spending(group=first.group, **added)


def of_job(job: Job, group: str) -> Spending:
    """Return the sums of a group of one job."""
    paid, is_4k = charge(job), job.state is State.SUCCEEDED
    return Spending(
        group=group,
        jobs=1,
        in_4k=int(is_4k),
        free=int(is_4k and not paid.credits),
        credits=paid.credits,
        credits_without_4k=0 if is_4k else paid.credits,
        maybe_credits=paid.maybe,
    )


def as_csv(spendings: Sequence[Spending]) -> str:
    """Return the sums as CSV with a head."""
    text = io.StringIO()
    head: Mapping[str, Any] = Spending(group="").value()
    writer = csv.DictWriter(text, fieldnames=list(head), lineterminator="\n")
    writer.writeheader()
    for each in spendings:
        row = each.value()
        writer.writerow(row | {"group": as_cell(row["group"])})
    return text.getvalue()


def as_cell(text: str) -> str:
    """Return a text for CSV. One that a spreadsheet would run as a formula gets an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
