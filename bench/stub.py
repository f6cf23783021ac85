"""AWS and the provider as far as the benches need them: one server in a thread that answers at once, or after a while.

It keeps rows but checks no condition, as a bench has no concurrent writers of one row. Its own CPU is in no figure,
because CPU is counted in the process of the function.
"""

import asyncio
import contextlib
import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SECRET = "bench-key"  # noqa: S105  of a stub
_SETTING = re.compile(r"(#?\w+) = (?:if_not_exists\(#?\w+, )?(:\w+)\)?")
_RECORD = {
    "successFlag": 1,
    "errorCode": None,
    "errorMessage": None,
    "fallbackFlag": False,
    "completeTime": 1795816573000,
}
_BASE = "https://file.aiquickdraw.com/v/base.mp4?signature=" + "s" * 356
_ANSWER = {"code": 200, "msg": "success", "data": {"taskId": "veo_4k_task_0123456789", "resultUrls": None}}


@dataclass
class Stub:
    """What it was asked; `latency`: seconds until the provider answers."""

    latency: float = 0.0
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    logged: int = 0
    provider_bytes: int = 0
    url: str = ""

    def aws(self, target: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of the JSON protocol."""
        operation = target.partition(".")[2]
        self.asked[operation] += 1
        if operation == "GetSecretValue":
            return {"Name": "key", "SecretString": SECRET}
        if operation == "PutItem":
            self.rows[_key(body["Item"])] = body["Item"]
            return {}
        key = _key(body["Key"])
        if operation == "GetItem":
            return {"Item": self.rows[key]} if key in self.rows else {}
        row = self.rows.setdefault(key, dict(body["Key"]))
        _update(row, body)
        return {"Attributes": row}

    async def provider(self, head: str) -> dict[str, Any]:
        """Answer a request to the provider."""
        self.asked["provider"] += 1
        await asyncio.sleep(self.latency)
        if looked := re.match(r"GET /api/v1/veo/record-info\?taskId=(\S+)", head):
            details = {"taskId": looked[1], "resultUrls": [_BASE], "originUrls": None, "resolution": "1080p"}
            return {"code": 200, "msg": "success", "data": _RECORD | {"taskId": looked[1], "response": details}}
        return _ANSWER


def _key(item: dict[str, Any]) -> str:
    return json.dumps([item["taskId"], item["run"]])


def _update(row: dict[str, Any], request: dict[str, Any]) -> None:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    for verb, part in re.findall(r"(SET|REMOVE|ADD) (.*?)(?= (?:SET|REMOVE|ADD) |$)", request["UpdateExpression"]):
        if verb == "SET":
            row.update({names.get(name, name): values[value] for name, value in _SETTING.findall(part)})
        elif verb == "ADD":
            for name, value in re.findall(r"(\S+) (:\w+)", part):
                row[names[name]] = {"N": str(float(row.get(names[name], {"N": 0})["N"]) + float(values[value]["N"]))}
        else:
            for name in part.split(", "):
                row.pop(names.get(name, name), None)


@contextlib.contextmanager
def serving(stub: Stub, tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """Serve on a free port of the loopback; `url` tells where."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stopping = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: _talk(stub, r, w), "127.0.0.1", 0, ssl=tls, backlog=256)
        stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stopping.wait()
        server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)


async def _talk(stub: Stub, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
            target = re.search(r"x-amz-target: (\S+)", head, re.IGNORECASE)
            answer = stub.aws(target[1], body) if target else await stub.provider(head)
            payload = json.dumps(answer).encode()
            if not target:
                stub.provider_bytes += len(head) + int(headers.get("content-length", 0)) + len(payload)
            writer.write(
                b"HTTP/1.1 200 -\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s"
                % (len(payload), payload)
            )
            await writer.drain()
    writer.close()
