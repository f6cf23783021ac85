"""The provider reports generations, again until answered; strangers report some too, with what they have stolen."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from proofs.doubles.signed_callbacks import signed
from proofs.simulation.callbacks import GENERATED, TOKEN_KEY, WEBHOOK_KEY, Sender
from proofs.simulation.effects import STRANGER
from proofs.simulation.fault_profile import FaultProfile
from veo4k.domain.callback_auth import make_generated_token, make_token
from veo4k.domain.generation import MOST_VIDEOS
from veo4k.domain.log_events import LogEntry
from veo4k.services.signed_request import Request

if TYPE_CHECKING:
    from proofs.simulation.environment import Simulation

UNUSABLE = "=canary"  # a pair of the query string that is no tag, and must not be logged
LINK = "https://tempfile.aiquickdraw.com/v/base.mp4"


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

    def body(self) -> str:
        info = {"resultUrls": "[" if self.places is None else [LINK] * self.places, "resolution": "720p"}
        if self.fails:
            return json.dumps({"code": 501, "msg": "failed", "data": {"taskId": self.task_id}})
        return json.dumps({"code": 200, "msg": "ok", "data": {"taskId": self.task_id, "info": info}})


def draw_generations(random: Random, profile: FaultProfile) -> Iterator[Generation]:
    for number in range(round(profile.jobs * profile.generated)):
        yield Generation(
            at=profile.spread * random.random(),
            task_id=f"generation-{number:05d}",
            places=random.choice((1, 1, 2, 4, 6, None)),
            fails=random.random() < 0.2,
        )


class GenerationSender(Sender[Generation]):
    """The callbacks of generations."""

    name = "generation"

    def __init__(self, simulation: "Simulation") -> None:
        super().__init__(simulation)
        self.drawn: list[Generation] = []
        self.acknowledged: list[Generation] = []

    def finish(self, generation: Generation) -> None:
        """Call back about a generation; a stranger may do so at the same time."""
        self.begin(generation)
        if self.random.random() < self.profile.forged:
            self.soon(self.forge, generation)

    def acknowledge(self, generation: Generation) -> None:
        self.acknowledged.append(generation)
        self.simulation.oracles.acknowledged(generation)

    def handle(self, request: Request, now: float) -> tuple[Sequence[LogEntry], int]:
        status, entries = self.simulation.functions.generation_handler.handle(request, now)
        return entries, status

    def request(self, generation: Generation) -> Request:
        headers = signed(WEBHOOK_KEY, generation.task_id, int(self.kernel.now))
        query = f"n={generation.task_id}&{UNUSABLE}"
        return Request((GENERATED,), headers, generation.body(), is_base64=False, query=query)

    def forge(self, generation: Generation) -> None:
        """Report a generation with the URL, or with a fresh signature, but not with both."""
        now, task_id = int(self.kernel.now), generation.task_id
        good, old = self.request(generation), signed(WEBHOOK_KEY, task_id, now - 1000)
        tokens = (make_token(TOKEN_KEY, task_id, 0, 1), make_generated_token(b"guess"), "")
        headers: tuple[dict[str, str], ...] = (
            {},
            {"x-webhook-timestamp": str(now)},
            old,
            old | {"x-webhook-timestamp": str(now)},
            signed(b"guess", task_id, now),
            signed(WEBHOOK_KEY, "another-task", now),
        )
        forged = (
            # First the stolen callback of the task's 4K version: its signature is right here too, its token is not.
            *(replace(good, parts=(token,)) for token in tokens),
            *(replace(good, headers=each) for each in headers),
        )
        self.send(STRANGER, self.random.choice(forged))
