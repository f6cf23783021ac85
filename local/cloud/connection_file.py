"""Tells other processes where the running local cloud is, by a file that exists as long as the cloud.

The command line reads the same file: `veo4k_cli.local_cloud` describes it.
"""

import contextlib
import json
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.cloud.deploy import STACK
from local.cloud.local_cloud import LocalCloud
from local.paths import ROOT
from veo4k_cli import local_cloud

FILE = ROOT / local_cloud.FILE
SIMULATOR = "the simulator "
"""What a connection's provider begins with where it is simulated; its URL follows."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The cloud's endpoint, the stack's outputs and name, and the provider that the stack calls."""

    endpoint: str
    outputs: Mapping[str, str]
    provider: str
    stack: str = STACK

    @property
    def simulator(self) -> str:
        """Return the URL of the simulator; empty where the stack calls the real provider."""
        return self.provider.removeprefix(SIMULATOR) if self.provider.startswith(SIMULATOR) else ""

    def cloud(self) -> LocalCloud:
        """Return a handle on the stack."""
        return LocalCloud.deployed(self.endpoint, self.outputs, self.stack)


@contextlib.contextmanager
def published(connection: Connection, file: Path = FILE) -> Iterator[None]:
    """Keep the connection in the file while the block runs. It is not removed where it is another cloud's by then."""
    text = json.dumps(asdict(connection), indent=2)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    try:
        yield
    finally:
        if file.exists() and file.read_text() == text:
            file.unlink(missing_ok=True)


def current(file: Path = FILE) -> Connection:
    """Return the connection of the running cloud. Exit with advice where none runs."""
    try:
        connection = Connection(**json.loads(file.read_text()))
        _connect(connection.endpoint)
    except (FileNotFoundError, ConnectionError):
        sys.exit("No local cloud is running: make local")
    return connection


def _connect(endpoint: str) -> None:
    address = urlsplit(endpoint)
    socket.create_connection((str(address.hostname), address.port or 80), timeout=5).close()
