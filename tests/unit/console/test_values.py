"""What the console computes from values alone, and what an open board costs on AWS."""

from collections import Counter
from dataclasses import replace
from typing import Any

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import Operator
from tests.unit.console.conftest import session
from veo4k.domain.gate import Gate, Pace
from veo4k.domain.job import Partition, State, utc
from veo4k_cli import spending
from veo4k_cli.console import charts, spend, timeline, words
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.monitoring import Monitoring, Pauses
from veo4k_cli.console.reading import Counts, Reader
from veo4k_cli.console.status import Facts, judge
from veo4k_cli.history import Line

ALARM = {"name": "TimedOutAlarm", "AlarmDescription": "A job timed out without an answer (docs/alarms.md)"}


def row(**fields: Any) -> dict[str, Any]:
    made = {"taskId": "veo_task_1", "run": 1, "jobId": "veo_task_1#0#1", "state": "SUCCEEDED", "attempts": 1}
    made |= {"index": 0, "#accepts": 1}
    made |= {"createdAt": utc(NOON - 600), "finishedAt": utc(NOON), "acceptedAt": utc(NOON - 590)} | fields
    return {name: value for name, value in made.items() if value is not None}


def test_the_line_says_the_first_thing_that_needs_a_person() -> None:
    well = Facts(alarms=[], heartbeat=(NOON - 50, 1), gate=Gate(), dead=0, counts=Counts(3, 14), oldest=360)
    paused = well._replace(gate=Gate(reason="NO_CREDITS", until=NOON + 48, pause=768))
    by_hand = well._replace(gate=Gate(reason="SHUT_BY_HAND"))
    late, unknown = paused._replace(heartbeat=(NOON - 420, 1)), well._replace(heartbeat=None)
    unheard = "No sweep that worked is known in the last hour, and jobs are on their way."
    for facts, tone, text in (
        (well, "good", "All well. 14 in flight, 3 waiting, oldest 6 min."),
        (well._replace(dead=2), "warn", "2 dead messages to read."),
        (unknown._replace(dead=2), "warn", unheard),
        (unknown._replace(counts=Counts(0, 0), oldest=None), "good", "All well. 0 in flight, 0 waiting."),
        (
            paused._replace(heartbeat=None),
            "bad",
            "Paused, last refused 12 min ago: out of credits (402). Next trial in 48 s.",
        ),
        (paused._replace(dead=2), "bad", "Paused, last refused 12 min ago: out of credits (402). Next trial in 48 s."),
        (late, "bad", "The sweep has not run, or could not work, for 7 min. Jobs wait."),
        (paused._replace(alarms=[ALARM]), "bad", "A job timed out without an answer."),
        (well._replace(alarms=[ALARM, ALARM]), "bad", "2 alarms fire. A job timed out without an answer."),
        (by_hand, "warn", "Requests are paused by hand. They stay paused until somebody resumes them."),
    ):
        assert judge(facts, NOON)[:2] == (tone, text)


def test_days_and_ways_of_delivery_add_up_to_the_total() -> None:
    look = row(evidence="look", tags={"a": "1"}, acceptedAt=None, **{"#accepts": None})
    rows = [look, row(evidence="callback", tags={"a": "1", "b": "2"}), row(state="FAILED", creditsConsumed=60.5)]
    days, total = spend.by_day(rows, ["2027-01-14", utc(NOON)[:10]]), spend.total(rows)
    assert spending.total(days.values()) == total
    assert (total.free, total.credits_without_4k, total.per_video) == (1, 60.5, 90.25)
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


def test_a_live_job_runs_on_before_its_log_lines_are_read() -> None:
    for fields, labels in (
        ({"state": "QUEUED", "acceptedAt": None}, ["waits for its slot"]),
        ({"state": "PROCESSING", "#first": NOON - 599}, ["waited for its slot", "requested", "at the provider"]),
    ):
        steps = timeline.Timeline(row(finishedAt=None, **fields), [], NOON).steps()
        assert ([step.label for step in steps], steps[-1].bars[0].runs) == (labels, True)


def test_readers_share_a_value_until_it_is_old() -> None:
    now = [0.0]
    cache = Cache(lambda: now[0])
    values = iter(range(9))
    assert [cache.get("a", 2, lambda: next(values)) for now[0] in (0.0, 1.9, 2.0)] == [0, 0, 1]
    cache.clear()
    assert cache.get("a", 2, lambda: next(values)) == 2


def test_the_proof_names_the_codec_of_a_row_that_has_it() -> None:
    file = {"bucket": "b", "key": "k", "bytes": 62_100_000, "sha256": "ab", "width": 3840, "height": 2160}
    for codec, name in {"avc1": "H.264 \u00b7 ", "dvh1": "H.265 \u00b7 ", "av01": "AV1 \u00b7 ", None: ""}.items():
        [shown, *places] = words.proof(row(archive=file, evidence="callback", **{"#codec": codec}))
        facts = f"3840 \u00d7 2160 \u00b7 {name}62.1 MB \u00b7 1 request \u00b7 120 credits, $0.60"
        assert (shown, places) == ((facts, facts), [("SHA-256 ab", "ab"), ("s3://b/k", "s3://b/k")])


def test_the_price_of_a_job_is_what_was_charged_and_what_may_have_been() -> None:
    none = {"acceptedAt": None, "#accepts": None}
    for fields, price in (
        ({"evidence": "callback"}, "120 credits, $0.60"),
        ({"evidence": "callback", "creditsConsumed": 60.5, "#accepts": 3}, "60.5 credits, $0.30, maybe 240 more"),
        ({"evidence": "submit"}, "free"),
        ({"evidence": "look"} | none, "free by the look"),
        ({"state": "FAILED", "maybeCharged": True}, "maybe 120 credits, $0.60"),
        ({"state": "FAILED", "evidence": "callback", "maybeCharged": True}, "120 credits, $0.60"),
        ({"state": "FAILED"} | none, "0 credits, $0.00"),
    ):
        assert words.price(row(**fields)) == price, fields


MINUTES = 4
UNIT, METRIC, REQUEST = 0.125e-6, 0.01e-3, 0.4e-6
"""Dollars for a read unit of DynamoDB, a metric of GetMetricData and a request of SQS, in us-east-1 in 2026."""
PRICES = {
    "query": 1.5 * UNIT,  # 51 keys of the due index
    "get_paginator": 1.5 * UNIT,  # the count of 100; the stack's resources, which are listed once, cost nothing
    "batch_get_item": 50 * 0.5 * UNIT,
    "get_item": UNIT,
    "whole day": 25 * UNIT,  # of the index by day: 500 jobs of 400 bytes
    "last minutes": UNIT,  # of that index: the few jobs since the last read, and of ten minutes before
    "get_queue_attributes": REQUEST,
    "get_metric_data": METRIC,
    "describe_alarms": METRIC,
}


class Counted:
    """A client whose calls are counted, queries of the index by day apart: a whole day costs more than its end."""

    def __init__(self, inner: Any, calls: Counter[str]) -> None:
        self._inner, self._calls = inner, calls

    def __getattr__(self, name: str) -> Any:
        def call(*words: Any, **request: Any) -> Any:
            since = request.get("ExpressionAttributeValues", {}).get(":since", {}).get("S", "")
            kind = ("whole day" if since.endswith("T00:00:00.000Z") else "last minutes") if since else name
            self._calls[kind] += 1
            return getattr(self._inner, name)(*words, **request)

        return call


def test_an_open_board_costs_less_than_two_cents_an_hour() -> None:
    operator, calls = Operator(), Counter[str]()
    stack, begin = operator.find(None, local=False), operator.clock.now()
    counted = replace(stack, client=lambda service: Counted(stack.client(service), calls))
    board, cache = session(operator, lambda _, **__: counted), Cache(operator.clock.now)
    reader, monitoring = Reader(board, cache), Monitoring(board, cache)
    for partition in Partition:
        operator.add_job(task_id=f"veo_task_{partition}", partition=partition, due=begin)
    operator.add_job(State.SUCCEEDED, finished_at=begin)
    for second in range(0, MINUTES * 60, 2):
        operator.clock.sleep_until(begin + second)
        for partition in Partition:
            reader.head(partition)
        for read in (reader.first, reader.gate, reader.counts, monitoring.dead_count, monitoring.alarms):
            read()
        reader.ended(["2027-01-15"])
        for metric in ("Heartbeat", "CreditsLeft"):
            monitoring.gauge(metric)
    cost = sum(PRICES[operation] * count for operation, count in calls.items()) * 60 / MINUTES
    assert (0.005 < cost < 0.02, calls["batch_get_item"], calls["whole day"]) == (True, MINUTES * 50, 1)


def test_a_day_is_read_once_and_then_what_has_ended_since() -> None:
    operator = Operator()
    reader = Reader(session(operator), Cache(operator.clock.now))
    today, read = utc(NOON)[:10], list[set[str]]()
    for seconds, ends in (
        (0, {"a": -7200}),
        (950, {"b": 900}),
        (1000, {"late": 500}),  # the index may show an end later than one after it
        (5000, {"c": 4900}),
        (57_600, {"next": 57_600}),  # the first instant of the next day
    ):
        for name, at in ends.items():
            operator.add_job(State.SUCCEEDED, task_id=f"veo_task_{name}", finished_at=NOON + at)
        operator.clock.sleep_until(NOON + seconds)
        read.append({str(row["taskId"])[9:] for row in reader.ended([utc(operator.clock.now())[:10]])})
    assert read == [{"a"}, {"a", "b"}, {"a", "b", "late"}, {"a", "b", "late", "c"}, {"next"}]
    assert [row["taskId"][9:] for row in reader.ended([today])] == ["c", "b", "late", "a"]
