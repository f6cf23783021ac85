"""Access to the resources of a template."""

from typing import Any

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]
FUNCTIONS = ["Submit", "Callback", "Sweep", "Publish", "Archive", "Api"]


def properties(resources: Resources, name: str) -> dict[str, Any]:
    """Return the properties of the resource of that logical id."""
    found: dict[str, Any] = resources[name]["Properties"]
    return found


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical id."""
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}
