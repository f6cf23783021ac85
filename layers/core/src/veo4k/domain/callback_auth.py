"""The secrets of requests: our token in a callback's path, the provider's signature, the bearer token of the HTTP API.

Bytes are compared, in constant time: comparing non-ASCII text would raise. During a rotation two keys are in use.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

Keys = Sequence[bytes]
"""The keys in use; none where the secret is unset, so that nothing verifies."""


def make_token(key: bytes, task_id: str, index: int, run: int) -> str:
    """Return the token of one run: unpadded base64url of HMAC-SHA256 over `4k|taskId|index|run`, 43 characters."""
    return _token(key, f"4k|{task_id}|{index}|{run}")


def make_generated_token(key: bytes) -> str:
    """Return the token of the URL to which generations are reported: as that of a run, over `generated`."""
    return _token(key, "generated")


def make_signature(key: bytes, task_id: str, timestamp: str) -> str:
    """Return the provider's signature: Base64 of HMAC-SHA256 over `taskId.timestamp` ("Webhook Verification")."""
    digest = hmac.digest(key, f"{task_id}.{timestamp}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def verify_token(keys: Keys, task_id: str, index: int, run: int, token: str) -> bool:
    """Return whether the token of a callback's path is right."""
    return _any_equal(token, [make_token(key, task_id, index, run).encode() for key in keys])


def verify_generated_token(keys: Keys, token: str) -> bool:
    """Return whether the token of the path to which generations are reported is right."""
    return _any_equal(token, [make_generated_token(key).encode() for key in keys])


def verify_signature(keys: Keys, task_id: str, timestamp: str, signature: str) -> bool:
    """Return whether the provider's signature is right."""
    return _any_equal(signature, [make_signature(key, task_id, timestamp).encode() for key in keys])


def verify_bearer(tokens: Keys, authorization: str) -> bool:
    """Return whether the header `Authorization` of a request to the HTTP API for jobs carries a token in use."""
    scheme, _, received = authorization.partition(" ")
    return _any_equal(received.strip(" "), tokens) and scheme.lower() == "bearer"


def _token(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _any_equal(received: str, expected: Sequence[bytes]) -> bool:
    sent = received.encode("utf-8", "replace")
    equal = [hmac.compare_digest(sent, secret) for secret in expected]  # all of them, whichever matches
    return any(equal)
