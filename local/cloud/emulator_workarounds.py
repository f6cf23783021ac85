"""Workarounds for what the emulator does otherwise than AWS, where the stack depends on it.

They replace functions of ministack, whose version is locked. The template stays as it is.
"""

import json
import re
import socket
import string
from collections.abc import Awaitable, Callable
from typing import Any

import hypercorn.asyncio  # type: ignore[import-not-found]  # this and ministack live in .venvs/cloud only
from ministack import app  # type: ignore[import-not-found]
from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.services import apigateway, cloudwatch, cloudwatch_logs, iam, lambda_svc  # type: ignore[import-not-found]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
SESSION = re.compile(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+")
ADDRESSES = 8
"""How many APIs can be served at the same time."""


def apply() -> None:
    """Apply all workarounds. Call it before the server starts."""
    _count_the_loopback_as_tls()
    _authorise_batches_as_single_calls()
    _set_the_leading_key_for_conditions()
    _set_the_role_as_principal()
    _accept_saved_queries()
    _convert_concurrency_to_a_number()
    _find_absent_what_has_no_parent()
    _exclude_punctuation_from_secrets()
    _set_permissions_boundaries()
    _name_log_streams_after_functions()
    _route_options_like_other_methods()
    _store_metrics_in_logs()
    _serve_each_api_at_its_own_address()


# Permissions


def _count_the_loopback_as_tls() -> None:
    """Let requests pass the template's TLS-only policies: here traffic never leaves the machine."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def _authorise_batches_as_single_calls() -> None:
    """Check a batch of SQS as AWS does, by the permission for a single call."""
    action_of = iam_actions.extract_iam_action

    def extract(service: str, *request: Any, **more: Any) -> Any:
        action = action_of(service, *request, **more)
        return action.removesuffix("Batch") if service == "sqs" and isinstance(action, str) else action

    iam_actions.extract_iam_action = extract


def _set_the_leading_key_for_conditions() -> None:
    """Set `dynamodb:LeadingKeys` for the conditions of policies, to the partition key of a request."""
    context_of = iam_actions.dynamodb_service_context

    def context(body: bytes) -> dict[str, Any]:
        known: dict[str, Any] = context_of(body)
        key = _leading_key(json.loads(body or b"{}"))
        return known | ({"dynamodb:leadingkeys": [key]} if key else {})

    iam_actions.dynamodb_service_context = context


def _leading_key(request: dict[str, Any]) -> str:
    """Return the partition key of a call on one row, or of a query by `taskId = :t`."""
    values = request.get("Key") or {"taskId": request.get("ExpressionAttributeValues", {}).get(":t", {})}
    return str(values.get("taskId", {}).get("S", ""))


def _set_the_role_as_principal() -> None:
    """Set `aws:PrincipalArn` for the conditions of policies to the role, as AWS does, instead of the role's session."""
    resolve = iam_evaluator._resolve_condition_key  # noqa: SLF001  called for every global key

    def resolve_role(key: str, context: Any) -> Any:
        value = resolve(key, context)
        session = SESSION.fullmatch(value) if key.lower() == "aws:principalarn" and isinstance(value, str) else None
        return f"arn:aws:iam::{session[1]}:role/{session[2]}" if session else value

    iam_evaluator._resolve_condition_key = resolve_role  # noqa: SLF001


# Resources of a stack


def _accept_saved_queries() -> None:
    """Let a stack create saved queries. The emulator has no service for them, so they have no effect."""
    handlers = {"create": lambda name, _properties, stack: (f"{stack}-{name}", {}), "delete": lambda *_: None}
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = handlers  # noqa: SLF001  its only table of types


def _convert_concurrency_to_a_number() -> None:
    """Convert a limit that comes from a parameter, as AWS does. The emulator's pollers fail on text."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]  # noqa: SLF001
    create, update = handlers["create"], handlers["update"]
    handlers["create"] = lambda name, properties, stack: create(name, _numbered(properties), stack)
    handlers["update"] = lambda at, old, new, stack: update(at, _numbered(old), _numbered(new), stack)


def _numbered(properties: dict[str, Any]) -> dict[str, Any]:
    scaling = {name: int(value) for name, value in properties.get("ScalingConfig", {}).items()}
    return properties | ({"ScalingConfig": scaling} if scaling else {})


def _find_absent_what_has_no_parent() -> None:
    """Filter a stream as AWS does: a field is absent too where the field around it is."""
    match = lambda_svc._match_esm_filter  # noqa: SLF001
    lambda_svc._match_esm_filter = lambda record, pattern: match(_with_parents(record, pattern), pattern)  # noqa: SLF001


def _with_parents(record: dict[str, Any], pattern: dict[str, Any]) -> dict[str, Any]:
    nested = {name: within for name, within in pattern.items() if isinstance(within, dict)}
    return record | {name: _with_parents(record.get(name) or {}, within) for name, within in nested.items()}


def _exclude_punctuation_from_secrets() -> None:
    """Generate secrets without punctuation where the template says so: a token that begins with { looks like a pair."""
    generate = provisioners._sm_secret_string  # noqa: SLF001  called for every secret

    def generated(properties: dict[str, Any]) -> Any:
        wanted = properties.get("GenerateSecretString") or {}
        if wanted.get("ExcludePunctuation"):
            excluded = wanted.get("ExcludeCharacters", "") + string.punctuation
            properties = properties | {"GenerateSecretString": wanted | {"ExcludeCharacters": excluded}}
        return generate(properties)

    provisioners._sm_secret_string = generated  # noqa: SLF001


def _set_permissions_boundaries() -> None:
    """Set a role's permissions boundary from the template. The emulator enforces it, but only its IAM calls set it."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]  # noqa: SLF001
    for operation, place in (("create", 1), ("update", 2)):
        handlers[operation] = _bounded(handlers[operation], place)


def _bounded(handler: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Wrap a handler that takes the role's properties as its argument at `place`."""

    def bounded(*arguments: Any) -> tuple[str, dict[str, Any]]:
        name, attributes = handler(*arguments)
        iam._roles[name]["PermissionsBoundary"] = arguments[place].get("PermissionsBoundary")  # noqa: SLF001
        return name, attributes

    return bounded


def _name_log_streams_after_functions() -> None:
    """Name a log stream after its function, as AWS does in a log group that several functions share."""
    emit = lambda_svc._emit_lambda_logs  # noqa: SLF001  called at the end of every invocation

    def emit_named(function: dict[str, Any], request_id: str, *how: Any, **more: Any) -> None:
        emit(function, request_id, *how, **more)
        configuration = function.get("config") or function
        group = cloudwatch_logs._log_groups.get((configuration.get("LoggingConfig") or {}).get("LogGroup"))  # noqa: SLF001
        streams = group["streams"] if group else {}
        for name in reversed(list(streams)):  # other invocations may add and rename streams at the same time
            events = streams.get(name, {}).get("events")
            if events and request_id in events[0]["message"]:
                named = name.replace("[", f"{configuration['FunctionName']}[", 1)
                streams[named] = streams.pop(name)
                return

    lambda_svc._emit_lambda_logs = emit_named  # noqa: SLF001


def _route_options_like_other_methods() -> None:
    """Let OPTIONS reach a route for any method, as on AWS where no CORS is configured.

    The emulator answers it itself, but for a method that it does not know; it then compares without regard to case.
    """
    execute = apigateway._handle_execute_in_scope  # noqa: SLF001  the end of every request to an API

    async def execute_any(api_id: str, stage: str, path: str, method: str, *more: Any) -> Any:
        has_cors = (apigateway._apis.get(api_id) or {}).get("corsConfiguration")  # noqa: SLF001
        method = method.lower() if method == "OPTIONS" and not has_cors else method
        return await execute(api_id, stage, path, method, *more)

    apigateway._handle_execute_in_scope = execute_any  # noqa: SLF001


def _store_metrics_in_logs() -> None:
    """Store the metrics that functions embed in their logs, as CloudWatch does. Alarms are not evaluated by it."""
    emit = lambda_svc._emit_lambda_logs  # noqa: SLF001  called at the end of every invocation

    def emit_and_store(function: dict[str, Any], request_id: str, text: str, *how: Any, **more: Any) -> None:
        emit(function, request_id, text, *how, **more)
        for line in text.splitlines():
            if line.startswith('{"_aws":'):
                _store_embedded(json.loads(line))

    lambda_svc._emit_lambda_logs = emit_and_store  # noqa: SLF001


def _store_embedded(entry: dict[str, Any]) -> None:
    at = entry["_aws"]["Timestamp"] / 1000
    for group in entry["_aws"]["CloudWatchMetrics"]:
        dimensions = {name: entry[name] for name in group["Dimensions"][0]}
        for metric in group["Metrics"]:
            values = entry[metric["Name"]]
            values = values if isinstance(values, list) else [values]
            place = group["Namespace"], metric["Name"], dimensions, at, metric.get("Unit", "None")
            cloudwatch._store_datum(*place, None, values, None, None)  # noqa: SLF001  what PutMetricData calls


def _serve_each_api_at_its_own_address() -> None:
    """Serve each HTTP API at a port of its own. Not every machine resolves names below localhost."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(ADDRESSES)]
    addresses = [f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    serve = hypercorn.asyncio.serve

    def serve_all(application: Application, config: Any) -> Any:
        config.bind += [f"fd://{each.fileno()}" for each in sockets]
        return serve(application, config)

    hypercorn.asyncio.serve = serve_all
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]  # noqa: SLF001
    create = handlers["create"]

    def create_at_address(name: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        taken = {api["apiEndpoint"] for api in apigateway._apis.values()}  # noqa: SLF001  its only list of APIs
        if not (free := [address for address in addresses if address not in taken]):
            raise ValueError(f"no more than {ADDRESSES} APIs at the same time")
        physical, attributes = create(name, properties, stack)
        apigateway._apis[physical]["apiEndpoint"] = free[0]  # noqa: SLF001
        return physical, attributes | {"ApiEndpoint": free[0]}

    handlers["create"] = create_at_address
    app.app = _routed_by_address(app.app)


def _routed_by_address(inner: Application) -> Application:
    """Wrap the server: route a request to the API whose address it came to."""

    async def outer(scope: Scope, receive: Any, send: Any) -> None:
        host = next((value.decode() for name, value in scope.get("headers", ()) if name == b"host"), "")
        apis = apigateway._apis.items()  # noqa: SLF001
        if scope["type"] == "http" and (
            found := [name for name, api in apis if api["apiEndpoint"] == f"http://{host}"]
        ):
            stage = f"/_aws/execute-api/{found[0]}/$default"
            scope = scope | {"path": stage + scope["path"], "raw_path": stage.encode() + scope["raw_path"]}
        await inner(scope, receive, send)

    return outer
