"""What the stack announces: a rule on its event bus that puts every event on a queue of ours."""

import json
from typing import Any

from local.cloud.local_cloud import LocalCloud
from local.cloud.queue_reader import Inbox

PATTERN = {"source": ["veo4k"]}


class Announcements:
    """Every event since this was made, in the order of arrival."""

    def __init__(self, cloud: LocalCloud) -> None:
        sqs, name = cloud.client("sqs"), f"{cloud.stack}-watcher"
        queue: str = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        _follow(cloud.client("events"), name, cloud.outputs["EventBusName"], attributes["QueueArn"])
        self._inbox = Inbox(sqs, queue)

    def received(self) -> list[dict[str, Any]]:
        """Every event so far."""
        return [json.loads(message["Body"]) for message in self._inbox.received()]

    def about(self, task_id: str) -> list[dict[str, Any]]:
        """Events about one task."""
        return [event for event in self.received() if event["detail"]["taskId"] == task_id]


def _follow(events: Any, name: str, bus: str, queue_arn: str) -> None:
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": name, "Arn": queue_arn}])
