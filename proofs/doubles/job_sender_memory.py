"""The job queue in memory, as its senders know it."""

from collections.abc import Sequence

from veo4k.domain.errors import StorageError


class MemoryJobSender:
    """Keeps the bodies of messages. `takes`: how many of a batch the queue takes before it refuses the rest."""

    def __init__(self, takes: int = 10) -> None:
        self.bodies: list[str] = []
        self.takes = takes

    def send_jobs(self, bodies: Sequence[str]) -> None:
        """Keep the bodies, or a part of them, and raise."""
        self.bodies += bodies[: self.takes]
        if len(bodies) > self.takes:
            raise StorageError("SendMessageBatch: InternalError")
