"""The response of a write is lost: the SDK repeats the write, and the repeat is recognised as our own."""

from dataclasses import replace

import pytest

from proofs.table.rows import NOW, SUBMITTING, TIMES, moved, put
from proofs.table.tables import Table
from tests.contract.lost_responses import losing
from tests.contract.transition_table import CASES
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import Refused, Updated
from veo4k.domain.job import ProviderApi, State
from veo4k.domain.response import Meaning, Response


@pytest.fixture
def jobs(table: Table) -> DynamoJobs:
    return DynamoJobs(table.client, table.name)


def test_a_claim_is_ours_although_its_response_was_lost(table: Table, jobs: DynamoJobs, task_id: str) -> None:
    """Test one claim: that a second write knows itself is tested with every claim."""
    case = CASES["a queued job is claimed"]
    put(jobs, case.before, task_id)
    outcome = DynamoJobs(losing(table), table.name).write(moved(case.write, task_id))
    assert outcome == Updated(replace(case.after, task_id=task_id))


def test_a_claim_that_was_overtaken_before_its_repeat_is_a_refusal(
    table: Table, jobs: DynamoJobs, task_id: str
) -> None:
    there = put(jobs, SUBMITTING, task_id)
    mine = transitions.claim_submission(there, "mine", NOW, TIMES, ProviderApi.VEO)
    claimed = replace(there, claim_id="mine", requested_at=NOW)
    theirs = transitions.claim_submission(claimed, "theirs", NOW, TIMES, ProviderApi.VEO)
    outcome = DynamoJobs(losing(table, meanwhile=lambda: jobs.write(theirs)), table.name).write(mine)
    after = jobs.get(there.key)
    assert outcome == Refused(after)
    assert after is not None
    assert after.claim_id == "theirs"


def test_a_step_without_a_mark_is_refused_by_what_it_did_itself(table: Table, jobs: DynamoJobs, task_id: str) -> None:
    there = put(jobs, SUBMITTING, task_id)
    accepted = transitions.accept(there, Response(meaning=Meaning.WORKING), NOW, None)
    outcome = DynamoJobs(losing(table), table.name).write(accepted)
    after = jobs.get(there.key)
    assert outcome == Refused(after)
    assert after is not None
    assert after.state is State.PROCESSING
