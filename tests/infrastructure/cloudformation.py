"""What refers to what in a template, as CloudFormation reads it ("Intrinsic function reference" of its User Guide).

No linter searches a SAM template for cycles: cfn-lint passes over those that touch a SAM resource, `sam validate` does
not search for them, and the emulator ignores `UpdatePolicy`.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.[A-Za-z0-9.]+)?\}")


def references(value: Any) -> Iterator[str]:
    """Yield every logical id that a part of a template refers to, with the functions' own names left in."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _named(key, inner)
            yield from references(inner)


def _named(key: str, value: Any) -> Iterator[str]:
    """Yield what one intrinsic function, or `DependsOn`, names."""
    if key in ("Ref", "DependsOn") and isinstance(value, str):
        yield value
    elif key == "DependsOn":
        yield from value
    elif key == "Fn::GetAtt":
        yield value.split(".")[0] if isinstance(value, str) else value[0]
    elif key == "Fn::Sub":
        text, local = (value, {}) if isinstance(value, str) else value
        yield from (name for name in PLACEHOLDER.findall(text) if name not in local)


def cycle(resources: Mapping[str, Any]) -> list[str]:
    """Return one cycle of resources, its first name repeated at the end; empty where there is none."""
    graph = {name: {n for n in references(resource) if n in resources} for name, resource in resources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []
