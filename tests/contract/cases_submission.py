"""Transitions that a message and a submission cause."""

from dataclasses import replace

from proofs.table.rows import (
    LOST,
    NOW,
    OTHER_TASK,
    POSTER,
    PROCESSING,
    QUEUED,
    RESULT,
    SIGNED,
    SUBMITTING,
    SUCCEEDED,
    TASK,
    TIMES,
    Case,
    Changes,
    in_other_states,
)
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import Evidence, Job, Partition, ProviderApi, State
from veo4k.domain.message import Message
from veo4k.domain.response import Meaning, Response

ACCEPTED = Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)
DONE = Response(meaning=Meaning.DONE, image_urls=(POSTER,))
HELD = in_other_states(State.SUBMITTING) | {
    "is held by another attempt": {"claim_id": "attempt-2"},
    "is held by no attempt": {"claim_id": None},
}

LIVE = (State.QUEUED, State.SUBMITTING, State.PROCESSING, State.READY)
ENDED = (State.SUCCEEDED, State.FAILED, State.TIMED_OUT, State.CANCELLED)
INTAKE: dict[str, Case] = {
    "a token joins a live job": Case(
        before=PROCESSING,
        write=transitions.join(PROCESSING, "token-2"),
        changes={"task_tokens": frozenset({"token-1", "token-2"})},
        refusals=in_other_states(*LIVE),
    ),
    "a job's first token joins": Case(
        before=replace(QUEUED, task_tokens=frozenset()),
        write=transitions.join(QUEUED, "token-2"),
        changes={"task_tokens": frozenset({"token-2"})},
        refusals=in_other_states(*LIVE),
    ),
    "an end is announced again": Case(
        before=replace(
            SUCCEEDED, partition=None, due=None, task_tokens=frozenset(), urls=(), image_urls=(), ttl=1_900_000_000
        ),
        write=transitions.repeat_announcement(SUCCEEDED, "token-2", "retrigger-2", NOW, TIMES),
        changes={
            "retrigger_id": "retrigger-2",
            "partition": Partition.LIVE,
            "due": NOW + 60,
            "task_tokens": frozenset({"token-2"}),
        },
        refusals=in_other_states(*ENDED),
    ),
    "a turn has not come": Case(
        before=QUEUED,
        write=transitions.postpone(QUEUED, NOW + 120),
        changes={"due": NOW + 120},
        refusals=in_other_states(State.QUEUED) | {"is due otherwise": {"due": NOW}, "is not due": {"due": None}},
    ),
}
CLAIMED: Changes = {
    "state": State.SUBMITTING,
    "claim_id": "attempt-2",
    "requested_at": NOW,
    "provider_api": ProviderApi.JOBS,
    "partition": Partition.LIVE,
    "wait_reason": None,
}
SUBMISSION: dict[str, Case] = {
    "a queued job is claimed": Case(
        before=QUEUED,
        write=transitions.claim_submission(QUEUED, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED | {"requests_sent": 1, "first_requested_at": NOW, "retry_at": NOW + 90 + 120, "due": NOW + 720},
        refusals=in_other_states(State.QUEUED)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "was requested meanwhile": {"requested_at": NOW - 1}},
    ),
    "a crashed claim is claimed again": Case(
        before=SUBMITTING,
        write=transitions.claim_submission(SUBMITTING, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED
        | {
            "provider_api": ProviderApi.VEO,
            "requests_sent": 2,
            "lost_responses": 1,
            "retry_at": NOW + 90 + 480,
            "due": NOW + 90 + 480,
        },
        refusals=in_other_states(State.SUBMITTING)
        | {
            "was claimed meanwhile": {"claim_id": "attempt-9"},
            "is answered": {"claim_id": None},
            "was requested meanwhile": {"requested_at": NOW - 1},
            "was never requested": {"requested_at": None},
        },
    ),
    "a request is repeated after a lost response": Case(
        before=LOST,
        write=transitions.claim_submission(LOST, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED
        | {"provider_api": ProviderApi.VEO, "requests_sent": 2, "retry_at": NOW + 90 + 480, "due": NOW + 90 + 480},
        refusals=in_other_states(State.SUBMITTING)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "was requested meanwhile": {"requested_at": NOW - 1}},
    ),
    "a submission is accepted": Case(
        before=SUBMITTING,
        write=transitions.accept(SUBMITTING, ACCEPTED, NOW, None),
        changes={
            "state": State.PROCESSING,
            "accepted_at": NOW,
            "acceptances": 1,
            "retry_at": None,
            "provider_task_id": TASK,
            "credits_consumed": 120,
        },
        refusals=HELD,
    ),
    "a submission is accepted without a word about the id": Case(
        before=replace(SUBMITTING, provider_task_id=OTHER_TASK),
        write=transitions.accept(SUBMITTING, Response(meaning=Meaning.WORKING), NOW, NOW + 30),
        changes={
            "state": State.PROCESSING,
            "accepted_at": NOW,
            "acceptances": 1,
            "retry_at": None,
            "provider_task_id": None,
            "due": NOW + 30,
        },
        refusals=HELD,
    ),
    "a submission is answered with the result": Case(
        before=SUBMITTING,
        write=transitions.accept_with_result(SUBMITTING, DONE, [SIGNED], NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.SUBMIT, "accepted_at": NOW, "acceptances": 1, "due": NOW + 60},
        refusals=HELD,
    ),
    "a submission is deferred": Case(
        before=SUBMITTING,
        write=transitions.defer(SUBMITTING, Wait(NOW + 60, "NO_CREDITS"), is_sent=True),
        changes={
            "state": State.QUEUED,
            "partition": Partition.QUEUED,
            "claim_id": None,
            "retry_at": None,
            "due": NOW + 60,
            "wait_reason": "NO_CREDITS",
        },
        refusals=HELD,
    ),
    "a submission that never left is deferred": Case(
        before=SUBMITTING,
        write=transitions.defer(SUBMITTING, Wait(NOW, "SLOT_MISSED"), is_sent=False),
        changes={
            "state": State.QUEUED,
            "partition": Partition.QUEUED,
            "claim_id": None,
            "retry_at": None,
            "due": NOW,
            "wait_reason": "SLOT_MISSED",
            "requests_sent": 0,
        },
        refusals=HELD,
    ),
    "a submission is deferred after a lost response": Case(
        before=replace(SUBMITTING, lost_responses=1),
        write=transitions.defer(replace(SUBMITTING, lost_responses=1), Wait(NOW + 60, "NO_CREDITS"), is_sent=True),
        changes={"claim_id": None, "retry_at": NOW + 60, "due": NOW + 60, "wait_reason": "NO_CREDITS"},
        refusals=HELD,
    ),
    "a response is lost": Case(
        before=SUBMITTING,
        write=transitions.count_lost_response(SUBMITTING, NOW, TIMES),
        changes={"lost_responses": 1, "claim_id": None, "retry_at": NOW + 120, "due": NOW + 120},
        refusals=HELD,
    ),
}
MESSAGE = Message(task_id=TASK, index=1, tags={"shot": "7"}, task_token="token-1", message_id="message-1")
_NEW = Job(
    task_id=TASK,
    run=1,
    index=1,
    state=State.QUEUED,
    created_at=NOW,
    tags={"shot": "7"},
    requests_sent=0,
    message_id="message-1",
    task_tokens=frozenset({"token-1"}),
)
CREATIONS: dict[str, tuple[ConditionalUpdate, Job]] = {
    "a run is queued": (
        transitions.create_queued(MESSAGE, 1, NOW, Wait(NOW + 5, "WINDOW_FULL")),
        replace(_NEW, wait_reason="WINDOW_FULL", partition=Partition.QUEUED, due=NOW + 5),
    ),
    "a run is created with its request": (
        transitions.create_submitting(
            MESSAGE, 1, NOW, claim_id="attempt-1", times=TIMES, provider_api=ProviderApi.JOBS
        ),
        replace(
            _NEW,
            state=State.SUBMITTING,
            requests_sent=1,
            claim_id="attempt-1",
            first_requested_at=NOW,
            requested_at=NOW,
            retry_at=NOW + 210,
            provider_api=ProviderApi.JOBS,
            partition=Partition.LIVE,
            due=NOW + 720,
        ),
    ),
    "a run without tags and token is queued": (
        transitions.create_queued(Message(task_id=TASK, message_id="message-1"), 1, NOW, Wait(NOW, "EARLIER_RUN")),
        Job(
            task_id=TASK,
            run=1,
            index=0,
            state=State.QUEUED,
            created_at=NOW,
            requests_sent=0,
            message_id="message-1",
            wait_reason="EARLIER_RUN",
            partition=Partition.QUEUED,
            due=NOW,
        ),
    ),
}
