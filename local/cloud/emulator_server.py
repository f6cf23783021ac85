"""What runs inside the emulator's own environment: ministack on a leash, and closer to AWS where the stack needs it."""

import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import hypercorn.asyncio  # type: ignore[import-not-found]  # this and ministack are in .venvs/cloud only
from ministack import app  # type: ignore[import-not-found]
from ministack.core import iam_actions, iam_evaluator  # type: ignore[import-not-found]
from ministack.services import apigateway, cloudwatch, cloudwatch_logs, iam, lambda_svc  # type: ignore[import-not-found]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

sys.path.append(str(Path(__file__).resolve().parents[2]))
from local.cloud import metric_math  # the interpreter is isolated and does not search this folder

Scope = dict[str, Any]
SESSION = re.compile(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+")
ADDRESSES = 8
"""How many APIs can be served at the same time."""
OF_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit")
Application = Callable[[Scope, Any, Any], Awaitable[None]]


def die_with_parent() -> None:
    """End the whole process group when the parent closes the pipe, however the parent ended."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def count_the_loopback_as_tls() -> None:
    """Let the template's TLS-only policies pass unchanged: traffic here never leaves the machine."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def authorise_batches_as_single_calls() -> None:
    """Demand the permission that AWS demands: SQS has no action of its own for a batch."""
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


def name_the_role_of_a_session() -> None:
    """Give conditions the role as `aws:PrincipalArn`, as AWS does, not the session that a function has of it."""
    resolve = iam_evaluator._resolve_condition_key  # noqa: SLF001  called for every global key

    def resolve_role(key: str, context: Any) -> Any:
        value = resolve(key, context)
        session = SESSION.fullmatch(value) if key.lower() == "aws:principalarn" and isinstance(value, str) else None
        return f"arn:aws:iam::{session[1]}:role/{session[2]}" if session else value

    iam_evaluator._resolve_condition_key = resolve_role  # noqa: SLF001


# Alarms


def accept_alarms_of_several_metrics() -> None:
    """Let a stack have alarms on metric math, which the emulator refuses."""
    record_of = provisioners._cw_metric_alarm_record  # noqa: SLF001  what creates and updates an alarm calls

    def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if not (queries := properties.get("Metrics")):
            return dict(record_of(name, properties))
        _evaluated(queries, {query["Id"]: [] for query in queries if "MetricStat" in query})
        alarm = record_of(name, properties | {"Metrics": None, "Namespace": "none", "MetricName": "none"})
        return {key: value for key, value in alarm.items() if key not in OF_ONE_METRIC} | {"Metrics": queries}

    provisioners._cw_metric_alarm_record = record  # noqa: SLF001


def evaluate_alarms_as_cloudwatch_does() -> None:
    """Evaluate each period by itself, of an alarm's own metrics only: the emulator goes by the metric's name alone."""
    cloudwatch._evaluate_alarm = _evaluate_alarm  # noqa: SLF001


def _evaluate_alarm(alarm: dict[str, Any]) -> None:
    """Bring an alarm to its state. Before the first point of any of its metrics it has none."""
    queries = alarm.get("Metrics") or [{"Id": "only", "MetricStat": _own_metric(alarm)}]
    stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    points = {name: _points(stat["Metric"]) for name, stat in stats.items()}
    if not any(points.values()):
        return
    now = max(time.time(), *(point["Timestamp"] for some in cloudwatch._metrics.values() for point in some))  # noqa: SLF001
    count = alarm["EvaluationPeriods"]
    series = _evaluated(queries, {name: _series(points[name], stat, count, now) for name, stat in stats.items()})
    before, after = alarm["StateValue"], metric_math.state(alarm, series)
    if before != after:
        reason = f"{alarm['ComparisonOperator']} {alarm['Threshold']}: {series}"
        alarm.update(StateValue=after, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], before, after, reason)  # noqa: SLF001
        cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)  # noqa: SLF001


def _own_metric(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metric of an alarm that has only one, as metric math has its metrics."""
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    return {"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"]}


def _points(metric: Mapping[str, Any]) -> list[dict[str, Any]]:
    dimensions = cloudwatch._dims_key({each["Name"]: each["Value"] for each in metric.get("Dimensions", ())})  # noqa: SLF001
    found = cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], dimensions))  # noqa: SLF001
    return list(found or ())


def _series(points: list[dict[str, Any]], stat: Mapping[str, Any], count: int, now: float) -> list[float | None]:
    """Return a metric's statistic for each of the latest `count` periods, the oldest first."""
    period = int(stat["Period"])
    ends = [now - period * number for number in reversed(range(count))]
    periods = ([point for point in points if end - period < point["Timestamp"] <= end] for end in ends)
    return [_statistic(some, stat["Stat"]) if some else None for some in periods]


def _statistic(points: list[dict[str, Any]], name: str) -> float | None:
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points)  # noqa: SLF001
    return None if value is None else float(value)


def _evaluated(queries: list[dict[str, Any]], series: Mapping[str, list[float | None]]) -> list[float | None]:
    """Return the series that an alarm is about: its expression's, or its only metric's."""
    expressions = [query["Expression"] for query in queries if "Expression" in query]
    [found] = [metric_math.computed(each, series) for each in expressions] or series.values()
    return found


# What a stack creates


def accept_saved_queries() -> None:
    """Let a stack have saved queries, for which the emulator has no service: here they have no effect."""
    handlers = {"create": lambda name, _properties, stack: (f"{stack}-{name}", {}), "delete": lambda *_: None}
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = handlers  # noqa: SLF001  its only table of types


def make_concurrency_a_number() -> None:
    """Convert a limit that comes from a parameter, as AWS does: it stays text, at which the emulator's pollers fail."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]  # noqa: SLF001
    create, update = handlers["create"], handlers["update"]
    handlers["create"] = lambda name, properties, stack: create(name, _numbered(properties), stack)
    handlers["update"] = lambda at, old, new, stack: update(at, _numbered(old), _numbered(new), stack)


def _numbered(properties: dict[str, Any]) -> dict[str, Any]:
    scaling = {name: int(value) for name, value in properties.get("ScalingConfig", {}).items()}
    return properties | ({"ScalingConfig": scaling} if scaling else {})


def bound_roles() -> None:
    """Give a role the permissions boundary of its template; the emulator enforces it, but only its IAM calls set it."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]  # noqa: SLF001
    for deed, place in (("create", 1), ("update", 2)):
        handlers[deed] = _bounded(handlers[deed], place)


def _bounded(handler: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Wrap a handler whose argument at `place` has the role's properties."""

    def bounded(*given: Any) -> tuple[str, dict[str, Any]]:
        name, attributes = handler(*given)
        iam._roles[name]["PermissionsBoundary"] = given[place].get("PermissionsBoundary")  # noqa: SLF001
        return name, attributes

    return bounded


def name_log_streams_after_functions() -> None:
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


def serve_every_api_at_its_own_address() -> None:
    """Give each HTTP API a port of its own: a name below localhost is not resolved by every machine."""
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
    app.app = _by_address(app.app)


def _by_address(inner: Application) -> Application:
    """Pass a request that came to an API's address on to that API."""

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


if __name__ == "__main__":
    threading.Thread(target=die_with_parent, daemon=True).start()
    count_the_loopback_as_tls()
    authorise_batches_as_single_calls()
    tell_policies_the_leading_key()
    name_the_role_of_a_session()
    accept_alarms_of_several_metrics()
    evaluate_alarms_as_cloudwatch_does()
    accept_saved_queries()
    make_concurrency_a_number()
    bound_roles()
    name_log_streams_after_functions()
    serve_every_api_at_its_own_address()
    app.main()
