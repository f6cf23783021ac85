"""A host of result files of ours, to which a callback can point the stack."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.kie.media import ensure_media
from tests.integration.callback import Callback, post, success
from tests.integration.world import ROOT, World


@dataclass
class Host:
    """Serves one file under any path; `interrupt` is called in the middle of a path's first delivery, which ends there.

    `place`: where that is, as a part of the file.
    """

    content: bytes
    place: float = 1.0
    interrupt: Callable[[], int] | None = None
    interrupted: dict[str, int] = field(default_factory=dict)
    port: int = 0

    def deliver(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a GET."""
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.content)))
        handler.end_headers()
        if self.interrupt is None or handler.path in self.interrupted:
            handler.wfile.write(self.content)
            return
        handler.wfile.write(self.content[: int(len(self.content) * self.place)])
        handler.wfile.flush()
        self.interrupted[handler.path] = self.interrupt()

    def call_back(self, world: World, task: str) -> None:
        """Tell the stack, as the provider does, that the task's result lies here."""
        world.reached(task, "PROCESSING")
        true = success(world, task)
        theirs = f"{world.simulator.base_url}/files/{task}_0.mp4"
        body = true.body.replace(theirs.encode(), f"http://127.0.0.1:{self.port}/{task}.mp4".encode())
        assert post(world, Callback(task, true.token, true.at, true.key, body)).status_code == 200


@contextmanager
def hosting(host: Host) -> Iterator[Host]:
    """Run a host on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):
                host.deliver(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


def padded(size: int) -> bytes:
    """A 4K video of about that many bytes: a box that nobody reads follows it."""
    video = ensure_media(ROOT / ".local/media").uhd.read_bytes()
    return video + struct.pack(">I4s", 8 + size, b"free") + bytes(size)
