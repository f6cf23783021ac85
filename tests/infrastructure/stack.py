"""Access to the resources of a template."""

from typing import Any

Resources = dict[str, dict[str, Any]]
FUNCTIONS = ["Submit", "Callback", "Sweep", "Publish", "Archive", "Api"]


def properties(resources: Resources, name: str) -> dict[str, Any]:
    """Return the properties of the resource of that logical id."""
    found: dict[str, Any] = resources[name]["Properties"]
    return found


def function_of(resources: Resources, source: str) -> dict[str, Any]:
    """Return the properties of the function that an event source invokes."""
    return properties(resources, properties(resources, source)["FunctionName"]["Ref"])


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical id."""
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}
