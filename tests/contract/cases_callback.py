"""Transitions that a callback causes."""

from dataclasses import replace
from typing import Any

from proofs.table import rows
from proofs.table.rows import NOW, OTHER_TASK, RESULT, SIGNED, TASK, TIMES, Case, Changes, ended, in_other_states
from tests.contract.changes import ACCEPTED, WAITS_NO_MORE, rows_that
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.job import Code, Evidence, Partition, State, link_digest
from veo4k.domain.response import Meaning, Response

ADDRESS = Address(TASK, 1, 1, "t" * 43)


def payload(meaning: Meaning, task_id: str | None = None, **fields: Any) -> CallbackPayload:
    return CallbackPayload(Response(meaning=meaning, **fields), task_id)


DONE = payload(Meaning.DONE, image_urls=(rows.POSTER,))
DONE_AND_PAID = payload(Meaning.DONE, image_urls=(rows.POSTER,), credits=120)
DONE_UNDER_ITS_ID = payload(Meaning.DONE, OTHER_TASK)
NO_4K = payload(Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K, credits=5)

NOT_THIS_JOB = rows_that("has another index", "has sent no request")
WAITING = in_other_states(State.QUEUED, State.SUBMITTING, State.PROCESSING) | NOT_THIS_JOB
UNANSWERED = in_other_states(State.QUEUED, State.SUBMITTING) | NOT_THIS_JOB
NOT_ITS_ID = rows_that("has another id of the provider's")
ITS_OWN = WAITING | NOT_ITS_ID
ACCEPTED_FOR_ITS_ID = ITS_OWN | {
    "was never accepted and lost no response": {"provider_task_id": None, "acceptances": 0, "retry_at": None}
}
LOST_FOR_ITS_ID = ITS_OWN | rows_that("lost no response")
BY_CALLBACK: Changes = RESULT | {"evidence": Evidence.CALLBACK}
WITHOUT_POSTER: Changes = BY_CALLBACK | {"image_urls": None}
ADOPTED: Changes = ACCEPTED | {"provider_task_id": OTHER_TASK}
DUE: Changes = {"state": State.PROCESSING, "due": NOW + 120}
FAILED = ended(State.FAILED, Code.PROVIDER_FAILED, charged=True)

CALLBACK: dict[str, Case] = {
    "a callback reports the result": Case(
        before=rows.SUBMITTING,
        write=transitions.callback_ready(ADDRESS, DONE, SIGNED, NOW),
        changes=BY_CALLBACK | ACCEPTED,
        refusals=WAITING,
    ),
    "a callback reports the result of an accepted job": Case(
        before=rows.PROCESSING,
        write=transitions.callback_ready(ADDRESS, DONE_AND_PAID, SIGNED, NOW),
        changes=BY_CALLBACK | {"credits_consumed": 120},
        refusals=WAITING,
    ),
    "a callback reports the result under the provider's id": Case(
        before=replace(rows.PROCESSING, provider_task_id=OTHER_TASK),
        write=transitions.callback_ready(ADDRESS, DONE_UNDER_ITS_ID, SIGNED, NOW),
        changes=WITHOUT_POSTER,
        refusals=ACCEPTED_FOR_ITS_ID,
    ),
    "a callback names the id of a lost response": Case(
        before=rows.LOST,
        write=transitions.callback_ready(ADDRESS, DONE_UNDER_ITS_ID, SIGNED, NOW),
        changes=WITHOUT_POSTER | ADOPTED,
        refusals=LOST_FOR_ITS_ID,
    ),
    "a callback names the id of a crashed claim": Case(
        before=rows.SUBMITTING,
        write=transitions.callback_ready(ADDRESS, DONE_UNDER_ITS_ID, SIGNED, NOW),
        changes=WITHOUT_POSTER | ADOPTED,
        refusals=ITS_OWN | {"may be answered yet": {"retry_at": NOW + 0.001}},
    ),
    "a callback reports a failure": Case(
        before=rows.PROCESSING,
        write=transitions.callback_failed(ADDRESS, NO_4K, NOW, TIMES),
        changes=ended(State.FAILED, Code.NOT_AVAILABLE_IN_4K, charged=True) | {"credits_consumed": 5},
        refusals=WAITING,
    ),
    "a callback under the provider's id reports a failure": Case(
        before=replace(rows.PROCESSING, provider_task_id=OTHER_TASK),
        write=transitions.callback_failed(ADDRESS, payload(Meaning.FAILED, OTHER_TASK), NOW, TIMES),
        changes=FAILED,
        refusals=ACCEPTED_FOR_ITS_ID,
    ),
    "a callback names its own id for a job answered with the base video's": Case(
        before=replace(rows.PROCESSING, provider_task_id=TASK),
        write=transitions.callback_failed(ADDRESS, payload(Meaning.FAILED, OTHER_TASK), NOW, TIMES),
        changes=FAILED | {"provider_task_id": OTHER_TASK},
        refusals=ACCEPTED_FOR_ITS_ID,
    ),
    "a failure in unknown words is believed where it cannot be checked": Case(
        before=rows.PROCESSING,
        write=transitions.callback_failed_unchecked(ADDRESS, payload(Meaning.UNCLEAR), NOW, TIMES),
        changes=FAILED,
        refusals=WAITING | {"can be asked under its own id": {"provider_task_id": OTHER_TASK}},
    ),
    "a callback is no verdict": Case(
        before=rows.PROCESSING,
        write=transitions.callback_unclear(ADDRESS, payload(Meaning.UNCLEAR), NOW, TIMES, adopts=False),
        changes={"due": NOW + 120},
        refusals=WAITING,
    ),
    "a callback that is no verdict names the id of a lost response": Case(
        before=rows.LOST,
        write=transitions.callback_unclear(ADDRESS, DONE_UNDER_ITS_ID, NOW, TIMES, adopts=True),
        changes=DUE | ADOPTED,
        refusals=LOST_FOR_ITS_ID,
    ),
    "a callback without a result names the job's own id": Case(
        before=replace(rows.LOST, provider_task_id=OTHER_TASK),
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING, OTHER_TASK), NOW, TIMES),
        changes=DUE | ACCEPTED,
        refusals=UNANSWERED | NOT_ITS_ID | {"has no id": {"provider_task_id": None}},
    ),
    "a callback without a result proves the acceptance": Case(
        before=replace(rows.QUEUED, requests_sent=1),
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING), NOW, TIMES),
        changes=DUE | ACCEPTED | WAITS_NO_MORE | {"partition": Partition.LIVE},
        refusals=UNANSWERED,
    ),
    "a callback brings a fresh link": Case(
        before=replace(rows.LINKLESS, link_refusals=2),
        write=transitions.callback_link(rows.LINKLESS, Response(meaning=Meaning.DONE), f"{SIGNED}2", NOW + 60),
        changes={"urls": (f"{SIGNED}2",), "image_urls": (), "link_dead": None, "link_refusals": 0}
        | {"retrigger_id": link_digest(f"{SIGNED}2"), "due": NOW + 60},
        refusals=in_other_states(State.READY) | rows_that("has a link that lives", "has another link"),
    ),
}
