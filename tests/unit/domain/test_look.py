"""The free look: what the base task's record says, and what follows for a job that is about to be paid."""

import json
from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.stage import HOSTS, TASK
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.decisions import Context, Decision, Need, when_due
from veo4k.domain.job import Code, Evidence, Failure, Job, Partition, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.look import (
    BaseRecord,
    Look,
    Unanswered,
    after_look,
    after_relook,
    after_wait,
    base_link,
    is_wanted,
    read_base_record,
    relook_wait,
    was_mislabelled,
)
from veo4k.domain.provider_words import Words
from veo4k.domain.response import HttpResponse, Meaning, NoResponse
from veo4k.domain.schedule import Times
from veo4k.domain.wait_reason import WaitReason

TIMES = Times()
NOW = NOON + 10
LINKS = ("https://file.example/0.mp4", "https://file.example/1.mp4")
MOMENT = Context(now=NOW, until=NOW, times=TIMES, hosts=HOSTS, on_trial=False, new_id="new")
JOB = Job(task_id=TASK, run=1, index=1, state=State.QUEUED, created_at=NOON, requests_sent=0, due=NOON)
DONE = BaseRecord(status=Meaning.DONE, links=LINKS)
IN_4K = replace(DONE, is_4k=True)
GENERATING = BaseRecord(status=Meaning.WORKING)


def record(msg: str = "success", code: int = 200, **data: Any) -> Look:
    return read_base_record(HttpResponse(200, json.dumps({"code": code, "msg": msg, "data": data}).encode()), TASK)


# What the record says


@pytest.mark.parametrize(
    ("label", "is_4k"), [("4k", True), ("4K", True), ("2160p", True), ("1080p", False), (None, False)]
)
def test_a_record_names_its_videos_and_their_resolution(label: str | None, is_4k: bool) -> None:
    details = {"taskId": TASK, "resultUrls": list(LINKS), "originUrls": [LINKS[0]], "resolution": label}
    shown = replace(DONE, is_4k=is_4k)

    assert record(taskId=TASK, successFlag=1, response=details) == shown
    assert record(taskId=TASK, state="success", resultJson=json.dumps(details), resolution=label) == replace(
        DONE, is_4k=is_4k
    )


def test_every_place_of_the_list_counts_readable_or_not() -> None:
    read = record(
        successFlag=1, response={"resultUrls": [None, LINKS[1], {"file": 5}], "fullResultUrls": ["https://x/"]}
    )

    assert isinstance(read, BaseRecord)
    assert read.links == ("", LINKS[1], "")


@pytest.mark.parametrize(
    ("flag", "status"), [(0, Meaning.WORKING), (1, Meaning.DONE), (2, Meaning.FAILED), (3, Meaning.FAILED)]
)
def test_a_record_says_how_the_base_video_stands(flag: int, status: Meaning) -> None:
    read = record(taskId=TASK, successFlag=flag, fallbackFlag=True, errorMessage="no luck")

    assert isinstance(read, BaseRecord)
    assert (read.status, read.is_legacy) == (status, True)
    assert status is not Meaning.FAILED or read.words == Words(None, "no luck")


NO_LOOKS: list[tuple[Any, Unanswered]] = [
    (record(taskId="veo_task_another", successFlag=1, response={"resultUrls": list(LINKS)}), Unanswered.NOTHING),
    (record(successFlag="soon"), Unanswered.NOTHING),
    (record("E-1207", 550), Unanswered.NOTHING),
    (record("Not Found", 404), Unanswered.NOTHING),
    (record("record is null", 422), Unanswered.NO_SUCH_TASK),
    (record("slow down", 429), Unanswered.LATER),
    (record("Your call frequency is too high", 422), Unanswered.LATER),
    (read_base_record(NoResponse(is_sent=True, cause="ReadTimeout"), TASK), Unanswered.LATER),
    (read_base_record(HttpResponse(430, b""), TASK), Unanswered.LATER),
    (read_base_record(HttpResponse(502, b"<html>"), TASK), Unanswered.NOTHING),
]


@pytest.mark.parametrize(("look", "shown"), NO_LOOKS)
def test_what_is_unclear_refused_or_about_another_task_is_no_look(look: Look, shown: Unanswered) -> None:
    assert look is shown


# What follows


def test_a_plain_video_is_requested_and_its_link_kept() -> None:
    assert after_look(JOB, DONE, MOMENT) is None
    assert base_link(DONE, JOB, HOSTS) == LINKS[1]


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (Unanswered.NOTHING, 0),
        (replace(DONE, status=Meaning.WORKING), 0),
        (DONE, 2),
        (replace(DONE, links=("", "")), 0),
    ],
)
def test_a_base_link_is_that_of_the_index_or_none(look: Look, index: int) -> None:
    assert base_link(look, replace(JOB, index=index), HOSTS) is None


def test_a_video_that_is_4k_already_is_the_result_and_nothing_is_paid() -> None:
    ready = transitions.look_ready(JOB, LINKS[1], NOW, TIMES)

    assert after_look(JOB, IN_4K, MOMENT) == Decision(LogEvent.RESULT_RECEIVED, ready)
    assert ready.put["evidence"] is Evidence.LOOK
    assert "accepted_at" not in ready.put
    assert after_look(replace(JOB, passes_label=True), IN_4K, MOMENT) is None


ENDS: list[tuple[BaseRecord, Code, str]] = [
    (replace(IN_4K, is_legacy=True), Code.NOT_AVAILABLE_IN_4K, ""),
    (
        replace(DONE, links=LINKS[:1]),
        Code.INVALID_TASK,
        "The provider has no video at index 1; the task's highest index is 0.",
    ),
    (BaseRecord(status=Meaning.FAILED, words=Words(400, "no luck")), Code.BASE_FAILED, ""),
]


@pytest.mark.parametrize(("look", "code", "message"), ENDS)
def test_what_a_look_shows_to_be_useless_is_not_paid(look: BaseRecord, code: Code, message: str) -> None:
    decision = after_look(JOB, look, MOMENT)

    assert decision is not None
    assert decision.update is not None
    assert decision.update.put["error"] == Failure(code, message or code.message, look.words)
    assert decision.update.put["maybe_charged"] is False


def test_a_list_with_an_unreadable_place_names_no_index_missing() -> None:
    assert after_look(replace(JOB, index=5), replace(DONE, links=("", LINKS[1])), MOMENT) is None
    assert after_look(replace(JOB, index=0), replace(IN_4K, links=("", LINKS[1])), MOMENT) is None


def test_a_look_without_an_answer_is_repeated_once() -> None:
    later = transitions.look_later(JOB, NOW + 60)

    assert after_look(JOB, Unanswered.LATER, MOMENT) == Decision(LogEvent.LOOK_POSTPONED, later)
    assert after_look(replace(JOB, looks=1), Unanswered.LATER, MOMENT) is None


def test_an_unknown_task_ends_a_job_only_after_a_404() -> None:
    missing = replace(JOB, wait_reason=WaitReason.NOT_FOUND)
    failed = transitions.fail(missing, Code.INVALID_TASK, NOW, TIMES)

    assert after_look(JOB, Unanswered.NO_SUCH_TASK, MOMENT) is None
    assert after_look(missing, Unanswered.NO_SUCH_TASK, MOMENT) == Decision(LogEvent.JOB_FAILED, failed)


# A base video that is not finished

AWAITING = replace(JOB, partition=Partition.LIVE, wait_reason=WaitReason.BASE_NOT_FINISHED, looks=1)


def test_a_base_video_that_is_not_finished_is_awaited_without_a_slot() -> None:
    waits = transitions.wait_for_base(JOB, NOW, NOW + 300)

    assert after_look(JOB, GENERATING, MOMENT) == Decision(LogEvent.BASE_AWAITED, waits)
    assert waits.put["partition"] is Partition.LIVE
    assert when_due(AWAITING, NOW, "new", TIMES, HOSTS) is Need.LOOK
    assert after_wait(AWAITING, GENERATING, MOMENT) is None
    assert after_wait(AWAITING, Unanswered.LATER, MOMENT) is None


def test_once_the_base_video_is_finished_the_job_is_requested() -> None:
    requeued = transitions.requeue(AWAITING, NOW, LINKS[1])

    assert after_wait(AWAITING, DONE, MOMENT) == Decision(LogEvent.BASE_FINISHED, requeued)
    ready = after_wait(AWAITING, IN_4K, MOMENT)
    assert ready is not None
    assert ready.event is LogEvent.RESULT_RECEIVED


def test_at_the_deadline_the_request_says_that_the_base_is_not_finished() -> None:
    end = NOON + TIMES.deadline

    assert after_look(JOB, GENERATING, replace(MOMENT, now=end)) is None
    requeued = Decision(LogEvent.BASE_FINISHED, transitions.requeue(AWAITING, end, None))
    assert when_due(AWAITING, end, "new", TIMES, HOSTS) == requeued


def test_a_look_is_repeated_only_after_five_minutes_and_before_a_request() -> None:
    assert is_wanted(JOB, NOW)
    assert not is_wanted(replace(JOB, looked_at=NOW - 299), NOW)
    assert is_wanted(replace(JOB, looked_at=NOW - 300), NOW)
    assert not is_wanted(replace(JOB, state=State.SUBMITTING), NOW)


# A result that a look has shown

READY = replace(JOB, state=State.READY, evidence=Evidence.LOOK, link_dead=True, partition=Partition.LIVE)


def test_a_looked_up_link_is_refreshed_by_a_look_alone() -> None:
    fresh = transitions.refresh_by_look(READY, LINKS[1], "new", NOW + 60)

    assert when_due(READY, NOW, "new", TIMES, HOSTS) is Need.LOOK
    assert after_relook(READY, IN_4K, MOMENT) == Decision(LogEvent.LINK_REFRESHED, fresh)
    assert after_relook(READY, GENERATING, MOMENT) is None
    spent = when_due(replace(READY, archive_attempts=10), NOW, "new", TIMES, HOSTS)
    assert isinstance(spent, Decision)
    assert spent.event is LogEvent.JOB_FAILED


@pytest.mark.parametrize(("not_4k", "wait"), [(0, 600), (1, 600), (2, 1200), (3, 1800), (9, 1800)])
def test_the_record_is_read_again_ever_later(not_4k: int, wait: float) -> None:
    assert relook_wait(replace(READY, not_4k=not_4k), TIMES) == wait


def test_a_false_label_is_passed_over_by_the_next_run() -> None:
    not_4k = Failure(Code.NOT_4K, "")

    assert was_mislabelled(replace(READY, state=State.FAILED, error=not_4k))
    assert not was_mislabelled(replace(READY, state=State.FAILED, error=not_4k, evidence=Evidence.POLL))
    assert not was_mislabelled(READY)
