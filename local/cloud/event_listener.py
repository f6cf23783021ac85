"""Receives what the stack announces: a rule on its event bus puts every event on a queue of the listener."""

import json
from typing import Any

from local.cloud.local_cloud import LocalCloud
from local.cloud.queue_reader import QueueReader

PATTERN = {"source": ["veo4k"]}


class EventListener:
    """Every event since the listener was made, in the order of arrival."""

    def __init__(self, cloud: LocalCloud) -> None:
        sqs, name = cloud.client("sqs"), f"{cloud.stack}-listener"
        queue: str = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events, bus = cloud.client("events"), cloud.outputs["EventBusName"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(PATTERN))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": name, "Arn": arn}])
        self._queue = QueueReader(sqs, queue)

    def received(self) -> list[dict[str, Any]]:
        """Return every event so far."""
        return [json.loads(message["Body"]) for message in self._queue.received()]

    def about(self, task_id: str) -> list[dict[str, Any]]:
        """Return the events about one task."""
        return [event for event in self.received() if event["detail"]["taskId"] == task_id]
