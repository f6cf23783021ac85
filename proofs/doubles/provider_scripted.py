"""A provider that responds by a script, and records the requests."""

from collections.abc import Callable, Iterable

from veo4k.domain.job import Job
from veo4k.domain.look import Look, Unanswered
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

Meanwhile = Callable[[Job], None]


class ScriptedProvider:
    """Returns the responses of its script in turn, and the last one for ever."""

    def __init__(self, *script: Response, unset: WaitReason | None = None) -> None:
        self.script: Iterable[Response] = list(script) or [Response(meaning=Meaning.WORKING, accepted_anew=True)]
        self.submitted: list[str] = []
        self.polled: list[str] = []
        self.unset = unset
        self.looks: dict[str, Look] = {}
        self.looked_at: list[str] = []
        self.credits_left: float | None = 240
        self.balance_reads = 0
        self.meanwhile: Meanwhile = lambda _: None  # what happens while the request is out

    def unset_secret(self) -> WaitReason | None:
        return self.unset

    def submit(self, job: Job) -> Response:
        self.submitted.append(job.job_id)
        return self._respond(job)

    def poll(self, job: Job) -> Response:
        self.polled.append(job.job_id)
        return self._respond(job)

    def look(self, task_id: str) -> Look:
        self.looked_at.append(task_id)
        return self.looks.get(task_id, Unanswered.NOTHING)

    def balance(self) -> float | None:
        self.balance_reads += 1
        return self.credits_left

    def _respond(self, job: Job) -> Response:
        self.meanwhile(job)
        first, *rest = self.script
        self.script = rest or [first]
        return first
