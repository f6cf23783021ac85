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

    def __iter__(self) -> Iterator[bytes]:
        half = len(self.content) // 2
        yield self.content[:half]
        self.effects.kernel.pause(5.0 * self.effects.random.random())
        if self.cut:
            raise DownloadError("the connection was reset")
        yield self.content[half:]


@dataclass
class SimulatedDownloads:
    """The Downloads port."""

    effects: Effects
    model: ProviderModel
    hosts: ResultHosts
    outside: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, url: str, deadline: float) -> Iterator[SimulatedBody]:
        fault = self.effects.draw("download", url)
        self.effects.kernel.pause(0.1)
        if self.effects.kernel.now >= deadline:
            raise DownloadError("took too long")
        if isinstance(self.hosts.target(url), Refusal):
            self.outside.append(url)
            raise DownloadError("the link leads outside ResultHosts")
        if fault is Fault.DEAD:
            raise DeadLinkError("answered 403")
        is_cut = fault is Fault.SHORT
        try:
            found = self.effects.suffer(None if is_cut else fault, lambda: self.model.fetch(url))
        except StorageError:
            raise DownloadError("refused") from None
        if found is None:
            raise DeadLinkError("answered 404")
        yield SimulatedBody(self.effects, found, is_cut)

    @contextmanager
    def open_base(self, url: str, deadline: float) -> Iterator[SimulatedBody]:
        """Open a base video: only here its host is compared with those that are allowed."""
        if isinstance(self.hosts.target(url), Refusal):
            raise DownloadError("the link leads outside ResultHosts")
        with self.open(url, deadline) as body:
            yield body


@dataclass(eq=False)
class SimulatedUpload:
    """A file on its way into the bucket."""

    archive: "SimulatedArchive"
    key: str
    begun_at: float
    content: bytes = b""

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def complete(self) -> None:
        self.archive.put(self.key, self.content, effect="complete")


@dataclass
class SimulatedArchive:
    """The Archive port: one bucket."""

    effects: Effects
    bucket: str = "bucket"
    objects: dict[str, bytes] = field(default_factory=dict)
    under_way: set[SimulatedUpload] = field(default_factory=set)

    def abort_strays(self, key: str, older_than: float) -> int:
        return self.effects.do("strays", key, lambda: self._abort(key, older_than))

    def _abort(self, key: str, older_than: float) -> int:
        strays = {upload for upload in self.under_way if upload.key == key and upload.begun_at < older_than}
        self.under_way -= strays
        return len(strays)

    @contextmanager
    def upload(self, key: str, _type: str, _tags: Mapping[str, str]) -> Iterator[SimulatedUpload]:
        """Begin an upload. A crash leaves it unfinished."""
        upload = SimulatedUpload(self, key, self.effects.kernel.now)
        self.effects.do("part", key, lambda: self.under_way.add(upload))
        try:
            yield upload
        except Killed:
            raise
        except BaseException:
            self.under_way.discard(upload)
            raise
        self.under_way.discard(upload)

    def put(self, key: str, body: bytes, _type: str = "", *, effect: str = "put") -> None:
        self.effects.do(effect, key, lambda: self.objects.update({key: body}))
