"""The callback as the guides write it, for comparison: resource, Logger, Tracer and Metrics, parser."""

import base64
import hashlib
import hmac
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model
from aws_lambda_powertools.utilities.typing import LambdaContext

logger, tracer, metrics = Logger(), Tracer(), Metrics()
table = boto3.resource("dynamodb").Table(os.environ["JOB_TABLE_NAME"])


class Info(BaseModel):
    """Where the results lie."""

    resultUrls: list[str]  # noqa: N815


class Data(BaseModel):
    """What the callback is about."""

    taskId: str  # noqa: N815
    info: Info


class Callback(BaseModel):
    """The body."""

    code: int
    data: Data


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Check the signature, write the result."""
    request = parse(event=event, model=APIGatewayProxyEventV2Model)
    body = Callback.model_validate_json(str(request.body))
    key = str(parameters.get_secret(os.environ["WEBHOOK_KEY_SECRET_NAME"], max_age=30)).encode()
    signed = f"{body.data.taskId}.{request.headers['x-webhook-timestamp']}".encode()
    made = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    if not hmac.compare_digest(made, request.headers["x-webhook-signature"]):
        return {"statusCode": 401, "body": ""}
    table.update_item(
        Key={"taskId": body.data.taskId, "run": 1},
        UpdateExpression="SET #s = :s, resultUrls = :u, finishedAt = :t",
        ConditionExpression="#s = :old",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={
            ":s": "READY",
            ":old": "PROCESSING",
            ":u": body.data.info.resultUrls,
            ":t": str(time.time()),
        },
        ReturnValues="ALL_NEW",
    )
    logger.info("ready", extra={"taskId": body.data.taskId})
    metrics.add_metric("Ready", MetricUnit.Count, 1)
    return {"statusCode": 200, "body": ""}
