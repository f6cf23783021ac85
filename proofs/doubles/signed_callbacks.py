"""Callbacks as the provider signs them."""

import json
from dataclasses import replace
from typing import Any

from proofs.doubles.stage import TASK
from proofs.doubles.time_manual import NOON
from veo4k.domain.callback_auth import make_signature
from veo4k.services.signed_request import Request

TIME, SIGNATURE = "x-webhook-timestamp", "x-webhook-signature"
TOKEN_KEY, HOOK_KEY = b"token key", b"hook key"


def signed(key: bytes, task_id: str, timestamp: int) -> dict[str, str]:
    """Return the headers of a callback that was signed then."""
    return {TIME: str(timestamp), SIGNATURE: make_signature(key, task_id, str(timestamp))}


def callback(
    parts: tuple[str, ...], body: Any, /, *, key: bytes = HOOK_KEY, over: str = TASK, late: int = 0, **changes: Any
) -> Request:
    """Return a callback with this path and body. `over`: the task id that is signed; `late`: seconds before noon."""
    text = body if isinstance(body, str) else json.dumps(body)
    return replace(Request(parts, signed(key, over, int(NOON) - late), text, is_base64=False), **changes)
