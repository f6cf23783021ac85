"""What the doctor makes of what it hears."""

from collections.abc import Iterable

import pytest

from tests.doubles.time_manual import NOON
from veo4k.domain.gate import Gate
from veo4k_cli import findings
from veo4k_cli.callbacks import Try
from veo4k_cli.findings import Finding, Verdict
from veo4k_cli.web import Heard


def said(status: int, code: int | None = None, data: object = None, *, empty: bool = False) -> Heard:
    return Heard(status, code, data, empty, NOON)


def kinds(found: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.about: finding.verdict for finding in found}


@pytest.mark.parametrize(("off", "verdict"), [(0, "well"), (-30, "well"), (31, "note"), (-301, "act")])
def test_a_clock_is_judged_by_how_far_it_is_off(off: int, verdict: str) -> None:
    assert kinds(findings.clock("AWS", NOON + off, NOON)) == {"clock of AWS": verdict}


def test_no_date_tells_nothing() -> None:
    assert kinds(findings.clock("AWS", None, NOON)) == {"clock of AWS": "note"}


@pytest.mark.parametrize(
    ("is_set", "optional", "verdict"), [(True, False, "well"), (False, True, "note"), (False, False, "act")]
)
def test_a_missing_webhook_key_is_serious_where_it_is_required(is_set: bool, optional: bool, verdict: str) -> None:
    assert kinds(findings.webhook_key(is_set=is_set, optional=optional)) == {"webhook key": verdict}


def test_a_missing_token_key_needs_somebody() -> None:
    assert kinds(findings.token_key(is_set=False)) == {"token key": "act"}


@pytest.mark.parametrize(
    ("scheme", "addresses", "local", "verdict"),
    [
        ("https", ["8.8.8.8", "2a00:1450:4001::1"], False, "well"),
        ("https", ["8.8.8.8", "10.0.0.1"], False, "act"),
        ("https", [], False, "act"),
        ("http", ["8.8.8.8"], False, "act"),
        ("http", ["127.0.0.1"], True, "note"),
    ],
)
def test_a_callback_url_must_be_public(scheme: str, addresses: list[str], local: bool, verdict: str) -> None:
    assert kinds(findings.callback_place(scheme, addresses, local=local)) == {"callback URL": verdict}


def tried(*answers: Heard) -> list[Try]:
    return [Try("a", expected, came) for expected, came in zip((404, 401, 404), answers, strict=True)]


OURS_404, OURS_401, GATEWAYS_404 = said(404, empty=True), said(401, empty=True), said(404)


@pytest.mark.parametrize(
    ("tries", "text"),
    [
        (tried(OURS_404, OURS_401, OURS_404), "Callbacks arrive"),
        (tried(GATEWAYS_404, GATEWAYS_404, GATEWAYS_404), "does not lead to this stack's API"),
        (tried(OURS_404, OURS_404, OURS_404), "another token key"),
        (tried(OURS_404, OURS_401, OURS_401), "another webhook key"),
        (tried(OURS_404, said(503, empty=True), said(503, empty=True)), "could not reach its keys"),
    ],
)
def test_the_answers_to_test_callbacks_are_explained(tries: list[Try], text: str) -> None:
    [finding] = findings.callbacks(tries)
    assert text in finding.text
    assert (finding.verdict is Verdict.WELL) == (text == "Callbacks arrive")


def test_paused_requests_need_somebody() -> None:
    assert kinds(findings.gate(Gate(reason="NO_CREDITS", until=NOON), NOON)) == {"gate": "act"}
    assert kinds(findings.gate(Gate(), NOON)) == {"gate": "well"}


def test_only_a_hand_resumes_what_a_hand_paused() -> None:
    [by_hand] = findings.gate(Gate(reason="SHUT_BY_HAND"), NOON)
    [by_itself] = findings.gate(Gate(reason="NO_CREDITS", until=NOON), NOON)
    assert ("automatically" in by_hand.todo, "automatically" in by_itself.todo) == (False, True)


def test_a_job_long_overdue_means_that_nobody_sweeps() -> None:
    assert kinds(findings.table("ACTIVE", 301)) == {"table": "well", "due jobs": "act"}
    assert kinds(findings.table("UPDATING", 0)) == {"table": "act", "due jobs": "well"}


def test_messages_trouble_only_in_a_dead_letter_queue() -> None:
    assert kinds(findings.queue("JobQueue", 9, dead=False)) == {"JobQueue": "well"}
    assert kinds(findings.queue("DeadLetterQueue", 1, dead=True)) == {"DeadLetterQueue": "act"}
