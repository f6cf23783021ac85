import io
from typing import Any

from rich.console import Console, RenderableType

from local.cloud.table_watcher import Change
from local.demo.cases import CASES
from local.demo.checks import Facts, Stored
from local.demo.live_table import THEME, board, told
from local.demo.report import Outcome, draw, report, succeeded

NOW = 1_795_341_723.0
CREATED, FINISHED = "2026-11-22T10:01:53.000Z", "2026-11-22T10:01:58.400Z"
ON_TIME = CASES[0]


def text(shown: RenderableType, width: int = 80) -> str:
    console = Console(theme=THEME, width=width, file=io.StringIO())
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def row(state: str, **more: Any) -> dict[str, Any]:
    return {"taskId": ON_TIME.task_id, "run": 1, "state": state, "createdAt": CREATED} | more


def line(shown: str) -> list[str]:
    return next(line.split() for line in shown.splitlines() if ON_TIME.title in line)


def facts(given: dict[str, Any] | None, *stored: Stored) -> Facts:
    charges = [{"credits": 120, "refundedAt": None}]
    return Facts(
        row=given,
        ended_as=given,
        stored=stored,
        truth="",
        charges=charges,
        requests=1,
        events=[{}],
        answers=(),
        downloads=1,
    )


def outcome(*faults: str, account: tuple[str, ...] = ()) -> Outcome:
    stored = Stored("videos/demo_on_time/0/1.mp4", 2_678_094, "4a0ed7a0fcf9" + "0" * 52, 3840, 2160)
    found = facts(row("SUCCEEDED", evidence="callback"), stored)
    stats = {"posts": 25, "densestPosts": 19, "refused429": 0}
    return Outcome([(ON_TIME, found, faults)], account, stats, 120, 33.3)


def test_a_job_that_is_not_in_the_table_yet_is_sent() -> None:
    assert line(text(board(CASES, {}, NOW)))[-1] == "sent"


def test_a_live_job_is_as_old_as_the_time_since_its_creation() -> None:
    shown = line(text(board(CASES, {ON_TIME.task_id: row("PROCESSING")}, NOW)))
    assert shown[-3:] == ["PROCESSING", "10", "s"]


def test_an_ended_job_ages_no_more_and_says_who_brought_its_result() -> None:
    ended = row("SUCCEEDED", finishedAt=FINISHED, evidence="callback")
    assert line(text(board(CASES, {ON_TIME.task_id: ended}, NOW)))[-4:] == ["SUCCEEDED", "5", "s", "callback"]


def test_a_failed_job_says_why() -> None:
    failed = row("FAILED", finishedAt=FINISHED, error={"code": "NOT_AVAILABLE_IN_4K"})
    assert "FAILED NOT_AVAILABLE_IN_4K" in text(board(CASES, {ON_TIME.task_id: failed}, NOW))


def test_the_board_counts_what_has_ended() -> None:
    rows = {"a": row("READY"), "b": row("SUCCEEDED"), "c": row("TIMED_OUT")}
    assert f"2 of {len(CASES)} ended" in text(board(CASES, rows, NOW))


def test_the_board_fits_a_terminal_of_80_by_24() -> None:
    unheard = row("TIMED_OUT", error={"code": "SUBMISSION_UNCONFIRMED"})
    lines = text(board(CASES, {case.task_id: unheard for case in CASES}, NOW)).splitlines()
    assert sum("TIMED_OUT SUBMISSION_UNCONFIRMED" in line for line in lines) == len(CASES)
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert len(lines) <= 20  # three lines stand above it


def test_a_change_is_one_plain_line() -> None:
    assert told(CASES, Change("", row("QUEUED")), 0.4).split()[2:] == [*ON_TIME.title.split(), "QUEUED"]
    after = told(CASES, Change("READY", row("SUCCEEDED", evidence="probe")), 12.3)
    assert after.endswith("READY → SUCCEEDED  probe")
    assert after.startswith("  12 s")


def test_the_report_says_what_a_job_became() -> None:
    shown = text(report(outcome()))
    assert line(shown) == ["✓", *ON_TIME.title.split(), "SUCCEEDED", "callback", "1", "120", "of", "120", "1"]
    assert "videos/demo_on_time/0/1.mp4  3840x2160  2,678,094 bytes  4a0ed7a0fcf9" in shown
    assert "1 of 1 as they must be" in shown


def test_the_report_says_what_is_wrong() -> None:
    shown = text(report(outcome("charges: 2, not 1", account=("3 requests refused with 429",))))
    assert line(shown)[0] == "✗"
    assert "charges: 2, not 1" in shown
    assert "✗ 3 requests refused with 429" in shown
    assert "0 of 1 as they must be" in shown


def test_the_report_tells_of_a_job_that_never_was() -> None:
    lost = Outcome([(ON_TIME, facts(None), ["there is no such job"])], (), outcome().stats, 120, 1.0)
    assert "nothing" in text(report(lost))


def test_only_a_demo_without_any_fault_has_succeeded() -> None:
    assert succeeded(outcome())
    assert not succeeded(outcome("charges: 2, not 1"))
    assert not succeeded(outcome(account=("3 requests refused with 429",)))


def test_the_picture_asks_nobody_for_a_font(tmp_path: Any) -> None:
    draw(report(outcome()), tmp_path / "demo.svg")
    drawn = (tmp_path / "demo.svg").read_text()
    assert "demo_on_time" in drawn
    assert "@font-face" not in drawn
