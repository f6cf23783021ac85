"""The free look: what the base task's record says, and what follows for a job that is about to be paid."""

import json
from collections.abc import Callable
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
    was_mislabelled,
)
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.response import HttpResponse, Meaning, NoResponse
from veo4k.domain.schedule import Times
from veo4k.domain.transitions import BlockedLink, Seen
from veo4k.domain.wait_reason import WaitReason

TIMES = Times()
NOW = NOON + 10
LINKS = ("https://file.example/0.mp4", "https://file.example/1.mp4")
MOMENT = Context(now=NOW, times=TIMES, hosts=HOSTS, new_id="new")
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
    assert record(taskId=TASK, state="success", resultJson=json.dumps(details), resolution=label) == shown


def test_every_place_of_the_list_counts_readable_or_not() -> None:
    details = {"resultUrls": [None, LINKS[1], {"file": 5}], "fullResultUrls": ["https://x/"]}

    assert record(successFlag=1, response=details) == replace(DONE, links=("", LINKS[1], ""))


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
    (record("Server exception", 500, taskId=TASK, successFlag=3), Unanswered.NOTHING),
    (record("Maintenance", 455, taskId=TASK, successFlag=0), Unanswered.NOTHING),
    (record("slow down", 429, taskId=TASK, successFlag=0), Unanswered.LATER),
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


@pytest.mark.parametrize(
    ("look", "index", "link"),
    [
        (DONE, 1, LINKS[1]),
        (Unanswered.NOTHING, 0, None),
        (replace(DONE, status=Meaning.WORKING), 0, None),
        (DONE, 2, None),
        (replace(DONE, links=("", "")), 0, None),
        (replace(DONE, links=("https://new.example/0.mp4",)), 0, "https://new.example/0.mp4"),
        (replace(DONE, links=("http://file.example/0.mp4",)), 0, None),
    ],
)
def test_a_base_link_is_that_of_the_index_or_none(look: Look, index: int, link: str | None) -> None:
    assert base_link(look, replace(JOB, index=index), HOSTS) == link


def failed(job: Job, code: Code, words: Words = NO_WORDS, **more: str) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, code, NOW, TIMES, words, **more))


def result(job: Job) -> Decision:
    return Decision(LogEvent.RESULT_RECEIVED, transitions.look_ready(job, LINKS[1], NOW, TIMES))


def requeued(now: float, link: str | None) -> Decision:
    seen = Seen(now, link) if link else None
    return Decision(LogEvent.BASE_FINISHED, transitions.requeue(AWAITING, now, seen))


AWAITING = replace(JOB, partition=Partition.LIVE, wait_reason=WaitReason.BASE_NOT_FINISHED, looks=1)
READY = replace(JOB, state=State.READY, evidence=Evidence.LOOK, link_dead=True, partition=Partition.LIVE)
NO_SUCH_INDEX = "The provider has no video at index 1; the task's highest index is 0."
AT_DEADLINE = replace(MOMENT, now=NOON + TIMES.deadline)
POSTPONED = Decision(LogEvent.LOOK_POSTPONED, transitions.look_later(JOB, NOW + 60))
AWAITED = Decision(LogEvent.BASE_AWAITED, transitions.wait_for_base(JOB, NOW, NOW + 300))
ON_NEW_HOST = replace(IN_4K, links=(LINKS[0], "https://new.example/1.mp4?sig=x"))
BLOCKED = Decision(
    LogEvent.RESULT_HOST_BLOCKED,
    transitions.look_on_other_host(JOB, BlockedLink(ON_NEW_HOST.links[1], "new.example"), NOW, NOW + 120),
    "new.example",
)
TRIED_AGAIN = Decision(LogEvent.ARCHIVE_RETRIGGERED, transitions.retrigger(READY, "new", NOW + 60))
REFRESHED = Decision(LogEvent.LINK_REFRESHED, transitions.refresh_by_look(READY, LINKS[1], "new", NOW + 60))
Rule = Callable[[Job, Look, Context], Decision | None]
LEGACY, FAILED = replace(IN_4K, is_legacy=True), BaseRecord(status=Meaning.FAILED, words=Words(400, "no luck"))
SHORTER, GAP = replace(DONE, links=LINKS[:1]), replace(IN_4K, links=("", LINKS[1]))
PAST_LABEL, LOOKED = replace(JOB, passes_label=True), replace(JOB, looks=1)
AFTER_404 = replace(JOB, wait_reason=WaitReason.NOT_FOUND)
NO_4K = failed(JOB, Code.NOT_AVAILABLE_IN_4K, base_url=LINKS[1])
FOLLOWS: dict[str, tuple[Rule, Job, Look, Decision | None]] = {
    "a plain video is requested": (after_look, JOB, DONE, None),
    "a video that is 4K already is the result": (after_look, JOB, IN_4K, result(JOB)),
    "and on a new host it waits, unpaid": (after_look, JOB, ON_NEW_HOST, BLOCKED),
    "a label that is passed over is none": (after_look, PAST_LABEL, IN_4K, None),
    "a legacy video is not paid": (after_look, JOB, LEGACY, NO_4K),
    "a missing index is not paid": (after_look, JOB, SHORTER, failed(JOB, Code.INVALID_TASK, message=NO_SUCH_INDEX)),
    "a failed base video is not paid": (after_look, JOB, FAILED, failed(JOB, Code.BASE_FAILED, FAILED.words)),
    "a list with a gap names no index missing": (after_look, replace(JOB, index=5), GAP, None),
    "a gap is no result": (after_look, replace(JOB, index=0), GAP, None),
    "a look without an answer is repeated": (after_look, JOB, Unanswered.LATER, POSTPONED),
    "and repeated only once": (after_look, LOOKED, Unanswered.LATER, None),
    "an unknown task is requested": (after_look, JOB, Unanswered.NO_SUCH_TASK, None),
    "after a 404 it is not": (after_look, AFTER_404, Unanswered.NO_SUCH_TASK, failed(AFTER_404, Code.INVALID_TASK)),
    "a base video that is not finished is awaited": (after_look, JOB, GENERATING, AWAITED),
    "while it is awaited the job waits on": (after_wait, AWAITING, GENERATING, None),
    "and so after no answer": (after_wait, AWAITING, Unanswered.LATER, None),
    "once it is finished the job is requested": (after_wait, AWAITING, DONE, requeued(NOW, LINKS[1])),
    "or has its result": (after_wait, AWAITING, IN_4K, result(AWAITING)),
    "a dead link of a look is refreshed": (after_relook, READY, IN_4K, REFRESHED),
    "where no link comes, the old one is tried again": (after_relook, READY, GENERATING, TRIED_AGAIN),
    "also where it is on a new host": (after_relook, READY, ON_NEW_HOST, TRIED_AGAIN),
    "also where the record is gone": (after_relook, READY, Unanswered.NO_SUCH_TASK, TRIED_AGAIN),
    "a refresh without an answer is no try": (after_relook, READY, Unanswered.LATER, None),
}


@pytest.mark.parametrize(("rule", "job", "look", "step"), FOLLOWS.values(), ids=FOLLOWS)
def test_what_a_look_leads_to(rule: Rule, job: Job, look: Look, step: Decision | None) -> None:
    assert rule(job, look, MOMENT) == step


def test_a_base_video_is_awaited_by_looks_until_the_deadline() -> None:
    assert when_due(AWAITING, MOMENT) is Need.LOOK
    assert after_look(JOB, GENERATING, AT_DEADLINE) is None
    assert when_due(AWAITING, AT_DEADLINE) == requeued(AT_DEADLINE.now, None)


def test_a_look_is_repeated_only_after_five_minutes_and_before_a_request() -> None:
    assert is_wanted(JOB, NOW)
    assert not is_wanted(replace(JOB, looked_at=NOW - 299), NOW)
    assert is_wanted(replace(JOB, looked_at=NOW - 300), NOW)
    assert not is_wanted(replace(JOB, state=State.SUBMITTING), NOW)


# A result that a look has shown


def test_a_looked_up_link_is_refreshed_by_a_look_until_its_tries_are_spent() -> None:
    spent = replace(READY, archive_attempts=10)

    assert when_due(READY, MOMENT) is Need.LOOK
    assert when_due(spent, MOMENT) == Decision(
        LogEvent.ARCHIVE_ABANDONED, transitions.fail(spent, Code.ARCHIVE_FAILED, NOW, TIMES)
    )


def test_a_false_label_is_passed_over_by_the_next_run() -> None:
    mislabelled = replace(READY, state=State.FAILED, error=Failure(Code.NOT_4K, ""))

    assert was_mislabelled(mislabelled)
    assert not was_mislabelled(replace(mislabelled, evidence=Evidence.POLL))
    assert not was_mislabelled(READY)
