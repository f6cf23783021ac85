"""What the demo prints: the live table, lines of changes, the report and its picture."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from docs_pictures.demo import draw
from local.cloud.stored_videos import StoredVideo
from local.cloud.table_watcher import Change
from local.cloud.theme import THEME
from local.demo.cases import CASES
from local.demo.evidence import Evidence
from local.demo.live_table import change_line, live_table
from local.demo.report import Outcome, Result, report, succeeded

NOW = 1_795_341_723.0
CREATED, FINISHED = "2026-11-22T10:01:53.000Z", "2026-11-22T10:01:58.400Z"
ON_TIME = CASES[0]
STORED = StoredVideo("videos/demo_on_time/0/1.mp4", 2_678_094, "4a0ed7a0fcf9" + "0" * 52, 3840, 2160)
PROBLEM, BREACH = "charges: 2, not 1", "3 requests refused with 429"


def text(shown: RenderableType) -> str:
    console = Console(theme=THEME, width=80, file=(file := io.StringIO()))
    console.print(shown)
    return file.getvalue()


def row(state: str, **more: Any) -> dict[str, Any]:
    return {"taskId": ON_TIME.task_id, "index": 0, "run": 1, "state": state, "createdAt": CREATED} | more


def outcome(*problems: str, breaches: tuple[str, ...] = (), job: dict[str, Any] | None = None) -> Outcome:
    charges = [{"credits": 120, "refundedAt": None}]
    found: dict[str, Any] = {"row": job, "ended_as": job, "stored": [STORED], "bases": {}, "charges": charges}
    found |= {"expected_sha256": "", "requests": 1, "events": [{}], "callback_statuses": (), "downloads": 1}
    stats = {"posts": 25, "densestPosts": 19, "refused429": 0}
    return Outcome([Result(ON_TIME, Evidence(**found), problems)], breaches, stats, 120, 33.3)


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        (None, "submitted"),
        (row("PROCESSING"), "PROCESSING 10 s"),
        (row("SUCCEEDED", finishedAt=FINISHED, evidence="callback"), "SUCCEEDED 5 s callback"),
        (row("SUCCEEDED", finishedAt=FINISHED, evidence="probe"), "SUCCEEDED 5 s poll"),
        (row("FAILED", finishedAt=FINISHED, error={"code": "NOT_4K"}), "FAILED NOT_4K 5 s"),
    ],
)
def test_a_line_has_state_age_and_what_delivered_the_result(job: dict[str, Any] | None, shown: str) -> None:
    table = text(live_table(CASES, {ON_TIME.key: job} if job else {}, NOW))
    line = next(line for line in table.splitlines() if line.startswith(ON_TIME.title))
    assert line.removeprefix(ON_TIME.title).split() == shown.split()
    assert f"{int(bool(job and 'finishedAt' in job))} of {len(CASES)} ended" in table


def test_the_live_table_fits_a_terminal_of_80_by_32() -> None:
    longest = row("TIMED_OUT", error={"code": "SUBMISSION_UNCONFIRMED"})
    lines = text(live_table(CASES, {case.key: longest for case in CASES}, NOW)).splitlines()
    assert sum("TIMED_OUT SUBMISSION_UNCONFIRMED" in line for line in lines) == len(CASES)
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert len(lines) <= 28  # three lines are above it


def test_a_change_is_one_plain_line() -> None:
    assert change_line(CASES, Change("", row("QUEUED")), 0.4).split()[2:] == [*ON_TIME.title.split(), "QUEUED"]
    line = change_line(CASES, Change("READY", row("SUCCEEDED", evidence="probe")), 12.3)
    assert (line[:6], line.endswith("READY → SUCCEEDED  poll")) == ("  12 s", True)


def test_the_report_has_the_end_and_the_file_of_a_job() -> None:
    lines = text(report(outcome(job=row("SUCCEEDED", evidence="callback")))).splitlines()
    assert " ".join(lines[1].split()) == "✓ callback on time SUCCEEDED callback 1 120/120 1"
    assert lines[2] == "  videos/demo_on_time/0/1.mp4  3840x2160  2,678,094 bytes  4a0ed7a0fcf9"
    assert lines[4].startswith("1 of 1 correct; 120 of 120 credits; 25 requests")


def test_of_a_job_without_4k_the_report_has_the_reason_and_the_base_video() -> None:
    failed = outcome(job=row("FAILED", error={"code": "NOT_4K", "message": "It was not."})).results[0]
    kept = replace(failed.evidence, stored=[], bases={"videos/a/0/1.base.mp4": "4a0ed7a0fcf91234"})
    shown = text(report(replace(outcome(), results=[failed._replace(evidence=kept)]))).splitlines()
    assert shown[2:4] == ["  NOT_4K  It was not.", "  videos/a/0/1.base.mp4  4a0ed7a0fcf9"]


def test_any_problem_is_in_the_report_and_the_demo_has_not_succeeded() -> None:
    shown = text(report(outcome(PROBLEM, breaches=(BREACH,))))
    for words in (f"✗ {ON_TIME.title}", "missing", PROBLEM, f"✗ {BREACH}", "0 of 1 correct"):
        assert words in shown
    assert [succeeded(it) for it in (outcome(), outcome(PROBLEM), outcome(breaches=(BREACH,)))] == [True, False, False]


def test_the_picture_loads_no_fonts(tmp_path: Path) -> None:
    draw(report(outcome()), tmp_path / "demo.svg")
    drawn = (tmp_path / "demo.svg").read_text()
    assert ("demo_on_time" in drawn, "@font-face" in drawn) == (True, False)
