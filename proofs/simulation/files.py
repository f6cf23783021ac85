"""Result files on their way: downloads that break, an archive bucket in which nothing appears but by complete()."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from proofs.simulation.effects import Effects
from proofs.simulation.faults import Fault
from proofs.simulation.kernel import Killed
from proofs.simulation.provider import ProviderModel
from veo4k.domain.errors import DeadLinkError, DownloadError, StorageError
from veo4k.domain.result_url import Refusal, ResultHosts


@dataclass
class SimulatedBody:
    """A file as it comes in."""

    effects: Effects
    content: bytes
    cut: bool
    length: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        whole = self.content
        yield whole[: len(whole) // 2]
        self.effects.kernel.pause(5.0 * self.effects.random.random())
        if self.cut:
            raise DownloadError("the connection was reset")
        yield whole[len(whole) // 2 :]


@dataclass
class SimulatedDownloads:
    """The Downloads port."""

    effects: Effects
    model: ProviderModel
    hosts: ResultHosts
    outside: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, url: str, deadline: float) -> Iterator[SimulatedBody]:
        """Open a link."""
        fault = self.effects.draw("download", url)
        self.effects.kernel.pause(0.1)
        if self.effects.kernel.now >= deadline:
            raise DownloadError("took too long")
        if isinstance(self.hosts.target(url), Refusal):
            self.outside.append(url)
            raise DownloadError("the link leads outside ResultHosts")
        if fault is Fault.DEAD:
            raise DeadLinkError("answered 403")
        try:
            found = self.model.fetch(url) if fault in (None, Fault.SHORT) else self._suffer(fault, url)
        except StorageError:
            raise DownloadError("refused") from None
        if found is None:
            raise DeadLinkError("answered 404")
        yield SimulatedBody(self.effects, found, fault is Fault.SHORT)

    def _suffer(self, fault: Fault, url: str) -> bytes | None:
        return self.effects.suffer(fault, lambda: self.model.fetch(url))


@dataclass
class SimulatedUpload:
    """A file on its way into the bucket."""

    archive: "SimulatedArchive"
    key: str
    begun_at: float
    about: tuple[str, Mapping[str, str]]
    content: bytes = b""
    is_over: bool = False

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.content += chunk

    def complete(self) -> None:
        """Make the object appear."""
        self.archive.effects.do("complete", self.key, self._appear)

    def _appear(self) -> None:
        self.archive.objects[self.key] = self.content
        self.archive.types[self.key] = self.about[0]
        self.is_over = True


@dataclass
class SimulatedArchive:
    """The Archive port: one bucket."""

    effects: Effects
    bucket: str = "bucket"
    objects: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    under_way: list[SimulatedUpload] = field(default_factory=list)

    def abort_strays(self, key: str, older_than: float) -> int:
        """Abort unfinished uploads."""
        return self.effects.do("strays", key, lambda: self._abort(key, older_than))

    def _abort(self, key: str, older_than: float) -> int:
        strays = [upload for upload in self.under_way if upload.key == key and upload.begun_at < older_than]
        self.under_way = [upload for upload in self.under_way if upload not in strays]
        return len(strays)

    @contextmanager
    def upload(self, key: str, content_type: str, tags: Mapping[str, str]) -> Iterator[SimulatedUpload]:
        """Begin an upload. A crash leaves it unfinished."""
        upload = SimulatedUpload(self, key, self.effects.kernel.now, (content_type, tags))
        self.effects.do("part", key, lambda: self.under_way.append(upload))
        try:
            yield upload
        except Killed:
            raise
        except BaseException:
            self._drop(upload)
            raise
        self._drop(upload)

    def _drop(self, upload: SimulatedUpload) -> None:
        self.under_way = [other for other in self.under_way if other is not upload]

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store a small object."""

        def store() -> None:
            self.objects[key] = body
            self.types[key] = content_type

        self.effects.do("put", key, store)
