from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.cloud.rows import public
from local.cloud.stored_videos import StoredVideo
from local.demo.cases import CASES, Case, cases_under
from local.demo.checks import account_problems, expected_credits, problems
from local.demo.evidence import Evidence
from local.kie import JOBS, PROVIDER_APIS, VEO
from local.kie.ledger import credits_spent

SHA, OTHER_SHA = "5" * 64, "6" * 64
PRICE = 120


def case(scenario: str, provider_api: str = VEO) -> Case:
    return next(case for case in cases_under(provider_api) if case.scenario == scenario)


def charge(*, refunded: bool = False) -> dict[str, Any]:
    return {"credits": PRICE, "refundedAt": 1.0 if refunded else None}


def as_demanded(of: Case) -> Evidence:
    """Return evidence without any problem."""
    place = f"videos/{of.task_id}/{of.index}/1"
    stored = StoredVideo(f"{place}.mp4", 9, SHA, *((2160, 3840) if of.portrait else (3840, 2160)))
    succeeded = of.state == "SUCCEEDED"
    row: dict[str, Any] = {"taskId": of.task_id, "index": of.index, "run": 1, "state": of.state}
    row |= {"#tries": of.archive_attempts}
    row |= {"evidence": of.evidence[0]} if of.evidence else {}
    row |= {"archive": stored._asdict() | {"bucket": "a-bucket"}} if succeeded else {}
    row |= {"error": {"code": of.code}, "maybeCharged": of.charges > 0} if of.code else {}
    row |= {"base": {"key": f"{place}.base.mp4", "sha256": OTHER_SHA}} if of.base_kept else {}
    return Evidence(
        row=row,
        ended_as=row,
        stored=[stored] if succeeded else [],
        bases={f"{place}.base.mp4": OTHER_SHA} if of.base_kept else {},
        expected_sha256=SHA,
        charges=[charge(refunded=of.refunded)] * of.charges,
        requests=2 if of.requests is None else of.requests,
        events=[{"detail": public(row) | {"eventId": f"{of.key}#1#{of.state}"}}],
        callback_statuses=of.callback_statuses,
        downloads=of.downloads,
    )


def rewritten(it: Evidence, **changes: Any) -> Evidence:
    """Return evidence with another row, which is that of the end and of the event."""
    row = dict(it.row or {}) | changes
    event = {"detail": public(row) | {"eventId": it.events[0]["detail"]["eventId"]}}
    return replace(it, row=row, ended_as=row, events=[event])


def stored_as(it: Evidence, **changes: Any) -> Evidence:
    """Return evidence with another file, which is that of the row."""
    stored = it.stored[0]._replace(**changes)
    return rewritten(replace(it, stored=[stored]), archive=stored._asdict())


def announced_as(it: Evidence, **changes: Any) -> Evidence:
    return replace(it, events=[{"detail": it.events[0]["detail"] | changes}])


@pytest.mark.parametrize("of", [case for api in PROVIDER_APIS for case in cases_under(api)], ids=lambda of: of.title)
def test_a_job_that_ended_as_demanded_has_no_problem(of: Case) -> None:
    assert problems(of, as_demanded(of)) == []


ON_TIME, FAILED, FALLBACK = case("on_time"), case("base_video"), case("fallback")
LOST, BOTH_LOST = case("answer_lost", JOBS), case("answer_and_callback_lost", JOBS)
FILE = as_demanded(ON_TIME).stored
ANOTHER_BASE = {"videos/demo_fallback/0/1.base.mp4": SHA}
WRONG: list[tuple[Case, str, Callable[[Evidence], Evidence]]] = [
    (ON_TIME, "the job does not exist", lambda it: replace(it, row=None)),
    (ON_TIME, "state: FAILED, not SUCCEEDED", lambda it: rewritten(it, state="FAILED")),
    (ON_TIME, "error: NOT_4K, not none", lambda it: rewritten(it, error={"code": "NOT_4K"})),
    (ON_TIME, "delivered by: probe, not callback", lambda it: rewritten(it, evidence="probe")),
    (ON_TIME, "the row changed after the job's end", lambda it: replace(it, ended_as={"state": "SUCCEEDED"})),
    (ON_TIME, "videos in the bucket: none, not 1", lambda it: replace(it, stored=[])),
    (ON_TIME, "videos in the bucket: 2, not 1", lambda it: replace(it, stored=[*it.stored, *it.stored])),
    (ON_TIME, "size: (1280, 720), not (3840, 2160)", lambda it: stored_as(it, width=1280, height=720)),
    (ON_TIME, f"SHA-256: {OTHER_SHA}, not {SHA}", lambda it: stored_as(it, sha256=OTHER_SHA)),
    (ON_TIME, "archive in the row: ", lambda it: rewritten(it, archive=it.stored[0]._asdict() | {"sha256": OTHER_SHA})),
    (ON_TIME, "charges: 2, not 1", lambda it: replace(it, charges=[charge(), charge()])),
    (ON_TIME, "refunds: 1, not none", lambda it: replace(it, charges=[charge(refunded=True)])),
    (ON_TIME, "maybeCharged: True, not none", lambda it: rewritten(it, maybeCharged=True)),
    (ON_TIME, "the end was not announced", lambda it: replace(it, events=[])),
    (ON_TIME, "event: another, not demo_on_time#0#1#SUCCEEDED", lambda it: announced_as(it, eventId="another")),
    (ON_TIME, "event and row differ", lambda it: announced_as(it, evidence="probe")),
    (ON_TIME, "callback responses: [200, 200], not [200]", lambda it: replace(it, callback_statuses=(200, 200))),
    (ON_TIME, "downloads: 2, not 1", lambda it: replace(it, downloads=2)),
    (ON_TIME, "archive attempts: 2, not 1", lambda it: rewritten(it, **{"#tries": 2})),
    (FAILED, "a file was stored", lambda it: replace(it, stored=FILE)),
    (FALLBACK, "the base video was not kept", lambda it: replace(it, bases={})),
    (FALLBACK, "the base video was not kept", lambda it: replace(it, bases=ANOTHER_BASE)),
    (FALLBACK, "the base video was not kept", lambda it: rewritten(it, base={})),
    (LOST, "requests: 2, not 1", lambda it: replace(it, requests=2)),
    (BOTH_LOST, "requests: 2, not 1", lambda it: replace(it, requests=2)),
    (BOTH_LOST, "maybeCharged: none, not True", lambda it: rewritten(it, maybeCharged=False)),
]


@pytest.mark.parametrize(("of", "problem", "change"), WRONG, ids=[f"{of.title}: {wrong}" for of, wrong, _ in WRONG])
def test_a_difference_from_the_case_is_one_problem(
    of: Case, problem: str, change: Callable[[Evidence], Evidence]
) -> None:
    assert [found.startswith(problem) for found in problems(of, change(as_demanded(of)))] == [True]


def test_under_jobs_only_a_refused_request_may_be_repeated() -> None:
    assert {case.scenario for case in cases_under(JOBS) if case.requests is None} == {"two_videos"}
    assert cases_under(VEO) == CASES
    assert (BOTH_LOST.state, BOTH_LOST.code) == ("TIMED_OUT", "SUBMISSION_UNCONFIRMED")


def test_refunded_credits_are_not_spent() -> None:
    assert credits_spent([charge(), charge(refunded=True)]) == PRICE
    assert expected_credits(case("failure"), PRICE) == 0


@pytest.mark.parametrize(("refused", "densest", "count"), [(0, 20, 0), (1, 20, 1), (0, 21, 1), (3, 25, 2)])
def test_each_breach_of_the_rate_limit_is_a_problem(refused: int, densest: int, count: int) -> None:
    assert len(account_problems({"refused429": refused, "densestPosts": densest}, 20)) == count
