"""A conditional update of one row: its conditions, and its changes.

One transition of a job is one `ConditionalUpdate`. The table does it in one UpdateItem.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from veo4k.domain.job import DEFAULTS, Job, Key


class Op(StrEnum):
    """How a field is compared. No comparison is met by an absent field, except ABSENT."""

    IS = "="
    IN = "in"
    AT_LEAST = ">="
    AT_MOST = "<="
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one field with a value."""

    field: str
    op: Op
    value: Any = None


Clause = tuple[Condition, ...]
"""Conditions of which at least one must be met; `+` adds those of another clause."""


def is_(name: str, value: Any) -> Clause:
    """Demand that the field has this value; None demands that it is absent."""
    return (Condition(name, Op.ABSENT),) if value is None else (Condition(name, Op.IS, value),)


def in_(name: str, values: frozenset[Any]) -> Clause:
    """Demand that the field has one of these values."""
    return (Condition(name, Op.IN, values),)


def at_least(name: str, value: float) -> Clause:
    """Demand that the field is present, and not less than the value."""
    return (Condition(name, Op.AT_LEAST, value),)


def at_most(name: str, value: float) -> Clause:
    """Demand that the field is present, and not more than the value."""
    return (Condition(name, Op.AT_MOST, value),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalUpdate:
    """One conditional update of one row.

    `when`: clauses that must all be met; without clauses the row must not exist. `put`: fields to set; None, or a
    field's default, removes the field. `set_if_absent`: fields to set where they are absent. `add`: numbers to add,
    sets to unite. `ownership`: the field whose new value, found in the row, proves that this update was done although
    its response was lost.
    """

    key: Key
    when: tuple[Clause, ...] = ()
    put: Mapping[str, Any] = field(default_factory=dict)
    set_if_absent: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    ownership: str | None = None


@dataclass(frozen=True, slots=True)
class Updated:
    """The row as it is after the update."""

    job: Job


@dataclass(frozen=True, slots=True)
class Refused:
    """A condition was not met: the row as it is, or None where there is none."""

    job: Job | None


Outcome = Updated | Refused


def changed(update: ConditionalUpdate, job: Job) -> Job:
    """Return the row as the update leaves it, whatever its conditions are."""
    put = {name: DEFAULTS[name] if value is None else value for name, value in update.put.items()}
    absent = {name: value for name, value in update.set_if_absent.items() if getattr(job, name) == DEFAULTS[name]}
    sums = {n: getattr(job, n) | v if isinstance(v, frozenset) else getattr(job, n) + v for n, v in update.add.items()}
    return replace(job, **put, **absent, **sums)


def is_own(update: ConditionalUpdate, old: Job) -> bool:
    """Return whether the row that refused the update shows that the update itself was done before.

    The SDK repeats a request whose response was lost.
    """
    name = update.ownership
    return name is not None and getattr(old, name) == update.put[name]
