"""AWS in memory, as far as the command line asks it."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from tests.contract.memory_table import MemoryClient
from veo4k.adapters.dynamodb_types import from_item, to_typed
from veo4k.domain.job import Job

JOBS, DEAD = "https://queue.example/jobs", "https://queue.example/dead"
OUTPUTS = {
    "JobQueueUrl": JOBS,
    "DeadLetterQueueUrl": DEAD,
    "JobTableName": "jobs",
    "CallbackBaseUrl": "https://callback.example",
    "ApiKeySecretName": "api",
    "WebhookKeySecretName": "webhook",
    "TokenKeySecretName": "token",
} | {f"{name}FunctionName": name.lower() for name in ("Submit", "Callback", "Sweep", "Publish", "Archive")}


class Pages:
    """A paginator with one page."""

    def __init__(self, page: Callable[..., dict[str, Any]]) -> None:
        self._page = page

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Give the page."""
        yield self._page(**request)


class Table(MemoryClient):
    """The job table: rows, the gate's row, and the due index."""

    def __init__(self) -> None:
        super().__init__()
        self.scans = 0

    def put(self, job: Job) -> None:
        """Put a job's row."""
        self.put_item(Item={name: to_typed(value) for name, value in job.row().items()})

    def query(self, **request: Any) -> dict[str, Any]:
        """Query a task's runs, or a lane of the due index."""
        values = request["ExpressionAttributeValues"]
        name, wanted = ("#lane", values[":p"]) if "IndexName" in request else ("taskId", values[":t"])
        return {"Items": [row for row in self._items() if row.get(name) == wanted]}

    def describe_table(self, **_: Any) -> dict[str, Any]:
        """Tell that it is there; no Date comes with it."""
        return {"Table": {"TableStatus": "ACTIVE"}, "ResponseMetadata": {"HTTPHeaders": {}}}

    def get_paginator(self, _: str) -> Pages:
        """Scan everything that is a job."""
        self.scans += 1
        return Pages(lambda **_: {"Items": self._items()})

    def _items(self) -> list[dict[str, Any]]:
        rows = [row for row in self._rows.values() if "jobId" in row]
        return sorted(rows, key=lambda row: str(from_item(row)["jobId"]))


class Queues:
    """SQS: what is invisible stays so until it is shown again."""

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {JOBS: [], DEAD: []}
        self.hidden: set[str] = set()
        self._ids = count(1)

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Put a message."""
        number = f"{next(self._ids):08d}-0000"
        self.messages[request["QueueUrl"]].append(
            {
                "MessageId": number,
                "ReceiptHandle": f"receipt-{number}",
                "Body": request["MessageBody"],
                "Attributes": {"SentTimestamp": "1799999940000", "ApproximateReceiveCount": "1"},
                "MessageAttributes": request.get("MessageAttributes", {}),
            }
        )
        return {"MessageId": number}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Give up to ten visible messages, and hide them."""
        found = [m for m in self.messages[request["QueueUrl"]] if m["ReceiptHandle"] not in self.hidden]
        given = found[: request["MaxNumberOfMessages"]]
        self.hidden |= {message["ReceiptHandle"] for message in given}
        return {"Messages": given} if given else {}

    def change_message_visibility_batch(self, **request: Any) -> None:
        """Show messages again."""
        self.hidden -= {e["ReceiptHandle"] for e in request["Entries"] if e["VisibilityTimeout"] == 0}

    def delete_message(self, **request: Any) -> None:
        """Forget a message."""
        kept = [m for m in self.messages[request["QueueUrl"]] if m["ReceiptHandle"] != request["ReceiptHandle"]]
        self.messages[request["QueueUrl"]] = kept

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """Count a queue's messages."""
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.messages[request["QueueUrl"]]))}}

    def bodies(self, url: str) -> list[Any]:
        """Give the bodies in a queue as JSON."""
        return [json.loads(message["Body"]) for message in self.messages[url]]


class Secrets:
    """Secrets Manager; a secret that is not there was created empty."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        """Read a secret."""
        if request["SecretId"] not in self.held:
            raise refusal("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.held[request["SecretId"]]}

    def put_secret_value(self, **request: Any) -> None:
        """Write a secret."""
        self.held[request["SecretId"]] = request["SecretString"]


class Logs:
    """CloudWatch Logs: lines by group."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.days = 30

    def tell(self, function: str, told_at: float, action: str, job_id: str, state: str, **details: Any) -> None:
        """Log a line as the functions do."""
        line = {"message": action, "service": function, "jobId": job_id, "state": state} | details
        event = {"timestamp": int(told_at * 1000), "message": json.dumps(line)}
        self.events.setdefault(f"/logs/{function}", []).append(event)

    def get_paginator(self, _: str) -> Pages:
        """Filter a group by a quoted text."""
        return Pages(self._filtered)

    def describe_log_groups(self, **request: Any) -> dict[str, Any]:
        """Tell how long a group is kept."""
        return {"logGroups": [{"logGroupName": request["logGroupNamePrefix"], "retentionInDays": self.days}]}

    def _filtered(self, **request: Any) -> dict[str, Any]:
        text = request["filterPattern"].strip('"')
        return {"events": [e for e in self.events.get(request["logGroupName"], ()) if text in e["message"]]}


class Formation:
    """CloudFormation: which queues the stack has."""

    def get_paginator(self, _: str) -> Pages:
        """List the resources."""
        queues = {"JobQueue": JOBS, "DeadLetterQueue": DEAD}
        listed = [{"LogicalResourceId": name, "PhysicalResourceId": url} for name, url in queues.items()]
        return Pages(lambda **_: {"StackResourceSummaries": listed})


class Functions:
    """Lambda: where functions log, and what the sweep answers."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {}
        self.error = ""

    def get_function_configuration(self, **request: Any) -> dict[str, Any]:
        """Tell a function's log group."""
        return {"LoggingConfig": {"LogGroup": f"/logs/{request['FunctionName']}"}}

    def invoke(self, **_: Any) -> dict[str, Any]:
        """Answer as the function would."""
        body = {"Payload": io.BytesIO(json.dumps(self.answer).encode())}
        return body | ({"FunctionError": self.error} if self.error else {})


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    """Make what the SDK raises."""
    error: Mapping[str, Any] = {"Error": {"Code": code, "Message": message}}
    return ClientError(error, operation)  # type: ignore[arg-type]
