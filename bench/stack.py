"""The environment of the functions, as the template sets it. Each bench fills in the endpoints to call."""

import os
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any
from unittest.mock import patch

from samtranslator.yaml_helper import yaml_parse

from local.paths import ROOT

HOST = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",  # the tree is read-only in Lambda
    "POWERTOOLS_TRACE_DISABLED": "true",
}


@cache
def _template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


def environment(function: str) -> dict[str, str]:
    """Return a function's environment: the parameters' defaults, and invented names for what a stack creates."""
    template = _template()
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in template["Parameters"].items()}
    variables: dict[str, Any] = template["Globals"]["Function"]["Environment"]["Variables"]
    variables = variables | template["Resources"][function]["Properties"]["Environment"]["Variables"]
    return HOST | {name: _value(name, value, defaults) for name, value in variables.items()}


def function_module(name: str) -> ModuleType:
    """Import `functions/NAME/app.py`, which builds its clients on import, under its environment."""
    with patch.dict(os.environ, environment(f"{name.title()}Function")):
        return import_module(f"{name}.app")


def _value(name: str, value: Any, defaults: dict[str, str]) -> str:
    if not isinstance(value, dict):
        return str(value)
    invented = name.lower().replace("_", "-")
    return defaults.get(value.get("Ref", ""), f"https://{invented}.example" if name.endswith("_URL") else invented)
