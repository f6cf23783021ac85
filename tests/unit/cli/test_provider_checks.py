"""What the doctor concludes from the provider's responses."""

from collections.abc import Iterable

import pytest

from proofs.doubles.time_manual import NOON
from veo4k.domain.response import PAUSING
from veo4k_cli.checks.clock import judge_clock
from veo4k_cli.checks.finding import Finding, Verdict
from veo4k_cli.checks.provider import judge_balance, judge_paths, judge_silence
from veo4k_cli.http import Response


def response(status: int, code: int | None = None, data: object = None) -> Response:
    return Response(status, code, data, False, NOON)


def verdicts(findings: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.about: finding.verdict for finding in findings}


@pytest.mark.parametrize(("left", "verdict"), [(1000, "well"), (120, "well"), (119, "act")])
def test_a_balance_proves_the_key_and_must_pay_a_video(left: int, verdict: str) -> None:
    assert verdicts(judge_balance(response(200, 200, left), "it")) == {"API key": "well", "credits": verdict}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        *((response(200, code), reason) for code, reason in PAUSING.items()),
        (response(200, 500), "code 500"),
        (response(200, 200, "many"), "code 200"),
        (response(502), "HTTP 502 without its envelope"),
        (response(403), "HTTP 403 without its envelope"),
    ],
)
def test_a_missing_balance_is_a_problem_with_its_cause(answer: Response, text: str) -> None:
    [finding] = judge_balance(answer, "the secret")
    assert (finding.verdict, text in finding.text, bool(finding.todo)) == ("act", True, True)


def test_each_reason_for_a_missing_balance_has_its_own_remedy() -> None:
    remedies = {reason: next(judge_balance(response(200, code), "it")).todo for code, reason in PAUSING.items()}
    assert len(set(remedies.values())) == len(set(PAUSING.values()))


def test_a_host_without_an_address_differs_from_a_silent_one() -> None:
    assert "has no address" in judge_silence("a.example", (), "timeout").text
    assert "did not respond (timeout)" in judge_silence("a.example", ("::1",), "timeout").text


PRESENT = [("/a", response(405)), ("/b", response(200, 422))]
MISSING = [("/a", response(404)), ("/b", response(200, 422))]


@pytest.mark.parametrize(
    ("veo", "jobs", "in_use", "found"),
    [
        (PRESENT, PRESENT, "veo", ("well", "well")),
        (MISSING, PRESENT, "veo", ("act", "well")),
        (MISSING, PRESENT, "jobs", ("note", "well")),
        (MISSING, MISSING, "jobs", ("note", "act")),
    ],
)
def test_only_a_missing_path_in_use_is_a_problem(
    veo: list[tuple[str, Response]], jobs: list[tuple[str, Response]], in_use: str, found: tuple[str, str]
) -> None:
    contracts = {finding.about: finding for finding in judge_paths({"veo": veo, "jobs": jobs}, in_use)}
    assert verdicts(contracts.values()) == dict(zip(("contract veo", "contract jobs"), found, strict=True))
    is_other_present = MISSING in (veo, jobs) and PRESENT in (veo, jobs) and "act" in found
    assert ("set ProviderContract to jobs" in contracts["contract veo"].todo) == is_other_present


@pytest.mark.parametrize("code", [None, 401, 404, 429, 500])
def test_a_response_about_something_else_says_nothing_about_a_path(code: int | None) -> None:
    answer = response(502, code) if code is None else response(200, code)
    assert verdicts(judge_paths({"veo": [("/a", answer)]}, "veo")) == {"contract veo": "note"}


@pytest.mark.parametrize(("off", "verdict"), [(0, "well"), (-30, "well"), (31, "note"), (-301, "act"), (None, "note")])
def test_a_clock_may_be_off_by_five_minutes(off: int | None, verdict: str) -> None:
    finding = judge_clock("AWS", None if off is None else NOON + off, NOON)
    assert (finding.about, finding.verdict) == ("clock of AWS", verdict)
