"""Transitions that a callback causes."""

from dataclasses import replace
from typing import Any

from proofs.table.rows import (
    LINKLESS,
    LOST,
    NOW,
    OTHER_TASK,
    POSTER,
    PROCESSING,
    QUEUED,
    RESULT,
    SIGNED,
    SUBMITTING,
    TASK,
    TIMES,
    Case,
    Changes,
    ended,
    in_other_states,
)
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.job import Code, Evidence, Partition, State, link_digest
from veo4k.domain.response import Meaning, Response

ADDRESS = Address(TASK, 1, 1, "t" * 43)


def payload(meaning: Meaning, task_id: str | None = None, **fields: Any) -> CallbackPayload:
    """Return the payload of a callback."""
    return CallbackPayload(Response(meaning=meaning, **fields), task_id)


WAITING_ALONE = in_other_states(State.QUEUED, State.SUBMITTING, State.PROCESSING)
UNANSWERED_ALONE = in_other_states(State.QUEUED, State.SUBMITTING)
NOT_THIS_JOB: dict[str, Changes] = {"has another index": {"index": 2}, "was never requested": {"requests_sent": 0}}
STRANGER: dict[str, Changes] = {
    "has another id of the provider's": {"provider_task_id": "veo_task_of_another", "lost_responses": 1},
    "lost no response that could have named the id": {"provider_task_id": None},
}
STRANGER_TO_LOST: dict[str, Changes] = {
    "has another id of the provider's": {"provider_task_id": "veo_task_of_another"},
    "lost no response": {"lost_responses": 0},
}
CALLBACK: dict[str, Case] = {
    "a callback reports the result": Case(
        before=SUBMITTING,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, image_urls=(POSTER,)), [SIGNED], NOW),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "accepted_at": NOW, "acceptances": 1},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback reports the result of an accepted job": Case(
        before=PROCESSING,
        write=transitions.callback_ready(
            ADDRESS, payload(Meaning.DONE, image_urls=(POSTER,), credits=120), [SIGNED], NOW
        ),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "credits_consumed": 120},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback reports the result under the provider's id": Case(
        before=replace(PROCESSING, provider_task_id=OTHER_TASK),
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), [SIGNED], NOW),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "image_urls": None},
        refusals=WAITING_ALONE | NOT_THIS_JOB | STRANGER,
    ),
    "a callback names the id of a lost response": Case(
        before=LOST,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), [SIGNED], NOW),
        changes=RESULT
        | {"evidence": Evidence.CALLBACK, "image_urls": None}
        | {"accepted_at": NOW, "acceptances": 1, "provider_task_id": OTHER_TASK},
        refusals=WAITING_ALONE | NOT_THIS_JOB | STRANGER_TO_LOST,
    ),
    "a callback names the id of a crashed claim": Case(
        before=SUBMITTING,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), [SIGNED], NOW),
        changes=RESULT
        | {"evidence": Evidence.CALLBACK, "image_urls": None}
        | {"accepted_at": NOW, "acceptances": 1, "provider_task_id": OTHER_TASK},
        refusals=WAITING_ALONE
        | NOT_THIS_JOB
        | {
            "has another id of the provider's": {"provider_task_id": "veo_task_of_another"},
            "may be answered yet": {"retry_at": NOW + 0.001},
        },
    ),
    "a callback reports a failure": Case(
        before=PROCESSING,
        write=transitions.callback_failed(
            ADDRESS, payload(Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K, credits=5), NOW, TIMES
        ),
        changes=ended(State.FAILED, Code.NOT_AVAILABLE_IN_4K, charged=True) | {"credits_consumed": 5},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback under the provider's id reports a failure": Case(
        before=replace(PROCESSING, provider_task_id=OTHER_TASK),
        write=transitions.callback_failed(ADDRESS, payload(Meaning.FAILED, OTHER_TASK), NOW, TIMES),
        changes=ended(State.FAILED, Code.PROVIDER_FAILED, charged=True),
        refusals=WAITING_ALONE | NOT_THIS_JOB | STRANGER,
    ),
    "a callback reports links that may not be fetched": Case(
        before=PROCESSING,
        write=transitions.callback_blocked(ADDRESS, payload(Meaning.DONE), NOW, TIMES),
        changes={"due": NOW + 120},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback without a result proves the acceptance": Case(
        before=replace(QUEUED, requests_sent=1),
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING), NOW, TIMES),
        changes={
            "state": State.PROCESSING,
            "partition": Partition.LIVE,
            "due": NOW + 120,
            "wait_reason": None,
            "accepted_at": NOW,
            "acceptances": 1,
        },
        refusals=UNANSWERED_ALONE | NOT_THIS_JOB,
    ),
    "a callback without a result names the id of a lost response": Case(
        before=LOST,
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING, OTHER_TASK), NOW, TIMES),
        changes={
            "state": State.PROCESSING,
            "due": NOW + 120,
            "accepted_at": NOW,
            "acceptances": 1,
            "provider_task_id": OTHER_TASK,
        },
        refusals=UNANSWERED_ALONE | NOT_THIS_JOB | STRANGER_TO_LOST,
    ),
    "a callback brings a fresh link": Case(
        before=replace(LINKLESS, link_refusals=2),
        write=transitions.callback_link(LINKLESS, Response(meaning=Meaning.DONE), [f"{SIGNED}2"], NOW + 60),
        changes={
            "urls": (f"{SIGNED}2",),
            "image_urls": (),
            "link_dead": None,
            "link_refusals": 0,
            "retrigger_id": link_digest(f"{SIGNED}2"),
            "due": NOW + 60,
        },
        refusals=in_other_states(State.READY)
        | {"has a link that lives": {"link_dead": None}, "has another link": {"urls": (f"{SIGNED}3",)}},
    ),
}
