"""What the parts of a write mean, on every engine: put, remove, keep, add, and each comparison."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.table.rows import NOW, PROCESSING, QUEUED, SUCCEEDED, put
from proofs.table.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.conditional_update import Condition, ConditionalUpdate, Op, Outcome, Refused, Updated, is_
from veo4k.domain.job import Job, Key, State
from veo4k.domain.ports import Jobs

LIVE = (is_("state", State.PROCESSING),)


def change(jobs: Jobs, job: Job, **parts: Any) -> Job:
    """Do a write whose condition holds, and give the row after it."""
    outcome = jobs.write(ConditionalUpdate(key=job.key, when=(is_("state", job.state),), **parts))
    assert isinstance(outcome, Updated)
    assert outcome.job == jobs.get(job.key)
    return outcome.job


def test_put_sets_a_field_and_none_removes_it(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, PROCESSING, task_id)
    after = change(jobs, there, put={"due": NOW + 5, "claim_id": None, "wait_reason": "WHY"})
    assert after == replace(there, due=NOW + 5, claim_id=None, wait_reason="WHY")


def test_a_put_of_a_fields_default_removes_it(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, replace(PROCESSING, lost_responses=2), task_id)
    assert {"#lost", "#contract", "tags", "#tokens"} - table.item(there.key).keys() == {"#contract"}
    change(jobs, there, put={"lost_responses": 0, "provider_api": "veo", "tags": {}, "task_tokens": frozenset()})
    assert not {"#lost", "#contract", "tags", "#tokens"} & table.item(there.key).keys()


def test_keep_sets_what_is_absent_and_leaves_what_is_there(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, PROCESSING, task_id)
    after = change(jobs, there, set_if_absent={"accepted_at": NOW, "acceptances": 9, "provider_task_id": "veo_task_2"})
    assert after == replace(there, provider_task_id="veo_task_2")


def test_keep_sets_a_number_that_is_at_its_default(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, replace(PROCESSING, acceptances=0), task_id)
    assert change(jobs, there, set_if_absent={"acceptances": 1}).acceptances == 1


def test_add_counts_from_what_is_there_or_from_nothing(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, PROCESSING, task_id)
    after = change(jobs, there, add={"requests_sent": 2, "acceptances": -1, "archive_attempts": 1})
    assert (after.requests_sent, after.acceptances, after.archive_attempts) == (
        there.requests_sent + 2,
        there.acceptances - 1,
        1,
    )


def test_add_unites_sets(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, replace(PROCESSING, task_tokens=frozenset()), task_id)
    one = change(jobs, there, add={"task_tokens": frozenset({"a"})})
    both = change(jobs, there, add={"task_tokens": frozenset({"a", "b"})})
    assert (one.task_tokens, both.task_tokens) == (frozenset({"a"}), frozenset({"a", "b"}))


def test_all_parts_of_a_write_happen_together_or_not_at_all(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, PROCESSING, task_id)
    parts: dict[str, Any] = {
        "put": {"state": State.READY, "urls": ("https://a/b",), "claim_id": None},
        "set_if_absent": {"poll_id": "poll-1"},
        "add": {"archive_attempts": 1, "task_tokens": frozenset({"token-2"})},
    }
    refused = jobs.write(ConditionalUpdate(key=there.key, when=(*LIVE, is_("poll_id", "poll-9")), **parts))
    assert refused == Refused(there)
    after = change(jobs, there, **parts)
    expected = replace(
        there, state=State.READY, urls=("https://a/b",), claim_id=None, poll_id="poll-1", archive_attempts=1
    )
    assert after == replace(expected, task_tokens=there.task_tokens | {"token-2"})


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


def test_a_row_of_another_run_is_another_row(jobs: Jobs, task_id: str) -> None:
    first = put(jobs, SUCCEEDED, task_id)
    second = put(jobs, replace(PROCESSING, run=2), task_id)
    change(jobs, second, put={"due": NOW + 7})
    assert jobs.get(first.key) == first
    assert jobs.get(Key(task_id, 3)) is None
