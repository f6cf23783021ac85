"""Transitions that a message and a submission cause."""

from dataclasses import replace

from proofs.table.rows import BASE as BASE_FILE
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
    URL,
    Case,
    Changes,
    in_other_states,
)
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import Evidence, Job, Partition, ProviderApi, State
from veo4k.domain.message import Message
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response

ACCEPTED = Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)
DONE = Response(meaning=Meaning.DONE, image_urls=(POSTER,))
NO_ANSWER = Response(meaning=Meaning.LOST, cause="ReadTimeout")
UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))
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
        refusals=in_other_states(*LIVE)
        | {"has another token": {"task_tokens": frozenset({"token-9"})}, "has no token": {"task_tokens": frozenset()}},
    ),
    "a job's first token joins": Case(
        before=replace(QUEUED, task_tokens=frozenset()),
        write=transitions.join(replace(QUEUED, task_tokens=frozenset()), "token-2"),
        changes={"task_tokens": frozenset({"token-2"})},
        refusals=in_other_states(*LIVE) | {"has a token": {"task_tokens": frozenset({"token-9"})}},
    ),
    "an end is announced again": Case(
        before=replace(
            SUCCEEDED, partition=None, due=None, task_tokens=frozenset(), urls=(), image_urls=(), ttl=1_900_000_000
        ),
        write=transitions.repeat_announcement(
            replace(SUCCEEDED, task_tokens=frozenset()), "token-2", "retrigger-2", NOW, TIMES
        ),
        changes={
            "retrigger_id": "retrigger-2",
            "partition": Partition.LIVE,
            "due": NOW + 60,
            "task_tokens": frozenset({"token-2"}),
        },
        refusals=in_other_states(*ENDED) | {"has a token": {"task_tokens": frozenset({"token-9"})}},
    ),
    "an end is announced again while a token waits": Case(
        before=replace(SUCCEEDED, on_bus=True, announcing_since=NOW - 600),
        write=transitions.repeat_announcement(SUCCEEDED, None, "retrigger-2", NOW, TIMES),
        changes={"retrigger_id": "retrigger-2", "due": NOW + 60, "on_bus": None, "announcing_since": None},
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
    "wait_text": None,
}
SUBMISSION: dict[str, Case] = {
    "a queued job is claimed": Case(
        before=QUEUED,
        write=transitions.claim_submission(QUEUED, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED | {"requests_sent": 1, "first_requested_at": NOW, "retry_at": NOW + 90 + 120, "due": NOW + 720},
        refusals=in_other_states(State.QUEUED)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "was requested meanwhile": {"requested_at": NOW - 1}},
    ),
    "a job whose base video is kept is claimed": Case(
        before=replace(QUEUED, base=BASE_FILE),
        write=transitions.claim_submission(
            replace(QUEUED, base=BASE_FILE), "attempt-2", NOW, TIMES, ProviderApi.JOBS, base_url=SIGNED
        ),
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
        write=transitions.accept_with_result(SUBMITTING, DONE, SIGNED, NOW, TIMES),
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
            "wait_text": "NO_CREDITS",
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
            "wait_text": "SLOT_MISSED",
            "requests_sent": 0,
        },
        refusals=HELD,
    ),
    "a submission is deferred after a lost response": Case(
        before=replace(SUBMITTING, lost_responses=1),
        write=transitions.defer(replace(SUBMITTING, lost_responses=1), Wait(NOW + 60, "NO_CREDITS"), is_sent=True),
        changes={
            "claim_id": None,
            "retry_at": NOW + 60,
            "due": NOW + 60,
            "wait_reason": "NO_CREDITS",
            "wait_text": "NO_CREDITS",
        },
        refusals=HELD,
    ),
    "a submission is answered with a result on another host": Case(
        before=SUBMITTING,
        write=transitions.accept_on_other_host(SUBMITTING, DONE, (SIGNED, "new.example"), NOW, NOW + 600),
        changes=RESULT
        | {"state": State.PROCESSING, "evidence": Evidence.SUBMIT, "accepted_at": NOW, "acceptances": 1}
        | {"due": NOW + 600, "retry_at": None, "wait_reason": "HOST_NOT_ALLOWED"}
        | {"wait_text": "HOST_NOT_ALLOWED: new.example"},
        refusals=HELD,
    ),
    "a response is unclear": Case(
        before=replace(SUBMITTING, lost_responses=3),
        write=transitions.count_lost_response(replace(SUBMITTING, lost_responses=3), UNCLEAR, NOW, TIMES),
        changes={"lost_responses": 4, "unclear_responses": 1, "unclear_since": NOW, "words": UNCLEAR.words}
        | {"claim_id": None, "retry_at": NOW + 1800, "due": NOW + 1800}
        | {"wait_reason": "UNCLEAR_ANSWER", "wait_text": "UNCLEAR_ANSWER"},
        refusals=HELD,
    ),
    "a response is lost": Case(
        before=SUBMITTING,
        write=transitions.count_lost_response(SUBMITTING, NO_ANSWER, NOW, TIMES),
        changes={"lost_responses": 1, "claim_id": None, "retry_at": NOW + 120, "due": NOW + 120},
        refusals=HELD,
    ),
}
AT_REST = in_other_states(State.QUEUED) | {"was moved meanwhile": {"due": NOW + 1}, "was claimed": {"claim_id": "a"}}
BASE = "https://file.aiquickdraw.com/v/base.mp4"
AWAITED_BASE: Changes = {"partition": Partition.LIVE, "due": NOW + 300, "looked_at": NOW, "looks": 1}
NO_WAIT: Changes = {"wait_reason": None, "wait_text": None}
AWAITING_BASE = replace(QUEUED, partition=Partition.LIVE, looks=2, due=NOW - 1)
LOOKED_UP = replace(AWAITING_BASE, state=State.READY, link_dead=True, evidence=Evidence.LOOK)
LOOKS: dict[str, Case] = {
    "a look got no answer": Case(
        before=QUEUED,
        write=transitions.look_later(QUEUED, NOW + 60),
        changes={"due": NOW + 60, "looks": 1, "wait_reason": "LOOK_LATER", "wait_text": "LOOK_LATER"},
        refusals=AT_REST,
    ),
    "a look shows the result": Case(
        before=QUEUED,
        write=transitions.look_ready(QUEUED, SIGNED, NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.LOOK, "image_urls": None, "due": NOW + 60, "looked_at": NOW},
        refusals=AT_REST,
    ),
    "a look shows a base video that is not finished": Case(
        before=QUEUED,
        write=transitions.wait_for_base(QUEUED, NOW, NOW + 300),
        changes=AWAITED_BASE | {"wait_reason": "BASE_NOT_FINISHED", "wait_text": "BASE_NOT_FINISHED"},
        refusals=AT_REST,
    ),
    "a look is claimed": Case(
        before=AWAITING_BASE,
        write=transitions.claim_look(AWAITING_BASE, NOW + 1200),
        changes={"due": NOW + 1200, "looks": 3},
        refusals=in_other_states(State.QUEUED) | {"was moved": {"due": NOW + 1}, "is leased": {"lease": "lease-1"}},
    ),
    "a base video is finished": Case(
        before=AWAITING_BASE,
        write=transitions.requeue(AWAITING_BASE, NOW, BASE),
        changes={"partition": Partition.QUEUED, "due": NOW, "looked_at": NOW, "looks": 0, "base_url": BASE} | NO_WAIT,
        refusals=AT_REST,
    ),
    "a base video is finished that is kept already": Case(
        before=replace(AWAITING_BASE, base=BASE_FILE),
        write=transitions.requeue(replace(AWAITING_BASE, base=BASE_FILE), NOW, BASE),
        changes={"partition": Partition.QUEUED, "due": NOW, "looked_at": NOW, "looks": 0} | NO_WAIT,
        refusals=AT_REST,
    ),
    "a look refreshes the link it has shown": Case(
        before=LOOKED_UP,
        write=transitions.refresh_by_look(LOOKED_UP, SIGNED, "retrigger-2", NOW + 60),
        changes={"urls": (SIGNED,), "result_urls": (URL,), "link_dead": None}
        | {"retrigger_id": "retrigger-2", "due": NOW + 60},
        refusals=in_other_states(State.READY) | {"has a link that lives": {"link_dead": None}},
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
    "a run passes over a false label": (
        transitions.create_queued(MESSAGE, 2, NOW, Wait(NOW, "LOOK_LATER"), passes_label=True),
        replace(
            _NEW,
            run=2,
            wait_reason="LOOK_LATER",
            wait_text="LOOK_LATER",
            partition=Partition.QUEUED,
            due=NOW,
            passes_label=True,
        ),
    ),
    "a run is queued": (
        transitions.create_queued(MESSAGE, 1, NOW, Wait(NOW + 5, "WINDOW_FULL")),
        replace(_NEW, wait_reason="WINDOW_FULL", wait_text="WINDOW_FULL", partition=Partition.QUEUED, due=NOW + 5),
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
            wait_text="EARLIER_RUN",
            partition=Partition.QUEUED,
            due=NOW,
        ),
    ),
}
