"""What the doctor makes of the provider's answers."""

from collections.abc import Iterable

import pytest

from cli import provider_findings as findings
from cli.findings import Finding, Verdict
from cli.web import Heard
from tests.doubles.time_manual import NOON
from veo4k.domain.response import PAUSING


def said(status: int, code: int | None = None, data: object = None) -> Heard:
    return Heard(status, code, data, False, NOON)


def kinds(found: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.about: finding.verdict for finding in found}


def test_a_key_that_is_accepted_shows_the_credits() -> None:
    assert kinds(findings.api_key(said(200, 200, 1000), "the secret")) == {"API key": "well", "credits": "well"}


def test_credits_that_pay_no_video_need_somebody() -> None:
    assert kinds(findings.api_key(said(200, 200, 119), "the secret"))["credits"] == "act"


BAD = [*(said(200, code) for code in PAUSING), said(403), said(200, 500), said(502), said(200, 200, "many")]


@pytest.mark.parametrize("heard", BAD)
def test_a_key_that_brings_no_balance_needs_somebody(heard: Heard) -> None:
    [finding] = findings.api_key(heard, "the secret")
    assert (finding.verdict, bool(finding.todo)) == ("act", True)


def test_every_reason_for_a_missing_balance_has_a_remedy_of_its_own() -> None:
    reasons = {reason: next(findings.api_key(said(200, code), "it")).todo for code, reason in PAUSING.items()}
    assert len(set(reasons.values())) == len(set(PAUSING.values()))


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (said(200, 402), "NO_CREDITS"),
        (said(200, 500), "code 500"),
        (said(502), "HTTP 502 without its envelope"),
        (said(403), "HTTP 403 without its envelope"),
    ],
)
def test_what_was_answered_is_told(heard: Heard, words: str) -> None:
    assert words in next(findings.api_key(heard, "the secret")).text


def test_a_name_without_an_address_is_told_apart_from_silence() -> None:
    [nameless], [silent] = findings.unreachable("a.example", (), "x"), findings.unreachable("a.example", ("::1",), "x")
    assert "leads to no address" in nameless.text
    assert "did not answer (x)" in silent.text


THERE, GONE = [("/a", said(405)), ("/b", said(200, 422))], [("/a", said(404)), ("/b", said(200, 422))]


def test_a_path_that_refuses_the_method_is_there() -> None:
    assert kinds(findings.paths({"veo": THERE}, "veo")) == {"contract veo": "well"}


def test_the_path_in_use_that_is_gone_needs_somebody_and_says_what_to_set() -> None:
    found = {finding.about: finding for finding in findings.paths({"veo": GONE, "jobs": THERE}, "veo")}
    assert kinds(found.values()) == {"contract veo": "act", "contract jobs": "well"}
    assert "set ProviderContract to jobs" in found["contract veo"].todo


def test_where_no_contract_is_left_nothing_is_there_to_be_set() -> None:
    for finding in findings.paths({"veo": GONE, "jobs": GONE}, "jobs"):
        assert "ProviderContract" not in finding.todo


def test_the_other_contract_may_be_gone() -> None:
    assert kinds(findings.paths({"veo": GONE}, "jobs")) == {"contract veo": "note"}


@pytest.mark.parametrize(
    "heard", [said(502), said(401), said(200, 401), said(200, 429), said(404, 404), said(200, 500)]
)
def test_an_answer_about_the_account_or_of_somebody_else_says_nothing_of_a_path(heard: Heard) -> None:
    assert kinds(findings.paths({"veo": [("/a", heard)]}, "veo")) == {"contract veo": "note"}
