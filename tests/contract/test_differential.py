"""Memory and table return the same for the same random history and the same simulated jobs."""

import pytest

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.table.differential import compare
from proofs.table.histories import BUILDERS
from proofs.table.tables import create_table
from veo4k.adapters.jobs_dynamodb import DynamoJobs

OPERATIONS = {"dynamodb_local": 400, "emulator": 120}  # fewer where a mistake would be the emulator's
SEEDS = range(6)  # of the simulation


@pytest.mark.parametrize("engine", OPERATIONS)
def test_every_write_means_the_same_in_memory_and_in_a_table(request: pytest.FixtureRequest, engine: str) -> None:
    table = create_table(request.getfixturevalue(f"{engine}_client"))
    tally = compare(DynamoJobs(table.client, table.name), OPERATIONS[engine], seed=10, seeds=SEEDS[:1])
    assert tally.mismatches == []
    assert min(tally.written.total(), tally.refused.total()) > OPERATIONS[engine] / 4


def test_every_condition_in_use_both_passes_and_fails_in_the_comparison() -> None:
    tally = compare(MemoryJobs(), 6000, seed=10, seeds=SEEDS)
    assert set(BUILDERS) - set(tally.written) - set(tally.refused) == set()
    assert len(tally.used) > 20
    assert tally.unseen == set()
