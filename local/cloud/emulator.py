"""Runs the AWS emulator as a child process that ends with its parent."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.paths import LOGS, ROOT, STATE

PYTHON = ROOT / ".venvs/cloud/bin/python"
SERVER = ROOT / "local/cloud/emulator_server.py"

START_SECONDS = 30
LOGS_KEPT = 20


class EmulatorError(RuntimeError):
    """The emulator did not start. The message says what to do, or where the log is."""


def free_port() -> int:
    """Return a free TCP port of the loopback."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


@contextlib.contextmanager
def emulator(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the emulator on a free port and yield its endpoint. Its state is deleted afterwards.

    `environment`: variables of the handlers, in addition to those of AWS.
    """
    if not PYTHON.exists():
        raise EmulatorError("the local cloud is not installed: make setup")
    STATE.mkdir(parents=True, exist_ok=True)
    port = free_port()
    state = Path(tempfile.mkdtemp(prefix=f"{port}-", dir=STATE))
    log = _new_log(state.name)
    process = _start(state, log, _environment(port, state) | dict(environment or {}))
    try:
        _wait_until_ready(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)
        shutil.rmtree(state, ignore_errors=True)


def _new_log(name: str) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another emulator deletes old logs at the same time
        for old in sorted(LOGS.glob("emulator-*.log"), key=os.path.getmtime)[: -LOGS_KEPT + 1]:
            old.unlink()
    return LOGS / f"emulator-{name}.log"


def _start(state: Path, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [PYTHON, "-I", SERVER],
            cwd=state,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environment(port: int, state: Path) -> dict[str, str]:
    """Return the emulator's whole environment. Handlers inherit it, so it has nothing of the host's."""
    return {
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "HOME": str(state),
        "TMPDIR": str(state),
        "LANG": "C.UTF-8",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": "unix:///nonexistent",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise EmulatorError(f"the emulator did not start; its log is {log.relative_to(ROOT)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group: server and handlers. Their state is in memory and in the folder that is deleted."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
