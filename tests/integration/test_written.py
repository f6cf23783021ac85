"""Everything that the stacks wrote during these tests: events, rows and log lines. It runs last, by its name."""

import json
import re

from local.cloud.environment import Environment
from local.cloud.function_logs import function_logs
from local.cloud.rows import public
from tests.unit.docs.pages import SCHEMAS, errors


def test_every_event_matches_its_schema(env: Environment) -> None:
    events = env.events.received()
    assert events
    assert [error for one in events for error in errors(SCHEMAS["event"], one)] == []


def test_every_row_matches_its_schema(env: Environment) -> None:
    rows = json.loads(json.dumps([dict(public(row)) for row in env.cloud.rows()], default=int))
    assert rows
    assert [error for one in rows for error in errors(SCHEMAS["row"], one)] == []


def test_the_functions_log_what_they_do(env: Environment) -> None:
    logs = "\n".join(function_logs(env.cloud).values())
    messages = set(re.findall(r'"message":"(\w+)"', logs))
    assert {"job_created", "result_received", "job_archived", "announcement_sent", "callback_rejected"} <= messages
