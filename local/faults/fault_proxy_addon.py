"""What mitmproxy does on the wire: leads each door to its place, and loses, refuses or kills as it is told (`wire`).

Runs in an environment of its own, .venvs/wire. Its side door is the path `/_wire/` of any door.
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

SIDE_DOOR = "/_wire/"
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/[^/]+/[^/]+/(?P<service>[^/]+)/")
FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"
PAGE = "<html><body><h1>Bad Gateway</h1></body></html>"

Fault = dict[str, Any]
Flow = Any


class Wire:
    """Where the doors lead, by port; what goes wrong; and how often it has."""

    def __init__(self) -> None:
        self.doors: dict[int, int] = {}
        self.faults: list[Fault] = []
        self.met: Counter[str] = Counter()
        self.passed = 0
        self._chance = random.Random(0)  # noqa: S311  faults that can be repeated
        self._left: dict[tuple[str, str], int] = {}
        self._seen: set[tuple[str, str]] = set()

    def running(self) -> None:
        """End with whoever started this."""
        threading.Thread(target=_end_with_parent, daemon=True).start()

    def request(self, flow: Flow) -> None:
        """Lead a request on, or let it meet its fault before it arrives."""
        if flow.request.path.startswith(SIDE_DOOR):
            flow.response = self._told(flow.request.path.removeprefix(SIDE_DOOR), json.loads(flow.request.text or "{}"))
            return
        # Not by its own setters, which change the Host header too: it is part of what is signed.
        flow.request.data.host, flow.request.data.port = "127.0.0.1", self.doors[flow.client_conn.sockname[1]]
        self.passed += 1
        fault = self._fault(flow)
        flow.metadata["fault"] = fault
        if fault and not fault["applied"]:
            self._befall(flow, fault)

    def response(self, flow: Flow) -> None:
        """Let an answer through, or let it meet its fault: what was asked for is done."""
        fault = flow.metadata.get("fault")
        if fault and fault["applied"]:
            self._befall(flow, fault)

    def _befall(self, flow: Flow, fault: Fault) -> None:
        self.met[f"{fault['name']}{KINDS[fault['kind']](flow, fault)}"] += 1

    def _fault(self, flow: Flow) -> Fault | None:
        """The first fault that this request is to meet."""
        who, name = _named(flow.request)
        at_hand = (fault for fault in self.faults if re.search(fault["where"], name))
        return next((fault for fault in at_hand if self._is_due(fault, who, flow)), None)

    def _is_due(self, fault: Fault, who: str, flow: Flow) -> bool:
        if fault["first"]:
            return self._is_first(fault["name"], f"{flow.request.path}\n{flow.request.text}")
        key = (fault["name"], who)
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
        """Requests until the next fault: drawn so that their mean is right, and that none of many is spared."""
        return self._chance.randint(1, max(1, round(2 / fault["share"]) - 1))

    def _told(self, what: str, given: Any) -> Any:
        if what == "doors":
            self.doors |= {int(port): to for port, to in given.items()}
        if what == "faults":
            self.faults, self._chance, self._left = given["faults"], random.Random(given["seed"]), {}  # noqa: S311
        return http.Response.make(200, json.dumps({"passed": self.passed, "met": self.met}))


def _named(request: Any) -> tuple[str, str]:
    """Who asks, and for what: `dynamodb UpdateItem`, `s3 PUT /bucket/key`, `POST /api/v1/veo/get-4k-video`."""
    signed = CREDENTIAL.search(request.headers.get("authorization", ""))
    if not signed:
        return "", f"{request.method} {request.path}"
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    return signed["key"], f"{signed['service']} {target or f'{request.method} {request.path}'}"


def _drop(flow: Flow, _: Fault) -> str:
    flow.kill()
    return ""


def _answer(flow: Flow, fault: Fault) -> str:
    """Refuse in the words of whoever would have answered: a JSON or XML error of AWS, or a proxy's page."""
    code, name = fault["code"], _named(flow.request)[1]
    xml = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    body = PAGE if not code else xml if name.startswith("s3 ") else json.dumps({"__type": code, "message": "injected"})
    flow.response = http.Response.make(fault["status"], body, {"Content-Type": "application/x-amz-json-1.0"})
    return ""


def _refuse_entries(flow: Flow, fault: Fault) -> str:
    """Answer PutEvents with 200, and with every entry failed."""
    entries = [
        {"ErrorCode": fault["code"], "ErrorMessage": "injected"} for _ in json.loads(flow.request.text)["Entries"]
    ]
    body = json.dumps({"FailedEntryCount": len(entries), "Entries": entries})
    flow.response = http.Response.make(200, body, {"Content-Type": "application/x-amz-json-1.1"})
    return ""


def _kill(flow: Flow, _: Fault) -> str:
    """Kill the function at the other end of the connection; gives its name."""
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


KINDS = {"drop": _drop, "answer": _answer, "refuse_entries": _refuse_entries, "kill": _kill}


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


addons = [Wire()]
