"""What Schemathesis cannot know of the API: which ids exist, and three rules that JSON Schema cannot say.

Loaded by Schemathesis in an environment of its own (`SCHEMATHESIS_HOOKS`), which has nothing of this tree.
"""

import json
import os
import random
import re
from typing import Any

import schemathesis  # type: ignore[import-not-found]  # lives in .venvs/door only

TASKS = os.environ["DOOR_TASKS"].split(",")
TASK_ID = re.compile("[A-Za-z0-9_-]{8,64}", re.ASCII)
LINE_BREAK = re.compile("[\r\n]|%0[AaDd]")
HIGHEST_RUN = 30
LONGEST_TAGS = 1024
CHANCE = random.Random(4)  # noqa: S311 - repeatable on purpose


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_: Any, case: Any, **__: Any) -> None:
    """Ask for a job that exists every other time, and keep a valid message within the rules."""
    path = case.path_parameters or {}
    # The emulator's gateway has no route for a path with a line break, and answers in its own words.
    path |= {name: LINE_BREAK.sub("-", value) for name, value in path.items() if isinstance(value, str)}
    if TASK_ID.fullmatch(str(path.get("taskId", ""))) and CHANCE.random() < 0.5:
        path["taskId"] = CHANCE.choice(TASKS)
        if "run" in path and re.fullmatch("[1-9][0-9]{0,8}", str(path["run"])):
            path["run"] = CHANCE.randint(1, HIGHEST_RUN)
    if isinstance(case.body, dict):
        case.body = _within_the_rules(case.body)


def _within_the_rules(body: dict[str, Any]) -> dict[str, Any]:
    """Write `62.0` as `62`, because JSON Schema takes it for an integer. Drop tags that are too long."""
    index, tags = body.get("index"), body.get("tags")
    if isinstance(index, float) and index.is_integer():
        body = body | {"index": int(index)}
    if isinstance(tags, dict) and len(json.dumps(tags, ensure_ascii=False).encode("utf-8", "replace")) > LONGEST_TAGS:
        body = body | {"tags": {}}
    return body
