"""What a conditional update does to a row: the in-memory UpdateItem, held equal to DynamoDB by the contract tests."""

from typing import Any

from veo4k.domain.conditional_update import Condition, ConditionalUpdate, Op, Outcome, Refused, Updated, changed
from veo4k.domain.job import DEFAULTS, Job

_COMPARE: dict[Op, Any] = {
    Op.IS: lambda actual, value: actual == value,
    Op.IN: lambda actual, value: actual in value,
    Op.AT_LEAST: lambda actual, value: actual >= value,
    Op.AT_MOST: lambda actual, value: actual <= value,
}


def apply(update: ConditionalUpdate, job: Job | None) -> Outcome:
    """Apply the update to a row. Return the row after it, or the row that refused it."""
    if job is None or not update.when:
        return Updated(Job(**update.put)) if job is None and not update.when else Refused(job)
    if not all(any(is_met(condition, job) for condition in clause) for clause in update.when):
        return Refused(job)
    return Updated(changed(update, job))


def applied(update: ConditionalUpdate, job: Job) -> Job:
    """Return the row after an update that it must not refuse."""
    outcome = apply(update, job)
    assert isinstance(outcome, Updated)
    return outcome.job


def is_met(condition: Condition, job: Job) -> bool:
    """Compare as DynamoDB does: an attribute without a value is absent."""
    actual = getattr(job, condition.field)
    absent = actual == DEFAULTS[condition.field]
    return absent if condition.op is Op.ABSENT else not absent and _COMPARE[condition.op](actual, condition.value)
