"""The provider reports generations, again until answered; strangers report some too, with what they have stolen."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from proofs.simulation.callbacks import GENERATED, RETRIES, TOKEN_KEY, WEBHOOK_KEY
from proofs.simulation.effects import STRANGER, Effects
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import Fault, Faults
from proofs.simulation.kernel import Kernel
from veo4k.domain.callback_auth import make_generated_token, make_signature, make_token
from veo4k.domain.errors import StorageError
from veo4k.domain.generated import MOST_VIDEOS
from veo4k.services.signed_request import Request

UNUSABLE = "=canary"  # a pair of the query string that is no tag, and must not be logged
LINK = "https://tempfile.aiquickdraw.com/v/base.mp4"

Deliver = Callable[[str, Request, Callable[[int | None], None]], None]
"""Delivers a request to the path for generations, and passes its status on, or None where the function died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A generation that ends `at` seconds from the beginning. `places`: of its result list; None: it has no list."""

    at: float
    task_id: str
    places: int | None
    fails: bool = False

    @property
    def videos(self) -> int:
        """Return how many jobs it must have."""
        return 0 if self.fails else min(self.places or 1, MOST_VIDEOS)

    def body(self) -> bytes:
        """Return the body of its callback."""
        info = {"resultUrls": "[" if self.places is None else [LINK] * self.places, "resolution": "720p"}
        if self.fails:
            return json.dumps({"code": 501, "msg": "failed", "data": {"taskId": self.task_id}}).encode()
        return json.dumps({"code": 200, "msg": "ok", "data": {"taskId": self.task_id, "info": info}}).encode()


def draw_generations(random: Random, profile: FaultProfile) -> Iterator[Generation]:
    """Draw the generations of a seed."""
    for number in range(round(profile.jobs * profile.generated)):
        yield Generation(
            at=profile.spread * random.random(),
            task_id=f"generation-{number:05d}",
            places=random.choice((1, 1, 2, 4, 6, None)),
            fails=random.random() < 0.2,
        )


@dataclass(eq=False)
class GenerationSender:
    """The provider's sender of callbacks of generations, and the people who listen in."""

    kernel: Kernel
    random: Random
    profile: FaultProfile
    faults: Faults
    deliver: Deliver
    on_acknowledged: Callable[[Generation], None]
    drawn: list[Generation] = field(default_factory=list)
    acknowledged: list[Generation] = field(default_factory=list)
    answers: set[tuple[str, int | None]] = field(default_factory=set)  # the caller, and the status of the response

    def finish(self, generation: Generation) -> None:
        """Call back about a generation, with the profile's faults; a stranger may do so at the same time."""
        fault = self.faults.draw("callback", self.kernel.now) if self.profile.calls_back else Fault.NOT_ARRIVED
        late = 40_000 * self.random.random() ** 3 if fault is Fault.LATE else 0.0
        if fault is not Fault.NOT_ARRIVED:
            self.kernel.after(late, self.call, generation)
        if fault is Fault.TWICE:
            self.kernel.after(600 * self.random.random(), self.call, generation)
        if self.random.random() < self.profile.forged:
            self.kernel.after(600 * self.random.random(), self.forge, generation)

    def call(self, generation: Generation, tries: int = 0) -> None:
        """Send the callback until its response is 200 or the provider gives up."""

        def on_status(status: int | None) -> None:
            self.answers.add(("generation", status))
            if status == 200:
                self.acknowledged.append(generation)
                self.on_acknowledged(generation)
            elif tries < len(RETRIES):
                self.kernel.after(RETRIES[tries], self.call, generation, tries + 1)

        self.deliver("generation", self._request(generation), on_status)

    def _request(self, generation: Generation, *, key: bytes = WEBHOOK_KEY, signed: str = "", at: int = 0) -> Request:
        timestamp = str(at or int(self.kernel.now))
        signature = make_signature(key, signed or generation.task_id, timestamp)
        headers = {"x-webhook-timestamp": timestamp, "x-webhook-signature": signature}
        query = f"n={generation.task_id}&{UNUSABLE}"
        return Request((GENERATED,), headers, generation.body().decode(), is_base64=False, query=query)

    def forge(self, generation: Generation) -> None:
        """Report a generation with the URL, or with a fresh signature, but not with both."""
        now, task_id = int(self.kernel.now), generation.task_id
        good, old = self._request(generation), self._request(generation, at=now - 1000)
        tokens = (make_token(TOKEN_KEY, task_id, 0, 1), make_generated_token(b"guess"), "")
        forged = (
            # First the stolen callback of the task's 4K version: its signature is right here too, its token is not.
            *(replace(good, parts=(token,)) for token in tokens),
            replace(good, headers={}),
            replace(good, headers={"x-webhook-timestamp": str(now)}),
            old,
            replace(old, headers=dict(old.headers) | {"x-webhook-timestamp": str(now)}),
            self._request(generation, key=b"guess"),
            self._request(generation, signed="another-task"),
        )
        self.deliver(STRANGER, self.random.choice(forged), lambda status: self.answers.add((STRANGER, status)))


@dataclass(frozen=True)
class SimulatedJobSender:
    """The JobSender port: the queue may take a part of a batch, or take all of it and lose the response."""

    effects: Effects
    to_queue: Callable[[str], object]

    def send_jobs(self, bodies: Sequence[str]) -> None:
        """Send messages."""
        fault = self.effects.draw("send", str(json.loads(bodies[0])["taskId"]))
        self.effects.kernel.pause(0.01)
        taken = bodies[:-1] if fault is Fault.PARTLY else bodies

        def call() -> None:
            for body in taken:
                self.to_queue(body)

        self.effects.suffer(fault, call) if fault else call()
        if fault is Fault.PARTLY:
            raise StorageError("one of the batch was refused")
