"""Transitions that a sweep causes: polls, fresh links and ends."""

from dataclasses import replace

from proofs.table.rows import (
    DAY,
    KEPT,
    LEASED,
    LINKLESS,
    NOW,
    OTHER_TASK,
    POLLED,
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
from veo4k.domain.job import Code, Evidence, Partition, State
from veo4k.domain.response import Meaning, Response

ACCEPTED = Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)
DONE = Response(meaning=Meaning.DONE, image_urls=(POSTER,))
POLL_REFUSALS: dict[str, Changes] = {
    "was polled meanwhile": {"poll_id": "poll-2"},
    "was requested meanwhile": {"requested_at": NOW - 1},
    "was never requested": {"requested_at": None},
    "is leased": {"lease": "lease-1"},
}
POLLS: dict[str, Case] = {
    "a poll is claimed": Case(
        before=POLLED,
        write=transitions.claim_poll(POLLED, "poll-9", NOW, 0.5, TIMES, by_post=True),
        changes={"poll_id": "poll-9", "requested_at": NOW, "due": NOW + 599 / 2 * 1.05, "requests_sent": 3},
        refusals=in_other_states(State.PROCESSING) | POLL_REFUSALS | {"was never polled": {"poll_id": None}},
    ),
    "a first poll under the job's own id is claimed": Case(
        before=PROCESSING,
        write=transitions.claim_poll(PROCESSING, "poll-9", NOW, 0.0, TIMES, by_post=False),
        changes={"poll_id": "poll-9", "requested_at": NOW, "due": NOW + 599 / 2},
        refusals=in_other_states(State.PROCESSING) | POLL_REFUSALS,
    ),
    "a poll for a fresh link is claimed": Case(
        before=LINKLESS,
        write=transitions.claim_poll(LINKLESS, "poll-9", NOW, 0.5, TIMES, by_post=True),
        changes={
            "poll_id": "poll-9",
            "requested_at": NOW,
            "due": NOW + 120,
            "requests_sent": 2,
            "archive_attempts": 2,
        },
        refusals=in_other_states(State.READY) | POLL_REFUSALS,
    ),
    "a poll returns the result": Case(
        before=POLLED,
        write=transitions.poll_ready(POLLED, DONE, SIGNED, NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.POLL, "due": NOW + 60},
        refusals=in_other_states(State.PROCESSING),
    ),
    "a poll returns the result on another host": Case(
        before=POLLED,
        write=transitions.poll_on_other_host(POLLED, DONE, (SIGNED, "new.example"), NOW + 600),
        changes=RESULT
        | {"state": State.PROCESSING, "evidence": Evidence.POLL, "due": NOW + 600}
        | {"wait_reason": "HOST_NOT_ALLOWED", "wait_text": "HOST_NOT_ALLOWED: new.example"},
        refusals=in_other_states(State.PROCESSING),
    ),
    "a kept link waits for its host": Case(
        before=KEPT,
        write=transitions.wait_for_host(KEPT, "new.example", NOW + 900),
        changes={"due": NOW + 900, "wait_reason": "HOST_NOT_ALLOWED", "wait_text": "HOST_NOT_ALLOWED: new.example"},
        refusals=in_other_states(State.PROCESSING) | {"was looked at meanwhile": {"due": NOW + 1}},
    ),
    "a kept link's host is allowed": Case(
        before=KEPT,
        write=transitions.fetch_kept_link(KEPT, NOW, TIMES),
        changes={"state": State.READY, "due": NOW + 60},
        refusals=in_other_states(State.PROCESSING) | {"has another link": {"urls": (f"{SIGNED}2",)}},
    ),
    "a poll under the job's own id finds no record": Case(
        before=replace(POLLED, provider_task_id=OTHER_TASK),
        write=transitions.count_unknown_record(replace(POLLED, provider_task_id=OTHER_TASK)),
        changes={"unknown_records": 1},
        refusals=in_other_states(State.PROCESSING) | {"has another id": {"provider_task_id": TASK}},
    ),
    "a poll is answered like a first request": Case(
        before=POLLED,
        write=transitions.count_acceptance(POLLED),
        changes={"acceptances": 2},
        refusals=in_other_states(State.PROCESSING) | {"was counted already": {"acceptances": 2}},
    ),
    "a poll for a fresh link is answered like a first request": Case(
        before=LINKLESS,
        write=transitions.count_acceptance(LINKLESS),
        changes={"acceptances": 2},
        refusals=in_other_states(State.READY) | {"was counted already": {"acceptances": 2}},
    ),
    "a poll never left": Case(
        before=POLLED,
        write=transitions.uncount_poll(POLLED),
        changes={"requests_sent": 1},
        refusals=in_other_states(State.PROCESSING)
        | {"was polled meanwhile": {"poll_id": "poll-2"}, "was never polled": {"poll_id": None}}
        | {"was taken back already": {"requests_sent": 1}},
    ),
    "a poll for a fresh link never left": Case(
        before=replace(LINKLESS, poll_id="poll-1", archive_attempts=2),
        write=transitions.uncount_poll(replace(LINKLESS, poll_id="poll-1", archive_attempts=2), by_post=False),
        changes={"archive_attempts": 1},
        refusals=in_other_states(State.READY)
        | {"was polled meanwhile": {"poll_id": "poll-2"}, "was never polled": {"poll_id": None}}
        | {"was taken back already": {"archive_attempts": 1}},
    ),
    "a poll returns a fresh link": Case(
        before=replace(LINKLESS, archive_attempts=2),
        write=transitions.refresh_link(LINKLESS, DONE, f"{SIGNED}2", "retrigger-2", NOW + 60),
        changes={
            "urls": (f"{SIGNED}2",),
            "link_dead": None,
            "retrigger_id": "retrigger-2",
            "due": NOW + 60,
            "archive_attempts": 1,
        },
        refusals=in_other_states(State.READY) | {"has a link that lives": {"link_dead": None}},
    ),
    "a poll repeats the old link": Case(
        before=replace(LINKLESS, archive_attempts=2, link_refusals=2),
        write=transitions.refresh_link(LINKLESS, DONE, SIGNED, "retrigger-2", NOW + 60),
        changes={"link_dead": None, "retrigger_id": "retrigger-2", "due": NOW + 60, "archive_attempts": 1},
        refusals=in_other_states(State.READY) | {"has a link that lives": {"link_dead": None}},
    ),
    "a poll returns no fresh link": Case(
        before=replace(LINKLESS, poll_id="poll-1", archive_attempts=2),
        write=transitions.retry_link(
            replace(LINKLESS, poll_id="poll-1"), "retrigger-2", NOW + 60, {"requests_sent": -1}, failed=False
        ),
        changes={
            "link_dead": None,
            "retrigger_id": "retrigger-2",
            "due": NOW + 60,
            "archive_attempts": 1,
            "requests_sent": 0,
        },
        refusals=in_other_states(State.READY)
        | {"has a link that lives": {"link_dead": None}, "was polled meanwhile": {"poll_id": "poll-2"}},
    ),
    "a poll for a fresh link returns a failure": Case(
        before=replace(LINKLESS, poll_id="poll-1", archive_attempts=2),
        write=transitions.retry_link(replace(LINKLESS, poll_id="poll-1"), "retrigger-2", NOW + 60, {}, failed=True),
        changes={
            "link_dead": None,
            "retrigger_id": "retrigger-2",
            "due": NOW + 60,
            "archive_attempts": 1,
            "failure_reported": True,
        },
        refusals=in_other_states(State.READY)
        | {"has a link that lives": {"link_dead": None}, "was polled meanwhile": {"poll_id": "poll-2"}},
    ),
}
AS_SEEN: dict[str, Changes] = {
    "was claimed meanwhile": {"claim_id": "attempt-9"},
    "is held by no attempt": {"claim_id": None},
    "is leased": {"lease": "lease-9"},
}
ENDS: dict[str, Case] = {
    "a request is refused for good": Case(
        before=SUBMITTING,
        write=transitions.fail(SUBMITTING, Code.INVALID_TASK, NOW, TIMES),
        changes=ended(State.FAILED, Code.INVALID_TASK, charged=False),
        refusals=in_other_states(State.SUBMITTING) | AS_SEEN,
    ),
    "an archive gives up": Case(
        before=LEASED,
        write=transitions.fail(LEASED, Code.ARCHIVE_FAILED, NOW, TIMES),
        changes=ended(State.FAILED, Code.ARCHIVE_FAILED, charged=True),
        refusals=in_other_states(State.READY)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "is held by no attempt": {"claim_id": None}}
        | {"is leased by another archive": {"lease": "lease-2"}, "has no lease": {"lease": None}},
    ),
    "the provider never reported an end": Case(
        before=POLLED,
        write=transitions.time_out(POLLED, Code.NO_ANSWER, NOW, TIMES),
        changes=ended(State.TIMED_OUT, Code.NO_ANSWER, charged=True),
        refusals=in_other_states(State.PROCESSING) | AS_SEEN,
    ),
    "a job is cancelled": Case(
        before=QUEUED,
        write=transitions.cancel(QUEUED.key, "cancel-1", NOW, TIMES),
        changes={
            "state": State.CANCELLED,
            "finished_at": NOW,
            "day": DAY,
            "retrigger_id": "cancel-1",
            "wait_reason": None,
            "wait_text": None,
            "partition": Partition.LIVE,
            "due": NOW + 60,
        },
        refusals=in_other_states(State.QUEUED),
    ),
    "a job was never requested": Case(
        before=QUEUED,
        write=transitions.time_out(QUEUED, Code.NEVER_SUBMITTED, NOW, TIMES),
        changes=ended(State.TIMED_OUT, Code.NEVER_SUBMITTED, charged=False),
        refusals=in_other_states(State.QUEUED)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "is leased": {"lease": "lease-9"}},
    ),
}
