"""Invoke a function of the stack by hand."""

import json
from typing import Any

from veo4k_cli.errors import OperatorError
from veo4k_cli.stack import Stack
from veo4k_cli.words import harmless

_OWN_ERROR = "SettingsError"  # its message is this project's: it names the setting and quotes no URL


def invoke(stack: Stack, function: str, event: Any) -> Any:
    """Invoke one of the five functions, wait for its end and return its response. Raise OperatorError if it failed."""
    answer = stack.client("lambda").invoke(FunctionName=stack.function(function), Payload=json.dumps(event).encode())
    response = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise OperatorError(f"the function {function} failed with {_kind(response, answer['FunctionError'])}")
    return response


def _kind(response: Any, kind: str) -> str:
    """Return the kind of a failure: the message of another library's error may hold a URL, so it stays in the log."""
    error = response if isinstance(response, dict) else {}
    if error.get("errorType") == _OWN_ERROR:
        return f"{_OWN_ERROR}: {harmless(str(error.get('errorMessage')))}"
    return f"{error.get('errorType', kind)}; the stack's log group says more"
