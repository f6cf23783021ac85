"""The table of jobs in DynamoDB: each `ConditionalUpdate` is one UpdateItem."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from veo4k.adapters.aws import as_storage_error
from veo4k.adapters.dynamodb_types import from_item, to_typed
from veo4k.domain.conditional_update import Clause, Condition, ConditionalUpdate, Op, Outcome, Refused, Updated, is_own
from veo4k.domain.errors import StorageError
from veo4k.domain.job import ATTRIBUTES, DEFAULTS, Job, Key, Partition, encode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_INDEX = "due"


class DynamoJobs:
    """Jobs in one table. Every failure but a refused condition is a StorageError."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def write(self, update: ConditionalUpdate) -> Outcome:
        """Do the update. Where the SDK repeats one that was done, the row that refuses it proves it our own."""
        with as_storage_error("UpdateItem"):
            try:
                response = self._client.update_item(**request(self._table, update))
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                old = _job(cast("Mapping[str, Any] | None", refusal.response.get("Item")))
                return Updated(old) if old is not None and is_own(update, old) else Refused(old)
        return Updated(_read(response["Attributes"]))

    def get(self, key: Key) -> Job | None:
        """Read one row, consistently."""
        with as_storage_error("GetItem"):
            response = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        return _job(response.get("Item"))

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task, consistently, in order."""
        return [_read(item) for item in self._query(ConsistentRead=True, **_of_task(task_id))]

    def newest(self, task_id: str, count: int) -> Sequence[Job]:
        """Read the newest runs of a task, so many at most, consistently, the newest first."""
        newest = self._query(ConsistentRead=True, ScanIndexForward=False, Limit=count, **_of_task(task_id))
        return [_read(item) for item in islice(newest, count)]

    def due(self, partition: Partition, until: float) -> Iterator[Key]:
        """Return the keys of a partition that are due by then, from the index, page by page."""
        query = {
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "#p = :p AND #d <= :d",
            "ExpressionAttributeNames": {"#p": ATTRIBUTES["partition"], "#d": ATTRIBUTES["due"]},
            "ExpressionAttributeValues": {":p": {"S": str(partition)}, ":d": to_typed(until)},
        }
        for item in self._query(**query):
            yield Key(item["taskId"]["S"], int(item["run"]["N"]))

    def _query(self, **query: Any) -> Iterator[dict[str, Any]]:
        start: dict[str, Any] = {}
        while True:
            with as_storage_error("Query"):
                page = self._client.query(TableName=self._table, **query, **start)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _of_task(task_id: str) -> dict[str, Any]:
    return {"KeyConditionExpression": "taskId = :t", "ExpressionAttributeValues": {":t": {"S": task_id}}}


def _key(key: Key) -> dict[str, Any]:
    return {"taskId": {"S": key.task_id}, "run": {"N": str(key.run)}}


def _job(item: Mapping[str, Any] | None) -> Job | None:
    return _read(item) if item else None


def _read(item: Mapping[str, Any]) -> Job:
    try:
        return Job.from_row(from_item(item))
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"a row that cannot be read: {type(error).__name__}") from None


def request(table: str, update: ConditionalUpdate) -> dict[str, Any]:
    """Return the UpdateItem request of an update."""
    placeholders = _Placeholders()
    condition, expression = _condition(update, placeholders), _expression(update, placeholders)
    return {
        "TableName": table,
        "Key": _key(update.key),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": placeholders.names,
        **({"ExpressionAttributeValues": placeholders.values} if placeholders.values else {}),
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def placeholder_of(attribute: str) -> str:
    """Return the placeholder of an attribute: `#base` is another one than `base`."""
    return "#" + attribute.replace("#", "_")


class _Placeholders:
    """Placeholders of one request: names may be reserved words, values are typed."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, attribute: str) -> str:
        placeholder = placeholder_of(attribute)
        self.names[placeholder] = attribute
        return placeholder

    def field(self, field: str) -> str:
        return self.name(ATTRIBUTES[field])

    def value(self, field: str, value: Any) -> str:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = to_typed(encode(field, value))
        return placeholder


def _condition(update: ConditionalUpdate, placeholders: _Placeholders) -> str:
    if not update.when:
        return f"attribute_not_exists({placeholders.name('taskId')})"
    return " AND ".join(_clause(clause, placeholders) for clause in update.when)


def _clause(clause: Clause, placeholders: _Placeholders) -> str:
    conditions = " OR ".join(_comparison(condition, placeholders) for condition in clause)
    return f"({conditions})" if len(clause) > 1 else conditions


def _comparison(condition: Condition, placeholders: _Placeholders) -> str:
    field, value = condition.field, condition.value
    name = placeholders.field(field)
    if condition.op is Op.ABSENT:
        return f"attribute_not_exists({name})"
    if condition.op is Op.IN:
        return f"{name} IN ({', '.join(placeholders.value(field, one) for one in sorted(value))})"
    return f"{name} {condition.op} {placeholders.value(field, value)}"


def _expression(update: ConditionalUpdate, at: _Placeholders) -> str:
    put = {field: value for field, value in update.put.items() if field not in ("task_id", "run")}
    gone = [field for field, value in put.items() if value is None or value == DEFAULTS[field]]
    sets = [f"{at.field(f)} = {at.value(f, v)}" for f, v in put.items() if f not in gone]
    sets += [f"{at.field(f)} = if_not_exists({at.field(f)}, {at.value(f, v)})" for f, v in update.set_if_absent.items()]
    if not update.when:
        at.values[":job"] = {"S": Job(**update.put).job_id}
        sets.append(f"{at.name('jobId')} = :job")
    parts = {
        "SET": sets,
        "REMOVE": [at.field(field) for field in gone if update.when],
        "ADD": [f"{at.field(field)} {at.value(field, value)}" for field, value in update.add.items()],
    }
    return " ".join(f"{verb} {', '.join(clauses)}" for verb, clauses in parts.items() if clauses)
