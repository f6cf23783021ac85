"""The examples of the table of states, made anew in each test.

`tests/contract` makes its writes once, when its tables are read. Here they are made while the test runs, so that the
functions that make them are run by it: mutation testing changes them only then.
"""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import tests.contract
from proofs.doubles.updates import apply
from proofs.table.rows import (
    LINKLESS,
    LOST,
    NOW,
    OTHER_TASK,
    PROCESSING,
    SUBMITTING,
    SUCCEEDED,
    TASK,
    TIMES,
    Case,
    changed,
)
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate, Refused, Updated
from veo4k.domain.job import Code, Job, State
from veo4k.domain.response import Meaning, Response

TABLES = {
    "cases_submission": ("INTAKE", "SUBMISSION"),
    "cases_callback": ("CALLBACK",),
    "cases_poll": ("POLLS", "ENDS"),
    "cases_archive": ("ARCHIVING", "ANNOUNCEMENT"),
}


def made_anew(table: str) -> ModuleType:
    path = Path(next(iter(tests.contract.__path__))) / f"{table}.py"
    spec = importlib.util.spec_from_file_location(f"anew_{table}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(table: str) -> dict[str, Case]:
    module = made_anew(table)
    return {name: case for part in TABLES[table] for name, case in getattr(module, part).items()}


@pytest.mark.parametrize("table", TABLES)
def test_every_transition_does_what_the_table_of_states_says(table: str) -> None:
    found = cases(table)

    assert {name: apply(case.write, case.before) for name, case in found.items()} == {
        name: Updated(case.after) for name, case in found.items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_transition_is_refused_where_the_table_of_states_says(table: str) -> None:
    rows = {
        f"{name} but the row {why}": (case.write, changed(case.before, otherwise))
        for name, case in cases(table).items()
        for why, otherwise in case.refusals.items()
    }

    assert {name: apply(write, row) for name, (write, row) in rows.items()} == {
        name: Refused(row) for name, (_, row) in rows.items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_write_names_the_row_of_its_job(table: str) -> None:
    found = cases(table)

    assert {name: case.write.key for name, case in found.items()} == {
        name: case.before.key for name, case in found.items()
    }


def marks(writes: dict[str, ConditionalUpdate]) -> dict[str, str]:
    return {name: write.ownership for name, write in writes.items() if write.ownership}


def test_a_write_that_would_do_harm_twice_proves_itself() -> None:
    writes = {name: case.write for table in TABLES for name, case in cases(table).items()}

    assert marks(writes) == {
        "a queued job is claimed": "claim_id",
        "a job whose base video is kept is claimed": "claim_id",
        "a base video is kept": "base",
        "a crashed claim is claimed again": "claim_id",
        "a request is repeated after a lost response": "claim_id",
        "an end is announced again": "retrigger_id",
        "an end is announced again while a token waits": "retrigger_id",
        "a poll returns no fresh link": "retrigger_id",
        "a poll for a fresh link returns a failure": "retrigger_id",
        "a callback brings a fresh link": "retrigger_id",
        "a dead link is tried again": "retrigger_id",
        "a poll is claimed": "poll_id",
        "a first poll under the job's own id is claimed": "poll_id",
        "a poll for a fresh link is claimed": "poll_id",
        "an archive claims": "lease",
        "an archive claims after a crash": "lease",
        "a job is cancelled": "retrigger_id",
        "an end is re-triggered": "retrigger_id",
        "a result is re-triggered once more": "retrigger_id",
    }


def test_a_creation_makes_the_whole_row() -> None:
    creations = made_anew("cases_submission").CREATIONS

    assert {name: apply(write, None) for name, (write, _) in creations.items()} == {
        name: Updated(job) for name, (_, job) in creations.items()
    }
    assert {write.key for write, _ in creations.values()} == {job.key for _, job in creations.values()}
    assert marks({name: write for name, (write, _) in creations.items()}) == {
        "a run is created with its request": "claim_id"
    }


def written(write: ConditionalUpdate, job: Job) -> Job:
    outcome = apply(write, job)
    assert isinstance(outcome, Updated)
    return outcome.job


def test_a_message_without_a_token_adds_none() -> None:
    assert written(transitions.join(PROCESSING, None), PROCESSING) == PROCESSING
    assert written(transitions.repeat_announcement(SUCCEEDED, None, "nudge", NOW, TIMES), SUCCEEDED).task_tokens == {
        "token-1"
    }


ADDRESS = Address(TASK, 1, 1, "t" * 43)
FAILED = Response(meaning=Meaning.FAILED, code=Code.PROVIDER_FAILED)
ACCEPTANCE = {"accepted_at": NOW, "acceptances": 1, "provider_task_id": OTHER_TASK}


@pytest.mark.parametrize("job", [LOST, SUBMITTING], ids=["whose answer was lost", "whose function died"])
def test_a_failure_by_callback_proves_the_acceptance_of_a_job(job: Job) -> None:
    after = written(transitions.callback_failed(ADDRESS, CallbackPayload(FAILED, OTHER_TASK), NOW, TIMES), job)

    assert (after.state, {name: getattr(after, name) for name in ACCEPTANCE}) == (State.FAILED, ACCEPTANCE)


def test_a_payload_without_an_id_writes_none() -> None:
    write = transitions.callback_working(ADDRESS, CallbackPayload(Response(meaning=Meaning.WORKING), None), NOW, TIMES)

    assert "provider_task_id" not in {**write.put, **write.set_if_absent}


def test_a_claim_for_a_fresh_link_waits_longer_with_each_try() -> None:
    job = replace(LINKLESS, archive_attempts=3)

    assert written(transitions.claim_poll(job, "probe", NOW, 0.5, TIMES, by_post=True), job).due == NOW + 480


def test_a_poll_of_a_leased_job_is_claimed_only_if_the_lease_is_unchanged() -> None:
    job = replace(LINKLESS, lease="lease-1")
    claim = transitions.claim_poll(job, "probe", NOW, 0.5, TIMES, by_post=True)

    assert written(claim, job).poll_id == "probe"
    assert apply(claim, replace(job, lease=None)) == Refused(replace(job, lease=None))
