"""Thirty-two threads write one row. One write lands, and every other thread gets a refusal with the row."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from proofs.doubles.updates import apply
from proofs.table.rows import LEASED, NOW, POLLED, PROCESSING, QUEUED, READY, TIMES, put
from proofs.table.tables import THREADS, Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome, Refused, Updated, is_
from veo4k.domain.gate import Wait
from veo4k.domain.job import Code, Job, Key, ProviderApi, State
from veo4k.domain.message import Message

ROUNDS = 3

Race = Callable[[Job, str], ConditionalUpdate]
"""The write of one racer: the row as all saw it, and an id of the racer's own."""


def at_once(jobs: DynamoJobs, writes: Sequence[ConditionalUpdate]) -> list[Outcome]:
    """Do all writes at the same time."""
    start = Barrier(len(writes))

    def write(one: ConditionalUpdate) -> Outcome:
        start.wait()
        return jobs.write(one)

    with ThreadPoolExecutor(len(writes)) as pool:
        return list(pool.map(write, writes))


def claim(job: Job, me: str) -> ConditionalUpdate:
    return transitions.claim_submission(job, me, NOW, TIMES, ProviderApi.VEO)


def cancel(job: Job, me: str) -> ConditionalUpdate:
    return transitions.cancel(job.key, me, NOW, TIMES)


def archive(job: Job, me: str) -> ConditionalUpdate:
    return transitions.claim_archive(job.key, me, NOW, TIMES)


RACES: dict[str, tuple[Job, list[Race]]] = {
    "submissions": (QUEUED, [claim]),
    "cancellations": (QUEUED, [cancel]),
    "submissions and cancellations": (QUEUED, [claim, cancel]),
    "polls": (POLLED, [lambda job, me: transitions.claim_poll(job, me, NOW, 0.5, TIMES, by_post=True)]),
    "archives": (READY, [archive]),
    "archives after a crash": (replace(LEASED, lease_until=NOW), [archive]),
    "re-triggers": (READY, [lambda job, me: transitions.retrigger(job, me, NOW + 60)]),
    "failures and time-outs": (
        PROCESSING,
        [
            lambda job, _: transitions.fail(job, Code.PROVIDER_FAILED, NOW, TIMES),
            lambda job, _: transitions.time_out(job, Code.NO_ANSWER, NOW, TIMES),
        ],
    ),
    "messages that join": (PROCESSING, [transitions.join]),
    "counts of one acceptance": (PROCESSING, [lambda job, _: transitions.count_acceptance(job)]),
}


@pytest.mark.parametrize(("before", "races"), RACES.values(), ids=RACES)
def test_of_writes_at_once_exactly_one_lands(table: Table, task_id: str, before: Job, races: list[Race]) -> None:
    jobs = DynamoJobs(table.client, table.name)
    for round_ in range(1, ROUNDS + 1):
        there = put(jobs, replace(before, run=round_), task_id)
        writes = [races[number % len(races)](there, f"racer-{number}") for number in range(THREADS)]
        outcomes = at_once(jobs, writes)
        (winner,) = (at for at, outcome in enumerate(outcomes) if isinstance(outcome, Updated))
        after = jobs.get(there.key)
        assert after is not None
        assert apply(writes[winner], there) == outcomes[winner] == Updated(after)
        assert outcomes.count(Refused(after)) == THREADS - 1


def test_exactly_one_message_makes_a_run(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    messages = [Message(task_id=task_id, message_id=f"message-{number}") for number in range(THREADS)]
    wait = Wait(NOW, "WINDOW_FULL")
    outcomes = at_once(jobs, [transitions.create_queued(message, 1, NOW, wait) for message in messages])
    row = jobs.get(Key(task_id, 1))
    assert row is not None
    assert outcomes.count(Updated(row)) == 1
    assert outcomes.count(Refused(row)) == THREADS - 1


def test_nothing_added_at_once_is_lost(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, replace(PROCESSING, task_tokens=frozenset()), task_id)
    tokens = [f"token-{number}" for number in range(THREADS)]
    in_progress = (is_("state", State.PROCESSING),)
    added = [{"task_tokens": frozenset({token}), "requests_sent": 1} for token in tokens]
    at_once(jobs, [ConditionalUpdate(key=there.key, when=in_progress, add=add) for add in added])
    sent = there.requests_sent + THREADS
    assert jobs.get(there.key) == replace(there, task_tokens=frozenset(tokens), requests_sent=sent)
