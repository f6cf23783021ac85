"""Requests that may buy a video again, and jobs for which none is sent any more: found by the simulation."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.archive_memory import MemoryArchive, MemoryDownloads
from proofs.doubles.gate_memory import numbered
from proofs.doubles.stage import HOSTS, TASK, URL, Stage
from proofs.doubles.time_manual import NOON, ManualClock
from proofs.doubles.updates import apply
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate, Refused, Updated
from veo4k.domain.decisions import Context, Decision, after_response, when_due
from veo4k.domain.errors import DeadLinkError
from veo4k.domain.job import Code, Job, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.domain.schedule import LONGEST_POLL_WAIT, Times
from veo4k.services.archive import Archiver

TIMES = Times()
MOMENT = Context(now=NOON, until=NOON, times=TIMES, hosts=HOSTS, on_trial=False, new_id="n")
LINKLESS = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.READY,
    created_at=NOON,
    accepted_at=NOON,
    requested_at=NOON,
    requests_sent=2,
    acceptances=1,
    archive_attempts=2,
    link_dead=True,
    urls=(URL,),
    partition=Partition.LIVE,
    due=NOON,
)
FIRST = Response(meaning=Meaning.WORKING, accepted_anew=True)
OWN = "veo_task_of_its_own"


def after(job: Job, answer: Response) -> Job:
    write = after_response(job, answer, MOMENT).update
    outcome = apply(write, job) if write else Updated(job)
    assert isinstance(outcome, Updated)
    return outcome.job


def test_a_link_refresh_that_was_accepted_like_a_first_request_is_counted() -> None:
    assert after(LINKLESS, FIRST).acceptances == 2


def test_a_request_for_a_fresh_link_that_never_left_costs_no_try() -> None:
    job = after(LINKLESS, Response(meaning=Meaning.NOT_SENT))

    assert (job.archive_attempts, job.requests_sent) == (1, 1)


def test_a_fresh_link_costs_no_try() -> None:
    assert after(LINKLESS, Response(meaning=Meaning.DONE, urls=(URL,))).archive_attempts == 1


@pytest.mark.parametrize("fields", [{"acceptances": 3}, {"provider_api": ProviderApi.JOBS}], ids=str)
def test_the_link_of_a_job_that_cannot_be_polled_is_tried_until_tries_end(fields: dict[str, Any]) -> None:
    job = replace(LINKLESS, **fields)
    tried = transitions.retrigger(job, "n", NOON + 420)
    spent = replace(job, archive_attempts=10)
    failed = transitions.fail(spent, Code.ARCHIVE_FAILED, NOON + 300, TIMES)

    assert when_due(job, NOON + 300, "n", TIMES, HOSTS) == Decision(LogEvent.ARCHIVE_RETRIGGERED, tried)
    assert when_due(spent, NOON + 300, "n", TIMES, HOSTS) == Decision(LogEvent.JOB_FAILED, failed)


def test_a_job_that_is_polled_no_more_is_not_checked_every_minute() -> None:
    stage = Stage(FIRST)
    stage.ask()
    waiting = replace(stage.job(), acceptances=3)
    postponed = transitions.postpone(waiting, NOON + 720 + LONGEST_POLL_WAIT)

    assert when_due(waiting, NOON + 720, "n", TIMES, HOSTS) == Decision(LogEvent.JOB_CHECK_POSTPONED, postponed)


def test_a_job_of_a_dead_function_adopts_a_callbacks_id_after_its_lease() -> None:
    submitting = replace(
        LINKLESS, state=State.SUBMITTING, claim_id="a", retry_at=NOON + 210, accepted_at=None, acceptances=0
    )
    payload = CallbackPayload(Response(meaning=Meaning.DONE, urls=(URL,)), OWN)
    address = Address(TASK, 0, 1, "token")
    early = apply(transitions.callback_ready(address, payload, URL, NOON + 209), submitting)
    late = apply(transitions.callback_ready(address, payload, URL, NOON + 210), submitting)

    assert isinstance(early, Refused)
    assert isinstance(late, Updated)
    assert late.job.provider_task_id == OWN


def test_links_that_keep_dying_are_replaced_ever_more_slowly() -> None:
    stage = Stage()
    row = {name: getattr(LINKLESS, name) for name in Job.__dataclass_fields__}
    stage.jobs.write(
        ConditionalUpdate(key=LINKLESS.key, put={**row, "archive_attempts": 6, "link_dead": None, "link_refusals": 1})
    )
    downloads = MemoryDownloads({URL: [DeadLinkError("403")]})
    archiver = Archiver(
        jobs=stage.jobs,
        open_download=downloads.open,
        archive=MemoryArchive(),
        clock=ManualClock(),
        new_id=numbered("lease"),
        times=TIMES,
    )
    archiver.store(LINKLESS.key, NOON + 900)

    assert stage.job().link_dead
    assert stage.job().due == NOON + 60 * 2**6
