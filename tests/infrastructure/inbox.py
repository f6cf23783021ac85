"""A queue that receives what a topic of a local cloud sends."""

import json

from local.cloud.local_cloud import LocalCloud
from local.cloud.queue_reader import QueueReader

SEND = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
FROM_TOPICS = {"Version": "2012-10-17", "Statement": [SEND]}


def inbox(cloud: LocalCloud, topic: str, name: str) -> QueueReader:
    """Return the reader of a new queue that is subscribed to a topic."""
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(FROM_TOPICS)})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return QueueReader(sqs, url)
