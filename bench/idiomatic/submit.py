"""Submit as the guides write it, for comparison: resource, Logger, Tracer and Metrics, parser, requests, one by one."""

import os
import time
from typing import Any

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.parser import BaseModel, Field
from aws_lambda_powertools.utilities.typing import LambdaContext

logger, tracer, metrics = Logger(), Tracer(), Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
table = boto3.resource("dynamodb").Table(os.environ["JOB_TABLE_NAME"])
session = requests.Session()


class Job(BaseModel):
    """One message."""

    taskId: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")  # noqa: N815
    index: int = Field(default=0, ge=0, le=99)


@tracer.capture_method
def record_handler(record: SQSRecord) -> None:
    """Look at the base video, write the intent, ask, write the answer."""
    job = Job.model_validate_json(record.body)
    secret = parameters.get_secret(os.environ["API_KEY_SECRET_NAME"], max_age=30)
    known = {"Authorization": f"Bearer {secret}"}
    record_info = os.environ["KIE_BASE_URL"] + "/api/v1/veo/record-info"
    found = session.get(record_info, params={"taskId": job.taskId}, headers=known, timeout=3)
    found.raise_for_status()
    if found.json()["data"]["response"]["resolution"] == "4k":
        logger.info("4K already", extra={"taskId": job.taskId})
        return
    key = {"taskId": job.taskId, "run": 1}
    table.put_item(
        Item={**key, "state": "SUBMITTING", "createdAt": str(time.time())},
        ConditionExpression="attribute_not_exists(taskId)",
    )
    answer = session.post(
        os.environ["KIE_BASE_URL"] + "/api/v1/veo/get-4k-video",
        json={"taskId": job.taskId, "index": job.index, "callBackUrl": os.environ["CALLBACK_BASE_URL"]},
        headers=known,
        timeout=20,
    )
    answer.raise_for_status()
    table.update_item(
        Key=key,
        UpdateExpression="SET #s = :s, acceptedAt = :t",
        ConditionExpression="#s = :old",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": "PROCESSING", ":old": "SUBMITTING", ":t": str(time.time())},
        ReturnValues="ALL_NEW",
    )
    logger.info("submitted", extra={"taskId": job.taskId, "code": answer.json()["code"]})
    metrics.add_metric("Submitted", MetricUnit.Count, 1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer an SQS batch."""
    return process_partial_response(event, record_handler, processor, context)
