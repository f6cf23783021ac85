"""Builds adapters and services, once for each process: the only place that knows both.

One module for each function, so that a function starts with what it uses and nothing else. Here is what they share.
"""

import os
import uuid
from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.clock import SystemClock
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.secrets import Secret
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.settings import Settings


def new_id() -> str:
    """Return a fresh id: 16 random bytes in hex."""
    return uuid.uuid4().hex


@cache
def clock() -> SystemClock:
    """Return the system's clock."""
    return SystemClock()


def deadline(remaining_millis: int) -> float:
    """Return the epoch second at which Lambda kills the function, which has this time left."""
    return clock().now() + remaining_millis / 1000


@cache
def settings() -> Settings:
    """Return this function's settings."""
    return Settings(os.environ)


@cache
def times() -> Times:
    """Return the waiting times of this function's settings."""
    return settings().times()


@cache
def hosts() -> ResultHosts:
    """Return the hosts that results are fetched from."""
    return settings().hosts()


@cache
def jobs() -> DynamoJobs:
    """Return the table of jobs."""
    name = settings().text("JOB_TABLE_NAME")
    return DynamoJobs(client("dynamodb"), name)


@cache
def secret(variable: str) -> Secret:
    """Return the secret whose name this environment variable holds."""
    return Secret(client("secretsmanager"), settings().text(variable), clock().now)
