"""Where the running local cloud is, for the commands beside it: a file that lives as long as the cloud."""

import contextlib
import json
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.paths import STATE

FILE = STATE / "current.json"


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The cloud's endpoint, the stack's outputs, and the provider that is asked."""

    endpoint: str
    outputs: Mapping[str, str]
    provider: str


@contextlib.contextmanager
def published(coordinates: Coordinates, file: Path = FILE) -> Iterator[None]:
    """Keep the coordinates in the file while the block runs."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(coordinates), indent=2))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def current(file: Path = FILE) -> Coordinates:
    """Give the coordinates of the running cloud; without one, say how to start it and exit."""
    try:
        told = Coordinates(**json.loads(file.read_text()))
        _connect(told.endpoint)
    except (FileNotFoundError, ConnectionError):
        sys.exit("No local cloud is running: make local")
    return told


def _connect(endpoint: str) -> None:
    place = urlsplit(endpoint)
    socket.create_connection((str(place.hostname), place.port or 80), timeout=5).close()
