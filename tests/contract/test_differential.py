"""Memory and table, given the same random history, are the same table."""

from collections.abc import Callable

from tests.contract.differential import compare
from tests.contract.histories import MAKERS
from tests.contract.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs

OPERATIONS = 500


def test_a_random_history_means_the_same_in_memory_and_in_a_table(new_table: Callable[[], Table]) -> None:
    table = new_table()
    tally = compare(DynamoJobs(table.client, table.name), OPERATIONS, seed=4)
    assert tally.mismatches == []
    assert set(MAKERS) - set(tally.written) - set(tally.refused) == set()
    assert min(tally.written.total(), tally.refused.total()) > OPERATIONS / 4
