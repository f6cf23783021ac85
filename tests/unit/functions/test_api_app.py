"""The handler of the HTTP API for jobs, held equal to docs/openapi.yaml."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPMethod
from typing import Any, NamedTuple, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from bench.stack import function_module
from proofs.doubles.api_door import FILE, QUEUED, TOKEN, Door
from proofs.doubles.stage import TASK
from proofs.table.rows import SUCCEEDED
from tests.unit.conftest import Context
from tests.unit.docs.pages import OPENAPI, ROOT, SCHEMAS, errors
from veo4k.domain.message import LONGEST_BODY
from veo4k.services import api

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")  # a handler may have nothing to count

app = function_module("api")
DONE = replace(SUCCEEDED, run=2, archive=FILE)
PLACES = {2: "/jobs", 3: "/jobs/{taskId}", 4: "/jobs/{taskId}/{run}"}  # of the page, by the parts of a path
GATEWAY = {"429"}
"""Statuses that API Gateway alone answers."""


class Call(NamedTuple):
    """A request and the status of its response: for 500 the code fails, for 503 the table."""

    method: str
    path: str
    status: int
    body: str | None = None
    token: str = TOKEN
    is_base64: bool = False


ONE, RUN = f"/v1/jobs/{TASK}", f"/v1/jobs/{TASK}/1"
MESSAGE = json.dumps({"taskId": TASK})
CALLS = [
    Call("POST", "/v1/jobs", 202, MESSAGE),
    Call("POST", "/v1/jobs", 202, base64.b64encode(MESSAGE.encode()).decode(), is_base64=True),
    Call("POST", "/v1/jobs", 400, "{"),
    Call("POST", "/v1/jobs", 400),
    Call("POST", "/v1/jobs", 401, MESSAGE, "wrong"),
    Call("POST", "/v1/jobs", 413, " " * (LONGEST_BODY + 1)),
    Call("POST", "/v1/jobs", 500, MESSAGE),
    Call("POST", "/v1/jobs", 503, MESSAGE),
    Call("GET", ONE, 200),
    Call("GET", ONE, 401, token="wrong"),
    Call("GET", "/v1/jobs/veo_task_unknown", 404),
    Call("GET", ONE, 500),
    Call("GET", ONE, 503),
    Call("DELETE", RUN, 200),
    Call("DELETE", RUN, 401, token="wrong"),
    Call("DELETE", f"/v1/jobs/{TASK}/2", 409),
    Call("DELETE", f"/v1/jobs/{TASK}/3", 404),
    Call("DELETE", RUN, 500),
    Call("DELETE", RUN, 503),
]
Ask = Callable[[Call], dict[str, Any]]


def phrase(call: Call) -> str:
    return f"{call.method} {call.path} gets {call.status}"


def event(call: Call) -> dict[str, Any]:
    """Return the sample event with this request."""
    sample: dict[str, Any] = json.loads((ROOT / "events/http_api.json").read_text())
    http = sample["requestContext"]["http"] | {"method": call.method, "path": call.path}
    body = {} if call.body is None else {"body": call.body}
    return {
        **{name: value for name, value in sample.items() if name != "body"},
        **body,
        "rawPath": call.path,
        "isBase64Encoded": call.is_base64,
        "headers": {"Authorization": f"Bearer {call.token}"},
        "requestContext": sample["requestContext"] | {"http": http},
    }


@pytest.fixture
def written() -> list[str]:
    """Return what each call has logged and counted."""
    return []


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, context: Context, log_output: Callable[[], str], written: list[str]) -> Ask:
    """Return a function that invokes the handler over doubles."""

    def invoke(call: Call) -> dict[str, Any]:
        door = Door(QUEUED, DONE)
        if call.status == 500:
            door.faulty_jobs.fail("newest", "write", error=RuntimeError(f"crashed at {TOKEN}"))
        if call.status == 503:
            door.faulty_jobs.fail("newest", "write")
        monkeypatch.setattr(app, "jobs_api", lambda: door.api)
        response: dict[str, Any] = app.handler(event(call), cast("LambdaContext", context))
        written.append(log_output())
        assert TOKEN not in written[-1]
        return response

    return invoke


def operation(call: Call) -> dict[str, Any]:
    """Return what the page says of the operation that serves a request."""
    found: dict[str, Any] = OPENAPI["paths"][PLACES[call.path.count("/")]][call.method.lower()]
    return found


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference within the page."""
    found: Any = OPENAPI
    for name in part["$ref"].removeprefix("#/").split("/") if "$ref" in part else ():
        found = found[name]
    target: dict[str, Any] = part if found is OPENAPI else found
    return target


def is_valid(schema: Any, value: Any) -> bool:
    """Return whether a value is one of a schema of the page."""
    return not errors(json.loads(json.dumps(schema).replace('"#/', '"openapi.yaml#/')), value)


@pytest.mark.parametrize("call", CALLS, ids=phrase)
def test_a_response_is_as_documented(ask: Ask, call: Call) -> None:
    response = ask(call)
    assert (response["statusCode"], response["headers"]["Cache-Control"]) == (call.status, "no-store")
    documented = resolved(operation(call)["responses"][str(call.status)])
    assert is_valid(documented["content"][response["headers"]["Content-Type"]]["schema"], json.loads(response["body"]))
    for name, header in documented.get("headers", {}).items():
        rule = resolved(header)
        assert response["headers"][name] == rule["schema"]["const"]


def test_a_crash_is_an_error_of_the_log_and_counted(ask: Ask, written: list[str]) -> None:
    """Lambda counts no error where the handler answers."""
    ask(Call("GET", ONE, 500))
    lines = [json.loads(line) for line in written[0].splitlines()]

    assert [(line["message"], line["error"]) for line in lines if line.get("level") == "ERROR"] == [
        ("api_crashed", "RuntimeError")
    ]
    assert [line["ApiCrashed"] for line in lines if "_aws" in line] == [[1]]


def test_every_path_and_status_of_the_page_is_served_and_no_other() -> None:
    documented = {
        (path, method.upper(), status)
        for path, one in OPENAPI["paths"].items()
        for method in one.keys() - {"parameters"}
        for status in one[method]["responses"].keys() - GATEWAY
    }
    assert documented == {(PLACES[call.path.count("/")], call.method, str(call.status)) for call in CALLS}
    served = {(path.removeprefix("/v1").replace("<", "{").replace(">", "}"), rule) for path, rule in app.ROUTES.items()}
    assert served == {(path.replace("taskId", "task_id"), method) for path, method, _ in documented}


ALLOWED = {"/v1/jobs": "POST", ONE: "GET", RUN: "DELETE"}
OTHERS = [
    Call(str(method), path, 405, token="wrong")
    for path, allowed in ALLOWED.items()
    for method in [*HTTPMethod, "QUERY"]
    if method != allowed
]


@pytest.mark.parametrize("call", OTHERS, ids=phrase)
def test_any_other_method_is_refused_with_the_right_one(ask: Ask, call: Call) -> None:
    response = ask(call)
    assert (response["statusCode"], response["headers"]["Allow"]) == (405, ALLOWED[call.path])
    assert is_valid({"$ref": "#/components/schemas/Error"}, json.loads(response["body"]))


@pytest.mark.parametrize("path", ["/v1/", "/v1/job", f"{RUN}/more", "/v1/jobs/", f"{ONE}\"'"])
def test_any_other_path_is_unknown_whatever_the_token(ask: Ask, path: str) -> None:
    response = ask(Call("GET", path, 404, token="wrong"))
    assert (response["statusCode"], json.loads(response["body"])["error"]["code"]) == (404, "NOT_FOUND")


def test_the_message_is_the_queues_without_its_task_token() -> None:
    def bare(schema: Any) -> Any:
        if isinstance(schema, dict):
            return {
                name: bare(inner) for name, inner in schema.items() if name not in ("description", "$schema", "title")
            }
        return schema

    queues = bare(SCHEMAS["message"])
    del queues["properties"]["taskToken"]
    assert bare(OPENAPI["components"]["schemas"]["Message"]) == queues


def test_the_limits_of_the_code_stand_in_the_page() -> None:
    runs = OPENAPI["components"]["schemas"]["Runs"]["properties"]["runs"]
    assert runs["maxItems"] == api.MOST_RUNS
    assert f"at most {LONGEST_BODY} bytes" in OPENAPI["paths"]["/jobs"]["post"]["description"]
