"""The gate's row in DynamoDB: every change is one conditional write over the version it was made from."""

import math
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from veo4k.adapters.aws import as_storage_error
from veo4k.adapters.items import from_item, to_typed
from veo4k.domain import gate
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Gate, Pace, Slots

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"taskId": {"S": "#gate"}, "run": {"N": "0"}}
ATTRIBUTE = "#gate"
_FIELDS = {field.name for field in fields(Gate)}
MOST_TRIES = 20  # each means that another function was faster, and reserved something


class DynamoGate:
    """The account's gate. The copy of the last look saves the read; a stale copy is refused and taken anew."""

    def __init__(self, client: "DynamoDBClient", table: str, pace: Pace, new_id: Callable[[], str]) -> None:
        self._client, self._table, self._pace, self._new_id = client, table, pace, new_id
        self._seen: Gate | None = None

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants, none later than `last`, in one conditional write; `counted`: they are for submissions."""
        reserved: list[Slots] = []

        def plan(row: Gate, writer: str) -> Gate:
            planned, slots = gate.reserve(row, wanted, now, writer, self._pace, last=last, counted=counted)
            reserved.append(slots)
            return planned

        self._change(plan)
        return reserved[-1]

    def uncount(self, count: int, counted: float) -> None:
        """Take submissions back that were never sent, or surely not accepted; without a limit nobody counts."""
        if self._pace.daily:
            self._change(lambda row, writer: gate.uncount(row, count, counted, writer))

    def spent(self, now: float) -> float:
        """Give the share of the day's submissions that is spent, by a fresh look; 0.0 where there is no limit."""
        return gate.submissions_today(self._read(), now) / self._pace.daily if self._pace.daily else 0.0

    def shut(self, reason: str, now: float, probe: str) -> float:
        """Shut the gate; gives when it may be asked again."""
        row = self._change(lambda row, writer: gate.shut(row, reason, now, writer, self._pace, probe=probe))
        return max(row.until, row.probe_until, now)

    def settle_probe(self, probe: str, now: float, *, answered: bool) -> None:
        """Tell what became of the shut gate's only slot."""
        self._change(lambda row, writer: gate.settle_probe(row, probe, now, writer, self._pace, answered=answered))

    def release_probe(self, probe: str) -> None:
        """Give the shut gate's only slot back, unused."""
        self._change(lambda row, writer: gate.release_probe(row, probe, writer))

    def shut_until(self, now: float) -> tuple[float, str]:
        """Give until when the gate is shut and why; 0.0 when, by the last look, a slot may be had."""
        row = self._seen or self._read()
        if gate.shut_until(row, now, self._pace):
            row = self._read()
        return gate.shut_until(row, now, self._pace), row.reason

    def look(self) -> Gate:
        """Read the gate's row."""
        return self._read()

    def shut_by_hand(self) -> Gate:
        """Shut the gate until it is opened by hand."""
        return self._change(gate.shut_by_hand)

    def open_by_hand(self) -> Gate:
        """Open the gate, whatever shut it."""
        return self._change(gate.open_by_hand)

    def _change(self, plan: Callable[[Gate, str], Gate]) -> Gate:
        """Write what the plan makes of the row; a plan that leaves it as it is must hold for a fresh look."""
        writer, fresh = self._new_id(), self._seen is None
        row = self._seen or self._read()
        for _ in range(MOST_TRIES):
            planned = plan(row, writer)
            if planned == row and fresh:
                return row
            if planned == row:
                row, fresh = self._read(), True
                continue
            found = self._write(row.version, planned)
            if found is None or found.writer == writer:
                self._keep(planned)
                return planned
            self._seen = row = found
            fresh = True
        raise StorageError("the gate changes faster than it can be written")

    def _keep(self, written: Gate) -> None:
        """Keep what was written unless another thread has written since: its answer may have shut the gate."""
        if self._seen is None or written.version > self._seen.version:
            self._seen = written

    def _read(self) -> Gate:
        with as_storage_error("GetItem"):
            item = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True).get("Item")
        self._seen = _gate(item)
        return self._seen

    def _write(self, version: int, planned: Gate) -> Gate | None:
        """Write over that version; gives the row that refused it."""
        with as_storage_error("UpdateItem"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=KEY,
                    UpdateExpression="SET #g = :new",
                    ConditionExpression="#g.#v = :old" if version else "attribute_not_exists(#g)",
                    ExpressionAttributeNames={"#g": ATTRIBUTE, **({"#v": "version"} if version else {})},
                    ExpressionAttributeValues={
                        ":new": to_typed(asdict(planned) | {"instants": list(planned.instants)}),
                        **({":old": {"N": str(version)}} if version else {}),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                return _gate(refusal.response.get("Item"))
        return None


def _gate(item: Any) -> Gate:
    if not item or ATTRIBUTE not in item:
        return Gate()
    row = from_item(item)[ATTRIBUTE]
    known = {name: row[name] for name in _FIELDS & row.keys()}  # another version may have more of them, or fewer
    return Gate(**known | {"instants": tuple(row.get("instants", ()))})
