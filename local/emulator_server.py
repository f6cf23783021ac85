"""What runs inside the emulator's own environment: ministack on a leash, and closer to AWS where the stack needs it."""

import json
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app  # type: ignore[import-not-found]  # lives in .venvs/cloud only
from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.services import apigateway, cloudwatch  # type: ignore[import-not-found]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

Scope = dict[str, Any]
SESSION = re.compile(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+")
Application = Callable[[Scope, Any, Any], Awaitable[None]]


def die_with_parent() -> None:
    """End the whole process group when the parent closes the pipe, however the parent ended."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def count_the_loopback_as_tls() -> None:
    """Let the template's TLS-only policies hold unchanged: traffic here never leaves the machine."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def authorise_batches_as_single_calls() -> None:
    """Ask for the permission AWS asks for: SQS has no action of its own for a batch."""
    action_of = iam_actions.extract_iam_action

    def extract(service: str, *request: Any, **more: Any) -> Any:
        action = action_of(service, *request, **more)
        return action.removesuffix("Batch") if service == "sqs" and isinstance(action, str) else action

    iam_actions.extract_iam_action = extract


def tell_policies_the_leading_key() -> None:
    """Give conditions the table's partition key of a request, as `dynamodb:LeadingKeys` does on AWS."""
    context_of = iam_actions.dynamodb_service_context

    def context(body: bytes) -> dict[str, Any]:
        told: dict[str, Any] = context_of(body)
        key = _leading_key(json.loads(body or b"{}"))
        return told | ({"dynamodb:leadingkeys": [key]} if key else {})

    iam_actions.dynamodb_service_context = context


def _leading_key(request: dict[str, Any]) -> str:
    """The partition key of a call on one row, or of a query by `taskId = :t`."""
    values = request.get("Key") or {"taskId": request.get("ExpressionAttributeValues", {}).get(":t", {})}
    return str(values.get("taskId", {}).get("S", ""))


def let_alarms_watch_their_own_dimensions() -> None:
    """Let a point ring the alarms of its own metric only: the emulator goes by the metric's name alone."""
    evaluate = cloudwatch._evaluate_alarm  # noqa: SLF001  what it calls for each alarm

    def evaluate_own(alarm: dict[str, Any]) -> None:
        watched = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", ())}
        every = cloudwatch._metrics  # noqa: SLF001  its only list of points
        own = {key: points for key, points in every.items() if points and points[0].get("Dimensions") == watched}
        cloudwatch._metrics = own  # noqa: SLF001
        try:
            evaluate(alarm)
        finally:
            cloudwatch._metrics = every  # noqa: SLF001

    cloudwatch._evaluate_alarm = evaluate_own  # noqa: SLF001


WITHOUT_SERVICE = (
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Events::EventBusPolicy",
    "AWS::Logs::QueryDefinition",
)


def name_the_role_of_a_session() -> None:
    """Give conditions the role as `aws:PrincipalArn`, as AWS does, not the session that a function has of it."""
    resolve = iam_evaluator._resolve_condition_key  # noqa: SLF001  what it asks for every global key

    def resolve_role(key: str, context: Any) -> Any:
        value = resolve(key, context)
        session = SESSION.fullmatch(value) if key.lower() == "aws:principalarn" and isinstance(value, str) else None
        return f"arn:aws:iam::{session[1]}:role/{session[2]}" if session else value

    iam_evaluator._resolve_condition_key = resolve_role  # noqa: SLF001


def take_what_it_has_no_service_for() -> None:
    """Let saved queries, deployments and the bus's policy be created: here none of them has an effect."""
    handlers = {"create": lambda name, _properties, stack: (f"{stack}-{name}", {}), "delete": lambda *_: None}
    provisioners._RESOURCE_HANDLERS |= dict.fromkeys(WITHOUT_SERVICE, handlers)  # noqa: SLF001  its only table of types


def with_callbacks_by_address(inner: Application) -> Application:
    """Serve the callback API at the endpoint too: its own name, below localhost, is not resolved by every machine."""

    async def outer(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/callbacks/") and _by_address(scope):
            api = next(iter(apigateway._apis), "")  # noqa: SLF001  the emulator's only list of its APIs
            stage = f"/_aws/execute-api/{api}/$default"
            scope = scope | {"path": stage + scope["path"], "raw_path": stage.encode() + scope["raw_path"]}
        await inner(scope, receive, send)

    return outer


def _by_address(scope: Scope) -> bool:
    return any(name == b"host" and value.startswith(b"127.0.0.1:") for name, value in scope["headers"])


if __name__ == "__main__":
    threading.Thread(target=die_with_parent, daemon=True).start()
    count_the_loopback_as_tls()
    authorise_batches_as_single_calls()
    tell_policies_the_leading_key()
    take_what_it_has_no_service_for()
    let_alarms_watch_their_own_dimensions()
    name_the_role_of_a_session()
    app.app = with_callbacks_by_address(app.app)
    app.main()
