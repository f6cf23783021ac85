"""A stage for the use cases: a whole world of doubles, and the parts a test wants to see."""

import json
import math
from typing import Any

from tests.doubles.gate_memory import MemoryGate, numbered
from tests.doubles.jobs_memory import MemoryJobs
from tests.doubles.provider_scripted import ScriptedProvider
from tests.doubles.time_manual import ManualClock, SoloCrew
from veo4k.domain.answer import Answer
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Slots
from veo4k.domain.job import VEO, Job, Key
from veo4k.domain.notes import Note
from veo4k.domain.ports import World
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.domain.write import Write, is_
from veo4k.services.submit import Received, submit
from veo4k.services.sweep import sweep

TASK = "veo_task_abcdef123456"
KEY = Key(TASK, 1)
URL = "https://file.example/v/a.mp4?secret=1"
ELSEWHERE = "https://evil.example/v/a.mp4"
HOSTS = ResultHosts.parse("file.example", "https://api.example")
WIDTH = 20
LIFE = 60.0  # seconds that a function on this stage lives


class CountingGate(MemoryGate):
    """A gate that remembers every instant it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[float] = []

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants."""
        slots = super().reserve(wanted, now, last=last, counted=counted)
        self.given += slots.instants
        return slots


class KilledError(BaseException):
    """A function is killed from outside: nothing of ours gets to see it."""


class RecordingQueue:
    """A job queue that remembers what became of its messages."""

    def __init__(self, *, broken: bool = False) -> None:
        self.rejected: list[tuple[str, str]] = []
        self.backed_off: list[tuple[str, float]] = []
        self.broken = broken

    def reject(self, body: str, reason: str) -> None:
        """Remember a rejected body and its reason."""
        if self.broken:
            raise StorageError("SendMessage: broken")
        self.rejected.append((body, reason))

    def back_off(self, receipt: str, seconds: float) -> None:
        """Remember who backed off, and how long."""
        self.backed_off.append((receipt, seconds))


class Stage:
    """One world, one queue; `receive` and `sweep` act in it."""

    def __init__(self, *script: Answer, contract: str = VEO, unready: str = "", **times: Any) -> None:
        self.jobs, self.gate, self.clock = MemoryJobs(), CountingGate(), ManualClock()
        self.provider, self.queue = ScriptedProvider(*script, unready=unready), RecordingQueue()
        self.new_id, self.times = numbered(), Times(**times)
        self.world = World(
            jobs=self.jobs,
            gate=self.gate,
            provider=self.provider,
            clock=self.clock,
            crew=SoloCrew,
            width=WIDTH,
            new_id=self.new_id,
            chance=lambda: 0.0,
            times=self.times,
            hosts=HOSTS,
            contract=contract,
        )
        self._messages = numbered("message")

    def receive(self, *bodies: str, again: str = "") -> list[Note]:
        """Deliver messages as one batch; `again`: the id of a message that is delivered once more."""
        batch = [Received(again or self._messages(), body, f"receipt{n}", 1) for n, body in enumerate(bodies)]
        notes, self.unstored = submit(self.world, self.queue, batch, self.clock.now() + LIFE)
        return notes

    def ask(self, task_id: str = TASK, **fields: Any) -> list[str]:
        """Deliver one message; gives what happened, in a word each."""
        return words(self.receive(json.dumps({"taskId": task_id} | fields)))

    def sweep(self, *, after: float = 0.0) -> list[str]:
        """Sweep, some seconds later; gives what happened, in a word each."""
        self.clock.advance(after)
        return words(sweep(self.world, self.clock.now() + 2 * LIFE))

    def job(self, run: int = 1, task_id: str = TASK) -> Job:
        """Give a job that must be there."""
        job = self.jobs.get(Key(task_id, run))
        assert job is not None
        return job

    def change(self, **fields: object) -> None:
        """Put the row into a place that takes long to reach."""
        job = self.job()
        self.jobs.write(Write(key=job.key, when=(is_("state", job.state),), put=fields))

    def seen_by_provider(self) -> list[Job]:
        """Collect the rows as the provider's requests find them."""
        seen: list[Job] = []
        self.provider.meanwhile = lambda job: seen.append(self.job(job.run))
        return seen


def words(notes: list[Note]) -> list[str]:
    """Give the notes' actions."""
    return [note.action for note in notes]
