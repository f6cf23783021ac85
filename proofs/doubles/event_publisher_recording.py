"""The bus, the archive's queue and the waiting tasks, which remember what they were sent."""

from collections.abc import Mapping, Sequence

from veo4k.domain.job import Job, Key


class RecordingEventPublisher:
    """Remembers what it is given, and is never called with nothing; refuses the keys and tokens named in `refused`."""

    def __init__(self, *refused: object) -> None:
        self.refused = refused
        self.archive: list[Key] = []
        self.bases: list[tuple[Key, int]] = []
        self.bus: list[Key] = []
        self.tasks: list[str] = []

    def send_to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        return self._sent(self.archive, jobs)

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> Mapping[Key, str]:
        """Remember requests of base videos; a run is refused as "base"."""
        assert jobs, "called with nothing"
        self.bases += [(job.key, delay) for job in jobs]
        return {job.key: "refused" for job in jobs if "base" in self.refused}

    def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        return self._sent(self.bus, jobs)

    def send_to_task(self, job: Job, token: str) -> str:
        self.tasks.append(f"{token}:{job.state}")
        return "refused" if token in self.refused else ""

    def _sent(self, to: list[Key], jobs: Sequence[Job]) -> Mapping[Key, str]:
        assert jobs, "called with nothing"
        to += [job.key for job in jobs]
        return {job.key: "refused" for job in jobs if job.key in self.refused}
