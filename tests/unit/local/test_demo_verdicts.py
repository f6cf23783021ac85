from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.cloud.rows import public
from local.demo.cases import CASES, CONTRACTS, JOBS, VEO, Case, cases_under
from local.demo.checks import Facts, Stored, account_faults, credits_charged, credits_expected, faults

BUCKET, SHA, OTHER_SHA = "a-bucket", "5" * 64, "6" * 64
PRICE = 120


def case(scenario: str) -> Case:
    return next(case for case in CASES if case.scenario == scenario)


def charge(*, refunded: bool = False) -> dict[str, Any]:
    return {"credits": PRICE, "refundedAt": 1.0 if refunded else None}


def as_demanded(of: Case) -> Facts:
    """Facts in which nothing is wrong."""
    row = {"taskId": of.task_id, "run": 1, "state": of.state, "#tries": of.tries}
    row |= {"evidence": of.evidence[0]} if of.evidence else {}
    stored = Stored(f"videos/{of.task_id}/0/1.mp4", 9, SHA, *((2160, 3840) if of.portrait else (3840, 2160)))
    row |= (
        {"error": {"code": of.code}, "maybeCharged": True}
        if of.code
        else {"archive": stored._asdict() | {"bucket": BUCKET}}
    )
    return Facts(
        row=row,
        ended_as=row,
        stored=[] if of.code else [stored],
        truth=SHA,
        charges=[charge(refunded=of.refunded)],
        requests=of.requests or 2,
        events=[{"detail": public(row) | {"eventId": of.event_id}}],
        answers=of.answers,
        downloads=of.downloads,
    )


def rewritten(facts: Facts, **changes: Any) -> Facts:
    """The same with another row, which the event tells and which has not changed since the end."""
    row = dict(facts.row or {}) | changes
    detail = facts.events[0]["detail"]
    return replace(facts, row=row, ended_as=row, events=[{"detail": public(row) | {"eventId": detail["eventId"]}}])


def stored_as(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, stored=[facts.stored[0]._replace(**changes)])


@pytest.mark.parametrize(
    "of", [case for contract in CONTRACTS for case in cases_under(contract)], ids=lambda of: of.title
)
def test_a_job_that_became_what_its_case_demands_has_no_fault(of: Case) -> None:
    assert faults(of, as_demanded(of)) == []


SPOILT: dict[str, Callable[[Facts], Facts]] = {
    "there is no such job": lambda it: replace(it, row=None),
    "state: FAILED, not SUCCEEDED": lambda it: rewritten(it, state="FAILED"),
    "error: NOT_4K, not none": lambda it: rewritten(it, error={"code": "NOT_4K"}),
    "brought by: probe, not callback": lambda it: rewritten(it, evidence="probe"),
    "its row was changed after its end": lambda it: replace(it, ended_as={"state": "SUCCEEDED"}),
    "0 videos stored, not 1": lambda it: replace(it, stored=[]),
    "2 videos stored, not 1": lambda it: replace(it, stored=[*it.stored, *it.stored]),
    "size: (1280, 720), not (3840, 2160)": lambda it: stored_as(it, width=1280, height=720),
    f"SHA-256: {OTHER_SHA}, not {SHA}": lambda it: stored_as(it, sha256=OTHER_SHA),
    "charges: 2, not 1": lambda it: replace(it, charges=[charge(), charge()]),
    "refunds: 1, not none": lambda it: replace(it, charges=[charge(refunded=True)]),
    "maybeCharged: True, not none": lambda it: rewritten(it, maybeCharged=True),
    "its end was not announced": lambda it: replace(it, events=[]),
    "answers to its callbacks: [200, 200], not [200]": lambda it: replace(it, answers=(200, 200)),
    "downloads: 2, not 1": lambda it: replace(it, downloads=2),
    "tries of the archive: 2, not 1": lambda it: rewritten(it, **{"#tries": 2}),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_what_is_wrong_is_said(fault: str) -> None:
    of = case("on_time")
    assert fault in faults(of, SPOILT[fault](as_demanded(of)))


LOST_ANSWERS = ("answer_lost", "answer_and_callback_lost")


@pytest.mark.parametrize("scenario", LOST_ANSWERS)
def test_where_a_repeat_may_cost_again_a_second_request_is_found(scenario: str) -> None:
    of = next(case for case in cases_under(JOBS) if case.scenario == scenario)
    assert faults(of, replace(as_demanded(of), requests=2)) == ["requests: 2, not 1"]


def test_under_the_newer_contract_only_what_was_refused_may_be_asked_for_again() -> None:
    assert [case.scenario for case in cases_under(JOBS) if case.requests != 1] == ["unfinished_base"]
    assert cases_under(VEO) == CASES


def test_a_job_that_nobody_ever_told_of_says_that_money_may_be_gone() -> None:
    of = next(case for case in cases_under(JOBS) if case.scenario == "answer_and_callback_lost")
    assert (of.state, of.code) == ("TIMED_OUT", "SUBMISSION_UNCONFIRMED")
    assert faults(of, rewritten(as_demanded(of), maybeCharged=False)) == ["maybeCharged: none, not True"]


def test_a_row_that_claims_another_hash_than_its_object_has_is_found() -> None:
    of = case("on_time")
    row = as_demanded(of).row or {}
    lying = rewritten(as_demanded(of), archive=row["archive"] | {"sha256": OTHER_SHA})
    assert [fault.partition(":")[0] for fault in faults(of, lying)] == ["archive in the row"]


def test_an_event_under_another_id_is_found() -> None:
    of, facts = case("on_time"), as_demanded(case("on_time"))
    detail = facts.events[0]["detail"] | {"eventId": "another"}
    assert faults(of, replace(facts, events=[{"detail": detail}])) == [f"event: another, not {of.event_id}"]


def test_an_event_that_tells_something_else_than_the_row_is_found() -> None:
    of, facts = case("on_time"), as_demanded(case("on_time"))
    detail = facts.events[0]["detail"] | {"evidence": "probe"}
    assert faults(of, replace(facts, events=[{"detail": detail}])) == ["the event does not tell what the row tells"]


def test_a_file_of_a_failed_job_is_found() -> None:
    of = case("base_video")
    facts = replace(as_demanded(of), stored=as_demanded(case("on_time")).stored)
    assert faults(of, facts) == ["a file was stored"]


def test_credits_that_were_given_back_are_not_charged() -> None:
    assert credits_charged([charge(), charge(refunded=True)]) == PRICE
    assert credits_expected(case("failure"), PRICE) == 0


@pytest.mark.parametrize(("refused", "densest", "count"), [(0, 20, 0), (1, 20, 1), (0, 21, 1), (3, 25, 2)])
def test_the_account_must_keep_the_limit(refused: int, densest: int, count: int) -> None:
    assert len(account_faults({"refused429": refused, "densestPosts": densest}, 20)) == count
