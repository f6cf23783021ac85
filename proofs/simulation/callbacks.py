"""The provider calls back: again until answered, late, twice or never; and strangers call, with and without keys."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from proofs.simulation.effects import STRANGER
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import Fault, Faults
from proofs.simulation.kernel import Kernel
from proofs.simulation.provider import Making, ProviderModel
from proofs.simulation.rephrasing import rephrase
from proofs.simulation.videos import EVIL_HOST, HD
from veo4k.domain.callback_auth import make_generated_token, make_signature, make_token
from veo4k.domain.job import Job, Key
from veo4k.services.signed_request import Request

TOKEN_KEY, WEBHOOK_KEY = b"canary-token-key", b"canary-webhook-key"
GENERATED = make_generated_token(TOKEN_KEY)  # opens no job, though every sender of generations has it
RETRIES = (60.0, 300.0, 900.0)  # seconds between retries; then the provider stops
NEVER = 9  # the number of a run that never exists
MISDIRECTED = 0.02  # of the callbacks, also sent to a run that never exists

Deliver = Callable[[str, Key, Request, Callable[[int | None], None]], None]
"""Delivers a callback to the function, and passes its status on, or None where the function died."""


@dataclass(eq=False)
class Acknowledged:
    """A success or failure that our side answered with 200."""

    at: float
    making: Making


@dataclass(eq=False)
class CallbackSender:
    """The provider's own sender of callbacks, and the people who listen in."""

    kernel: Kernel
    random: Random
    profile: FaultProfile
    faults: Faults
    deliver: Deliver
    end: float  # of the tampering
    acknowledged: list[Acknowledged] = field(default_factory=list)
    acknowledged_runs: set[Key] = field(default_factory=set)
    tampered_with: set[Key] = field(default_factory=set)
    answers: set[tuple[str, int | None]] = field(default_factory=set)  # the caller, and the status of the response
    model: ProviderModel = field(init=False)

    def send(self, making: Making) -> None:
        """Call back about a result, with the profile's faults."""
        fault = self.faults.draw("callback", self.kernel.now) if self.profile.calls_back else Fault.NOT_ARRIVED
        late = 40_000 * self.random.random() ** 3 if fault is Fault.LATE else 0.0
        if fault is not Fault.NOT_ARRIVED:
            self.kernel.after(0.2 * self.random.random() + late, self._try, making, 0)
        if fault is Fault.TWICE:
            self.kernel.after(600 * self.random.random(), self._try, making, 0)
        if self.random.random() < self.profile.tampered and self.kernel.now < self.end:
            self.kernel.after(600 * self.random.random(), self._tamper, making)
        if self.random.random() < MISDIRECTED and self.profile.calls_back:
            self._call("misdirected", making.run, self._signed(making, self.model.body(making), str(NEVER)))

        if self.random.random() < self.profile.spurious and making.own_id != making.run.task_id:
            self._call("callback", making.run, self._signed(making, _spurious(making, self.random)))

    def _try(self, making: Making, tries: int) -> None:
        def on_answer(status: int | None) -> None:
            if status == 200:
                self.acknowledged.append(Acknowledged(self.kernel.now, making))
                self.acknowledged_runs.add(making.run)
                making.is_told = True
            elif tries < len(RETRIES):
                self.kernel.after(RETRIES[tries], self._try, making, tries + 1)

        self._call("callback", making.run, self._signed(making, self._body(making)), on_answer)

    def _body(self, making: Making) -> bytes:
        body = self.model.body(making)
        if self.kernel.now < self.end and self.random.random() < self.profile.rephrases:
            return json.dumps(rephrase(json.loads(body), self.random), ensure_ascii=False).encode()
        return body

    def _call(self, who: str, key: Key, request: Request, answered: Callable[[int | None], None] | None = None) -> None:
        def on_status(status: int | None) -> None:
            self.answers.add((who, status))
            if answered:
                answered(status)

        self.deliver(who, key, request, on_status)

    def _tamper(self, making: Making) -> None:
        """Use a stolen signature for another payload: an attacker's links, the base video, or nothing new."""
        links = (
            f"https://{EVIL_HOST}/v/other.mp4",
            "http://169.254.169.254/latest/meta-data",
            self.model.link(making.run.task_id, -1, HD),
        )
        payloads: tuple[dict[str, Any], ...] = (
            {"code": 200, "data": {"info": {"resultUrls": [self.random.choice(links)]}}},
            {"code": 200, "data": {}},
            {"code": 422, "msg": "4k is processing"},
        )
        self.tampered_with.add(making.run)
        body = json.dumps(self.random.choice(payloads)).encode()
        self._call("tampered", making.run, self._signed(making, body))

    def _signed(self, making: Making, body: bytes, other_run: str = "") -> Request:
        task_id, index, run = making.callback
        run = other_run or run
        signed_id = making.own_id if b'"' + making.own_id.encode() + b'"' in body else task_id
        timestamp = str(int(self.kernel.now))
        headers = {
            "x-webhook-timestamp": timestamp,
            "x-webhook-signature": make_signature(WEBHOOK_KEY, signed_id, timestamp),
        }
        token = make_token(TOKEN_KEY, task_id, int(index), int(run))
        return Request((task_id, index, run, token), headers, body.decode(), is_base64=False)

    def forge(self, job: Job) -> None:
        """Attack a job without knowing a key."""
        body = {"code": 200, "data": {"taskId": job.task_id, "resultUrls": [self.model.link(job.task_id, -1, HD)]}}
        token = make_token(TOKEN_KEY, job.task_id, job.index, job.run)
        now = self.kernel.now
        old, fresh = str(int(now) - 1000), str(int(now))
        signature = make_signature(WEBHOOK_KEY, job.task_id, old)
        headers = self.random.choice(
            (
                {},
                {"x-webhook-timestamp": fresh, "x-webhook-signature": make_signature(b"guess", job.task_id, fresh)},
                {"x-webhook-timestamp": old, "x-webhook-signature": signature},
                {"x-webhook-timestamp": fresh, "x-webhook-signature": signature},
                {"x-webhook-timestamp": fresh, "x-webhook-signature": "é" * 44},
            )
        )
        if self.random.random() < 0.2:
            token = self.random.choice((make_token(b"guess", job.task_id, job.index, job.run), GENERATED))
            right = make_signature(WEBHOOK_KEY, job.task_id, fresh)
            headers = {"x-webhook-timestamp": fresh, "x-webhook-signature": right}
        parts = (job.task_id, str(job.index), str(job.run), token)
        self._call(STRANGER, job.key, Request(parts, headers, json.dumps(body), is_base64=False))


def _spurious(making: Making, random: Random) -> bytes:
    """Return a failure in unknown words about a video that is made all the same."""
    code = random.choice((400, 422, 500, 501))
    return json.dumps({"code": code, "msg": "E-1207", "data": {"taskId": making.own_id}}).encode()
