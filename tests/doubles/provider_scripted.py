"""A provider that answers as told, and remembers what it was asked."""

from collections.abc import Callable, Iterable

from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.job import Job

Meanwhile = Callable[[Job], None]


class ScriptedProvider:
    """Gives the answers of its script one after the other, the last one for ever."""

    def __init__(self, *script: Answer, unready: str = "") -> None:
        self.script: Iterable[Answer] = list(script) or [Answer(meaning=Meaning.WORKING, first=True)]
        self.asked: list[str] = []
        self.probed: list[str] = []
        self.why_unready = unready
        self.credits_left: float | None = 240
        self.balance_reads = 0
        self.meanwhile: Meanwhile = lambda _: None  # what happens while the request is out

    def unready(self) -> str:
        """Give why nothing can be asked."""
        return self.why_unready

    def ask(self, job: Job) -> Answer:
        """Take the paid request."""
        self.asked.append(job.job_id)
        return self._answer(job)

    def probe(self, job: Job) -> Answer:
        """Take a probe."""
        self.probed.append(job.job_id)
        return self._answer(job)

    def balance(self) -> float | None:
        """Return the credits left."""
        self.balance_reads += 1
        return self.credits_left

    def _answer(self, job: Job) -> Answer:
        self.meanwhile(job)
        first, *rest = self.script
        self.script = rest or [first]
        return first
