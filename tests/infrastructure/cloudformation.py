"""CloudFormation's own reading of a template: what refers to what, and what is left once the conditions are known.

No linter checks this for a SAM template: cfn-lint passes over cycles that touch a SAM resource, `sam validate` does not
search for them, and the emulator ignores `UpdatePolicy`. Sources: AWS CloudFormation User Guide, "Intrinsic function
reference", "Condition functions" and "Rule-specific intrinsic functions".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

Template = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}
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


def dangling(template: Template) -> set[str]:
    """Return the names that resources or outputs refer to and that neither a resource nor a parameter has."""
    known = template["Resources"].keys() | template["Parameters"].keys()
    used = {name for part in ("Resources", "Outputs") for name in references(template[part])}
    return {name for name in used - known if not name.startswith("AWS::")}


@dataclass(frozen=True)
class Resolver:
    """Conditions and rules of a template for one choice of its parameters."""

    template: Template
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, template: Template, **chosen: str) -> "Resolver":
        """Return the resolver for these parameters, defaults for the others."""
        defaults = {name: str(entry["Default"]) for name, entry in template["Parameters"].items()}
        return cls(template, defaults | chosen)

    def template_in_force(self) -> Template:
        """Return the template without resources and outputs whose condition is false, and without `Fn::If`."""
        kept = {part: self._kept(self.template[part]) for part in ("Resources", "Outputs")}
        return self.template | kept

    def broken_rules(self) -> list[str]:
        """Return the descriptions of the assertions that these parameters break."""
        return [
            assertion["AssertDescription"]
            for rule in self.template.get("Rules", {}).values()
            if self._holds(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self._holds(assertion["Assert"])
        ]

    def _kept(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        there = {n: e for n, e in entries.items() if "Condition" not in e or self._condition(e["Condition"])}
        return {name: self._resolved(entry) for name, entry in there.items()}

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == {"Fn::If"}:
            name, positive, negative = value["Fn::If"]
            return self._resolved(positive if self._condition(name) else negative)
        if isinstance(value, dict):
            inner = {key: self._resolved(each) for key, each in value.items()}
            return {key: each for key, each in inner.items() if each != NO_VALUE}
        if isinstance(value, list):
            return [each for each in map(self._resolved, value) if each != NO_VALUE]
        return value

    def _condition(self, name: str) -> bool:
        return self._holds(self.template["Conditions"][name])

    def _holds(self, test: Any) -> bool:
        if isinstance(test, bool):
            return test
        [(function, given)] = test.items()
        if function == "Condition":
            return self._condition(given)
        if function in ("Fn::And", "Fn::Or", "Fn::Not"):
            inner = [self._holds(each) for each in given]
            return {"Fn::And": all(inner), "Fn::Or": any(inner), "Fn::Not": not inner[0]}[function]
        left, right = map(self._value, given)
        if function == "Fn::EachMemberEquals":
            return all(member == right for member in left)
        if function == "Fn::Equals":
            return bool(left == right)
        raise ValueError(f"the condition function {function} is not known here")

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and "Fn::Join" in value:
            separator, members = value["Fn::Join"]
            return separator.join(self._value(members))
        if isinstance(value, dict):
            text, kind = self.parameters[value["Ref"]], self.template["Parameters"][value["Ref"]]["Type"]
            return text.split(",") if kind == "CommaDelimitedList" else text
        return str(value)
