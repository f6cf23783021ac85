"""What a real table does not show. What the gate's row means is tested on real tables, in `tests/contract`."""

from typing import Any

import pytest

from proofs.doubles.fake_aws import UNREACHABLE, ConditionRefusedError, FakeDynamoDB, refusal
from veo4k.adapters.dynamodb_types import to_typed
from veo4k.adapters.gate_dynamodb import MOST_TRIES, DynamoGate
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace

NOW = 1_800_000_000.0


def gate(*answers: Any) -> tuple[DynamoGate, FakeDynamoDB]:
    client = FakeDynamoDB(*answers)
    return DynamoGate(client, "jobs", Pace(), lambda: "writer"), client  # type: ignore[arg-type]


def row(**fields: Any) -> dict[str, Any]:
    return {"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": to_typed(fields)}


def operations(client: FakeDynamoDB) -> list[str]:
    return [operation for operation, _ in client.calls]


def test_only_the_first_reservation_reads_the_row() -> None:
    newer = ConditionRefusedError(row(version=7, writer="other", instants=[NOW + 5]))
    paced, client = gate({}, newer, {})
    assert min(paced.reserve(1, NOW).instants + paced.reserve(1, NOW).instants) >= NOW + 5
    assert operations(client) == ["get_item", "update_item", "update_item", "update_item"]
    assert client.calls[0][1]["ConsistentRead"] is True


def test_a_reservation_based_on_an_older_row_does_not_undo_a_pause() -> None:
    shut = row(version=2, writer="writer", reason="NO_CREDITS", until=NOW + 60)
    paced, client = gate({}, {}, ConditionRefusedError(row(version=1, writer="other")), {}, {"Item": shut})
    write: Any = client.update_item

    def answered_late(**call: Any) -> object:
        client.update_item = write  # type: ignore[attr-defined]
        answer = write(**call)
        paced.pause("NO_CREDITS", NOW, "")
        return answer

    client.update_item = answered_late  # type: ignore[attr-defined]
    paced.reserve(1, NOW)
    assert paced.reserve(1, NOW).instants == ()


def test_a_gate_that_changes_faster_than_writes_succeed_is_a_storage_error() -> None:
    paced, client = gate({}, ConditionRefusedError(row(version=1, writer="other")))
    with pytest.raises(StorageError, match="changes faster"):
        paced.reserve(1, NOW)
    assert operations(client).count("update_item") == MOST_TRIES


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("ThrottlingException")])
def test_a_table_that_cannot_be_reached_is_a_storage_error(failure: Exception) -> None:
    with pytest.raises(StorageError, match=r"^GetItem: \w+$"):
        gate(failure)[0].reserve(1, NOW)
    with pytest.raises(StorageError, match=r"^UpdateItem: \w+$"):
        gate({}, failure)[0].reserve(1, NOW)


def test_a_write_that_failed_is_not_taken_for_the_row() -> None:
    paced, client = gate({}, UNREACHABLE, {})
    with pytest.raises(StorageError):
        paced.reserve(1, NOW)
    paced.reserve(1, NOW)
    assert client.calls[-1][1]["ConditionExpression"] == "attribute_not_exists(#g)"


def test_without_a_daily_limit_nothing_is_counted_back_and_none_is_used() -> None:
    paced, client = gate()
    paced.uncount(3, NOW)
    assert (paced.limit_used(NOW), client.calls) == (0.0, [])
