"""Random histories of jobs: writes as they come from submit, callback, sweep, archive and publish, in any order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from inspect import signature
from random import Random
from typing import Any

from proofs.table.rows import ARCHIVE, BASE, NOW, OTHER_TASK, POSTER, SIGNED, TIMES
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, WAITING, Code, Job, Key, ProviderApi, State
from veo4k.domain.message import Message
from veo4k.domain.response import Meaning, Response
from veo4k.domain.schedule import Times

JOBS_AT_ONCE = 12
NEW = 0.1  # how often a write makes a run once there are enough of them
LATEST = 0.75  # how often a write is made from the newest image of its row, rather than from an older one
FITTING = 0.8  # how often it is one that the row's state is for
REPEATED = 0.1  # how often the last one is sent once more


@dataclass
class Dice:
    """The sources of a history: chance, a clock and ids."""

    random: Random
    now: float = NOW
    ids: int = 0
    tried: Counter[str] = field(default_factory=Counter)  # how often each transition was tried

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    def later(self) -> float:
        """Return a later time, with a fraction as sums of floats have."""
        return self.now + self.random.choice([1, 60.0, 1 / 3, 899.999])

    def yes(self) -> bool:
        return self.random.random() < 0.5

    def response(self) -> Response:
        return Response(
            meaning=Meaning.WORKING,
            image_urls=(POSTER,)[: self.random.randint(0, 1)],
            task_id=self.random.choice([None, OTHER_TASK]),
            credits=self.random.choice([None, 0, 120]),
        )

    def message(self, task_id: str) -> Message:
        token = self.random.choice([None, self.new_id()])
        tags = {"shot": self.new_id()} if self.yes() else {}
        index = self.random.randint(0, 3)
        return Message(task_id=task_id, index=index, tags=tags, task_token=token, message_id=self.new_id())

    def arguments(self, job: Job) -> dict[str, Any]:
        """Return a value for each parameter of the transitions, by its name."""
        flags = ("is_sent", "adopts", "by_post", "failed", "refused", "not_4k", "on_bus", "keeps_base")
        ids = ("claim_id", "poll_id", "lease", "new_id")
        index = job.index if self.random.random() < 0.9 else job.index + 1  # a callback may name another one
        return {
            **{name: self.yes() for name in flags},
            **{name: self.new_id() for name in ids},
            "job": job,
            "key": job.key,
            "now": self.now,
            "times": TIMES,
            "due": self.later(),
            "due_if_moved": self.random.choice([None, self.later()]),
            "wait": Wait(self.later(), "NO_CREDITS"),
            "ttl": int(self.now) + 86_400,
            "chance": self.random.random(),
            "response": self.response(),
            "address": Address(job.task_id, index, job.run, "t" * 43),
            "payload": CallbackPayload(self.response(), self.random.choice([None, None, OTHER_TASK])),
            "token": self.random.choice([None, self.new_id()]),
            "tokens": job.task_tokens if self.yes() else frozenset(),
            "tokens_read": job.task_tokens if self.yes() else frozenset(),
            "provider_api": self.random.choice(list(ProviderApi)),
            "code": self.random.choice(list(Code)),
            "url": SIGNED,
            "base_url": self.random.choice([None, SIGNED]),
            "seen": self.random.choice([None, transitions.Seen(self.now, self.random.choice([None, SIGNED]))]),
            "link": transitions.BlockedLink(SIGNED, "new.example"),
            "host": "new.example",
            "counts": {},
            "archive": ARCHIVE,
            "codec": "avc1",
            "base": BASE,
        }


def join(job: Job, new_id: str) -> ConditionalUpdate:
    """Join with a task token: without one there is nothing to write."""
    return transitions.join(job, new_id)


def accept(job: Job, response: Response, now: float, due_if_moved: float | None) -> ConditionalUpdate:
    """Accept a job, whose next poll moves or does not."""
    return transitions.accept(job, response, now, due_if_moved)


def postpone_announcement(
    job: Job, now: float, times: Times, tokens_read: frozenset[str], *, on_bus: bool, tokens: frozenset[str]
) -> ConditionalUpdate:
    """Postpone an announcement, of a job that was read with its tokens or without."""
    read = replace(job, task_tokens=tokens_read)
    return transitions.postpone_announcement(read, now, times, on_bus=on_bus, tokens=tokens)


def uncount_poll(job: Job, *, by_post: bool) -> ConditionalUpdate:
    """Uncount a poll, of a job as the claim of a poll leaves it, with its counts above 0.

    A count that went back to 0 is a number in the table, and absent in memory. No condition reads it.
    """
    sent, attempts = max(job.requests_sent, 1), max(job.archive_attempts, 1)
    by_post = by_post or job.state is not State.READY
    return transitions.uncount_poll(replace(job, requests_sent=sent, archive_attempts=attempts), by_post=by_post)


def request_link(job: Job, due: float, *, not_4k: bool) -> ConditionalUpdate:
    """Request a link, of a job that has one: the table takes no empty set."""
    return transitions.request_link(replace(job, urls=(SIGNED,)), due, not_4k=not_4k)


Transition = Callable[..., ConditionalUpdate]
QUEUED, SUBMITTING, PROCESSING, READY = (
    frozenset({state}) for state in (State.QUEUED, State.SUBMITTING, State.PROCESSING, State.READY)
)
BUILDERS: dict[str, tuple[frozenset[State], Transition]] = {
    transition.__name__: (states, transition)
    for states, of_these in (
        (frozenset(State), (join, transitions.keep_base)),
        (QUEUED, (transitions.look_later, transitions.look_ready, transitions.wait_for_base, transitions.requeue)),
        (QUEUED, (transitions.cancel, transitions.postpone)),
        (QUEUED | READY, (transitions.claim_look,)),
        (QUEUED | SUBMITTING, (transitions.claim_submission, transitions.callback_working)),
        (SUBMITTING, (accept, transitions.accept_with_result, transitions.accept_on_other_host)),
        (SUBMITTING, (transitions.defer, transitions.count_lost_response)),
        (WAITING, (transitions.callback_ready, transitions.callback_failed, transitions.callback_unclear)),
        (WAITING, (transitions.callback_failed_unchecked, transitions.time_out)),
        (WAITING | READY, (transitions.fail,)),
        (PROCESSING, (transitions.poll_ready, transitions.poll_on_other_host, transitions.wait_for_host)),
        (PROCESSING, (transitions.fetch_kept_link, transitions.count_unknown_record)),
        (PROCESSING | READY, (transitions.claim_poll, transitions.count_acceptance, uncount_poll)),
        (READY, (transitions.claim_archive, transitions.succeed, transitions.postpone_archive, request_link)),
        (READY, (transitions.refresh_by_look, transitions.refresh_link, transitions.retry_link)),
        (READY, (transitions.callback_link,)),
        (ENDED | READY, (transitions.retrigger,)),
        (ENDED, (transitions.repeat_announcement, transitions.mark_announced, transitions.abandon_base)),
        (ENDED, (postpone_announcement,)),
    )
    for transition in of_these
}
"""Each transition by its name, with the states it is for."""


def history(
    random: Random, read: Callable[[Key], Job | None], operations: int
) -> Iterator[tuple[str, ConditionalUpdate]]:
    """Return random writes. Each is built from an image of its row that `read` returned at some time."""
    dice, images, last = Dice(random), dict[Key, list[Job]](), ("", ConditionalUpdate(key=Key("", 0)))
    for _ in range(operations):
        dice.now = round(dice.now + random.choice([0, 0.001, 7.25, 300]), 3)
        if not images or random.random() >= REPEATED:
            last = _next(dice, images)
        yield last
        if (job := read(last[1].key)) is not None:
            images.setdefault(job.key, []).append(job)


def _next(dice: Dice, images: dict[Key, list[Job]]) -> tuple[str, ConditionalUpdate]:
    if len(images) < JOBS_AT_ONCE or dice.random.random() < NEW:
        return _creation(dice)
    return _step(dice, dice.random.choice(list(images.values())[-JOBS_AT_ONCE:]))


def _creation(dice: Dice) -> tuple[str, ConditionalUpdate]:
    dice.tried["a run"] += 1
    task, run = divmod(dice.tried["a run"], 3)
    message, now = dice.message(f"veo_task_history_{task}"), dice.now
    if dice.yes():
        return "create_queued", transitions.create_queued(message, run + 1, now, Wait(dice.later(), "WINDOW_FULL"))
    api, claim_id = ProviderApi.VEO, dice.new_id()
    write = transitions.create_submitting(message, run + 1, now, claim_id=claim_id, times=TIMES, provider_api=api)
    return "create_submitting", write


def _step(dice: Dice, images: list[Job]) -> tuple[str, ConditionalUpdate]:
    job = images[-1] if dice.random.random() < LATEST else dice.random.choice(images)
    name = _fitting(dice, job.state) if dice.random.random() < FITTING else dice.random.choice(list(BUILDERS))
    dice.tried[name] += 1
    transition, values = BUILDERS[name][1], dice.arguments(job)
    return name, transition(**{name: values[name] for name in signature(transition).parameters if name in values})


def _fitting(dice: Dice, state: State) -> str:
    """Choose a transition of that state, more often one that was rare so far."""
    fitting = [name for name, (states, _) in BUILDERS.items() if state in states]
    return min(dice.random.sample(fitting, k=(len(fitting) + 1) // 2), key=lambda name: dice.tried[name])
