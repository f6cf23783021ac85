"""Transitions of a message's and of a submission's making."""

from dataclasses import replace

from tests.contract.rows import (
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
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.gate import Wait
from veo4k.domain.job import Evidence, Job, Lane, State
from veo4k.domain.message import Message
from veo4k.domain.write import Write

ACCEPTED = Answer(meaning=Meaning.WORKING, task_id=TASK, credits=120)
DONE = Answer(meaning=Meaning.DONE, image_urls=(POSTER,))
HELD = in_other_states(State.SUBMITTING) | {
    "is held by another attempt": {"attempt": "attempt-2"},
    "is held by no attempt": {"attempt": None},
}

LIVE = (State.QUEUED, State.SUBMITTING, State.PROCESSING, State.READY)
ENDED = (State.SUCCEEDED, State.FAILED, State.TIMED_OUT)
INTAKE: dict[str, Case] = {
    "a token joins a live job": Case(
        before=PROCESSING,
        write=transitions.join(PROCESSING, "token-2"),
        changes={"tokens": frozenset({"token-1", "token-2"})},
        refusals=in_other_states(*LIVE),
    ),
    "a job's first token joins": Case(
        before=replace(QUEUED, tokens=frozenset()),
        write=transitions.join(QUEUED, "token-2"),
        changes={"tokens": frozenset({"token-2"})},
        refusals=in_other_states(*LIVE),
    ),
    "an end is announced again": Case(
        before=replace(SUCCEEDED, lane=None, due=None, tokens=frozenset(), urls=(), image_urls=(), ttl=1_900_000_000),
        write=transitions.announce_again(SUCCEEDED, "token-2", "nudge-2", NOW, TIMES),
        changes={"nudge": "nudge-2", "lane": Lane.LIVE, "due": NOW + 60, "tokens": frozenset({"token-2"})},
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
    "attempt": "attempt-2",
    "asked_at": NOW,
    "contract": "jobs",
    "lane": Lane.LIVE,
    "reason": None,
}
SUBMISSION: dict[str, Case] = {
    "a queued job is claimed": Case(
        before=QUEUED,
        write=transitions.claim_submission(QUEUED, "attempt-2", NOW, TIMES, "jobs"),
        changes=CLAIMED | {"attempts": 1, "first_asked_at": NOW, "ask_again_at": NOW + 90 + 120, "due": NOW + 720},
        refusals=in_other_states(State.QUEUED)
        | {"was claimed meanwhile": {"attempt": "attempt-9"}, "was asked meanwhile": {"asked_at": NOW - 1}},
    ),
    "a crashed claim is asked again": Case(
        before=SUBMITTING,
        write=transitions.claim_submission(SUBMITTING, "attempt-2", NOW, TIMES, "jobs"),
        changes=CLAIMED
        | {"contract": "veo", "attempts": 2, "lost": 1, "ask_again_at": NOW + 90 + 480, "due": NOW + 90 + 480},
        refusals=in_other_states(State.SUBMITTING)
        | {
            "was claimed meanwhile": {"attempt": "attempt-9"},
            "is answered": {"attempt": None},
            "was asked meanwhile": {"asked_at": NOW - 1},
            "was never asked": {"asked_at": None},
        },
    ),
    "a lost answer is asked for again": Case(
        before=LOST,
        write=transitions.claim_submission(LOST, "attempt-2", NOW, TIMES, "jobs"),
        changes=CLAIMED | {"contract": "veo", "attempts": 2, "ask_again_at": NOW + 90 + 480, "due": NOW + 90 + 480},
        refusals=in_other_states(State.SUBMITTING)
        | {"was claimed meanwhile": {"attempt": "attempt-9"}, "was asked meanwhile": {"asked_at": NOW - 1}},
    ),
    "a submission is accepted": Case(
        before=SUBMITTING,
        write=transitions.accepted(SUBMITTING, ACCEPTED, NOW, None),
        changes={
            "state": State.PROCESSING,
            "accepted_at": NOW,
            "accepts": 1,
            "ask_again_at": None,
            "provider_task_id": TASK,
            "credits_consumed": 120,
        },
        refusals=HELD,
    ),
    "a submission is accepted without a word about the id": Case(
        before=replace(SUBMITTING, provider_task_id=OTHER_TASK),
        write=transitions.accepted(SUBMITTING, Answer(meaning=Meaning.WORKING), NOW, NOW + 30),
        changes={
            "state": State.PROCESSING,
            "accepted_at": NOW,
            "accepts": 1,
            "ask_again_at": None,
            "provider_task_id": None,
            "due": NOW + 30,
        },
        refusals=HELD,
    ),
    "a submission is answered with the result": Case(
        before=SUBMITTING,
        write=transitions.answered_ready(SUBMITTING, DONE, [SIGNED], NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.SUBMIT, "accepted_at": NOW, "accepts": 1, "due": NOW + 60},
        refusals=HELD,
    ),
    "a submission is deferred": Case(
        before=SUBMITTING,
        write=transitions.deferred(SUBMITTING, "NO_CREDITS", NOW + 60, sent=True),
        changes={
            "state": State.QUEUED,
            "lane": Lane.QUEUED,
            "attempt": None,
            "ask_again_at": None,
            "due": NOW + 60,
            "reason": "NO_CREDITS",
        },
        refusals=HELD,
    ),
    "a submission that never left is deferred": Case(
        before=SUBMITTING,
        write=transitions.deferred(SUBMITTING, "SLOT_MISSED", NOW, sent=False),
        changes={
            "state": State.QUEUED,
            "lane": Lane.QUEUED,
            "attempt": None,
            "ask_again_at": None,
            "due": NOW,
            "reason": "SLOT_MISSED",
            "attempts": 0,
        },
        refusals=HELD,
    ),
    "a submission is deferred after a lost answer": Case(
        before=replace(SUBMITTING, lost=1),
        write=transitions.deferred(replace(SUBMITTING, lost=1), "NO_CREDITS", NOW + 60, sent=True),
        changes={"attempt": None, "ask_again_at": NOW + 60, "due": NOW + 60, "reason": "NO_CREDITS"},
        refusals=HELD,
    ),
    "an answer is lost": Case(
        before=SUBMITTING,
        write=transitions.answer_lost(SUBMITTING, NOW, TIMES),
        changes={"lost": 1, "attempt": None, "ask_again_at": NOW + 120, "due": NOW + 120},
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
    attempts=0,
    message_id="message-1",
    tokens=frozenset({"token-1"}),
)
CREATIONS: dict[str, tuple[Write, Job]] = {
    "a run is queued": (
        transitions.create_queued(MESSAGE, 1, NOW, Wait(NOW + 5, "WINDOW_FULL")),
        replace(_NEW, reason="WINDOW_FULL", lane=Lane.QUEUED, due=NOW + 5),
    ),
    "a run is asked for at once": (
        transitions.create_submitting(MESSAGE, 1, NOW, attempt="attempt-1", times=TIMES, contract="jobs"),
        replace(
            _NEW,
            state=State.SUBMITTING,
            attempts=1,
            attempt="attempt-1",
            first_asked_at=NOW,
            asked_at=NOW,
            ask_again_at=NOW + 210,
            contract="jobs",
            lane=Lane.LIVE,
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
            attempts=0,
            message_id="message-1",
            reason="EARLIER_RUN",
            lane=Lane.QUEUED,
            due=NOW,
        ),
    ),
}
