"""Which resources AWS allows an action on, and which actions CloudFormation calls for a type of resource.

Both are data of AWS that cfn-lint contains: the Service Authorization Reference and the handlers of the types.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

_REFERENCE: dict[str, Any] = json.loads((files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text())
_FILLINGS = ("", "x", "/x")
"""What may stand for a star of a policy, so that the result is an ARN."""


def is_action(action: str) -> bool:
    """Return whether the reference lists the action. Some names in handlers are no actions, as s3:DeleteBucketCors."""
    service, name = action.lower().split(":")
    return name in _REFERENCE.get(service, {}).get("Actions", {})


def arns_of(action: str) -> list[re.Pattern[str]]:
    """Return what the ARNs look like that the action may be granted on. Without any it is granted on `*` alone."""
    service, name = action.lower().split(":")
    types = _REFERENCE[service]["Actions"][name].get("Resources", [])
    known = _REFERENCE[service]["Resources"]
    return [_pattern(text) for kind in types if kind.lower() in known for text in known[kind.lower()]["ARNFormats"]]


def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\.\*", ".*")
    return re.compile(re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", escaped))


def can_grant(action: str, resource: str) -> bool:
    """Return whether a statement with this resource, which may contain stars, can grant the action on anything."""
    samples = [resource.replace("*", filling) for filling in _FILLINGS]
    return resource == "*" or any(arn.fullmatch(sample) for arn in arns_of(action) for sample in samples)


def grants(policy: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield every action of a policy, which may contain stars, with the resources of its statement."""
    for statement in policy["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            yield action, [resources] if isinstance(resources, str) else resources


def is_granted(policy: dict[str, Any], action: str, own: str) -> bool:
    """Return whether a policy grants an action that is called for a resource with the ARN `own`.

    An action on resources of another kind, such as iam:PassRole for a function, must be granted on some of that kind.
    """
    is_own = any(arn.fullmatch(own) for arn in arns_of(action))
    return any(
        fnmatchcase(own, resource) if is_own else can_grant(action, resource)
        for granted, resources in grants(policy)
        if fnmatchcase(action.lower(), granted.lower())
        for resource in resources
    )


def calls(kind: str) -> set[str]:
    """Return the actions that CloudFormation may call to create, read, update or delete a resource of a type."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    steps = [handlers[step] for step in ("create", "read", "update", "delete") if step in handlers]
    return {action for step in steps for action in step["permissions"] if is_action(action)}
