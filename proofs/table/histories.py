"""Random histories of jobs: writes as they come from submit, callback, sweep, archive and publish, in any order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from proofs.table.rows import ARCHIVE, BASE, NOW, OTHER_TASK, POSTER, SIGNED, TIMES
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, WAITING, Code, Job, Key, ProviderApi, State
from veo4k.domain.message import Message
from veo4k.domain.response import Meaning, Response

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
        """Return a fresh id."""
        self.ids += 1
        return f"id-{self.ids}"

    def later(self) -> float:
        """Return a later time, with a fraction as sums of floats have."""
        return self.now + self.random.choice([1, 60.0, 1 / 3, 899.999])

    def response(self) -> Response:
        """Return a response to a request."""
        return Response(
            meaning=Meaning.WORKING,
            image_urls=(POSTER,)[: self.random.randint(0, 1)],
            task_id=self.random.choice([None, OTHER_TASK]),
            credits=self.random.choice([None, 0, 120]),
        )

    def code(self) -> Code:
        """Return an error code."""
        return self.random.choice(list(Code))

    def yes(self) -> bool:
        """Toss a coin."""
        return self.random.random() < 0.5

    def address(self, job: Job) -> Address:
        """Return a callback's address, in one of ten cases of another index."""
        index = job.index if self.random.random() < 0.9 else job.index + 1
        return Address(job.task_id, index, job.run, "t" * 43)

    def payload(self) -> CallbackPayload:
        """Return the payload of a callback."""
        return CallbackPayload(self.response(), self.random.choice([None, None, OTHER_TASK]))

    def message(self, task_id: str) -> Message:
        """Return a message."""
        token = self.random.choice([None, self.new_id()])
        tags = {"shot": self.new_id()} if self.yes() else {}
        index = self.random.randint(0, 3)
        return Message(task_id=task_id, index=index, tags=tags, task_token=token, message_id=self.new_id())


def _counted(job: Job) -> Job:
    """Return the job as the claim of a poll leaves it, with its counts above 0.

    A count that went back to 0 is a number in the table, and absent in memory. No condition reads it.
    """
    return replace(job, requests_sent=max(job.requests_sent, 1), archive_attempts=max(job.archive_attempts, 1))


Builder = Callable[[Dice, Job], ConditionalUpdate]

BUILDERS: dict[str, tuple[frozenset[State], Builder]] = {
    "join": (frozenset(State), lambda d, job: transitions.join(job, d.new_id())),
    "announce_again": (
        ENDED,
        lambda d, job: transitions.repeat_announcement(job, d.new_id() if d.yes() else None, d.new_id(), d.now, TIMES),
    ),
    "claim_submission": (
        frozenset({State.QUEUED, State.SUBMITTING}),
        lambda d, job: transitions.claim_submission(job, d.new_id(), d.now, TIMES, d.random.choice(list(ProviderApi))),
    ),
    "accepted": (
        frozenset({State.SUBMITTING}),
        lambda d, job: transitions.accept(job, d.response(), d.now, d.random.choice([None, d.later()])),
    ),
    "answered_ready": (
        frozenset({State.SUBMITTING}),
        lambda d, job: transitions.accept_with_result(job, d.response(), SIGNED, d.now, TIMES),
    ),
    "accepted_on_other_host": (
        frozenset({State.SUBMITTING}),
        lambda d, job: transitions.accept_on_other_host(job, d.response(), (SIGNED, "new.example"), d.now, d.later()),
    ),
    "deferred": (
        frozenset({State.SUBMITTING}),
        lambda d, job: transitions.defer(job, Wait(d.later(), "NO_CREDITS"), is_sent=d.yes()),
    ),
    "look_later": (frozenset({State.QUEUED}), lambda d, job: transitions.look_later(job, d.later())),
    "look_ready": (frozenset({State.QUEUED}), lambda d, job: transitions.look_ready(job, SIGNED, d.now, TIMES)),
    "wait_for_base": (frozenset({State.QUEUED}), lambda d, job: transitions.wait_for_base(job, d.now, d.later())),
    "claim_look": (frozenset({State.QUEUED, State.READY}), lambda d, job: transitions.claim_look(job, d.later())),
    "requeue": (
        frozenset({State.QUEUED}),
        lambda d, job: transitions.requeue(job, d.now, d.random.choice([None, SIGNED])),
    ),
    "refresh_by_look": (
        frozenset({State.READY}),
        lambda d, job: transitions.refresh_by_look(job, SIGNED, d.new_id(), d.later()),
    ),
    "response_lost": (
        frozenset({State.SUBMITTING}),
        lambda d, job: transitions.count_lost_response(job, d.response(), d.now, TIMES),
    ),
    "called_back_ready": (
        WAITING,
        lambda d, job: transitions.callback_ready(d.address(job), d.payload(), SIGNED, d.now),
    ),
    "called_back_failed": (
        WAITING,
        lambda d, job: transitions.callback_failed(d.address(job), d.payload(), d.now, TIMES),
    ),
    "called_back_working": (
        frozenset({State.QUEUED, State.SUBMITTING}),
        lambda d, job: transitions.callback_working(d.address(job), d.payload(), d.now, TIMES),
    ),
    "called_back_failed_unchecked": (
        WAITING,
        lambda d, job: transitions.callback_failed_unchecked(d.address(job), d.payload(), d.now, TIMES),
    ),
    "called_back_unclear": (
        WAITING,
        lambda d, job: transitions.callback_unclear(d.address(job), d.payload(), d.now, TIMES, adopts=d.yes()),
    ),
    "claim_probe": (
        frozenset({State.PROCESSING, State.READY}),
        lambda d, job: transitions.claim_poll(job, d.new_id(), d.now, d.random.random(), TIMES, by_post=d.yes()),
    ),
    "probed_ready": (
        frozenset({State.PROCESSING}),
        lambda d, job: transitions.poll_ready(job, d.response(), SIGNED, d.now, TIMES),
    ),
    "probed_on_other_host": (
        frozenset({State.PROCESSING}),
        lambda d, job: transitions.poll_on_other_host(job, d.response(), (SIGNED, "new.example"), d.later()),
    ),
    "waits_for_host": (
        frozenset({State.PROCESSING}),
        lambda d, job: transitions.wait_for_host(job, "new.example", d.later()),
    ),
    "host_allowed": (
        frozenset({State.PROCESSING}),
        lambda d, job: transitions.fetch_kept_link(job, d.now, TIMES),
    ),
    "record_unknown": (frozenset({State.PROCESSING}), lambda _, job: transitions.count_unknown_record(job)),
    "accepted_again": (frozenset({State.PROCESSING, State.READY}), lambda _, job: transitions.count_acceptance(job)),
    "unsent": (
        frozenset({State.PROCESSING, State.READY}),
        lambda d, job: transitions.uncount_poll(_counted(job), by_post=job.state is not State.READY or d.yes()),
    ),
    "fresh_link": (
        frozenset({State.READY}),
        lambda d, job: transitions.refresh_link(job, d.response(), SIGNED, d.new_id(), d.later()),
    ),
    "no_fresh_link": (
        frozenset({State.READY}),
        lambda d, job: transitions.retry_link(job, d.new_id(), d.later(), {}, failed=d.yes()),
    ),
    "called_back_link": (
        frozenset({State.READY}),
        lambda d, job: transitions.callback_link(job, d.response(), SIGNED, d.later()),
    ),
    "failed": (WAITING | {State.READY}, lambda d, job: transitions.fail(job, d.code(), d.now, TIMES)),
    "cancelled": (
        frozenset({State.QUEUED}),
        lambda d, job: transitions.cancel(job.key, d.new_id(), d.now, TIMES),
    ),
    "timed_out": (WAITING, lambda d, job: transitions.time_out(job, d.code(), d.now, TIMES)),
    "claim_archive": (
        frozenset({State.READY}),
        lambda d, job: transitions.claim_archive(job.key, d.new_id(), d.now, TIMES),
    ),
    "archived": (frozenset({State.READY}), lambda d, job: transitions.succeed(job, ARCHIVE, "avc1", d.now)),
    "archive_later": (
        frozenset({State.READY}),
        lambda d, job: transitions.postpone_archive(job, d.later(), refused=d.yes(), not_4k=d.yes()),
    ),
    "link_died": (
        frozenset({State.READY}),
        lambda d, job: transitions.request_link(replace(job, urls=(SIGNED,)), d.later(), not_4k=d.yes()),
    ),
    "retrigger_id": (ENDED | {State.READY}, lambda d, job: transitions.retrigger(job, d.new_id(), d.later())),
    "postpone": (frozenset({State.QUEUED}), lambda d, job: transitions.postpone(job, d.later())),
    "announced_in_part": (
        ENDED,
        lambda d, job: transitions.postpone_announcement(
            replace(job, task_tokens=job.task_tokens if d.yes() else frozenset()),
            d.now,
            TIMES,
            on_bus=d.yes(),
            tokens=job.task_tokens if d.yes() else frozenset(),
        ),
    ),
    "announced": (
        ENDED,
        lambda d, job: transitions.mark_announced(job, int(d.now) + 86_400, keeps_base=d.yes()),
    ),
    "keep_base": (frozenset(State), lambda _, job: transitions.keep_base(job, BASE)),
    "abandon_base": (ENDED, lambda _, job: transitions.abandon_base(job)),
}
"""Each transition with the states it is for."""


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
    message = dice.message(f"veo_task_history_{task}")
    if dice.yes():
        wait = Wait(dice.later(), "WINDOW_FULL")
        return "create_queued", transitions.create_queued(message, run + 1, dice.now, wait)
    write = transitions.create_submitting(
        message, run + 1, dice.now, claim_id=dice.new_id(), times=TIMES, provider_api=ProviderApi.VEO
    )
    return "create_submitting", write


def _step(dice: Dice, images: list[Job]) -> tuple[str, ConditionalUpdate]:
    job = images[-1] if dice.random.random() < LATEST else dice.random.choice(images)
    name = _fitting(dice, job.state) if dice.random.random() < FITTING else dice.random.choice(list(BUILDERS))
    dice.tried[name] += 1
    return name, BUILDERS[name][1](dice, job)


def _fitting(dice: Dice, state: State) -> str:
    """Choose a transition of that state, more often one that was rare so far."""
    fitting = [name for name, (states, _) in BUILDERS.items() if state in states]
    return min(dice.random.sample(fitting, k=(len(fitting) + 1) // 2), key=lambda name: dice.tried[name])
