"""boto3 clients of the emulator, with the keys of its account's root user."""

import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.session import Session

REGION = "us-east-1"
ROOT_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

CONFIG = Config(retries={"total_max_attempts": 3}, s3={"addressing_style": "path"}, proxies={}, max_pool_connections=32)

NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""A session without the host's AWS profiles: a profile that is selected but missing would raise an error."""


def client(endpoint: str, service: str) -> Any:
    """Return the boto3 client of a service at the endpoint."""
    session = boto3.Session(botocore_session=Session(NO_FILES), region_name=REGION, **ROOT_KEYS)
    return session.client(service, endpoint_url=endpoint, config=CONFIG)
