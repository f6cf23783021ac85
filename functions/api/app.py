"""Takes jobs and answers for them behind an HTTP API of its own."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap.api import jobs_api
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.observability import emit, logger, metrics
from veo4k.services.api import Call, Reply, internal_error, no_route, wrong_method

JOBS, TASK, RUN = "/v1/jobs", "/v1/jobs/<task_id>", "/v1/jobs/<task_id>/<run>"
ROUTES = {JOBS: "POST", TASK: "GET", RUN: "DELETE"}
BY_PARTS = {rule.count("/"): method for rule, method in ROUTES.items()}

app = APIGatewayHttpResolver()
jobs_api()  # builds the clients while the function starts, when Lambda gives it a whole processor


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return a response (payload format 2.0 of the HTTP API)."""
    return app.resolve(event, context)


@app.post(JOBS)
def submit() -> Response[str]:
    """Put a job on the queue."""
    return _response(jobs_api().submit(_call()))


@app.get(TASK)
def read(task_id: str) -> Response[str]:
    """Show the runs of a task."""
    return _response(jobs_api().read(_call(), task_id))


@app.delete(RUN)
def cancel(task_id: str, run: str) -> Response[str]:
    """Cancel a run."""
    return _response(jobs_api().cancel(_call(), task_id, run))


def not_found(_: NotFoundError) -> Response[str]:
    """Answer a path that the API does not have, or a method that the path does not take."""
    path, method = app.current_event.path, app.current_event.http_method.upper()
    is_known = f"{path}/".startswith(f"{JOBS}/") and "//" not in f"{path}/"
    allowed = BY_PARTS.get(path.count("/"), method) if is_known else method
    return _response(no_route() if allowed == method else wrong_method(allowed))


def crashed(error: Exception) -> Response[str]:
    """Answer where the code failed. Only the error's name is logged: its text may quote the token."""
    emit([LogEntry(LogEvent.API_CRASHED, None, {"error": type(error).__name__})])
    return _response(internal_error())


app.exception_handler(NotFoundError)(not_found)
app.exception_handler(Exception)(crashed)


def _call() -> Call:
    event = app.current_event
    return Call(event.headers.get("authorization") or "", event.body or "", event.is_base64_encoded or False)


def _response(reply: Reply) -> Response[str]:
    emit(reply.entries)
    headers = {"Cache-Control": "no-store", **reply.headers}
    return Response(reply.status, "application/json", json.dumps(reply.body, ensure_ascii=False), headers)
