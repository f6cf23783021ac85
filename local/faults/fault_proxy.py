"""The wire between the functions and whatever they talk to: a proxy (mitmproxy) on which things go wrong as told.

    with wire() as line, LocalCloud(parameters, {"AWS_ENDPOINT_URL": line.aws}) as cloud:
        line.lead(aws=cloud.endpoint, provider=simulator.base_url)
        line.break_(Fault(name="answers dropped", where="dynamodb ", kind="drop", share=0.1, applied=True), seed=1)

Only the functions go through it: the emulator hands them its own environment.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from local.cloud.emulator import free_port
from local.paths import LOGS, ROOT, STATE

MITMDUMP = ROOT / ".venvs/wire/bin/mitmdump"
ADDON = ROOT / "local/faults/fault_proxy_addon.py"
START_SECONDS = 120  # on a machine that is busy with other things
OPTIONS = {"keep_host_header": "true", "connection_strategy": "lazy", "termlog_verbosity": "warn", "flow_detail": "0"}


class WireError(RuntimeError):
    """The proxy cannot be started; the message says what to do or where its log lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, and with which requests.

    where    regular expression over `dynamodb UpdateItem`, `s3 PUT /bucket/key`, `POST /api/v1/veo/get-4k-video`
    kind     `drop`: no answer, the connection is closed; `answer`: `status` and `code` instead of the answer;
             `refuse_entries`: PutEvents says 200, and `code` for every entry; `kill`: as `drop`, and the process of the
             function that asks is killed
    applied  the request arrives all the same, and what it asks for is done
    share    part of the requests that meet it
    first    meets the first one of each content instead
    """

    name: str
    where: str
    kind: str = "drop"
    applied: bool = False
    share: float = 1.0
    first: bool = False
    status: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """A running proxy with two doors, each a URL: to AWS and to the provider."""

    aws: str
    provider: str

    def lead(self, **to: str) -> None:
        """Let doors lead to URLs, by name."""
        self._tell("doors", {urlsplit(getattr(self, door)).port: urlsplit(url).port for door, url in to.items()})

    def break_(self, *faults: Fault, seed: int = 0) -> None:
        """Let these faults, and no others, happen from now on; the same seed draws the same."""
        self._tell("faults", {"faults": [asdict(fault) for fault in faults], "seed": seed})

    def passed(self) -> int:
        """How many requests came to the doors."""
        return int(self._tell("told")["passed"])

    def met(self) -> dict[str, int]:
        """How many requests met each fault, by its name; those killed by the function's name too."""
        met: dict[str, int] = self._tell("told")["met"]
        return met

    def _tell(self, what: str, given: Any = None) -> Any:
        request = Request(f"{self.aws}/_wire/{what}", json.dumps(given or {}).encode(), method="POST")  # noqa: S310
        with build_opener(ProxyHandler({})).open(request, timeout=START_SECONDS) as answer:
            return json.load(answer)


@contextlib.contextmanager
def wire() -> Iterator[Wire]:
    """Run the proxy; nothing of it is left afterwards."""
    if not MITMDUMP.exists():
        raise WireError("the wire is not installed: make .venvs/wire/.ready")
    STATE.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    state, ports = Path(tempfile.mkdtemp(prefix="wire-", dir=STATE)), (free_port(), free_port())
    process = _start(state, ports)
    try:
        _wait_until_ready(process, ports)
        yield Wire(*(f"http://127.0.0.1:{port}" for port in ports))
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(state, ignore_errors=True)


def _start(state: Path, ports: tuple[int, ...]) -> subprocess.Popen[bytes]:
    addon = shutil.copy(ADDON, state)  # mitmproxy starts a script anew when its file is changed
    options = OPTIONS | {"confdir": str(state)}
    doors = [word for port in ports for word in ("--mode", f"reverse:http://127.0.0.1:1@127.0.0.1:{port}")]
    settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    with (LOGS / "wire.log").open("wb") as out:
        return subprocess.Popen(
            [MITMDUMP, "--scripts", addon, *doors, *settings],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is its parent's alone
        )


def _wait_until_ready(process: subprocess.Popen[bytes], ports: tuple[int, ...]) -> None:
    deadline = time.monotonic() + START_SECONDS
    waiting = set(ports)
    while waiting and time.monotonic() < deadline and process.poll() is None:
        waiting -= {port for port in waiting if _listens(port)}
        time.sleep(0.05)
    if waiting:
        raise WireError("the wire did not start; its log is .local/log/wire.log")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
