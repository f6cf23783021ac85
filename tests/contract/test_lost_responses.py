"""The response of a write is lost: the SDK repeats the write, and the repeat is recognised as our own."""

from dataclasses import replace

import pytest

from proofs.table.rows import NOW, SUBMITTING, TIMES, Case, moved, put
from proofs.table.tables import Table
from tests.contract.lost_responses import losing
from tests.contract.transition_table import CASES, CREATIONS
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Refused, Updated
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ProviderApi, State
from veo4k.domain.response import Meaning, Response

CLAIMS = {name: case for name, case in CASES.items() if case.write.ownership}
MOST_ATTEMPTS = 3


@pytest.mark.parametrize("case", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_is_ours_although_its_response_was_lost(table: Table, task_id: str, case: Case) -> None:
    put(DynamoJobs(table.client, table.name), case.before, task_id)
    outcome = DynamoJobs(losing(table), table.name).write(moved(case.write, task_id))
    assert outcome == Updated(replace(case.after, task_id=task_id))


def test_a_creation_with_a_request_is_ours_although_its_response_was_lost(table: Table, task_id: str) -> None:
    write, created = CREATIONS["a run is created with its request"]
    outcome = DynamoJobs(losing(table), table.name).write(moved(write, task_id))
    assert outcome == Updated(replace(created, task_id=task_id))


def test_a_claim_that_was_overtaken_before_its_repeat_is_a_refusal(table: Table, task_id: str) -> None:
    others = DynamoJobs(table.client, table.name)
    there = put(others, SUBMITTING, task_id)
    theirs = transitions.claim_submission(
        replace(there, claim_id="mine", requested_at=NOW), "theirs", NOW, TIMES, ProviderApi.VEO
    )
    client = losing(table, meanwhile=lambda: others.write(theirs))
    mine = transitions.claim_submission(there, "mine", NOW, TIMES, ProviderApi.VEO)
    outcome = DynamoJobs(client, table.name).write(mine)
    assert isinstance(outcome, Refused)
    assert outcome.job == others.get(there.key)
    assert outcome.job is not None
    assert outcome.job.claim_id == "theirs"


def test_a_step_without_a_mark_is_refused_by_what_it_did_itself(table: Table, task_id: str) -> None:
    there = put(DynamoJobs(table.client, table.name), SUBMITTING, task_id)
    accepted = transitions.accept(there, Response(meaning=Meaning.WORKING), NOW, None)
    outcome = DynamoJobs(losing(table), table.name).write(accepted)
    assert isinstance(outcome, Refused)
    assert outcome.job is not None
    assert outcome.job.state is State.PROCESSING


def test_a_write_whose_responses_are_all_lost_is_a_storage_error(table: Table, task_id: str) -> None:
    there = put(DynamoJobs(table.client, table.name), SUBMITTING, task_id)
    jobs = DynamoJobs(losing(table, lost=MOST_ATTEMPTS), table.name)
    with pytest.raises(StorageError, match=r"^UpdateItem: ConnectionClosedError$"):
        jobs.write(transitions.claim_submission(there, "mine", NOW, TIMES, ProviderApi.VEO))
