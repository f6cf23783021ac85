"""Memory and table return the same for the same random history and the same simulated jobs."""

import pytest

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.table.differential import compare
from proofs.table.histories import BUILDERS
from proofs.table.tables import create_table
from tests.contract.conftest import client_of
from veo4k.adapters.jobs_dynamodb import DynamoJobs

OPERATIONS = {"dynamodb_local": 400, "emulator": 120}  # fewer where a mistake would be the emulator's
SHORT_SEED = 10  # of the simulation: its tasks write 32 conditions in 185 writes
SEEDS = (0, 7, 10)  # together they write all conditions but two that the first twelve seeds do


@pytest.mark.parametrize("engine", OPERATIONS)
def test_every_write_means_the_same_in_memory_and_in_a_table(request: pytest.FixtureRequest, engine: str) -> None:
    table = create_table(client_of(request, engine))
    tally = compare(DynamoJobs(table.client, table.name), OPERATIONS[engine], seed=10, seeds=[SHORT_SEED])
    assert tally.mismatches == []
    assert min(tally.written.total(), tally.refused.total()) > OPERATIONS[engine] / 4


def test_every_condition_in_use_both_passes_and_fails_in_the_comparison() -> None:
    tally = compare(MemoryJobs(), 6000, seed=10, seeds=SEEDS)
    assert set(BUILDERS) - set(tally.written) - set(tally.refused) == set()
    assert len(tally.used) > 35
    assert tally.unseen == set()
