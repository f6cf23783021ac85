"""Every event of all these tests, and every row they left, against the published schemas."""

import json
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from local.cloud.rows import public
from tests.integration.world import ROOT, World

SCHEMAS = ROOT / "docs/schemas"


def schema(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return read


def faults(name: str, values: list[Any]) -> list[str]:
    others = [(path.name, Resource.from_contents(json.loads(path.read_text()))) for path in SCHEMAS.glob("*.json")]
    registry: Registry[Any] = Registry().with_resources(others)
    validator = Draft202012Validator(schema(name), registry=registry)
    return [error.message for value in values for error in validator.iter_errors(value)]


def test_every_event_is_as_its_schema_says(world: World) -> None:
    events = world.announcements.received()

    assert events
    assert faults("event", events) == []


def test_every_row_is_as_its_schema_says(world: World) -> None:
    rows = json.loads(json.dumps([dict(public(row)) for row in world.rows()], default=int))

    assert rows
    assert faults("row", rows) == []
