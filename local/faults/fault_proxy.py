"""A proxy (mitmproxy) between the functions and what they call. It injects faults into their requests.

    with fault_proxy() as proxy, LocalCloud(parameters, {"AWS_ENDPOINT_URL": proxy.aws}) as cloud:
        proxy.forward(aws=cloud.endpoint, provider=simulator.base_url)
        proxy.inject(Fault(name="response dropped", matches="dynamodb ", applied=True, share=0.1), seed=1)

Only the functions use it: they inherit its address from the emulator's environment.
"""

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from local.cloud.emulator import free_port
from local.paths import LOGS, ROOT, STATE
from local.waiting import listens, wait_until

MITMDUMP = ROOT / ".venvs/wire/bin/mitmdump"
ADDON = ROOT / "local/faults/fault_proxy_addon.py"
LOG = LOGS / "fault-proxy.log"
START_SECONDS = 120  # on a busy machine
OPTIONS = {"keep_host_header": "true", "connection_strategy": "lazy", "termlog_verbosity": "warn", "flow_detail": "0"}


class FaultProxyError(RuntimeError):
    """The proxy did not start. The message says what to do, or where the log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault, and the requests that it is injected into.

    matches        regular expression over `dynamodb UpdateItem`, `s3 PUT /bucket/key`, `POST /api/v1/veo/get-4k-video`
    kind           `drop`: the connection is closed without a response; `respond`: `status` and `code` instead of the
                   response; `refuse_entries`: PutEvents or SendMessageBatch responds 200, with `code` for every entry;
                   `kill`: as `drop`, and the process of the function that sent the request is killed
    applied        the request is forwarded first, and takes effect
    share          part of the matching requests
    first_of_each  instead of a share: the first request of each content
    """

    name: str
    matches: str
    kind: str = "drop"
    applied: bool = False
    share: float = 1.0
    first_of_each: bool = False
    status: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class FaultProxy:
    """A running proxy. `aws` and `provider` are the URLs of its two listeners."""

    aws: str
    provider: str

    def forward(self, **targets: str) -> None:
        """Set the URL that each listener, named as its field, forwards to."""
        ports = {urlsplit(getattr(self, name)).port: urlsplit(url).port for name, url in targets.items()}
        self._control("targets", ports)

    def inject(self, *faults: Fault, seed: int = 0) -> None:
        """Inject these faults, and no others, from now on. The same seed draws the same requests."""
        self._control("faults", {"faults": [asdict(fault) for fault in faults], "seed": seed})

    def requests(self) -> int:
        """Return how many requests were received."""
        return int(self._control("counts")["requests"])

    def injected(self) -> dict[str, int]:
        """Return how often each fault was injected, by its name; of kills by its name and the function's."""
        counts: dict[str, int] = self._control("counts")["injected"]
        return counts

    def _control(self, command: str, value: Any = None) -> Any:
        body = json.dumps(value or {}).encode()
        request = Request(f"{self.aws}/_faults/{command}", body, method="POST")  # noqa: S310
        with build_opener(ProxyHandler({})).open(request, timeout=START_SECONDS) as response:
            return json.load(response)


@contextlib.contextmanager
def fault_proxy() -> Iterator[FaultProxy]:
    """Run the proxy. Its state is deleted afterwards."""
    if not MITMDUMP.exists():
        raise FaultProxyError("the proxy is not installed: make .venvs/wire/.ready")
    STATE.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    state, ports = Path(tempfile.mkdtemp(prefix="fault-proxy-", dir=STATE)), (free_port(), free_port())
    process = _start(state, ports)
    try:
        _wait_until_ready(process, ports)
        yield FaultProxy(*(f"http://127.0.0.1:{port}" for port in ports))
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(state, ignore_errors=True)


def _start(state: Path, ports: tuple[int, ...]) -> subprocess.Popen[bytes]:
    addon = shutil.copy(ADDON, state)  # mitmproxy loads a script again when its file changes
    options = OPTIONS | {"confdir": str(state)}
    listeners = [word for port in ports for word in ("--mode", f"reverse:http://127.0.0.1:1@127.0.0.1:{port}")]
    settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    with LOG.open("wb") as out:
        return subprocess.Popen(
            [MITMDUMP, "--scripts", addon, *listeners, *settings],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C interrupts the parent alone
        )


def _wait_until_ready(process: subprocess.Popen[bytes], ports: tuple[int, ...]) -> None:
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: process.poll() is not None or all(map(listens, ports)), START_SECONDS, 0.05)
    if process.poll() is not None or not all(map(listens, ports)):
        raise FaultProxyError(f"the proxy did not start; its log is {LOG.relative_to(ROOT)}")
