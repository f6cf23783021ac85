"""The bearer token of the HTTP API for jobs. During a rotation two tokens are in use."""

import hmac
from collections.abc import Sequence


def verify_bearer(tokens: Sequence[bytes], authorization: str) -> bool:
    """Return whether the header `Authorization` carries one of the tokens in use.

    Bytes are compared, in constant time, and with every token, whichever matches.
    """
    scheme, _, received = authorization.partition(" ")
    sent = received.strip(" ").encode("utf-8", "replace")
    equal = [hmac.compare_digest(sent, token) for token in tokens]
    return scheme.lower() == "bearer" and any(equal)
