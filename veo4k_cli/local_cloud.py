"""The local cloud on this machine: the file that names its endpoint, and the clients of its services.

The file is written when the cloud is ready and removed when the cloud ends. It is a JSON object with the keys

- `endpoint`: the URL of the AWS emulator, on the loopback interface;
- `stack`: the name of the stack in the emulator.

Other keys belong to the tools of the source tree.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.session import Session

FILE = Path(".local/cloud/current.json")
"""The file's path in the source tree."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_CONFIG = Config(read_timeout=150, retries={"total_max_attempts": 3}, s3={"addressing_style": "path"}, proxies={})
_S3_CONFIG = _CONFIG.merge(Config(signature_version="s3v4"))  # a link is signed as on AWS
_NO_PROFILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Keep the user's AWS profiles out: a selected profile that does not exist would be an error."""


class LocalCloud(NamedTuple):
    """A running local cloud: the URL of its emulator, and the name of its stack."""

    endpoint: str
    stack: str


def local_client(endpoint: str, service: str) -> Any:
    """Return a boto3 client of the emulator, with the rights of the account's owner."""
    session = boto3.Session("test", "test", region_name="us-east-1", botocore_session=Session(_NO_PROFILES))
    return session.client(service, endpoint_url=endpoint, config=_S3_CONFIG if service == "s3" else _CONFIG)


def running_local_cloud(folder: Path | None = None) -> LocalCloud | None:
    """Return the local cloud that runs in this folder or in one above it, or None."""
    folder = Path.cwd() if folder is None else folder
    found = (_read(parent / FILE) for parent in (folder, *folder.parents))
    return next((cloud for cloud in found if cloud is not None), None)


def _read(file: Path) -> LocalCloud | None:
    """Return the cloud that the file names, or None where it does not answer: a killed cloud leaves its file."""
    try:
        content = json.loads(file.read_text())
        cloud = LocalCloud(str(content["endpoint"]), str(content["stack"]))
        place = urlsplit(cloud.endpoint)
        if place.hostname not in _LOOPBACK:
            return None
        socket.create_connection((place.hostname, place.port or 80), timeout=1).close()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return cloud
