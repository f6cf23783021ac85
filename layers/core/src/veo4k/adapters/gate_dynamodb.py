"""The gate's row in DynamoDB: every change is one conditional write over the version that it was planned from."""

import math
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from veo4k.adapters.aws import as_storage_error
from veo4k.adapters.dynamodb_types import from_item, to_typed
from veo4k.domain import gate
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Gate, Pace, Slots, Wait

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"taskId": {"S": "#gate"}, "run": {"N": "0"}}
ATTRIBUTE = "#gate"
STORED = {field.name: field.name for field in fields(Gate)} | {"trial": "probe", "trial_until": "probe_until"}
"""Name in the row of each field of the gate."""
MOST_TRIES = 20  # each means that another function was faster, and reserved something


class DynamoGate:
    """The account's gate. A copy of the latest row saves reads: a write over a stale copy is refused, then repeated."""

    def __init__(self, client: "DynamoDBClient", table: str, pace: Pace, new_id: Callable[[], str]) -> None:
        self._client, self._table, self._pace, self._new_id = client, table, pace, new_id
        self._copy: Gate | None = None

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants, none later than `last`, in one conditional write; `counted`: as submissions of the day."""
        reserved: list[Slots] = []

        def plan(row: Gate, writer: str) -> Gate:
            planned, slots = gate.reserve(row, wanted, now, writer, self._pace, last=last, counted=counted)
            reserved.append(slots)
            return planned

        self._change(plan)
        return reserved[-1]

    def free(self, wanted: int, now: float, *, counted: bool = False) -> int:
        """Return how many of so many instants could be reserved now, by the latest copy of the row."""
        return len(gate.reserve(self._copy or self.read(), wanted, now, "", self._pace, counted=counted)[1].instants)

    def uncount(self, count: int, counted: float) -> None:
        """Subtract submissions that were never sent, or surely not accepted; without a limit nothing is counted."""
        if self._pace.daily:
            self._change(lambda row, writer: gate.uncount(row, count, counted, writer))

    def limit_used(self, now: float) -> float:
        """Return the share of the daily limit that is used, from a fresh read; 0.0 where there is no limit."""
        return gate.submissions_today(self.read(), now) / self._pace.daily if self._pace.daily else 0.0

    def pause(self, reason: str, now: float, trial: str) -> float:
        """Pause the gate. Return when it may give a slot again."""
        row = self._change(lambda row, writer: gate.pause(row, reason, now, writer, self._pace, trial=trial))
        return max(row.until, row.trial_until, now)

    def finish_trial(self, trial: str, now: float, *, answered: bool) -> None:
        """Record whether the request of the trial slot got a response."""
        self._change(lambda row, writer: gate.finish_trial(row, trial, now, writer, self._pace, answered=answered))

    def note_understood(self, task_id: str, now: float) -> None:
        """Record that the response to a submission of this task was understood."""
        if self._copy is None or now >= self._copy.understood_at + gate.NOTED:
            self._change(lambda row, writer: gate.note_understood(row, task_id, now, writer))

    def is_understood_since(self, since: float, task_id: str) -> bool:
        """Return, from a fresh read, whether a submission of another task was understood since then."""
        return gate.is_understood_since(self.read(), since, task_id)

    def release_trial(self, trial: str) -> None:
        """Release the trial slot, unused."""
        self._change(lambda row, writer: gate.release_trial(row, trial, writer))

    def current_pause(self, now: float) -> Wait | None:
        """Return until when and why the gate is paused; None when, by the latest copy, a slot may be had."""
        row = self._copy or self.read()
        if gate.paused_until(row, now, self._pace):
            row = self.read()
        until = gate.paused_until(row, now, self._pace)
        return Wait(until, row.reason) if until else None

    def is_paused(self) -> bool:
        """Return, from a fresh read, whether the next slot can only be a trial."""
        return bool(self.read().reason)

    def pause_by_hand(self) -> Gate:
        """Pause the gate until an operator resumes it."""
        return self._change(gate.pause_by_hand)

    def resume(self) -> Gate:
        """Let the gate run, whatever paused it."""
        return self._change(gate.resume)

    def _change(self, plan: Callable[[Gate, str], Gate]) -> Gate:
        """Write the row that the plan returns. A plan that leaves a copy unchanged is applied to a fresh row too."""
        writer, fresh = self._new_id(), self._copy is None
        row = self._copy or self.read()
        for _ in range(MOST_TRIES):
            planned = plan(row, writer)
            if planned == row and fresh:
                return row
            if planned == row:
                row, fresh = self.read(), True
                continue
            found = self._write(row.version, planned)
            if found is None or found.writer == writer:
                self._keep(planned)
                return planned
            self._copy = row = found
            fresh = True
        raise StorageError("the gate changes faster than it can be written")

    def _keep(self, written: Gate) -> None:
        """Keep the written row as the copy, unless another thread has written since: that write may be a pause."""
        if self._copy is None or written.version > self._copy.version:
            self._copy = written

    def read(self) -> Gate:
        """Read the gate's row, consistently."""
        with as_storage_error("GetItem"):
            item = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True).get("Item")
        self._copy = _gate(item)
        return self._copy

    def _write(self, version: int, planned: Gate) -> Gate | None:
        """Write over that version. Return the row that refused the write, or None."""
        with as_storage_error("UpdateItem"):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=KEY,
                    UpdateExpression="SET #g = :new",
                    ConditionExpression="#g.#v = :old" if version else "attribute_not_exists(#g)",
                    ExpressionAttributeNames={"#g": ATTRIBUTE, **({"#v": "version"} if version else {})},
                    ExpressionAttributeValues={
                        ":new": to_typed(_stored(planned)),
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
    # A row of another version may have more attributes, or fewer.
    known = {field: row[name] for field, name in STORED.items() if name in row}
    return Gate(**known | {"instants": tuple(row.get("instants", ()))})


def _stored(row: Gate) -> dict[str, Any]:
    return {STORED[field]: value for field, value in asdict(row).items()} | {"instants": list(row.instants)}
