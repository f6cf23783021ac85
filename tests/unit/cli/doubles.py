"""AWS in memory, as far as the command line uses it."""

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Self

from botocore.exceptions import ClientError

from proofs.doubles.fake_aws import ConditionRefusedError, refusal, typed_row
from proofs.doubles.memory_table import MemoryClient
from proofs.doubles.time_manual import ManualClock
from veo4k.domain.job import Job

JOBS, DEAD = "https://queue.example/jobs", "https://queue.example/dead"
LOG_GROUP = "/aws/lambda/veo4k"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
TAKEN_BY_SQS = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
WITH_MAPPING = ("submit", "publish", "archive")
OUTPUTS = {
    "JobQueueUrl": JOBS,
    "DeadLetterQueueUrl": DEAD,
    "JobTableName": "jobs",
    "CallbackBaseUrl": "https://callback.example",
    "ApiKeySecretName": "api",
    "WebhookKeySecretName": "webhook",
    "TokenKeySecretName": "token",
    "JobsApiTokenSecretName": "jobs-api",
    "ArchiveBucketName": "videos",
    "AlarmTopicArn": TOPIC,
} | {f"{name}FunctionName": name.lower() for name in ("Submit", "Callback", "Sweep", "Publish", "Archive")}
RESOURCES = [
    {"LogicalResourceId": logical, "PhysicalResourceId": physical, "ResourceType": f"AWS::{kind}"}
    for logical, physical, kind in (
        ("JobQueue", JOBS, "SQS::Queue"),
        ("DeadLetterQueue", DEAD, "SQS::Queue"),
        ("ApiFunction", "api", "Lambda::Function"),
        ("HeartbeatAlarm", "veo4k-HeartbeatAlarm-1X2Y", "CloudWatch::Alarm"),
    )
]

UNREADABLE = {
    '{"taskId": "\\ud800"}': "\ufffd",
    '{"\\udfff": 1, "taskId": [1]}': "",
    "[" * 60_000: "",
    '{"a":' * 3000 + "1" + "}" * 3000: "",
    '{"taskId": 12345678}': "12345678",
}
"""Bodies of messages, and the task ids that are shown of them."""


class Pages:
    """A client whose only operation is paginated and has these pages."""

    def __init__(self, *pages: Callable[..., dict[str, Any]]) -> None:
        self._pages = pages

    def get_paginator(self, _: str) -> Self:
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield from (page(**request) for page in self._pages)


def subscription(endpoint: str, arn: str = f"{TOPIC}:1") -> dict[str, str]:
    return {"SubscriptionArn": arn, "Protocol": "https" if "//" in endpoint else "email", "Endpoint": endpoint}


class SteppingClock(ManualClock):
    """A manual clock: each sleep lets the next step happen."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Callable[[], object]] = []

    def sleep_until(self, instant: float) -> None:
        super().sleep_until(instant)
        if self.steps:
            self.steps.pop(0)()


class Schedules:
    """EventBridge Scheduler: the schedule of the sweep, deleted where its state is empty."""

    def __init__(self) -> None:
        self.state = "ENABLED"

    def get_schedule(self, **request: Any) -> dict[str, str]:
        if request["Name"] != "veo4k-sweep" or not self.state:
            raise refusal("ResourceNotFoundException", operation="GetSchedule")
        return {"Name": "veo4k-sweep", "State": self.state, "ScheduleExpression": "rate(1 minute)"}


class Table(MemoryClient):
    """DynamoDB: the rows of jobs, the gate's row, and both indexes. A page of the index by day holds two rows."""

    def __init__(self) -> None:
        super().__init__()
        self.scans = 0
        self.has_day_index = True

    def put(self, job: Job) -> None:
        self.put_item(Item=typed_row(job))

    def query(self, **request: Any) -> dict[str, Any]:
        index, values = request.get("IndexName", ""), request["ExpressionAttributeValues"]
        name, wanted = {"day": ("#day", ":day"), "": ("taskId", ":t")}.get(index, ("#lane", ":p"))
        items = [row for row in self._items() if row.get(name) == values[wanted]]
        if index == "day":
            if not self.has_day_index:
                raise refusal("ValidationException", operation="Query")
            items = [row for row in items if row["finishedAt"]["S"] >= values[":since"]["S"]]
            items.sort(key=lambda row: str(row["finishedAt"]["S"]), reverse=not request["ScanIndexForward"])
            request["Limit"] = 2
        elif index:
            items.sort(key=lambda row: float(row["#due"]["N"]) if "#due" in row else 0.0)
        start = items.index(request["ExclusiveStartKey"]) + 1 if "ExclusiveStartKey" in request else 0
        page = items[start:][: request.get("Limit")]
        rest = {"LastEvaluatedKey": page[-1]} if index == "day" and page[-1:] != items[-1:] else {}
        return {"Items": page, "Count": len(page)} | rest

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Read 60 keys at most, and leave the others for the next call, as DynamoDB does with large rows."""
        keys = request["RequestItems"]["jobs"]["Keys"]
        names = [f"{key['taskId']['S']}#{key['run']['N']}" for key in keys]
        if len(set(names)) < len(keys) or len(keys) > 100:
            raise refusal("ValidationException", operation="BatchGetItem")
        rows = {f"{row['taskId']['S']}#{row['run']['N']}": row for row in self._items()}
        found = [rows[name] for name in names[:60] if name in rows]
        left = {"jobs": request["RequestItems"]["jobs"] | {"Keys": keys[60:]}} if keys[60:] else {}
        return {"Responses": {"jobs": found}, "UnprocessedKeys": left}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Update a job's row under one condition on one attribute; the gate's row as its own double does."""
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        if "#g" in names:
            return super().update_item(**request)
        row, (name, value) = self._rows.get(str(request["Key"])), request["ConditionExpression"].split(" = ")
        if row is None or row[names[name]] != values[value]:
            raise ConditionRefusedError(row)
        sets, _, removed = request["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        row |= {names[name]: values[value] for name, value in (part.split(" = ") for part in sets.split(", "))}
        for name in removed.split(", "):
            row.pop(names[name], None)
        return {"Attributes": row}

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"TableStatus": "ACTIVE"}, "ResponseMetadata": {"HTTPHeaders": {}}}

    def get_paginator(self, operation: str) -> Pages:
        if operation == "query":
            return Pages(self.query)
        self.scans += 1
        return Pages(lambda **_: {"Items": self._items()})

    def _items(self) -> list[dict[str, Any]]:
        return sorted((row for row in self._rows.values() if "jobId" in row), key=lambda row: str(row["jobId"]["S"]))


class Queues:
    """SQS: a received message is invisible for a time. Only the receipt of its latest receive is valid."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {JOBS: [], DEAD: []}
        self.failing: list[dict[str, str] | BaseException] = []
        self._now, self._latest, self._invisible_until = now, dict[str, str](), dict[str, float]()
        self._numbers, self._receipts = count(1), count(1)

    def send_message(self, **request: Any) -> dict[str, Any]:
        if not TAKEN_BY_SQS.fullmatch(request["MessageBody"]):
            raise refusal("InvalidMessageContents", operation="SendMessage")
        number = f"{next(self._numbers):08d}-0000"
        message = {
            "MessageId": number,
            "Body": request["MessageBody"],
            "Attributes": {"SentTimestamp": "1799999940000", "ApproximateReceiveCount": "1"},
            "MessageAttributes": request.get("MessageAttributes", {}),
        }
        self.messages[request["QueueUrl"]].append(message)
        return {"MessageId": number}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Raise the next entry of `failing`, or take all messages but those that it names by a text of their bodies."""
        assert len(request["Entries"]) <= 10
        failing = self.failing.pop(0) if self.failing else {}
        if isinstance(failing, BaseException):
            raise failing
        codes = {
            e["Id"]: code for e in request["Entries"] for text, code in failing.items() if text in e["MessageBody"]
        }
        for entry in request["Entries"]:
            if entry["Id"] not in codes:
                self.send_message(QueueUrl=request["QueueUrl"], MessageBody=entry["MessageBody"])
        failed = [{"Id": i, "Code": code, "SenderFault": code.startswith("Invalid")} for i, code in codes.items()]
        return {"Failed": failed} if failed else {}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        received = self.visible(request["QueueUrl"])[: request["MaxNumberOfMessages"]]
        self._latest |= {message["MessageId"]: f"receipt-{next(self._receipts)}" for message in received}
        handed_out = [message | {"ReceiptHandle": self._latest[message["MessageId"]]} for message in received]
        until = self._now() + request["VisibilityTimeout"]
        self._invisible_until |= {message["ReceiptHandle"]: until for message in handed_out}
        return {"Messages": handed_out} if handed_out else {}

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Change what is invisible still, and fail for the others, as SQS does."""
        assert 0 < len(request["Entries"]) <= 10
        failed = []
        for entry in request["Entries"]:
            if self._invisible_until.get(entry["ReceiptHandle"], 0) > self._now():
                self._invisible_until[entry["ReceiptHandle"]] = self._now() + entry["VisibilityTimeout"]
            else:
                failed.append({"Id": entry["Id"], "Code": "MessageNotInflight", "SenderFault": True})
        return {"Failed": failed}

    def delete_message(self, **request: Any) -> None:
        left = [m for m in self.messages[request["QueueUrl"]] if self._receipt(m) != request["ReceiptHandle"]]
        self.messages[request["QueueUrl"]] = left

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        visible, messages = len(self.visible(request["QueueUrl"])), len(self.messages[request["QueueUrl"]])
        counts = {"": visible, "NotVisible": messages - visible}
        counted = {f"ApproximateNumberOfMessages{name}": str(count) for name, count in counts.items()}
        return {"Attributes": {name: counted[name] for name in request["AttributeNames"]}}

    def visible(self, url: str) -> list[dict[str, Any]]:
        hidden = {receipt for receipt, until in self._invisible_until.items() if until > self._now()}
        return [message for message in self.messages[url] if self._receipt(message) not in hidden]

    def _receipt(self, message: dict[str, Any]) -> str:
        return self._latest.get(message["MessageId"], "")

    def bodies(self, url: str) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.messages[url]]


class Secrets:
    """Secrets Manager: a secret without a value was created empty."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        if request["SecretId"] not in self.values:
            raise refusal("ResourceNotFoundException", operation="GetSecretValue")
        return {"SecretString": self.values[request["SecretId"]]}

    def put_secret_value(self, **request: Any) -> None:
        self.values[request["SecretId"]] = request["SecretString"]


class Logs:
    """CloudWatch Logs: the one group of all functions."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.reads = 0

    def add(self, function: str, logged_at: float, action: str, job_id: str, state: str, **details: Any) -> None:
        line = {"message": action, "service": function, "jobId": job_id, "state": state} | details
        self.events.append({"timestamp": int(logged_at * 1000), "message": json.dumps(line)})

    def get_paginator(self, _: str) -> Pages:
        return Pages(lambda **_: {"events": []}, self._filtered)

    def describe_log_groups(self, **request: Any) -> dict[str, Any]:
        return {"logGroups": [{"logGroupName": request["logGroupNamePrefix"], "retentionInDays": 30}]}

    def _filtered(self, **request: Any) -> dict[str, Any]:
        assert request["logGroupName"] == LOG_GROUP
        self.reads += 1
        text, last = request["filterPattern"].strip('"'), request.get("endTime", math.inf)
        return {"events": [event for event in self.events if text in event["message"] and event["timestamp"] <= last]}


class Functions:
    """Lambda: functions that respond as they should, unless a test changes it. A response may be an error of Lambda."""

    def __init__(self) -> None:
        self.responses: dict[str, Any] = {name: {"batchItemFailures": []} for name in WITH_MAPPING}
        self.responses |= {"callback": {"statusCode": 404, "body": ""}, "sweep": {}, "api": {"statusCode": 401}}
        self.invoked: dict[str, Any] = {}
        self.configuration: dict[str, str] = {"State": "Active", "LastUpdateStatus": "Successful"}
        self.mapping: dict[str, str] = {"UUID": "4711", "State": "Enabled", "LastProcessingResult": "OK"}
        self.limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return self.configuration | {"LoggingConfig": {"LogGroup": LOG_GROUP}}

    def list_event_source_mappings(self, **request: Any) -> dict[str, Any]:
        assert request["FunctionName"] in WITH_MAPPING
        return {"EventSourceMappings": [self.mapping]}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": self.limit}

    def invoke(self, **request: Any) -> dict[str, Any]:
        assert request.keys() == {"FunctionName", "Payload"}
        response = self.responses[request["FunctionName"]]
        if isinstance(response, ClientError):
            raise response
        self.invoked[request["FunctionName"]] = json.loads(request["Payload"])
        failed = {"FunctionError": "Unhandled"} if "errorType" in (response or ()) else {}
        return failed | {"Payload": io.BytesIO(json.dumps(response).encode())}


class Buckets:
    """S3: HeadBucket with a status and a region. A refusal has the status as its code."""

    def __init__(self) -> None:
        self.status, self.region = 200, "eu-central-1"

    def generate_presigned_url(self, operation: str, **request: Any) -> str:
        wanted = request["Params"]
        place = f"https://{wanted['Bucket']}.s3.example/{wanted['Key']}"
        return f"{place}?X-Amz-Expires={request['ExpiresIn']}&operation={operation}"

    def head_bucket(self, **request: Any) -> dict[str, Any]:
        assert request == {"Bucket": "videos", "ExpectedBucketOwner": "123456789012"}
        metadata: dict[str, Any] = {"HTTPStatusCode": self.status, "HTTPHeaders": {"x-amz-bucket-region": self.region}}
        if self.status != 200:
            raise refusal(str(self.status), operation="HeadBucket", **metadata)
        return {"ResponseMetadata": metadata}

    def head_object(self, **_: Any) -> dict[str, Any]:
        raise refusal("404", operation="HeadObject")
