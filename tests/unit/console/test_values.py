"""What the console computes from values alone."""

from typing import Any

import pytest

from veo4k.domain.gate import Gate, Pace
from veo4k.domain.job import utc
from veo4k_cli import spending
from veo4k_cli.console import charts, spend, timeline, words
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.monitoring import Pauses
from veo4k_cli.console.reading import Counts
from veo4k_cli.console.status import Facts, judge
from veo4k_cli.history import Line

NOON = 1_800_000_000.0
NO_CREDITS = Gate(reason="NO_CREDITS", until=NOON + 48, pause=768)
ALARM = {"name": "TimedOutAlarm", "AlarmDescription": "A job timed out without an answer (docs/alarms.md)"}


def row(**fields: Any) -> dict[str, Any]:
    made = {"taskId": "veo_task_1", "run": 1, "jobId": "veo_task_1#0#1", "state": "SUCCEEDED", "attempts": 1}
    made |= {"index": 0, "#accepts": 1}
    return made | {"createdAt": utc(NOON - 600), "finishedAt": utc(NOON), "acceptedAt": utc(NOON - 590)} | fields


@pytest.mark.parametrize(
    ("facts", "tone", "text"),
    [
        ({}, "good", "All well. 14 in flight, 3 waiting, oldest 6 min."),
        ({"dead": 2}, "warn", "2 dead messages to read."),
        ({"dead": 2, "gate": NO_CREDITS}, "bad", "Paused for 12 min: out of credits (402). Next trial in 48 s."),
        (
            {"gate": NO_CREDITS, "heartbeat": (NOON - 420, 1)},
            "bad",
            "The sweep has not run for 7 min. No job is retried, polled or ended.",
        ),
        ({"gate": NO_CREDITS, "alarms": [ALARM]}, "bad", "A job timed out without an answer."),
        ({"alarms": [ALARM, ALARM]}, "bad", "2 alarms fire. A job timed out without an answer."),
        (
            {"gate": Gate(reason="SHUT_BY_HAND")},
            "warn",
            "Requests are paused by hand. They stay paused until somebody resumes them.",
        ),
    ],
)
def test_the_line_says_the_first_thing_that_needs_a_person(facts: dict[str, Any], tone: str, text: str) -> None:
    well: dict[str, Any] = {
        "alarms": [],
        "heartbeat": None,
        "gate": Gate(),
        "dead": 0,
        "counts": Counts(3, 14),
        "oldest": 360,
    }
    assert judge(Facts(**well | facts), NOON)[:2] == (tone, text)


@pytest.mark.parametrize(
    ("fields", "spent", "failed", "maybe"),
    [
        ({"creditsConsumed": 60.5}, 60.5, 0, 0),
        ({"evidence": "callback"}, 120, 0, 0),
        ({"evidence": "look", "#accepts": None}, 0, 0, 0),
        ({"state": "FAILED", "maybeCharged": True, "creditsConsumed": 120}, 120, 120, 0),
        ({"state": "TIMED_OUT", "maybeCharged": True, "#accepts": 2}, 0, 0, 240),
    ],
)
def test_a_job_costs_what_veo4k_spend_counts(fields: dict[str, Any], spent: float, failed: float, maybe: float) -> None:
    cost = spend.total([{name: value for name, value in row(**fields).items() if value is not None}])
    assert (cost.credits, cost.credits_without_4k, cost.maybe_credits) == (spent, failed, maybe)


def test_days_and_ways_of_delivery_add_up_to_the_total() -> None:
    look = row(evidence="look", tags={"a": "1"})
    del look["acceptedAt"], look["#accepts"]
    rows = [look, row(evidence="callback", tags={"a": "1", "b": "2"}), row(state="FAILED", maybeCharged=False)]
    days = spend.by_day(rows, ["2027-01-14", utc(NOON)[:10]])
    assert spending.total(days.values()) == spend.total(rows)
    assert (spend.total(rows).free, spend.total(rows).per_video) == (1, 60)
    assert {tag: one.jobs for tag, one in spend.by_tag(rows).items()} == {"a=1": 2, "b=2": 1, "": 1}
    assert spend.by_delivery(rows) == {"callback": 1, "probe": 0, "submit": 0, "look": 1}


def test_the_day_shows_the_newest_500_jobs_and_how_many_there_are() -> None:
    chart = charts.day([row(finishedAt=utc(NOON - number), evidence="look") for number in range(501)], NOON)
    assert (len(chart.dots), chart.total, chart.dots[0].shape) == (500, 501, "diamond")
    assert max(tick.at for tick in chart.times) <= 960


def test_the_window_empties_over_ten_seconds() -> None:
    slots = charts.window(Gate(instants=(NOON - 11, NOON - 5, NOON + 3)), Pace(), NOON)
    assert [slot.fill for slot in slots[:3]] == [1.0, 0.5, 0.0]
    assert len(slots) == 20


def test_a_pause_is_a_band_with_its_latest_reason() -> None:
    chart = charts.hour(Pauses([(NOON - 60, 12.0)], [NOON - 120], [(NOON - 130, "NO_CREDITS")]), Pace(), NOON)
    assert [band[2] for band in chart.bands] == ["NO_CREDITS"]
    assert chart.limit < chart.bars[0][1]


def line(at: float, action: str, state: str = "PROCESSING", function: str = "sweep") -> Line:
    return Line(NOON - 600 + at, function, action, state, {})


def test_a_waterfall_shows_attempts_polls_and_the_callback() -> None:
    lines = [
        line(0, "job_created", "SUBMITTING"),
        line(0.1, "request_deferred", "QUEUED"),
        line(4, "request_claimed", "SUBMITTING"),
        line(5, "response_lost", "SUBMITTING"),
        line(9, "request_claimed", "SUBMITTING"),
        line(10, "request_accepted"),
        line(300, "poll_claimed"),
        line(500, "result_received", "READY", "callback"),
        line(501, "archive_requested", "READY", "publish"),
        line(599, "job_archived", "SUCCEEDED", "archive"),
        line(600, "announcement_sent", "SUCCEEDED", "publish"),
    ]
    made = row(**{"#first": NOON - 596, "archive": {"bytes": 98e6}})
    steps = timeline.Timeline(made, lines, NOON).steps()
    assert [(step.label, step.took) for step in steps] == [
        ("waited for its slot", "4.0 s"),
        ("requested, 2 attempts", "6.0 s"),
        ("at the provider", "8 min 10 s"),
        ("downloaded and proven, 1.0 MB/s", "1 min 38 s"),
        ("announced", "0.0 s"),
    ]
    assert [kind for _, kind in steps[2].marks] == ["poll", "callback"]


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"state": "QUEUED"}, ["waits for its slot"]),
        ({"state": "PROCESSING", "#first": NOON - 599}, ["waited for its slot", "requested", "at the provider"]),
    ],
)
def test_a_live_job_runs_on_before_its_log_lines_are_read(fields: dict[str, Any], labels: list[str]) -> None:
    live = {
        name: value
        for name, value in row(**fields).items()
        if name != "finishedAt" and (name != "acceptedAt" or "#first" in fields)
    }
    steps = timeline.Timeline(live, [], NOON).steps()
    assert ([step.label for step in steps], steps[-1].bars[0].runs) == (labels, True)


def test_readers_share_a_value_until_it_is_old() -> None:
    now = [0.0]
    cache = Cache(lambda: now[0])
    values = iter(range(9))
    assert [cache.get("a", 2, lambda: next(values)) for now[0] in (0.0, 1.9, 2.0)] == [0, 0, 1]
    cache.clear()
    assert cache.get("a", 2, lambda: next(values)) == 2


@pytest.mark.parametrize(("codec", "name"), [("avc1", "H.264"), ("dvh1", "H.265"), ("av01", "AV1"), (None, "")])
def test_the_proof_names_the_codec_of_a_row_that_has_it(codec: str | None, name: str) -> None:
    file = {"bucket": "b", "key": "k", "bytes": 62_100_000, "sha256": "ab", "width": 3840, "height": 2160}
    shown = words.proof(row(archive=file, evidence="callback", **{"#codec": codec} if codec else {}))
    facts = " \u00b7 ".join(part for part in (name, "62.1 MB", "1 request", "120 credits, $0.60") if part)

    assert shown[0] == (f"3840 \u00d7 2160 \u00b7 {facts}",) * 2
    assert shown[1:] == [("SHA-256 ab", "ab"), ("s3://b/k", "s3://b/k")]
