"""Transitions that a sweep causes: polls, fresh links and ends."""

from dataclasses import replace

from proofs.table import rows
from proofs.table.rows import DAY, NOW, OTHER_TASK, POSTER, RESULT, SIGNED, TIMES, Case, Changes, ended, in_other_states
from tests.contract.changes import WAITS_NO_MORE, rows_that, waiting
from veo4k.domain import transitions
from veo4k.domain.job import Code, Evidence, Partition, State
from veo4k.domain.response import Meaning, Response

DONE = Response(meaning=Meaning.DONE, image_urls=(POSTER,))

UNDER_ITS_ID = replace(rows.POLLED, provider_task_id=OTHER_TASK)
POLLED_FOR_LINK = replace(rows.LINKLESS, poll_id="poll-1", archive_attempts=2)
CLAIMED: Changes = {"poll_id": "poll-9", "requested_at": NOW}
FETCHED_AGAIN: Changes = {"link_dead": None, "retrigger_id": "retrigger-2", "due": NOW + 60, "archive_attempts": 1}

NOT_POLLED = rows_that("was polled meanwhile", "was requested meanwhile", "was never requested", "is leased by another")
NOT_LINKLESS = in_other_states(State.READY) | rows_that("has a link that lives")
POLLED_ONCE = rows_that("was polled meanwhile", "was never polled")
POLLS: dict[str, Case] = {
    "a poll is claimed": Case(
        before=rows.POLLED,
        write=transitions.claim_poll(rows.POLLED, "poll-9", NOW, 0.5, TIMES, by_post=True),
        changes=CLAIMED | {"due": NOW + 599 / 2 * 1.05, "requests_sent": 3},
        refusals=in_other_states(State.PROCESSING) | NOT_POLLED | rows_that("was never polled"),
    ),
    "a first poll under the job's own id is claimed": Case(
        before=rows.PROCESSING,
        write=transitions.claim_poll(rows.PROCESSING, "poll-9", NOW, 0.0, TIMES, by_post=False),
        changes=CLAIMED | {"due": NOW + 599 / 2},
        refusals=in_other_states(State.PROCESSING) | NOT_POLLED,
    ),
    "a poll for a fresh link is claimed": Case(
        before=rows.LINKLESS,
        write=transitions.claim_poll(rows.LINKLESS, "poll-9", NOW, 0.5, TIMES, by_post=True),
        changes=CLAIMED | {"due": NOW + 120, "requests_sent": 2, "archive_attempts": 2},
        refusals=in_other_states(State.READY) | NOT_POLLED,
    ),
    "a poll returns the result": Case(
        before=rows.POLLED,
        write=transitions.poll_ready(rows.POLLED, DONE, SIGNED, NOW, TIMES),
        changes=RESULT | {"evidence": Evidence.POLL, "due": NOW + 60},
        refusals=in_other_states(State.PROCESSING),
    ),
    "a poll returns the result on another host": Case(
        before=rows.POLLED,
        write=transitions.poll_on_other_host(
            rows.POLLED, DONE, transitions.BlockedLink(SIGNED, "new.example"), NOW + 600
        ),
        changes=RESULT
        | {"state": State.PROCESSING, "evidence": Evidence.POLL, "due": NOW + 600}
        | waiting("HOST_NOT_ALLOWED", "new.example"),
        refusals=in_other_states(State.PROCESSING),
    ),
    "a kept link waits for its host": Case(
        before=rows.KEPT,
        write=transitions.wait_for_host(rows.KEPT, "new.example", NOW + 900),
        changes={"due": NOW + 900} | waiting("HOST_NOT_ALLOWED", "new.example"),
        refusals=in_other_states(State.PROCESSING) | rows_that("is due later"),
    ),
    "a kept link's host is allowed": Case(
        before=rows.KEPT,
        write=transitions.fetch_kept_link(rows.KEPT, NOW, TIMES),
        changes={"state": State.READY, "due": NOW + 60},
        refusals=in_other_states(State.PROCESSING) | rows_that("has another link"),
    ),
    "a poll under the job's own id finds no record": Case(
        before=UNDER_ITS_ID,
        write=transitions.count_unknown_record(UNDER_ITS_ID),
        changes={"unknown_records": 1},
        refusals=in_other_states(State.PROCESSING) | rows_that("has another id of the provider's"),
    ),
    "a poll is answered like a first request": Case(
        before=rows.POLLED,
        write=transitions.count_acceptance(rows.POLLED),
        changes={"acceptances": 2},
        refusals=in_other_states(State.PROCESSING) | rows_that("was counted already"),
    ),
    "a poll for a fresh link is answered like a first request": Case(
        before=rows.LINKLESS,
        write=transitions.count_acceptance(rows.LINKLESS),
        changes={"acceptances": 2},
        refusals=in_other_states(State.READY) | rows_that("was counted already"),
    ),
    "a poll never left": Case(
        before=rows.POLLED,
        write=transitions.uncount_poll(rows.POLLED),
        changes={"requests_sent": 1},
        refusals=in_other_states(State.PROCESSING) | POLLED_ONCE | {"was taken back already": {"requests_sent": 1}},
    ),
    "a poll for a fresh link never left": Case(
        before=POLLED_FOR_LINK,
        write=transitions.uncount_poll(POLLED_FOR_LINK, by_post=False),
        changes={"archive_attempts": 1},
        refusals=in_other_states(State.READY) | POLLED_ONCE | {"was taken back already": {"archive_attempts": 1}},
    ),
    "a poll returns a fresh link": Case(
        before=replace(rows.LINKLESS, archive_attempts=2),
        write=transitions.refresh_link(rows.LINKLESS, DONE, f"{SIGNED}2", "retrigger-2", NOW + 60),
        changes=FETCHED_AGAIN | {"urls": (f"{SIGNED}2",)},
        refusals=NOT_LINKLESS,
    ),
    "a poll repeats the old link": Case(
        before=replace(rows.LINKLESS, archive_attempts=2, link_refusals=2),
        write=transitions.refresh_link(rows.LINKLESS, DONE, SIGNED, "retrigger-2", NOW + 60),
        changes=FETCHED_AGAIN,
        refusals=NOT_LINKLESS,
    ),
    "a poll returns a fresh link on a host that is not allowed": Case(
        before=replace(rows.LINKLESS, archive_attempts=2),
        write=transitions.refresh_on_other_host(
            rows.LINKLESS, DONE, transitions.BlockedLink(f"{SIGNED}2", "new.example"), NOW + 900
        ),
        changes={"link_dead": None, "urls": (f"{SIGNED}2",), "due": NOW + 900, "archive_attempts": 1}
        | waiting("HOST_NOT_ALLOWED", "new.example"),
        refusals=NOT_LINKLESS,
    ),
    "a poll returns no fresh link": Case(
        before=POLLED_FOR_LINK,
        write=transitions.retry_link(POLLED_FOR_LINK, "retrigger-2", NOW + 60, {"requests_sent": -1}, failed=False),
        changes=FETCHED_AGAIN | {"requests_sent": 0},
        refusals=NOT_LINKLESS | rows_that("was polled meanwhile"),
    ),
    "a poll for a fresh link returns a failure": Case(
        before=POLLED_FOR_LINK,
        write=transitions.retry_link(POLLED_FOR_LINK, "retrigger-2", NOW + 60, {}, failed=True),
        changes=FETCHED_AGAIN | {"failure_reported": True},
        refusals=NOT_LINKLESS | rows_that("was polled meanwhile"),
    ),
}
AWAITING: dict[str, Case] = {  # a request that is never repeated, because a repeat may be a second purchase
    "a lost response is only awaited": Case(
        before=rows.AWAITED,
        write=transitions.postpone(rows.AWAITED, NOW + 7200),
        changes={"due": NOW + 7200},
        refusals=in_other_states(State.SUBMITTING) | rows_that("is due later", "is not due"),
    ),
    "the provider never confirmed the request": Case(
        before=rows.AWAITED,
        write=transitions.time_out(replace(rows.AWAITED, lost_responses=2), Code.SUBMISSION_UNCONFIRMED, NOW, TIMES),
        changes=ended(State.TIMED_OUT, Code.SUBMISSION_UNCONFIRMED, charged=True),
        refusals=in_other_states(State.SUBMITTING) | rows_that("was claimed meanwhile", "is leased by another"),
    ),
}
UNHELD = rows_that("was claimed meanwhile", "is held by no attempt")
ENDS: dict[str, Case] = {
    "a request is refused for good": Case(
        before=rows.SUBMITTING,
        write=transitions.fail(rows.SUBMITTING, Code.INVALID_TASK, NOW, TIMES),
        changes=ended(State.FAILED, Code.INVALID_TASK, charged=False),
        refusals=in_other_states(State.SUBMITTING) | UNHELD | rows_that("is leased by another"),
    ),
    "an archive gives up": Case(
        before=rows.LEASED,
        write=transitions.fail(rows.LEASED, Code.ARCHIVE_FAILED, NOW, TIMES),
        changes=ended(State.FAILED, Code.ARCHIVE_FAILED, charged=True),
        refusals=in_other_states(State.READY) | UNHELD | rows_that("is leased by another", "has no lease"),
    ),
    "the provider never reported an end": Case(
        before=rows.POLLED,
        write=transitions.time_out(rows.POLLED, Code.NO_ANSWER, NOW, TIMES),
        changes=ended(State.TIMED_OUT, Code.NO_ANSWER, charged=True),
        refusals=in_other_states(State.PROCESSING) | UNHELD | rows_that("is leased by another"),
    ),
    "a job is cancelled": Case(
        before=rows.QUEUED,
        write=transitions.cancel(rows.QUEUED.key, "cancel-1", NOW, TIMES),
        changes={"state": State.CANCELLED, "finished_at": NOW, "day": DAY, "retrigger_id": "cancel-1"}
        | {"partition": Partition.LIVE, "due": NOW + 60}
        | WAITS_NO_MORE,
        refusals=in_other_states(State.QUEUED),
    ),
    "a job was never requested": Case(
        before=rows.QUEUED,
        write=transitions.time_out(rows.QUEUED, Code.NEVER_SUBMITTED, NOW, TIMES),
        changes=ended(State.TIMED_OUT, Code.NEVER_SUBMITTED, charged=False),
        refusals=in_other_states(State.QUEUED) | rows_that("was claimed meanwhile", "is leased by another"),
    ),
}
