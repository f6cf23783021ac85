"""Builds the real world, once for each process: the only place that knows both adapters and services.

One module for each way in, so that a function starts with what it uses and nothing else. Here is what they share.
"""

import os
import uuid
from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.clock import SystemClock
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.secrets import Secret
from veo4k.domain.schedule import Times
from veo4k.settings import Settings


def new_id() -> str:
    """Give a fresh id: 16 random bytes in hex."""
    return uuid.uuid4().hex


@cache
def clock() -> SystemClock:
    """Give the system's clock."""
    return SystemClock()


@cache
def settings() -> Settings:
    """Give this function's settings."""
    return Settings(os.environ)


@cache
def times() -> Times:
    """Return this function's times."""
    return settings().times()


@cache
def jobs() -> DynamoJobs:
    """Give the table of jobs."""
    return DynamoJobs(client("dynamodb"), settings().text("JOB_TABLE_NAME"))


@cache
def secret(variable: str) -> Secret:
    """Give the secret whose name this variable holds."""
    return Secret(client("secretsmanager"), settings().text(variable), clock().now)
