"""A write of one row: what must hold, and what it changes.

One transition of a job is one `Write`; the table does it in one conditional UpdateItem, the in-memory store by
`apply`, which is therefore the meaning of every transition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from veo4k.domain.job import DEFAULTS, Job, Key


class Op(StrEnum):
    """How a field is compared. A field that is absent compares false, but for ABSENT."""

    IS = "="
    IN = "in"
    AT_LEAST = ">="
    AT_MOST = "<="
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one field with a value."""

    __test__ = False  # not a test of pytest's

    field: str
    op: Op
    value: Any = None

    def holds(self, job: Job) -> bool:
        """Compare as DynamoDB does: an attribute without a value is absent."""
        actual = getattr(job, self.field)
        absent = actual == DEFAULTS[self.field]
        return absent if self.op is Op.ABSENT else not absent and _COMPARE[self.op](actual, self.value)


_COMPARE: dict[Op, Any] = {
    Op.IS: lambda actual, value: actual == value,
    Op.IN: lambda actual, value: actual in value,
    Op.AT_LEAST: lambda actual, value: actual >= value,
    Op.AT_MOST: lambda actual, value: actual <= value,
}

Clause = tuple[Test, ...]
"""Tests of which one must hold."""


def is_(name: str, value: Any) -> Clause:
    """Demand that the field has this value; None demands that it is absent."""
    return (Test(name, Op.ABSENT),) if value is None else (Test(name, Op.IS, value),)


def in_(name: str, values: frozenset[Any]) -> Clause:
    """Demand one of these values."""
    return (Test(name, Op.IN, values),)


def at_least(name: str, value: float) -> Clause:
    """Demand a number not under this one; an absent number is under every one."""
    return (Test(name, Op.AT_LEAST, value),)


def at_most(name: str, value: float) -> Clause:
    """Demand a number that is there and not over this one."""
    return (Test(name, Op.AT_MOST, value),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One conditional write of one row.

    `when` empty: only if there is no such row. `put`: fields to set; None, or a field's default, removes. `keep`:
    fields to set where they are absent. `add`: numbers to add, sets to unite. `mark`: the field that, found with the
    value this write puts there, proves that the write is ours although its answer was lost.
    """

    key: Key
    when: tuple[Clause, ...] = ()
    put: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The row as it is after the write."""

    job: Job


@dataclass(frozen=True, slots=True)
class Refused:
    """A condition did not hold: the row as it is, or None where there is none."""

    job: Job | None


Outcome = Written | Refused


def apply(write: Write, job: Job | None) -> Outcome:
    """Do the write to a row, or say what refused it."""
    if not _allowed(write, job):
        return Refused(job)
    if job is None:
        return Written(Job(**write.put))
    return Written(changed(write, job))


def changed(write: Write, job: Job) -> Job:
    """Give the row as the write leaves it, whatever its conditions say."""
    put = {name: DEFAULTS[name] if value is None else value for name, value in write.put.items()}
    return replace(job, **put, **_first(write.keep, job), **_sums(write.add, job))


def is_ours(write: Write, old: Job | None) -> bool:
    """Tell from the image that refused a write whether it is the write's own: the SDK repeats a lost answer."""
    return write.mark is not None and old is not None and getattr(old, write.mark) == write.put[write.mark]


def _allowed(write: Write, job: Job | None) -> bool:
    if job is None or not write.when:
        return job is None and not write.when
    return all(any(test.holds(job) for test in clause) for clause in write.when)


def _first(keep: Mapping[str, Any], job: Job) -> dict[str, Any]:
    return {name: value for name, value in keep.items() if getattr(job, name) == DEFAULTS[name]}


def _sums(add: Mapping[str, Any], job: Job) -> dict[str, Any]:
    return {n: getattr(job, n) | v if isinstance(v, frozenset) else getattr(job, n) + v for n, v in add.items()}
