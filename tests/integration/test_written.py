"""Everything that the stacks wrote during these tests: events, rows and log lines. It runs last, by its name."""

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from local.cloud.environment import Environment
from local.cloud.function_logs import function_logs
from local.cloud.rows import public
from local.paths import ROOT

SCHEMAS = ROOT / "docs/schemas"


def schema_errors(name: str, values: list[Any]) -> list[str]:
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    resources = [(key, Resource.from_contents(schema)) for key, schema in schemas.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    validator = Draft202012Validator(schemas[f"{name}.schema.json"], registry=registry)
    return [error.message for value in values for error in validator.iter_errors(value)]


def test_every_event_matches_its_schema(env: Environment) -> None:
    events = env.events.received()
    assert events
    assert schema_errors("event", events) == []


def test_every_row_matches_its_schema(env: Environment) -> None:
    rows = json.loads(json.dumps([dict(public(row)) for row in env.cloud.rows()], default=int))
    assert rows
    assert schema_errors("row", rows) == []


def test_the_functions_log_what_they_do(env: Environment) -> None:
    logs = "\n".join(function_logs(env.cloud).values())
    messages = set(re.findall(r'"message":"(\w+)"', logs))
    assert {"job_created", "result_received", "job_archived", "announcement_sent", "callback_rejected"} <= messages
