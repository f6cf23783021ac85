"""A host of one result file. A callback sends the stack to it."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.kie.media import ensure_media
from local.paths import MEDIA
from proofs.doubles.http_server import answering
from tests.integration.callback import Callback, post, success


@dataclass
class Host:
    """Serves `content` under any path. The first delivery of each path ends early, where `interrupt` is set.

    `place`: the part of the content after which it ends; `interrupted`: what `interrupt` returned then, by path.
    """

    content: bytes
    place: float = 1.0
    interrupt: Callable[[], int] | None = None
    interrupted: dict[str, int] = field(default_factory=dict)

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


def archived(env: Environment, task: str, host: Host) -> Row:
    """Have the host's file archived as the result of a task. Return the row of its end."""
    env.simulator.register(task, "lost", minutes=600)
    with answering(host.deliver) as place:
        env.cloud.send({"taskId": task})
        env.reached(task, "PROCESSING")
        true = success(env, task)
        url = f"{env.simulator.base_url}/files/{task}_0.mp4"
        body = true.body.replace(url.encode(), f"{place}/{task}.mp4".encode())
        assert post(env, Callback(task, true.token, true.at, true.key, body)).status_code == 200
        return env.reached(task, "SUCCEEDED")


def padded(size: int) -> bytes:
    """Return a 4K video followed by a `free` box of `size` bytes, which players ignore."""
    video = ensure_media(MEDIA).uhd.read_bytes()
    return video + struct.pack(">I4s", 8 + size, b"free") + bytes(size)
