"""The table as template.yaml describes it, at any DynamoDB endpoint."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from samtranslator.yaml_helper import yaml_parse

from local.cloud import aws
from veo4k.domain.job import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
TAKEN_OVER = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
THREADS = 32


@dataclass(frozen=True)
class Table:
    """A table of the template's shape."""

    client: "DynamoDBClient"
    name: str

    def item(self, key: Key) -> dict[str, Any]:
        """Return a stored row in typed JSON, empty where there is none."""
        typed = {"taskId": {"S": key.task_id}, "run": {"N": str(key.run)}}
        found = self.client.get_item(TableName=self.name, Key=typed, ConsistentRead=True)
        return cast("dict[str, Any]", found.get("Item", {}))

    def put(self, item: dict[str, Any]) -> None:
        """Put a whole row, in typed JSON."""
        self.client.put_item(TableName=self.name, Item=item)


def connect(endpoint: str) -> "DynamoDBClient":
    """Return a client that many threads can use at once."""
    client: DynamoDBClient = aws.client(endpoint, "dynamodb")
    return client


def create_table(client: "DynamoDBClient") -> Table:
    """Create a table that only its caller knows."""
    properties = yaml_parse(TEMPLATE.read_text())["Resources"]["JobTable"]["Properties"]
    name = f"jobs-{uuid4().hex}"
    stream: Any = {"StreamEnabled": True, **properties["StreamSpecification"]}
    client.create_table(TableName=name, StreamSpecification=stream, **{part: properties[part] for part in TAKEN_OVER})
    return Table(client, name)
