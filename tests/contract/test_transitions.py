"""The table of states, over every engine."""

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest

from proofs.doubles.updates import is_met
from proofs.table.rows import Case, changed, moved, put
from tests.contract.transition_table import CASES, CREATIONS, REFUSALS
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Refused, Updated
from veo4k.domain.job import Job, Key, ProviderApi
from veo4k.domain.ports import Jobs

MARKED = {name: case for name, case in CASES.items() if case.write.ownership}

each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
each_provider_api = pytest.mark.parametrize("provider_api", [ProviderApi.VEO, ProviderApi.JOBS])
each_creation = pytest.mark.parametrize(("write", "created"), CREATIONS.values(), ids=CREATIONS)


@each_provider_api
@each_case
def test_a_transition_changes_only_its_fields_under_both_provider_apis(
    jobs: Jobs, task_id: str, case: Case, provider_api: ProviderApi
) -> None:
    before = put(jobs, replace(case.before, provider_api=provider_api), task_id)
    after = changed(before, case.changes)
    assert jobs.write(moved(case.write, task_id)) == Updated(after)
    assert jobs.get(after.key) == after


@pytest.mark.parametrize(("name", "row"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_transition_changes_nothing_and_shows_the_row(
    reference_jobs: Jobs, task_id: str, name: str, row: Job
) -> None:
    there = put(reference_jobs, row, task_id)
    assert reference_jobs.write(moved(CASES[name].write, task_id)) == Refused(there)
    assert reference_jobs.get(there.key) == there


@each_case
def test_a_transition_makes_no_row_where_there_is_none(jobs: Jobs, task_id: str, case: Case) -> None:
    assert jobs.write(moved(case.write, task_id)) == Refused(None)
    assert jobs.get(Key(task_id, case.before.run)) is None


@each_creation
def test_a_creation_makes_the_whole_row(jobs: Jobs, task_id: str, write: ConditionalUpdate, created: Job) -> None:
    row = replace(created, task_id=task_id)
    assert jobs.write(moved(write, task_id)) == Updated(row)
    assert jobs.get(row.key) == row


@each_creation
def test_a_creation_is_refused_where_a_row_is(jobs: Jobs, task_id: str, write: ConditionalUpdate, created: Job) -> None:
    there = put(jobs, replace(created, claim_id="attempt-9", message_id="message-9"), task_id)
    assert jobs.write(moved(write, task_id)) == Refused(there)
    assert jobs.get(there.key) == there


@pytest.mark.parametrize("case", MARKED.values(), ids=MARKED)
def test_a_marked_write_sent_twice_knows_itself_and_acts_once(jobs: Jobs, task_id: str, case: Case) -> None:
    put(jobs, case.before, task_id)
    write = moved(case.write, task_id)
    first = jobs.write(write)
    assert isinstance(first, Updated)
    assert jobs.write(write) == first
    assert jobs.get(write.key) == first.job


def test_a_creation_with_a_request_sent_twice_knows_itself(jobs: Jobs, task_id: str) -> None:
    write = moved(CREATIONS["a run is created with its request"][0], task_id)
    assert jobs.write(write) == jobs.write(write)


def test_every_transition_stands_in_the_table() -> None:
    functions = inspect.getmembers(transitions, inspect.isfunction)
    written = {
        name for name, function in functions if inspect.signature(function).return_annotation is ConditionalUpdate
    }
    table = "".join(path.read_text() for path in Path(__file__).parent.glob("cases_*.py"))
    assert {name for name in written if not name.startswith("_")} == set(re.findall(r"transitions\.([a-z_]+)\(", table))


def test_every_clause_of_every_condition_has_a_row_that_fails_it_alone() -> None:
    clauses = {(name, at) for name, case in CASES.items() for at in range(len(case.write.when))}
    failed = {(name, *_failed_clauses(CASES[name], row)) for name, row in REFUSALS.values()}
    assert clauses - failed == set()


def _failed_clauses(case: Case, row: Job) -> list[int]:
    return [at for at, clause in enumerate(case.write.when) if not any(is_met(condition, row) for condition in clause)]
