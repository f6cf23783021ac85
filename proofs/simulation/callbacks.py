"""The provider calls back: again until answered, late, twice or never; and strangers call, with and without keys."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from proofs.doubles.signed_callbacks import SIGNATURE, TIME, signed
from proofs.simulation.effects import STRANGER
from proofs.simulation.faults import Fault
from proofs.simulation.provider import Making
from proofs.simulation.rephrasing import DENIALS, NEWS, rephrase
from proofs.simulation.videos import EVIL_HOST, HD
from veo4k.domain.callback_auth import make_generated_token, make_token
from veo4k.domain.job import Job, Key
from veo4k.domain.log_events import LogEntry
from veo4k.services.signed_request import Request

if TYPE_CHECKING:
    from proofs.simulation.environment import Simulation

T = TypeVar("T")
TOKEN_KEY, WEBHOOK_KEY = b"canary-token-key", b"canary-webhook-key"
GENERATED = make_generated_token(TOKEN_KEY)  # opens no job, though every sender of generations has it
RETRIES = (60.0, 300.0, 900.0)  # seconds between retries; then the provider stops
JUST_NOW = 60.0  # seconds in which an end and a callback may miss each other
NEVER = 9  # the number of a run that never exists
MISDIRECTED = 0.02  # of the callbacks, also sent to a run that never exists


class Sender(ABC, Generic[T]):
    """The provider's sender of one kind of callback, and the people who listen in."""

    name: str

    def __init__(self, simulation: "Simulation") -> None:
        self.simulation, self.profile = simulation, simulation.profile
        self.kernel, self.random, self.faults = simulation.kernel, simulation.random, simulation.effects.faults
        self.end = simulation.end  # of the tampering
        self.answers: set[tuple[str, int | None]] = set()  # the caller, and the status of the response

    @abstractmethod
    def request(self, subject: T) -> Request:
        """Return the request of a callback."""

    @abstractmethod
    def handle(self, request: Request, now: float) -> tuple[Sequence[LogEntry], int]:
        """Let our side handle a request. Return its log entries, and the status."""

    @abstractmethod
    def acknowledge(self, subject: T) -> None:
        """Take note of a callback that was answered with 200."""

    def refused(self, subject: T) -> None:
        """Take note of a callback that was answered with 400."""

    def begin(self, subject: T, within: float = 0.0) -> None:
        """Call back within so many seconds, with the profile's faults."""
        fault = self.faults.draw("callback", self.kernel.now) if self.profile.calls_back else Fault.NOT_ARRIVED
        late = 40_000 * self.random.random() ** 3 if fault is Fault.LATE else 0.0
        if fault is not Fault.NOT_ARRIVED:
            self.kernel.after(late + (within * self.random.random() if within else 0.0), self.call, subject)
        if fault is Fault.TWICE:
            self.soon(self.call, subject)

    def soon(self, call: Callable[..., object], *arguments: Any) -> None:
        self.kernel.after(600 * self.random.random(), call, *arguments)

    def call(self, subject: T, tries: int = 0) -> None:
        """Send the callback until its response is 200 or the provider gives up."""

        def answered(status: int | None) -> None:
            if status == 200:
                self.acknowledge(subject)
            elif tries < len(RETRIES):
                self.kernel.after(RETRIES[tries], self.call, subject, tries + 1)
            if status == 400:
                self.refused(subject)

        self.send(self.name, self.request(subject), answered)

    def send(self, who: str, request: Request, answered: Callable[[int | None], None] = lambda _: None) -> None:
        def on_status(status: int | None) -> None:
            self.answers.add((who, status))
            answered(status)

        self.simulation.functions.receive(who, partial(self.handle, request), on_status)


class CallbackSender(Sender[Making]):
    """The callbacks about 4K versions."""

    name = "callback"

    def __init__(self, simulation: "Simulation") -> None:
        super().__init__(simulation)
        self.acknowledged: list[tuple[float, Making]] = []  # when our side answered with 200
        self.acknowledged_runs: set[Key] = set()
        self.tampered_with: set[Key] = set()

    def finish(self, making: Making) -> None:
        """Call back about a result; a thief of the signature may do so at the same time."""
        self.begin(making, within=0.2)
        if self.random.random() < self.profile.tampered and self.kernel.now < self.end:
            self.soon(self.tamper, making)
        if self.random.random() < MISDIRECTED and self.profile.calls_back:
            self.send("misdirected", self._signed(making, self.simulation.model.body(making), str(NEVER)))
        if self.random.random() < self.profile.spurious:
            self.send(self.name, self._signed(making, _spurious(making, self.random)))

    def acknowledge(self, making: Making) -> None:
        self.acknowledged.append((self.kernel.now, making))
        self.acknowledged_runs.add(making.run)
        making.is_told = True

    def refused(self, making: Making) -> None:
        """The id of a result is refused only where the job has another, or nothing can have been accepted for it."""
        job = self.simulation.memory.get(making.run)
        if job is None or (job.finished_at or float("inf")) > self.kernel.now - JUST_NOW:
            return
        if job.own_id in (None, making.own_id) and (job.lost_responses or job.acceptances):
            self.simulation.oracles.add_violation(7, job.task_id, f"a result after {job.state} was refused")

    def handle(self, request: Request, now: float) -> tuple[Sequence[LogEntry], int]:
        status, entries = self.simulation.functions.callback_handler.handle(request, now)
        return entries, status

    def request(self, making: Making) -> Request:
        body = self.simulation.model.body(making)
        if self.kernel.now < self.end and self.random.random() < self.profile.rephrases:
            body = json.dumps(rephrase(json.loads(body), self.random), ensure_ascii=False).encode()
        return self._signed(making, body)

    def tamper(self, making: Making) -> None:
        """Use a stolen signature for another payload: an attacker's links, the base video, or nothing new."""
        links = (
            f"https://{EVIL_HOST}/v/other.mp4",
            "http://169.254.169.254/latest/meta-data",
            self.simulation.model.link(making.run.task_id, -1, HD),
        )
        payloads: tuple[dict[str, Any], ...] = (
            {"code": 200, "data": {"info": {"resultUrls": [self.random.choice(links)]}}},
            {"code": 200, "data": {}},
            {"code": 422, "msg": "4k is processing"},
        )
        self.tampered_with.add(making.run)
        self.send("tampered", self._signed(making, json.dumps(self.random.choice(payloads)).encode()))

    def _signed(self, making: Making, body: bytes, other_run: str = "") -> Request:
        task_id, index, run = making.run.task_id, making.index, other_run or str(making.run.run)
        signed_id = making.own_id if b'"' + making.own_id.encode() + b'"' in body else task_id
        token = make_token(TOKEN_KEY, task_id, index, int(run))
        headers = signed(WEBHOOK_KEY, signed_id, int(self.kernel.now))
        return Request((task_id, str(index), run, token), headers, body.decode(), is_base64=False)

    def forge(self, job: Job) -> None:
        """Attack a job without knowing a key."""
        link = self.simulation.model.link(job.task_id, -1, HD)
        body = {"code": 200, "data": {"taskId": job.task_id, "resultUrls": [link]}}
        token = make_token(TOKEN_KEY, job.task_id, job.index, job.run)
        now = int(self.kernel.now)
        right, old = signed(WEBHOOK_KEY, job.task_id, now), signed(WEBHOOK_KEY, job.task_id, now - 1000)
        headers = self.random.choice(
            (
                {},
                signed(b"guess", job.task_id, now),
                old,
                old | {TIME: str(now)},
                right | {SIGNATURE: "é" * 44},
            )
        )
        if self.random.random() < 0.2:
            token = self.random.choice((make_token(b"guess", job.task_id, job.index, job.run), GENERATED))
            headers = right
        parts = (job.task_id, str(job.index), str(job.run), token)
        self.send(STRANGER, Request(parts, headers, json.dumps(body), is_base64=False))


def _spurious(making: Making, random: Random) -> bytes:
    """Return news of a video that is being made; under an own id it may be a failure in unknown words too."""
    own, base = making.own_id, making.run.task_id
    told = [(base, words) for words in NEWS] + [(own, words) for words in ("E-1207", *DENIALS) if own != base]
    task_id, words = random.choice(told)
    return json.dumps({"code": random.choice((400, 422, 500, 501)), "msg": words, "data": {"taskId": task_id}}).encode()
