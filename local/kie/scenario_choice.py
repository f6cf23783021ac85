"""How a task gets its scenario: by registration, by its id, or, where the simulator makes it, by its prompt."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from local.kie.scenario import Callback, Scenario
from local.kie.scenarios import SCENARIOS
from local.kie.settings import converted

PREFIX = "veo_task_"
PROMPTED = re.compile(r"\[(\w+)\]")

_LONGEST_FIRST = sorted(SCENARIOS, key=len, reverse=True)


def scenario_of(task_id: str) -> Scenario:
    """Return the scenario of a task that is not registered, by its id: `veo_task_lost_0001`.

    Other ids with the prefix are on time. Ids without it are unknown.
    """
    if not task_id.startswith(PREFIX):
        return SCENARIOS["unknown_task"]
    rest = task_id.removeprefix(PREFIX) + "_"
    return SCENARIOS[next((name for name in _LONGEST_FIRST if rest.startswith(name + "_")), "on_time")]


def prompted_id(prompt: str, digest: str) -> str:
    """Return the id of a new task, from 32 hex digits. The prompt "[lost] a fox" makes an id that selects `lost`."""
    named = PROMPTED.match(prompt)
    return f"{PREFIX}{named[1]}_{digest[:16]}" if named and named[1] in SCENARIOS else PREFIX + digest


def varied(name: str, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario of the table with some fields changed (JSON values). Raise ValueError."""
    if name not in SCENARIOS:
        raise ValueError(f"no such scenario: {name}")
    scenario = SCENARIOS[name]
    if unknown := sorted(changes.keys() - {known.name for known in fields(scenario)}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return replace(scenario, **{field: _valued(scenario, field, value) for field, value in changes.items()})


def _valued(scenario: Scenario, field: str, value: Any) -> Any:
    if field in ("callbacks", "base_callbacks"):
        return tuple(Callback(**callback) for callback in value)
    return converted(field, value, type(getattr(scenario, field)))
