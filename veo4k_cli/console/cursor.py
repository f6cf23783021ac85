"""Cursors: where a page of the due index ends, as text for an address."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from veo4k_cli.foreign_json import json_object


def parse(text: str) -> dict[str, Any]:
    """Return the last key that was read of each partition."""
    try:
        content = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return {}
    return json_object(content) or {}


def after(starts: Mapping[str, Any], keys: Sequence[Mapping[str, Any]], partition: str) -> str:
    """Return the cursor behind these keys. `partition` names the attribute that says in which partition a key is."""
    last = dict(starts) | {key[partition]["S"]: key for key in keys}
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()
