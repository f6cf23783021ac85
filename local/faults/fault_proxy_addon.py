"""The addon of mitmproxy: forwards the requests of each listener, and injects the faults that `fault_proxy` sets.

It runs in an environment of its own, .venvs/wire. `/_faults/` of any listener is its control API.
"""

import hashlib
import json
import os
import random
import re
import signal
import sys
import threading
from collections import Counter
from typing import Any

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]  # lives in .venvs/wire only
from mitmproxy import http  # type: ignore[import-not-found]  # lives in .venvs/wire only

CONTROL = "/_faults/"
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/[^/]+/[^/]+/(?P<service>[^/]+)/")
FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"
PAGE = "<html><body><h1>Bad Gateway</h1></body></html>"

Fault = dict[str, Any]
Flow = Any


class FaultInjector:
    """The targets by the listener's port, the faults, and how often each was injected."""

    def __init__(self) -> None:
        self.targets: dict[int, int] = {}
        self.faults: list[Fault] = []
        self.injected: Counter[str] = Counter()
        self.requests = 0
        self._chance = random.Random(0)  # noqa: S311  repeatable faults
        self._left: dict[tuple[str, str], int] = {}
        self._seen: set[tuple[str, str]] = set()

    def running(self) -> None:
        """End with the parent process."""
        threading.Thread(target=_end_with_parent, daemon=True).start()

    def request(self, flow: Flow) -> None:
        """Forward a request, or inject the fault that keeps it from being forwarded."""
        if flow.request.path.startswith(CONTROL):
            flow.response = self._control(flow.request.path.removeprefix(CONTROL), json.loads(flow.request.text))
            return
        # Not by mitmproxy's setters, which change the Host header too: it is part of what is signed.
        flow.request.data.host, flow.request.data.port = "127.0.0.1", self.targets[flow.client_conn.sockname[1]]
        self.requests += 1
        fault = self._fault(flow)
        flow.metadata["fault"] = fault
        if fault and not fault["applied"]:
            self._inject(flow, fault)

    def response(self, flow: Flow) -> None:
        """Return a response, or inject the fault of a request that has taken effect."""
        fault = flow.metadata.get("fault")
        if fault and fault["applied"]:
            self._inject(flow, fault)

    def _inject(self, flow: Flow, fault: Fault) -> None:
        self.injected[f"{fault['name']}{KINDS[fault['kind']](flow, fault)}"] += 1

    def _fault(self, flow: Flow) -> Fault | None:
        """Return the first fault that is due for this request."""
        sender, name = _named(flow.request)
        matching = (fault for fault in self.faults if re.search(fault["matches"], name))
        return next((fault for fault in matching if self._is_due(fault, sender, flow)), None)

    def _is_due(self, fault: Fault, sender: str, flow: Flow) -> bool:
        if fault["first_of_each"]:
            return self._is_first(fault["name"], f"{flow.request.path}\n{flow.request.text}")
        key = (fault["name"], sender)
        self._left[key] = self._left.get(key, self._gap(fault)) - 1
        if self._left[key]:
            return False
        del self._left[key]
        return True

    def _is_first(self, name: str, content: str) -> bool:
        key = (name, hashlib.sha256(content.encode()).hexdigest())
        new = key not in self._seen
        self._seen.add(key)
        return new

    def _gap(self, fault: Fault) -> int:
        """Return the number of requests up to the next fault: its mean is right, and no busy sender is spared."""
        return self._chance.randint(1, max(1, round(2 / fault["share"]) - 1))

    def _control(self, command: str, value: Any) -> Any:
        if command == "targets":
            self.targets |= {int(port): to for port, to in value.items()}
        if command == "faults":
            self.faults, self._chance, self._left = value["faults"], random.Random(value["seed"]), {}  # noqa: S311
        return http.Response.make(200, json.dumps({"requests": self.requests, "injected": self.injected}))


def _named(request: Any) -> tuple[str, str]:
    """Return the sender's key and the request's name: `dynamodb UpdateItem`, `s3 PUT /bucket/key`, `POST /api/…`."""
    signed = CREDENTIAL.search(request.headers.get("authorization", ""))
    if not signed:
        return "", f"{request.method} {request.path}"
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    return signed["key"], f"{signed['service']} {target or f'{request.method} {request.path}'}"


def _drop(flow: Flow, _: Fault) -> str:
    flow.kill()
    return ""


def _respond(flow: Flow, fault: Fault) -> str:
    """Respond with an error in the form of the target: JSON or XML of AWS, or a proxy's page."""
    code, name = fault["code"], _named(flow.request)[1]
    xml = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    body = PAGE if not code else xml if name.startswith("s3 ") else json.dumps({"__type": code, "message": "injected"})
    flow.response = http.Response.make(fault["status"], body, {"Content-Type": "application/x-amz-json-1.0"})
    return ""


def _refuse_entries(flow: Flow, fault: Fault) -> str:
    """Respond to PutEvents or SendMessageBatch with 200 and an error for every entry."""
    sent, code = json.loads(flow.request.text)["Entries"], fault["code"]
    body: dict[str, Any] = {
        "FailedEntryCount": len(sent),
        "Entries": [{"ErrorCode": code, "ErrorMessage": "injected"} for _ in sent],
    }
    if _named(flow.request)[1].startswith("sqs "):
        body = {"Failed": [{"Id": entry["Id"], "Code": code, "SenderFault": False} for entry in sent]}
    flow.response = http.Response.make(200, json.dumps(body), {"Content-Type": "application/x-amz-json-1.1"})
    return ""


def _kill(flow: Flow, _: Fault) -> str:
    """Kill the function at the other end of the connection. Return its name."""
    here, there = flow.client_conn.sockname[1], flow.client_conn.peername[1]
    flow.kill()
    for connection in psutil.net_connections("tcp4"):
        if connection.pid and connection.laddr.port == there and connection.raddr and connection.raddr.port == here:
            return _killed(psutil.Process(connection.pid))
    return " (already gone)"


def _killed(process: Any) -> str:
    name = process.environ().get(FUNCTION)
    if not name:
        return " (no function)"
    process.send_signal(signal.SIGKILL)
    return f" {name.split('-')[1]}"  # the template's own name, between the stack's and a random one


KINDS = {"drop": _drop, "respond": _respond, "refuse_entries": _refuse_entries, "kill": _kill}


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


addons = [FaultInjector()]
