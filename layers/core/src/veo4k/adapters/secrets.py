"""Secrets Manager: the API key, the webhook key and the token key, each read again after 30 seconds.

A secret without a version, empty or of white space is unset. During a rotation a secret is a pair of keys as JSON.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 30.0


@dataclass
class Secret:
    """One secret; its value never appears in an error or a log line."""

    client: "SecretsManagerClient" = field(repr=False)
    name: str
    now: Callable[[], float]
    _text: str = field(default="", repr=False)
    _failure: str = ""
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def forget(self) -> None:
        """Read the secret anew at its next use: its value was refused."""
        self._until = 0.0

    def in_use(self) -> tuple[bytes, ...]:
        """Return the current key, and the previous one during a rotation; empty where the secret is unset.

        Raise StorageError when the secret cannot be read.
        """
        text = self._current()
        pair = _pair(text)
        keys = (pair.get("current"), pair.get("previous")) if pair is not None else (text,)
        return tuple(key.strip().encode() for key in keys if isinstance(key, str) and key.strip())

    def _current(self) -> str:
        """Return the secret, empty where it is unset."""
        with self._lock:
            if self.now() >= self._until:
                self._until = self.now() + KEPT_SECONDS
                self._text, self._failure = self._read_or_failure()
            if self._failure:
                raise StorageError(self._failure)
            return self._text

    def _read_or_failure(self) -> tuple[str, str]:
        """Return the secret, or why it cannot be read. A failure is kept too: anyone can send callbacks."""
        try:
            return self._read(), ""
        except StorageError as error:
            return "", str(error)

    def _read(self) -> str:
        with as_storage_error("GetSecretValue"):
            try:
                return self.client.get_secret_value(SecretId=self.name).get("SecretString", "").strip()
            except ClientError as error:
                # A secret that was created empty has no version.
                if error.response["Error"]["Code"] == "ResourceNotFoundException":
                    return ""
                raise


def _pair(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
