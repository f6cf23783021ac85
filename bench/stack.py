"""The environment of the functions, as the template sets it. Each bench fills in the endpoints to call."""

from typing import Any

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
PLACES = {
    "CALLBACK_BASE_URL": "https://callbacks.example",
    "JOB_TABLE_NAME": "jobs",
    "API_KEY_SECRET_NAME": "key",
    "TOKEN_KEY_SECRET_NAME": "key",
    "WEBHOOK_KEY_SECRET_NAME": "key",
    "JOB_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/000000000000/dead",
}


def environment(function: str) -> dict[str, str]:
    """Environment of a function of the template, with the parameters' defaults."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in template["Parameters"].items()}
    variables: dict[str, Any] = template["Globals"]["Function"]["Environment"]["Variables"]
    variables = variables | template["Resources"][function]["Properties"]["Environment"]["Variables"]
    return HOST | {name: _value(value, defaults) for name, value in variables.items()} | PLACES


def _value(value: Any, defaults: dict[str, str]) -> str:
    return defaults.get(value.get("Ref", ""), "") if isinstance(value, dict) else str(value)
