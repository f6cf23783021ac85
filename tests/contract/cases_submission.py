"""Transitions that a message, a look and a submission cause."""

from dataclasses import replace

from proofs.table import rows
from proofs.table.rows import NOW, OTHER_TASK, RESULT, SIGNED, TASK, TIMES, Case, Changes, changed, in_other_states
from tests.contract.changes import ACCEPTED, ENDED, LIVE, WAITS_NO_MORE, rows_that, waiting
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.gate import Wait
from veo4k.domain.job import Evidence, Job, Partition, ProviderApi, State
from veo4k.domain.message import Message
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.transitions import BlockedLink, Seen

WORKING = Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)
DONE = Response(meaning=Meaning.DONE, image_urls=(rows.POSTER,))
NO_ANSWER = Response(meaning=Meaning.LOST, cause="ReadTimeout")
UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))
BASE = "https://file.aiquickdraw.com/v/base.mp4"

TOKENLESS = replace(rows.QUEUED, task_tokens=frozenset())
ANNOUNCED = replace(
    rows.SUCCEEDED, partition=None, due=None, task_tokens=frozenset(), urls=(), image_urls=(), ttl=1_900_000_000
)
REPEATED: Changes = {"retrigger_id": "retrigger-2", "due": NOW + 60}
INTAKE: dict[str, Case] = {
    "a token joins a live job": Case(
        before=rows.PROCESSING,
        write=transitions.join(rows.PROCESSING, "token-2"),
        changes={"task_tokens": frozenset({"token-1", "token-2"})},
        refusals=in_other_states(*LIVE) | rows_that("has another token", "has no token"),
    ),
    "a job's first token joins": Case(
        before=TOKENLESS,
        write=transitions.join(TOKENLESS, "token-2"),
        changes={"task_tokens": frozenset({"token-2"})},
        refusals=in_other_states(*LIVE) | rows_that("has another token"),
    ),
    "an end is announced again": Case(
        before=ANNOUNCED,
        write=transitions.repeat_announcement(ANNOUNCED, "token-2", "retrigger-2", NOW, TIMES),
        changes=REPEATED | {"partition": Partition.LIVE, "task_tokens": frozenset({"token-2"})},
        refusals=in_other_states(*ENDED) | rows_that("has another token"),
    ),
    "an end is announced again while a token waits": Case(
        before=replace(rows.SUCCEEDED, on_bus=True, announcing_since=NOW - 600),
        write=transitions.repeat_announcement(rows.SUCCEEDED, None, "retrigger-2", NOW, TIMES),
        changes=REPEATED | {"on_bus": None, "announcing_since": None},
        refusals=in_other_states(*ENDED),
    ),
    "a turn has not come": Case(
        before=rows.QUEUED,
        write=transitions.postpone(rows.QUEUED, NOW + 120),
        changes={"due": NOW + 120},
        refusals=in_other_states(State.QUEUED) | rows_that("is due later", "is not due"),
    ),
}
WITH_BASE = replace(rows.QUEUED, base=rows.BASE)
LOST_ONCE = replace(rows.SUBMITTING, lost_responses=1)
LOST_THRICE = replace(rows.SUBMITTING, lost_responses=3)
CLAIMED: Changes = WAITS_NO_MORE | {
    "state": State.SUBMITTING,
    "claim_id": "attempt-2",
    "requested_at": NOW,
    "provider_api": ProviderApi.JOBS,
    "partition": Partition.LIVE,
}
FIRST: Changes = {"requests_sent": 1, "first_requested_at": NOW, "retry_at": NOW + 90 + 120, "due": NOW + 720}
AGAIN: Changes = {"requests_sent": 2, "retry_at": NOW + 90 + 480, "due": NOW + 90 + 480}
CLAIMED_AGAIN: Changes = CLAIMED | AGAIN | {"provider_api": ProviderApi.VEO}
UNANSWERED: Changes = {"claim_id": None, "retry_at": None}
BACK_IN_QUEUE: Changes = UNANSWERED | {"state": State.QUEUED, "partition": Partition.QUEUED}
PROCESSING_SINCE: Changes = ACCEPTED | {"state": State.PROCESSING, "retry_at": None}
BY_SUBMISSION: Changes = RESULT | ACCEPTED | {"evidence": Evidence.SUBMIT}

MEANWHILE = rows_that("was claimed meanwhile", "was requested meanwhile")
HELD = in_other_states(State.SUBMITTING) | rows_that("was claimed meanwhile", "is held by no attempt")
SUBMISSION: dict[str, Case] = {
    "a queued job is claimed": Case(
        before=rows.QUEUED,
        write=transitions.claim_submission(rows.QUEUED, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED | FIRST,
        refusals=in_other_states(State.QUEUED) | MEANWHILE,
    ),
    "a job whose base video is kept is claimed": Case(
        before=WITH_BASE,
        write=transitions.claim_submission(
            WITH_BASE, "attempt-2", NOW, TIMES, ProviderApi.JOBS, seen=Seen(NOW, SIGNED)
        ),
        changes=CLAIMED | FIRST | {"looked_at": NOW},
        refusals=in_other_states(State.QUEUED) | MEANWHILE,
    ),
    "a job whose base video was seen is claimed": Case(
        before=rows.QUEUED,
        write=transitions.claim_submission(
            rows.QUEUED, "attempt-2", NOW, TIMES, ProviderApi.JOBS, seen=Seen(NOW, SIGNED)
        ),
        changes=CLAIMED | FIRST | {"looked_at": NOW, "base_url": SIGNED},
        refusals=in_other_states(State.QUEUED) | MEANWHILE,
    ),
    "a crashed claim is claimed again": Case(
        before=rows.SUBMITTING,
        write=transitions.claim_submission(rows.SUBMITTING, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED_AGAIN | {"lost_responses": 1},
        refusals=HELD | rows_that("was requested meanwhile", "was never requested"),
    ),
    "a request is repeated after a lost response": Case(
        before=rows.LOST,
        write=transitions.claim_submission(rows.LOST, "attempt-2", NOW, TIMES, ProviderApi.JOBS),
        changes=CLAIMED_AGAIN,
        refusals=in_other_states(State.SUBMITTING) | MEANWHILE,
    ),
    "a submission is accepted": Case(
        before=rows.SUBMITTING,
        write=transitions.accept(rows.SUBMITTING, WORKING, NOW, None),
        changes=PROCESSING_SINCE | {"provider_task_id": TASK, "credits_consumed": 120},
        refusals=HELD,
    ),
    "a submission is accepted without a word about the id": Case(
        before=replace(rows.SUBMITTING, provider_task_id=OTHER_TASK),
        write=transitions.accept(rows.SUBMITTING, Response(meaning=Meaning.WORKING), NOW, NOW + 30),
        changes=PROCESSING_SINCE | {"provider_task_id": None, "due": NOW + 30},
        refusals=HELD,
    ),
    "a submission is answered with the result": Case(
        before=rows.SUBMITTING,
        write=transitions.accept_with_result(rows.SUBMITTING, DONE, SIGNED, NOW, TIMES),
        changes=BY_SUBMISSION | {"due": NOW + 60},
        refusals=HELD,
    ),
    "a submission is answered with a result on another host": Case(
        before=rows.SUBMITTING,
        write=transitions.accept_on_other_host(
            rows.SUBMITTING, DONE, BlockedLink(SIGNED, "new.example"), NOW, NOW + 600
        ),
        changes=BY_SUBMISSION | PROCESSING_SINCE | {"due": NOW + 600} | waiting("HOST_NOT_ALLOWED", "new.example"),
        refusals=HELD,
    ),
    "a submission is deferred": Case(
        before=rows.SUBMITTING,
        write=transitions.defer(rows.SUBMITTING, Wait(NOW + 60, "NO_CREDITS"), is_sent=True),
        changes=BACK_IN_QUEUE | {"due": NOW + 60} | waiting("NO_CREDITS"),
        refusals=HELD,
    ),
    "a submission that never left is deferred": Case(
        before=rows.SUBMITTING,
        write=transitions.defer(rows.SUBMITTING, Wait(NOW, "SLOT_MISSED"), is_sent=False),
        changes=BACK_IN_QUEUE | {"due": NOW, "requests_sent": 0} | waiting("SLOT_MISSED"),
        refusals=HELD,
    ),
    "a submission is deferred after a lost response": Case(
        before=LOST_ONCE,
        write=transitions.defer(LOST_ONCE, Wait(NOW + 60, "NO_CREDITS"), is_sent=True),
        changes={"claim_id": None, "retry_at": NOW + 60, "due": NOW + 60} | waiting("NO_CREDITS"),
        refusals=HELD,
    ),
    "a response is unclear": Case(
        before=LOST_THRICE,
        write=transitions.count_lost_response(LOST_THRICE, UNCLEAR, NOW, TIMES),
        changes={"lost_responses": 4, "unclear_responses": 1, "unclear_since": NOW, "words": UNCLEAR.words}
        | {"claim_id": None, "retry_at": NOW + 1800, "due": NOW + 1800}
        | waiting("UNCLEAR_ANSWER"),
        refusals=HELD,
    ),
    "a response is lost": Case(
        before=rows.SUBMITTING,
        write=transitions.count_lost_response(rows.SUBMITTING, NO_ANSWER, NOW, TIMES),
        changes={"lost_responses": 1, "claim_id": None, "retry_at": NOW + 120, "due": NOW + 120},
        refusals=HELD,
    ),
}
AWAITING_BASE = replace(rows.QUEUED, partition=Partition.LIVE, looks=2)
KEPT_BASE = replace(AWAITING_BASE, base=rows.BASE)
LOOKED_UP = replace(AWAITING_BASE, state=State.READY, link_dead=True, evidence=Evidence.LOOK)
REQUEUED: Changes = WAITS_NO_MORE | {"partition": Partition.QUEUED, "due": NOW, "looked_at": NOW, "looks": 0}
AT_REST = in_other_states(State.QUEUED) | rows_that("is due later", "was claimed meanwhile")
LOOKS: dict[str, Case] = {
    "a look got no answer": Case(
        before=rows.QUEUED,
        write=transitions.look_later(rows.QUEUED, NOW + 60),
        changes={"due": NOW + 60, "looks": 1} | waiting("LOOK_LATER"),
        refusals=AT_REST,
    ),
    "a look shows the result": Case(
        before=rows.QUEUED,
        write=transitions.look_ready(rows.QUEUED, SIGNED, NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.LOOK, "image_urls": None, "due": NOW + 60, "looked_at": NOW},
        refusals=AT_REST,
    ),
    "a look shows the result on a host that is not allowed": Case(
        before=rows.QUEUED,
        write=transitions.look_on_other_host(rows.QUEUED, BlockedLink(SIGNED, "new.example"), NOW, NOW + 900),
        changes={"partition": Partition.LIVE, "due": NOW + 900, "looked_at": NOW, "evidence": Evidence.LOOK}
        | {name: RESULT[name] for name in ("urls", "result_urls")}
        | waiting("HOST_NOT_ALLOWED", "new.example"),
        refusals=AT_REST,
    ),
    "a look shows a base video that is not finished": Case(
        before=rows.QUEUED,
        write=transitions.wait_for_base(rows.QUEUED, NOW, NOW + 300),
        changes={"partition": Partition.LIVE, "due": NOW + 300, "looked_at": NOW, "looks": 1}
        | waiting("BASE_NOT_FINISHED"),
        refusals=AT_REST,
    ),
    "a look is claimed": Case(
        before=AWAITING_BASE,
        write=transitions.claim_look(AWAITING_BASE, NOW + 1200),
        changes={"due": NOW + 1200, "looks": 3},
        refusals=in_other_states(State.QUEUED) | rows_that("is due later", "is leased by another"),
    ),
    "a base video is finished": Case(
        before=AWAITING_BASE,
        write=transitions.requeue(AWAITING_BASE, NOW, Seen(NOW, BASE)),
        changes=REQUEUED | {"base_url": BASE},
        refusals=AT_REST,
    ),
    "a base video is finished that is kept already": Case(
        before=KEPT_BASE,
        write=transitions.requeue(KEPT_BASE, NOW, Seen(NOW, BASE)),
        changes=REQUEUED,
        refusals=AT_REST,
    ),
    "a look refreshes the link it has shown": Case(
        before=LOOKED_UP,
        write=transitions.refresh_by_look(LOOKED_UP, SIGNED, "retrigger-2", NOW + 60),
        changes=REPEATED | {"urls": (SIGNED,), "result_urls": (rows.URL,), "link_dead": None},
        refusals=in_other_states(State.READY) | rows_that("has a link that lives"),
    ),
}
MESSAGE = Message(task_id=TASK, index=1, tags={"shot": "7"}, task_token="token-1", message_id="message-1")
PLAIN_MESSAGE = Message(task_id=TASK, message_id="message-1")
PLAIN = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.QUEUED,
    created_at=NOW,
    requests_sent=0,
    message_id="message-1",
    partition=Partition.QUEUED,
    due=NOW,
)
NEW = replace(PLAIN, index=1, tags={"shot": "7"}, task_tokens=frozenset({"token-1"}))
SUBMITTED = changed(NEW, CLAIMED | FIRST | {"claim_id": "attempt-1"})
CREATIONS: dict[str, tuple[ConditionalUpdate, Job]] = {
    "a run passes over a false label": (
        transitions.create_queued(MESSAGE, 2, NOW, Wait(NOW, "LOOK_LATER"), passes_label=True),
        replace(NEW, run=2, passes_label=True, **waiting("LOOK_LATER")),
    ),
    "a run is queued": (
        transitions.create_queued(MESSAGE, 1, NOW, Wait(NOW + 5, "WINDOW_FULL")),
        replace(NEW, due=NOW + 5, **waiting("WINDOW_FULL")),
    ),
    "a run whose base video was seen is queued": (
        transitions.create_queued(MESSAGE, 1, NOW, Wait(NOW + 5, "WINDOW_FULL"), seen=Seen(NOW, SIGNED)),
        replace(NEW, due=NOW + 5, looked_at=NOW, base_url=SIGNED, **waiting("WINDOW_FULL")),
    ),
    "a run whose base video was seen is created with its request": (
        transitions.create_submitting(
            MESSAGE,
            1,
            NOW,
            claim_id="attempt-1",
            times=TIMES,
            provider_api=ProviderApi.JOBS,
            seen=Seen(NOW, None),
        ),
        replace(SUBMITTED, looked_at=NOW),
    ),
    "a run is created with its request": (
        transitions.create_submitting(
            MESSAGE, 1, NOW, claim_id="attempt-1", times=TIMES, provider_api=ProviderApi.JOBS
        ),
        SUBMITTED,
    ),
    "a run without tags and token is queued": (
        transitions.create_queued(PLAIN_MESSAGE, 1, NOW, Wait(NOW, "EARLIER_RUN")),
        replace(PLAIN, **waiting("EARLIER_RUN")),
    ),
}
