"""Upload speed and memory of the archive beside boto3's `upload_fileobj`, both into an S3 that drops the bytes.

    python bench/archive.py [--gib 2] [--rounds 3]

Each run is a process of its own; memory is the growth of its peak resident size over what it had with a warm client.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.request import urlopen

import boto3
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).parents[1] / "layers/core/src"))

from veo4k.adapters.archive_s3 import S3Archive

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
READ_BYTES = 64 * 1024  # what the download hands over at a time


class Sink(BaseHTTPRequestHandler):
    """An S3 that accepts uploads and keeps nothing but the number of their parts."""

    protocol_version = "HTTP/1.1"
    parts = 0
    scratch = memoryview(bytearray(MIB))

    def do_PUT(self) -> None:
        """Take a part, or a whole object."""
        Sink.parts += "partNumber" in self.path
        self._answer(b"")

    def do_GET(self) -> None:
        """Return how many parts arrived since the last GET."""
        counted, Sink.parts = Sink.parts, 0
        self._answer(str(counted).encode())

    def do_POST(self) -> None:
        """Begin or complete an upload."""
        root = "InitiateMultipartUploadResult" if "uploads" in self.path else "CompleteMultipartUploadResult"
        self._answer(f"<{root}><UploadId>u</UploadId><ETag>e</ETag></{root}>".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        left = int(self.headers["Content-Length"] or 0)
        while left:
            left -= self.rfile.readinto1(self.scratch[:left])
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Source:
    """A file of zeros, as a stream."""

    def __init__(self, length: int) -> None:
        self._left = length
        self._zeros = bytes(16 * MIB)  # longer than any read: a slice of all would not be a copy

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        size = min(size, self._left)
        self._left -= size
        return self._zeros[:size]


def ours(client: "S3Client", source: Source) -> None:
    """Upload as the archive function does."""
    with S3Archive(client, "bucket").upload("videos/t/0/1.mp4", "video/mp4", {"run": "1"}) as upload:
        while chunk := source.read(READ_BYTES):
            upload.write(chunk)
        upload.complete()


def boto3s(client: "S3Client", source: Source) -> None:
    """Upload as boto3 does."""
    client.upload_fileobj(cast("IO[Any]", source), "bucket", "videos/t/0/1.mp4")


CONTESTANTS: dict[str, Callable[["S3Client", Source], None]] = {"ours": ours, "boto3": boto3s}


def run(name: str, endpoint: str, length: int) -> None:
    """Upload once, in this process, and print seconds and memory growth."""
    # Over https the SDK does not hash what upload_fileobj sends; over http it would, and the bench would measure that.
    config = Config(s3={"addressing_style": "path", "payload_signing_enabled": False})
    session = boto3.Session("bench", "bench", region_name="us-east-1")
    client = session.client("s3", endpoint_url=endpoint, config=config)
    client.put_object(Bucket="bucket", Key="warm", Body=b"")
    before, began = peak(), time.perf_counter()
    CONTESTANTS[name](client, Source(length))
    print(json.dumps({"seconds": time.perf_counter() - began, "mib": peak() - before}))


def peak() -> float:
    """Peak resident size of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sink() -> None:
    """Serve the sink and print its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    Thread(target=server.serve_forever).run()


def compare(gib: float, rounds: int) -> None:
    """Run the contestants by turns and print medians and ratios."""
    me = [sys.executable, __file__]
    with subprocess.Popen([*me, "--sink"], stdout=subprocess.PIPE, text=True) as server:
        endpoint = server.stdout.readline().strip() if server.stdout else ""
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
        for name in list(CONTESTANTS) * rounds:
            command = [*me, "--run", name, "--endpoint", endpoint, "--gib", str(gib)]
            result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
            with urlopen(endpoint) as counted:  # noqa: S310  the sink above
                seen[name].append(json.loads(result.stdout) | {"parts": float(counted.read())})
        server.terminate()
    report(gib, seen)


def report(gib: float, seen: dict[str, list[dict[str, float]]]) -> None:
    """Print one line for each contestant and one with the ratios."""
    speed = {name: gib * 1024 / statistics.median(run["seconds"] for run in runs) for name, runs in seen.items()}
    memory = {name: max(run["mib"] for run in runs) for name, runs in seen.items()}
    for name, runs in seen.items():
        parts = statistics.median(run["parts"] for run in runs)
        print(f"{name:6} {speed[name]:7.0f} MiB/s  {memory[name]:6.1f} MiB peak growth  {parts:.0f} parts")
    print(f"ratio  {speed['ours'] / speed['boto3']:7.2f}        {memory['ours'] / memory['boto3']:6.2f}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--run", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sink:
        sink()
    elif args.run:
        run(args.run, args.endpoint, int(args.gib * 1024 * MIB))
    else:
        compare(args.gib, args.rounds)


if __name__ == "__main__":
    main()
