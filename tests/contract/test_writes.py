"""What each comparison of a write means, on every engine. Its changes are tested with the transitions."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.table.rows import PROCESSING, QUEUED, put
from proofs.table.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.conditional_update import Condition, ConditionalUpdate, Op, Outcome, Refused, Updated, is_
from veo4k.domain.job import State
from veo4k.domain.ports import Jobs


def test_a_put_of_a_fields_default_removes_it(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, replace(PROCESSING, lost_responses=2), task_id)
    assert {"#lost", "#contract", "tags", "#tokens"} - table.item(there.key).keys() == {"#contract"}
    defaults = {"lost_responses": 0, "provider_api": "veo", "tags": {}, "task_tokens": frozenset()}
    jobs.write(ConditionalUpdate(key=there.key, when=(is_("state", State.PROCESSING),), put=defaults))
    assert not {"#lost", "#contract", "tags", "#tokens"} & table.item(there.key).keys()


COMPARISONS: list[tuple[Op, Any, Any, bool]] = [
    (Op.IS, 5.5, 5.5, True),
    (Op.IS, 5.5, 5, False),
    (Op.IS, None, 5, False),
    (Op.IN, 5.5, [1, 5.5], True),
    (Op.IN, 5.5, [1, 5], False),
    (Op.IN, None, [1, 5], False),
    (Op.AT_LEAST, 5.5, 5.5, True),
    (Op.AT_LEAST, 5.5, 5.501, False),
    (Op.AT_LEAST, 10, 9.75, True),
    (Op.AT_LEAST, None, -1, False),
    (Op.AT_MOST, 5.5, 5.5, True),
    (Op.AT_MOST, 5.501, 5.5, False),
    (Op.AT_MOST, 9, 10, True),
    (Op.AT_MOST, None, 10**12, False),
    (Op.ABSENT, None, None, True),
    (Op.ABSENT, 5.5, None, False),
]


def compared(jobs: Jobs, task_id: str, actual: float | None, *conditions: Condition) -> Outcome:
    there = put(jobs, replace(QUEUED, requested_at=actual), task_id)
    return jobs.write(ConditionalUpdate(key=there.key, when=(conditions,), put={"wait_reason": "COMPARED"}))


@pytest.mark.parametrize(("op", "actual", "value", "holds"), COMPARISONS)
def test_a_comparison_holds_where_it_should(
    jobs: Jobs, task_id: str, op: Op, actual: float | None, value: Any, *, holds: bool
) -> None:
    assert isinstance(compared(jobs, task_id, actual, Condition("requested_at", op, value)), Updated) is holds


def test_a_clause_holds_where_one_of_its_tests_does(jobs: Jobs, task_id: str) -> None:
    either = Condition("requested_at", Op.ABSENT), Condition("requested_at", Op.AT_MOST, 5)
    assert isinstance(compared(jobs, f"{task_id}1", None, *either), Updated)
    assert isinstance(compared(jobs, f"{task_id}2", 5, *either), Updated)
    assert isinstance(compared(jobs, f"{task_id}3", 6, *either), Refused)
