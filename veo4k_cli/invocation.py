"""Invoke a function of the stack by hand."""

import json
from typing import Any

from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import printable
from veo4k_cli.stack import Stack

_OWN_ERROR = "SettingsError"  # its message names the setting and quotes no URL


def invoke(stack: Stack, function: str, event: Any) -> Any:
    """Invoke one of `FUNCTIONS` and return its response. Raise OperatorError where the function failed."""
    payload = json.dumps(event).encode()
    result = stack.client("lambda").invoke(FunctionName=stack.function_name(function), Payload=payload)
    response = json.loads(result["Payload"].read())
    if "FunctionError" in result:
        raise OperatorError(f"The function {function} failed with {_failure(response, result['FunctionError'])}")
    return response


def _failure(response: Any, kind: str) -> str:
    """Return the kind of the failure. The message of a library's error may hold a URL, so it stays in the log."""
    error = response if isinstance(response, dict) else {}
    if error.get("errorType") == _OWN_ERROR:
        return f"{_OWN_ERROR}: {printable(str(error.get('errorMessage')))}."
    return f"{error.get('errorType', kind)}. The stack's log group says more."
