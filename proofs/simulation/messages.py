"""What producers send: tasks, some requested more than once, and some invalid messages."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from proofs.simulation.fault_profile import FaultProfile


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on its way to the queue; `at` seconds from the beginning."""

    at: float
    task_id: str
    body: str
    valid: bool
    index: int = 0
    force: bool = False
    token: str = ""


def draw_sendings(random: Random, profile: FaultProfile) -> Iterator[Sending]:
    for number in range(profile.jobs):
        at, task_id = profile.spread * random.random(), f"veo-task-{number:05d}"
        yield _drawn(random, profile, at, task_id)
        if random.random() < profile.repeated:
            yield from _repeats(random, profile, at, task_id)
        if random.random() < profile.invalid:
            yield Sending(at, f"bad-{number}", random.choice(INVALID), valid=False)


def draw_cancels(random: Random, profile: FaultProfile, sendings: Iterable[Sending]) -> Iterator[tuple[float, str]]:
    """Draw which tasks' newest job is cancelled, and when: seconds from the beginning."""
    for sending in sendings:
        if sending.valid and random.random() < profile.cancels:
            yield sending.at + random.choice((1.0, 10.0, 100.0, 1000.0, 10_000.0)) * random.random(), sending.task_id


def _repeats(random: Random, profile: FaultProfile, at: float, task_id: str) -> Iterator[Sending]:
    for _ in range(random.choice((1, 1, 2, 3))):
        later = at + random.choice((0.0, 1.0, 300.0, 2000.0, 90_000.0)) * random.random()
        yield _drawn(random, profile, later, task_id, index=random.choice((0, 0, 1)), force=random.random() < 0.4)


def _drawn(random: Random, profile: FaultProfile, at: float, task_id: str, **more: Any) -> Sending:
    token = f"token-{random.getrandbits(64):016x}" if random.random() < profile.tokens else ""
    return message(at, task_id, token=token, tags={"n": task_id}, **more)


def message(
    at: float, task_id: str, *, index: int = 0, force: bool = False, token: str = "", **more: object
) -> Sending:
    """Return a valid message; `more`: of its body."""
    body = {"taskId": task_id, "index": index, **more, "force": force, "taskToken": token}
    sent = {name: value for name, value in body.items() if value or name == "index"}
    return Sending(at, task_id, json.dumps(sent), valid=True, index=index, force=force, token=token)


INVALID = (
    "",
    "{",
    "[]",
    "{}",
    '{"taskId":"short"}',
    '{"taskId":"veo-task-00001","index":1.0}',
    '{"taskId":"veo-task-00001","index":true}',
    '{"taskId":"veo-task-00001","tags":null}',
    '{"taskId":"veo-task-00001","tags":{"n":"a\\n\\u202eb"}}',
    '{"taskId":"veo-task-00001","taskId":"veo-task-00002"}',
    '{"taskId":"veo-task-00001","other":1}',
    '{"taskId":"veo-task-00001","index":NaN}',
    '"' + "x" * 9000 + '"',
)
