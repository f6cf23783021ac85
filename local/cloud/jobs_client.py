"""Requests to the HTTP API for jobs of a stack that has it."""

import json
from typing import Any

import requests

from local.cloud.local_cloud import LocalCloud

TIMEOUT = 30  # seconds, a function's start on a busy machine included


def token_of(cloud: LocalCloud) -> str:
    """Return the token in use."""
    return in_use(cloud.secret("JobsApiTokenSecretName"))


def in_use(secret: str) -> str:
    """Return a secret's value in use: of a pair the current one."""
    return str(json.loads(secret)["current"]) if secret.startswith("{") else secret


def ask(cloud: LocalCloud, method: str, path: str, body: Any = None, *, token: str | None = None) -> requests.Response:
    """Send a request with the token in use, or with another one. `body`: bytes, or what becomes JSON."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return requests.request(
        method,
        f"{cloud.outputs['JobsApiUrl']}{path}",
        data=data,
        headers={"Authorization": f"Bearer {token_of(cloud) if token is None else token}"},
        timeout=TIMEOUT,
        allow_redirects=False,
    )
