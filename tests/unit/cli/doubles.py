"""AWS in memory, as far as the command line asks it."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from tests.contract.memory_table import MemoryClient
from veo4k.adapters.items import from_item, to_typed
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
    "ArchiveBucketName": "videos",
    "AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
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
        name, wanted = ("#lane", values[":l"]) if "IndexName" in request else ("taskId", values[":t"])
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


LOG_GROUP = "/aws/lambda/veo4k"
SCHEDULE = "veo4k-sweep"
EMPTY_BATCH = {"batchItemFailures": list[str]()}
TRIGGERED = ("submit", "publish", "archive")


class Logs:
    """CloudWatch Logs: the one group of all functions."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.days = 30

    def tell(self, function: str, told_at: float, action: str, job_id: str, state: str, **details: Any) -> None:
        """Log a line as the functions do."""
        line = {"message": action, "service": function, "jobId": job_id, "state": state} | details
        self.events.append({"timestamp": int(told_at * 1000), "message": json.dumps(line)})

    def get_paginator(self, _: str) -> Pages:
        """Filter the group by a quoted text."""
        return Pages(self._filtered)

    def describe_log_groups(self, **request: Any) -> dict[str, Any]:
        """Return how long a group is kept."""
        return {"logGroups": [{"logGroupName": request["logGroupNamePrefix"], "retentionInDays": self.days}]}

    def _filtered(self, **request: Any) -> dict[str, Any]:
        text = request["filterPattern"].strip('"')
        assert request["logGroupName"] == LOG_GROUP
        return {"events": [event for event in self.events if text in event["message"]]}


class Formation:
    """CloudFormation: which queues and alarms the stack has."""

    def get_paginator(self, _: str) -> Pages:
        """List the resources."""
        listed = [
            ("JobQueue", JOBS, "AWS::SQS::Queue"),
            ("DeadLetterQueue", DEAD, "AWS::SQS::Queue"),
            *((name, f"veo4k-{name}-1X2Y", "AWS::CloudWatch::Alarm") for name in ("HeartbeatAlarm", "PaymentAlarm")),
        ]
        names = ("LogicalResourceId", "PhysicalResourceId", "ResourceType")
        return Pages(lambda **_: {"StackResourceSummaries": [dict(zip(names, one, strict=True)) for one in listed]})


class Functions:
    """Lambda: functions that are well, until a test says otherwise."""

    def __init__(self) -> None:
        self.responses: dict[str, Any] = {"callback": {"statusCode": 404, "body": ""}, "sweep": {}}
        self.responses |= dict.fromkeys(TRIGGERED, EMPTY_BATCH)
        self.failed: set[str] = set()
        self.invoked: list[tuple[str, Any]] = []
        self.configuration: dict[str, str] = {"State": "Active", "LastUpdateStatus": "Successful"}
        self.mapping: dict[str, str] = {"UUID": "4711", "State": "Enabled", "LastProcessingResult": "OK"}
        self.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Return a function's state and log group."""
        return self.configuration | {"LoggingConfig": {"LogGroup": LOG_GROUP}}

    def list_event_source_mappings(self, **request: Any) -> dict[str, Any]:
        """List the only mapping of a function that has one."""
        assert request["FunctionName"] in TRIGGERED
        return {"EventSourceMappings": [self.mapping] if self.mapping else []}

    def get_account_settings(self) -> dict[str, Any]:
        """Return the account's concurrency."""
        return {"AccountLimit": self.limit}

    def invoke(self, **request: Any) -> dict[str, Any]:
        """Respond as the function would. The invocation names the function and nothing else."""
        assert request.keys() == {"FunctionName", "Payload"}
        name = request["FunctionName"]
        self.invoked.append((name, json.loads(request["Payload"])))
        body = {"Payload": io.BytesIO(json.dumps(self.responses[name]).encode())}
        return body | ({"FunctionError": "Unhandled"} if name in self.failed else {})


class Schedules:
    """EventBridge Scheduler: the sweep's schedule."""

    def __init__(self) -> None:
        self.state = "ENABLED"

    def get_schedule(self, **request: Any) -> dict[str, str]:
        """Return the schedule of that name."""
        if request["Name"] != SCHEDULE or not self.state:
            raise refusal("ResourceNotFoundException", "GetSchedule")
        return {"Name": SCHEDULE, "State": self.state, "ScheduleExpression": "rate(1 minute)"}


class Buckets:
    """S3: the status and the region with which a bucket is found."""

    def __init__(self) -> None:
        self.status, self.region = 200, "eu-central-1"
        self.requests: list[dict[str, Any]] = []

    def head_bucket(self, **request: Any) -> dict[str, Any]:
        """Find the bucket, or refuse as S3 does: with the status as the code, and still with the region."""
        self.requests.append(request)
        headers = {"x-amz-bucket-region": self.region} if self.region else {}
        http = {"ResponseMetadata": {"HTTPStatusCode": self.status, "HTTPHeaders": headers}}
        if self.status != 200:
            error: Any = {"Error": {"Code": str(self.status), "Message": ""}} | http
            raise ClientError(error, "HeadBucket")
        return http


class Topics:
    """SNS: the subscriptions of the alarm topic."""

    def __init__(self) -> None:
        self.subscriptions: list[dict[str, str]] = []

    def subscribe(self, endpoint: str, arn: str = "arn:aws:sns:eu-central-1:123456789012:alarms:1") -> None:
        """Add a subscription by e-mail, or, where the endpoint is a URL, by https."""
        protocol = "https" if "//" in endpoint else "email"
        self.subscriptions.append({"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": endpoint})

    def get_paginator(self, _: str) -> Pages:
        """List the subscriptions."""
        return Pages(lambda **_: {"Subscriptions": self.subscriptions})


class Alarms:
    """CloudWatch: the alarms that fire, of this and of other stacks."""

    def __init__(self) -> None:
        self.firing: list[str] = []

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        """Return the alarms that fire."""
        return {"MetricAlarms": [{"AlarmName": name} for name in self.firing]}


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    """Make what the SDK raises."""
    error: Mapping[str, Any] = {"Error": {"Code": code, "Message": message}}
    return ClientError(error, operation)  # type: ignore[arg-type]
