"""The callback's two secrets: our token in its path, the provider's signature in its headers.

The functions that sign are here as well. Bytes are compared, in constant time: comparing non-ASCII text would raise.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from veo4k.adapters.secrets import Secret


def make_token(key: bytes, task_id: str, index: int, run: int) -> str:
    """Return the token of one run: unpadded base64url of HMAC-SHA256 over `4k|taskId|index|run`, 43 characters."""
    digest = hmac.digest(key, f"4k|{task_id}|{index}|{run}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def make_signature(key: bytes, task_id: str, timestamp: str) -> str:
    """Return the provider's signature: Base64 of HMAC-SHA256 over `taskId.timestamp` ("Webhook Verification")."""
    digest = hmac.digest(key, f"{task_id}.{timestamp}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


@dataclass(frozen=True)
class KeyedCallbackAuth:
    """Verifies under the current key and, during a rotation, the previous one; nothing verifies under an unset key."""

    token_key: Secret
    webhook_key: Secret

    def verify_token(self, task_id: str, index: int, run: int, token: str) -> bool:
        """Compare the path's token."""
        return _any_equal(token, [make_token(key, task_id, index, run) for key in self.token_key.in_use()])

    def verify_signature(self, task_id: str, timestamp: str, signature: str) -> bool:
        """Compare the provider's signature."""
        return _any_equal(signature, [make_signature(key, task_id, timestamp) for key in self.webhook_key.in_use()])

    def has_webhook_key(self) -> bool:
        """Return whether a webhook key is set."""
        return bool(self.webhook_key.in_use())


def _any_equal(received: str, expected: list[str]) -> bool:
    # Every key is compared, whichever matches.
    equal = [hmac.compare_digest(received.encode("utf-8", "replace"), text.encode()) for text in expected]
    return any(equal)
