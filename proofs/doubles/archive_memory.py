"""A host of result files and a bucket, both in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from veo4k.domain.errors import DownloadError

CHUNK = 64 * 1024

Served = bytes | Exception


@dataclass(frozen=True)
class MemoryBody:
    """A file as it comes in; `error` ends it."""

    content: bytes
    error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.content), CHUNK):
            yield self.content[start : start + CHUNK]
        if self.error:
            raise self.error


class MemoryDownloads:
    """Serves the bodies of each URL in turn, and the last one for ever."""

    def __init__(self, served: Mapping[str, list[Served | MemoryBody]]) -> None:
        self.served = {url: list(bodies) for url, bodies in served.items()}
        self.opened: list[str] = []
        self.stops: list[float] = []  # the deadline of each download; no download in memory is slow

    @contextmanager
    def open(self, url: str, deadline: float) -> Iterator[MemoryBody]:
        self.stops.append(deadline)
        self.opened.append(url)
        bodies = self.served.get(url, [DownloadError("404")])
        body = bodies.pop(0) if len(bodies) > 1 else bodies[0]
        if isinstance(body, Exception):
            raise body
        yield body if isinstance(body, MemoryBody) else MemoryBody(body)


class MemoryUpload:
    """A file on its way."""

    def __init__(self) -> None:
        self.content = b""
        self.completed = False

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def complete(self) -> None:
        self.completed = True


class MemoryArchive:
    """A bucket."""

    bucket = "archive"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.tags: dict[str, Mapping[str, str]] = {}
        self.types: dict[str, str] = {}
        self.strays: list[tuple[str, float]] = []

    def abort_strays(self, key: str, older_than: float) -> int:
        self.strays.append((key, older_than))
        return 0

    @contextmanager
    def upload(self, key: str, content_type: str, tags: Mapping[str, str]) -> Iterator[MemoryUpload]:
        """Begin an upload; without complete() nothing appears."""
        upload = MemoryUpload()
        yield upload
        if upload.completed:
            self.tags[key] = tags
            self.put(key, upload.content, content_type)

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self.objects[key], self.types[key] = body, content_type
