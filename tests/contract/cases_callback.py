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
NOT_ITS_ID: dict[str, Changes] = {"has another id of the provider's": {"provider_task_id": "veo_task_of_another"}}
NEVER_PROVEN: dict[str, Changes] = {
    "was never accepted and lost no response": {"provider_task_id": None, "acceptances": 0, "retry_at": None}
}
STRANGER_TO_LOST: dict[str, Changes] = NOT_ITS_ID | {"lost no response": {"lost_responses": 0}}
DUE: Changes = {"state": State.PROCESSING, "due": NOW + 120}
ACCEPTED: Changes = {"accepted_at": NOW, "acceptances": 1}
CALLBACK: dict[str, Case] = {
    "a callback reports the result": Case(
        before=SUBMITTING,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, image_urls=(POSTER,)), SIGNED, NOW),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "accepted_at": NOW, "acceptances": 1},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback reports the result of an accepted job": Case(
        before=PROCESSING,
        write=transitions.callback_ready(
            ADDRESS, payload(Meaning.DONE, image_urls=(POSTER,), credits=120), SIGNED, NOW
        ),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "credits_consumed": 120},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback reports the result under the provider's id": Case(
        before=replace(PROCESSING, provider_task_id=OTHER_TASK),
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), SIGNED, NOW),
        changes=RESULT | {"evidence": Evidence.CALLBACK, "image_urls": None},
        refusals=WAITING_ALONE | NOT_THIS_JOB | NOT_ITS_ID | NEVER_PROVEN,
    ),
    "a callback names the id of a lost response": Case(
        before=LOST,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), SIGNED, NOW),
        changes=RESULT
        | {"evidence": Evidence.CALLBACK, "image_urls": None}
        | {"accepted_at": NOW, "acceptances": 1, "provider_task_id": OTHER_TASK},
        refusals=WAITING_ALONE | NOT_THIS_JOB | STRANGER_TO_LOST,
    ),
    "a callback names the id of a crashed claim": Case(
        before=SUBMITTING,
        write=transitions.callback_ready(ADDRESS, payload(Meaning.DONE, OTHER_TASK), SIGNED, NOW),
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
        refusals=WAITING_ALONE | NOT_THIS_JOB | NOT_ITS_ID | NEVER_PROVEN,
    ),
    "a callback names its own id for a job answered with the base video's": Case(
        before=replace(PROCESSING, provider_task_id=TASK),
        write=transitions.callback_failed(ADDRESS, payload(Meaning.FAILED, OTHER_TASK), NOW, TIMES),
        changes=ended(State.FAILED, Code.PROVIDER_FAILED, charged=True) | {"provider_task_id": OTHER_TASK},
        refusals=WAITING_ALONE | NOT_THIS_JOB | NOT_ITS_ID | NEVER_PROVEN,
    ),
    "a failure in unknown words is believed where it cannot be checked": Case(
        before=PROCESSING,
        write=transitions.callback_failed_unchecked(ADDRESS, payload(Meaning.UNCLEAR), NOW, TIMES),
        changes=ended(State.FAILED, Code.PROVIDER_FAILED, charged=True),
        refusals=WAITING_ALONE | NOT_THIS_JOB | {"can be asked under its own id": {"provider_task_id": OTHER_TASK}},
    ),
    "a callback is no verdict": Case(
        before=PROCESSING,
        write=transitions.callback_unclear(ADDRESS, payload(Meaning.UNCLEAR), NOW, TIMES, adopts=False),
        changes={"due": NOW + 120},
        refusals=WAITING_ALONE | NOT_THIS_JOB,
    ),
    "a callback that is no verdict names the id of a lost response": Case(
        before=LOST,
        write=transitions.callback_unclear(ADDRESS, payload(Meaning.DONE, OTHER_TASK), NOW, TIMES, adopts=True),
        changes=DUE | ACCEPTED | {"provider_task_id": OTHER_TASK},
        refusals=WAITING_ALONE | NOT_THIS_JOB | STRANGER_TO_LOST,
    ),
    "a callback without a result names the job's own id": Case(
        before=replace(LOST, provider_task_id=OTHER_TASK),
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING, OTHER_TASK), NOW, TIMES),
        changes=DUE | ACCEPTED,
        refusals=UNANSWERED_ALONE | NOT_THIS_JOB | NOT_ITS_ID | {"has no id": {"provider_task_id": None}},
    ),
    "a callback without a result proves the acceptance": Case(
        before=replace(QUEUED, requests_sent=1),
        write=transitions.callback_working(ADDRESS, payload(Meaning.WORKING), NOW, TIMES),
        changes={
            "state": State.PROCESSING,
            "partition": Partition.LIVE,
            "due": NOW + 120,
            "wait_reason": None,
            "wait_text": None,
            "accepted_at": NOW,
            "acceptances": 1,
        },
        refusals=UNANSWERED_ALONE | NOT_THIS_JOB,
    ),
    "a callback brings a fresh link": Case(
        before=replace(LINKLESS, link_refusals=2),
        write=transitions.callback_link(LINKLESS, Response(meaning=Meaning.DONE), f"{SIGNED}2", NOW + 60),
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
