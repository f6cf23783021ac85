"""The SDK's signature of a request, with less of what it does twice for one."""

import hashlib
import hmac
from typing import Any

from botocore.auth import SigV4Auth


class LeanSigner(SigV4Auth):
    """Signs one request, byte for byte as the SDK does: it makes a new signer for each."""

    _headers: Any = None

    def headers_to_sign(self, request: Any) -> Any:
        """Give the headers; they are asked for to make the signature and again to name them beside it."""
        if self._headers is None:
            self._headers = super().headers_to_sign(request)
        return self._headers

    def _sign(self, key: bytes, msg: str, hex: bool = False) -> Any:  # noqa: A002  the SDK's names
        digest = hmac.digest(key, msg.encode(), hashlib.sha256)
        return digest.hex() if hex else digest
