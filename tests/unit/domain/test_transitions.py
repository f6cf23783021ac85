"""The examples of the table of states, made anew in each test.

`tests/contract` makes its writes once, when its tables are read. Here they are made while the test runs, so that the
functions that make them are run by it: mutation testing changes them only then.
"""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

import tests.contract
from proofs.doubles.updates import applied, apply
from proofs.table.rows import LINKLESS, LOST, NOW, OTHER_TASK, PROCESSING, SUBMITTING, TASK, TIMES, Case, changed
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate, Refused, Updated
from veo4k.domain.job import Code, Job, State
from veo4k.domain.response import Meaning, Response

TABLES = sorted(Path(next(iter(tests.contract.__path__))).glob("cases_*.py"))
ADDRESS = Address(TASK, 1, 1, "t" * 43)

each_table = pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)


def cases(path: Path) -> dict[str, Case]:
    tables = [table for table in runpy.run_path(str(path)).values() if isinstance(table, dict)]
    return {name: case for table in tables for name, case in table.items() if isinstance(case, Case)}


def creations() -> dict[str, tuple[ConditionalUpdate, Job]]:
    made = [runpy.run_path(str(path)).get("CREATIONS", {}) for path in TABLES]
    return {name: creation for table in made for name, creation in table.items()}


@each_table
def test_every_transition_does_what_the_table_of_states_says(path: Path) -> None:
    found = cases(path)

    assert {name: (case.write.key, apply(case.write, case.before)) for name, case in found.items()} == {
        name: (case.before.key, Updated(case.after)) for name, case in found.items()
    }


@each_table
def test_every_transition_is_refused_where_the_table_of_states_says(path: Path) -> None:
    rows = {
        f"{name} but the row {why}": (case.write, changed(case.before, otherwise))
        for name, case in cases(path).items()
        for why, otherwise in case.refusals.items()
    }

    assert {name: apply(write, row) for name, (write, row) in rows.items()} == {
        name: Refused(row) for name, (_, row) in rows.items()
    }


def test_a_creation_makes_the_whole_row() -> None:
    found = creations()

    assert {name: (write.key, apply(write, None)) for name, (write, _) in found.items()} == {
        name: (job.key, Updated(job)) for name, (_, job) in found.items()
    }


def test_a_write_that_would_do_harm_twice_proves_itself() -> None:
    writes = {name: case.write for path in TABLES for name, case in cases(path).items()}
    writes |= {name: write for name, (write, _) in creations().items()}

    assert {name: write.ownership for name, write in writes.items() if write.ownership} == {
        "a run is created with its request": "claim_id",
        "a queued job is claimed": "claim_id",
        "a job whose base video is kept is claimed": "claim_id",
        "a job whose base video was seen is claimed": "claim_id",
        "a run whose base video was seen is created with its request": "claim_id",
        "a base video is kept": "base",
        "a crashed claim is claimed again": "claim_id",
        "a request is repeated after a lost response": "claim_id",
        "an end is announced again": "retrigger_id",
        "an end is announced again while a token waits": "retrigger_id",
        "a poll returns no fresh link": "retrigger_id",
        "a poll for a fresh link returns a failure": "retrigger_id",
        "a callback brings a fresh link": "retrigger_id",
        "a dead link is tried again": "retrigger_id",
        "a fresh link whose host is allowed by now is fetched": "retrigger_id",
        "a poll is claimed": "poll_id",
        "a first poll under the job's own id is claimed": "poll_id",
        "a poll for a fresh link is claimed": "poll_id",
        "an archive claims": "lease",
        "an archive claims after a crash": "lease",
        "a job is cancelled": "retrigger_id",
        "an end is re-triggered": "retrigger_id",
        "a result is re-triggered once more": "retrigger_id",
    }


def test_a_message_without_a_token_adds_none() -> None:
    assert applied(transitions.join(PROCESSING, None), PROCESSING) == PROCESSING


@pytest.mark.parametrize("job", [LOST, SUBMITTING], ids=["whose answer was lost", "whose function died"])
def test_a_failure_by_callback_proves_the_acceptance_of_a_job(job: Job) -> None:
    failed = CallbackPayload(Response(meaning=Meaning.FAILED, code=Code.PROVIDER_FAILED), OTHER_TASK)
    after = applied(transitions.callback_failed(ADDRESS, failed, NOW, TIMES), job)

    assert (after.state, after.accepted_at, after.acceptances) == (State.FAILED, NOW, 1)
    assert after.provider_task_id == OTHER_TASK


def test_a_payload_without_an_id_writes_none() -> None:
    write = transitions.callback_working(ADDRESS, CallbackPayload(Response(meaning=Meaning.WORKING), None), NOW, TIMES)

    assert "provider_task_id" not in {**write.put, **write.set_if_absent}


def test_a_claim_for_a_fresh_link_waits_longer_and_keeps_to_its_lease() -> None:
    job = replace(LINKLESS, archive_attempts=3, lease="lease-1")
    claim = transitions.claim_poll(job, "probe", NOW, 0.5, TIMES, by_post=True)

    assert applied(claim, job).due == NOW + 480
    assert apply(claim, replace(job, lease=None)) == Refused(replace(job, lease=None))
