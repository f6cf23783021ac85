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

BUCKET, SHA, OTHER_SHA = "a-bucket", "5" * 64, "6" * 64
PRICE = 120


def case(scenario: str, provider_api: str = VEO) -> Case:
    return next(case for case in cases_under(provider_api) if case.scenario == scenario)


def charge(*, refunded: bool = False) -> dict[str, Any]:
    return {"credits": PRICE, "refundedAt": 1.0 if refunded else None}


def as_demanded(of: Case) -> Evidence:
    """Return evidence without any problem."""
    row: dict[str, Any] = {"taskId": of.task_id, "index": of.index, "run": 1, "state": of.state}
    row |= {"#tries": of.archive_attempts}
    row |= {"evidence": of.evidence[0]} if of.evidence else {}
    place = f"videos/{of.task_id}/{of.index}/1.mp4"
    stored = StoredVideo(place, 9, SHA, *((2160, 3840) if of.portrait else (3840, 2160)))
    archive = {"archive": stored._asdict() | {"bucket": BUCKET}}
    row |= archive if of.state == "SUCCEEDED" else {}
    row |= {"error": {"code": of.code}, "maybeCharged": of.charges > 0} if of.code else {}
    base = f"videos/{of.task_id}/{of.index}/1.base.mp4"
    row |= {"base": {"key": base, "sha256": OTHER_SHA}} if of.base_kept else {}
    return Evidence(
        row=row,
        ended_as=row,
        stored=[stored] if of.state == "SUCCEEDED" else [],
        bases={base: OTHER_SHA} if of.base_kept else {},
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
    return replace(it, stored=[it.stored[0]._replace(**changes)])


def announced_as(it: Evidence, **changes: Any) -> Evidence:
    return replace(it, events=[{"detail": it.events[0]["detail"] | changes}])


@pytest.mark.parametrize("of", [case for api in PROVIDER_APIS for case in cases_under(api)], ids=lambda of: of.title)
def test_a_job_that_ended_as_demanded_has_no_problem(of: Case) -> None:
    assert problems(of, as_demanded(of)) == []


WRONG: dict[str, Callable[[Evidence], Evidence]] = {
    "the job does not exist": lambda it: replace(it, row=None),
    "state: FAILED, not SUCCEEDED": lambda it: rewritten(it, state="FAILED"),
    "error: NOT_4K, not none": lambda it: rewritten(it, error={"code": "NOT_4K"}),
    "delivered by: probe, not callback": lambda it: rewritten(it, evidence="probe"),
    "the row changed after the job's end": lambda it: replace(it, ended_as={"state": "SUCCEEDED"}),
    "videos in the bucket: none, not 1": lambda it: replace(it, stored=[]),
    "videos in the bucket: 2, not 1": lambda it: replace(it, stored=[*it.stored, *it.stored]),
    "size: (1280, 720), not (3840, 2160)": lambda it: stored_as(it, width=1280, height=720),
    f"SHA-256: {OTHER_SHA}, not {SHA}": lambda it: stored_as(it, sha256=OTHER_SHA),
    "archive in the row: ": lambda it: rewritten(it, archive={**it.stored[0]._asdict(), "sha256": OTHER_SHA}),
    "charges: 2, not 1": lambda it: replace(it, charges=[charge(), charge()]),
    "refunds: 1, not none": lambda it: replace(it, charges=[charge(refunded=True)]),
    "maybeCharged: True, not none": lambda it: rewritten(it, maybeCharged=True),
    "the end was not announced": lambda it: replace(it, events=[]),
    "event: another, not demo_on_time#0#1#SUCCEEDED": lambda it: announced_as(it, eventId="another"),
    "event and row differ": lambda it: announced_as(it, evidence="probe"),
    "callback responses: [200, 200], not [200]": lambda it: replace(it, callback_statuses=(200, 200)),
    "downloads: 2, not 1": lambda it: replace(it, downloads=2),
    "archive attempts: 2, not 1": lambda it: rewritten(it, **{"#tries": 2}),
}


@pytest.mark.parametrize("problem", WRONG)
def test_each_difference_from_the_case_is_a_problem(problem: str) -> None:
    of = case("on_time")
    assert any(found.startswith(problem) for found in problems(of, WRONG[problem](as_demanded(of))))


def test_a_file_of_a_failed_job_is_a_problem() -> None:
    stored = as_demanded(case("on_time")).stored
    assert problems(case("base_video"), replace(as_demanded(case("base_video")), stored=stored)) == [
        "a file was stored"
    ]


@pytest.mark.parametrize("kept", [{}, {"videos/demo_fallback/0/1.base.mp4": SHA}], ids=["missing", "another"])
def test_a_job_without_4k_must_have_its_base_video(kept: dict[str, str]) -> None:
    of = case("fallback")
    assert problems(of, replace(as_demanded(of), bases=kept)) == ["the base video was not kept"]
    assert problems(of, rewritten(as_demanded(of), base={})) == ["the base video was not kept"]


def test_under_jobs_only_a_refused_request_may_be_repeated() -> None:
    assert {case.scenario for case in cases_under(JOBS) if case.requests is None} == {"two_videos"}
    assert cases_under(VEO) == CASES
    for scenario in ("answer_lost", "answer_and_callback_lost"):
        of = case(scenario, JOBS)
        assert problems(of, replace(as_demanded(of), requests=2)) == ["requests: 2, not 1"]


def test_an_unconfirmed_job_must_say_that_it_may_have_been_charged() -> None:
    of = case("answer_and_callback_lost", JOBS)
    assert (of.state, of.code) == ("TIMED_OUT", "SUBMISSION_UNCONFIRMED")
    assert problems(of, rewritten(as_demanded(of), maybeCharged=False)) == ["maybeCharged: none, not True"]


def test_refunded_credits_are_not_spent() -> None:
    assert credits_spent([charge(), charge(refunded=True)]) == PRICE
    assert expected_credits(case("failure"), PRICE) == 0


@pytest.mark.parametrize(("refused", "densest", "count"), [(0, 20, 0), (1, 20, 1), (0, 21, 1), (3, 25, 2)])
def test_each_breach_of_the_rate_limit_is_a_problem(refused: int, densest: int, count: int) -> None:
    assert len(account_problems({"refused429": refused, "densestPosts": densest}, 20)) == count
