"""Messages of JobQueue in which one field breaks its rule."""

import json
from typing import Any

TASK = "veo_task_abcdef123456"
CONTROLS = "\0\t\n\x1b\x1f\x7f\x85\x9f\u202a\u202e\u2066\u2069"
_TAGS: list[Any] = [[], {"a": 1}, {"": "a"}, {str(n): "" for n in range(11)}]
_TAGS += [*({"a": f"b{control}"} for control in CONTROLS), *({f"{control}b": "a"} for control in CONTROLS)]
WRONG: list[dict[str, Any]] = [
    *({}, {"taskId": "short"}, {"taskId": "x" * 65}, {"taskId": "veo.task.abcdef"}, {"taskId": "veo_task_ümlaut"}),
    *({"taskId": None}, {"taskId": 12345678}),
    *({"taskId": TASK, "index": index} for index in (True, "0", -1, 100, None)),
    *({"taskId": TASK, "force": force} for force in (1, None)),
    *({"taskId": TASK, "tags": tags} for tags in _TAGS),
    *({"taskId": TASK, "taskToken": token} for token in ("", "x" * 2049, "é")),
    {"taskId": TASK, "unknown": 1},
]
WRONG_BEYOND_A_SCHEMA: list[dict[str, Any]] = [
    {"taskId": f"{TASK}\n"},
    {"taskId": TASK, "index": 1.0},
    *({"taskId": TASK, "tags": tags} for tags in ({"a": "\ud800"}, {"a": "x" * 1016}, {"a": "é" * 508})),  # 1025 bytes
]


def shown(message: dict[str, Any]) -> str:
    """Return the beginning of a message, as the name of a test."""
    return json.dumps(message)[:60].replace("\\", "/")
