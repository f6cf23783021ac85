"""One table in memory, as far as the gate's single row needs one."""

import threading
from typing import TYPE_CHECKING, Any, cast

from proofs.doubles.fake_aws import ConditionRefusedError, DynamoErrors
from proofs.table.tables import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class MemoryClient:
    """Understands the two requests of the gate."""

    exceptions = DynamoErrors

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def get_item(self, **request: Any) -> dict[str, Any]:
        row = self._rows.get(str(request["Key"]))
        return {"Item": row} if row else {}

    def put_item(self, **request: Any) -> None:
        item = request["Item"]
        self._rows[str({"taskId": item["taskId"], "run": item["run"]})] = item

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Set one attribute where its `version` is as expected, or where it is not there."""
        attribute, values = request["ExpressionAttributeNames"]["#g"], request["ExpressionAttributeValues"]
        with self._lock:
            row = self._rows.get(str(request["Key"]))
            found = row[attribute]["M"]["version"] if row else None
            if found != values.get(":old"):
                raise ConditionRefusedError(row)
            self._rows[str(request["Key"])] = request["Key"] | {attribute: values[":new"]}
        return {}


def memory_table() -> Table:
    return Table(cast("DynamoDBClient", MemoryClient()), "memory")
