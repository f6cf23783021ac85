"""Thirty-two threads write one row. One write lands, and every other thread gets a refusal with the row."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

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


RACES: dict[str, tuple[Job, Race, str]] = {
    "a submission": (
        QUEUED,
        lambda job, me: transitions.claim_submission(job, me, NOW, TIMES, ProviderApi.VEO),
        "claim_id",
    ),
    "a poll": (POLLED, lambda job, me: transitions.claim_poll(job, me, NOW, 0.5, TIMES, by_post=True), "poll_id"),
    "an archive": (READY, lambda job, me: transitions.claim_archive(job.key, me, NOW, TIMES), "lease"),
    "an expired lease": (
        replace(LEASED, lease_until=NOW),
        lambda job, me: transitions.claim_archive(job.key, me, NOW, TIMES),
        "lease",
    ),
    "a cancellation": (QUEUED, lambda job, me: transitions.cancel(job.key, me, NOW, TIMES), "retrigger_id"),
    "a re-trigger": (READY, lambda job, me: transitions.retrigger(job, me, NOW + 60), "retrigger_id"),
}


@pytest.mark.parametrize(("before", "race", "mark"), RACES.values(), ids=RACES)
def test_exactly_one_racer_claims_a_row(table: Table, task_id: str, before: Job, race: Race, mark: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    for round_ in range(1, ROUNDS + 1):
        there = put(jobs, replace(before, run=round_), task_id)
        racers = [f"racer-{number}" for number in range(THREADS)]
        outcomes = at_once(jobs, [race(there, me) for me in racers])
        winners = [me for me, outcome in zip(racers, outcomes, strict=True) if isinstance(outcome, Updated)]
        after = jobs.get(there.key)
        assert after is not None
        assert winners == [getattr(after, mark)]
        assert [outcome for outcome in outcomes if isinstance(outcome, Refused)] == [Refused(after)] * (THREADS - 1)


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


def test_of_messages_that_join_at_once_one_joins(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, PROCESSING, task_id)
    outcomes = at_once(jobs, [transitions.join(there, f"token-{number}") for number in range(THREADS)])
    assert len([outcome for outcome in outcomes if isinstance(outcome, Updated)]) == 1


def test_a_count_is_added_once_however_often_it_is_written(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, PROCESSING, task_id)
    at_once(jobs, [transitions.count_acceptance(there)] * THREADS)
    assert jobs.get(there.key) == replace(there, acceptances=there.acceptances + 1)


def test_either_one_claim_or_one_cancellation_takes_a_queued_job(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, QUEUED, task_id)
    racers = [f"racer-{number}" for number in range(THREADS // 2)]
    claims = [transitions.claim_submission(there, me, NOW, TIMES, ProviderApi.VEO) for me in racers]
    cancels = [transitions.cancel(there.key, me, NOW, TIMES) for me in racers]
    outcomes = at_once(jobs, [write for pair in zip(claims, cancels, strict=True) for write in pair])
    assert len([outcome for outcome in outcomes if isinstance(outcome, Updated)]) == 1


def test_of_two_ends_at_once_one_stands(table: Table, task_id: str) -> None:
    jobs = DynamoJobs(table.client, table.name)
    there = put(jobs, PROCESSING, task_id)
    failed = transitions.fail(there, Code.PROVIDER_FAILED, NOW, TIMES)
    timed_out = transitions.time_out(there, Code.NO_ANSWER, NOW, TIMES)
    outcomes = at_once(jobs, [failed, timed_out] * (THREADS // 2))
    assert len([outcome for outcome in outcomes if isinstance(outcome, Updated)]) == 1
