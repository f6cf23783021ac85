"""The parts of the pages that are polled: what each template is filled with."""

from collections.abc import Sequence

from starlette.requests import Request

from veo4k.domain.gate import submissions_today
from veo4k.domain.job import ENDED, Partition, State
from veo4k_cli.checks.jobs import OVERDUE
from veo4k_cli.console import charts, status, words
from veo4k_cli.console.reading import COUNTS_SECONDS, ROWS_SECONDS, Head
from veo4k_cli.console.runbook import runbook
from veo4k_cli.console.timeline import Timeline
from veo4k_cli.console.times import Row, age, day_of, seconds_of
from veo4k_cli.console.view import Part, Values, View
from veo4k_cli.formatting import duration, plural
from veo4k_cli.gate import describe_gate
from veo4k_cli.history import History


def line(view: View, request: Request) -> Values:
    """Fill the line at the top and its drawer."""
    is_open = request.query_params.get("health") == "1"
    return {"status": status_of(view), "open": is_open} | (_health(view) if is_open else {})


def status_of(view: View) -> status.Status:
    """Return the line at the top."""
    heads, monitoring = [view.reader.head(partition) for partition in Partition], view.monitoring
    rows = [row for head in heads for row in head.rows]
    facts = status.Facts(
        monitoring.alarms(),
        monitoring.gauge("Heartbeat"),
        view.reader.gate(),
        monitoring.dead_count(),
        view.reader.counts(),
        _oldest(rows, view.now) if all(head.is_whole for head in heads) else None,
    )
    return status.judge(facts, view.now)


def _health(view: View) -> dict[str, object]:
    gate, now, heartbeat = view.reader.gate(), view.now, view.monitoring.gauge("Heartbeat")
    ago = f"The sweep last worked {duration(now - heartbeat[0])} ago." if heartbeat else status.NO_RUN
    dead = view.monitoring.dead_count()
    checks = (
        ("sweep", status.is_well(heartbeat, view.reader.counts(), now), ago),
        ("gate", not gate.reason, describe_gate(gate, now)),
        ("dead letters", not dead, f"{plural(dead, 'dead message')}."),
    )
    steps = runbook()
    alarms = [(alarm, status.alarm_sentence(alarm), steps.get(alarm["name"])) for alarm in view.monitoring.alarms()]
    return {"alarms": alarms, "checks": checks}


def boxes(view: View, _: Request) -> Values:
    """Fill the three boxes."""
    waiting, flying, now = view.reader.head(Partition.QUEUED), view.reader.head(Partition.LIVE), view.now
    ended = view.reader.ended([day_of(now)])
    is_paused = bool(view.reader.gate().reason)
    return {
        "counts": view.reader.counts(),
        "waiting": (_oldest_of(waiting, now), not is_paused and _is_stuck(waiting.rows, now)),
        "flying": (_oldest_of(flying, now), _is_stuck(flying.rows, now)),
        "split": _split(flying.rows),
        "ended": len(ended),
        "ends": _split(ended),
        "usual": charts.usual(ended, now),
    }


def window(view: View, _: Request) -> Values:
    """Fill the window and the credits."""
    gate, pace, left = view.reader.gate(), view.reader.pace, view.monitoring.gauge("CreditsLeft")
    return {"slots": charts.window(gate, pace, view.now), "pace": pace, "credits": left[1] if left else None}


def day(view: View, _: Request) -> Values:
    """Fill the chart of the day."""
    return {"chart": charts.day(view.reader.ended([day_of(view.now)]), view.now)}


def next_up(view: View, request: Request) -> Values:
    """Fill the table of the next jobs."""
    query, now = request.query_params, view.now
    tag, after, states = query.get("tag", ""), query.get("after", ""), frozenset(query.getlist("state"))
    took = charts.usual(view.reader.ended([day_of(now)]), now)
    live = view.reader.live(after, tag, states)
    return {"live": live, "usual": took[1] if took else None, "tag": tag, "states": states, "ENDED": ENDED}


def job(view: View, request: Request) -> Values:
    """Fill the head of a job: its state and age."""
    return {"row": _job(view, request), "shown": request.query_params.get("state", "")}


def timeline(view: View, request: Request) -> Values:
    """Fill the waterfall, with log lines."""
    row = _job(view, request)
    return _waterfall(row, view.reader.history(row), view.now)


def timeline_of_row(view: View, request: Request) -> Values:
    """Fill the waterfall as far as the row tells it: a search of the logs may take long."""
    return _waterfall(_job(view, request), History([], ""), view.now)


def _waterfall(row: Row, history: History, now: float) -> Values:
    found = Timeline(row, history.lines, now)
    return {"steps": found.steps(), "missing": history.missing, "span": found.end - found.start}


def gate(view: View, _: Request) -> Values:
    """Fill the big dots and the state of the gate."""
    row, pace, now = view.reader.gate(), view.reader.pace, view.now
    return {
        "gate": row,
        "slots": charts.window(row, pace, now),
        "pace": pace,
        "used": submissions_today(row, now),
        "cause": status.cause(row.reason) if row.reason else "",
        "trial": status.next_trial(row, now) if row.until else "",
        "sentence": words.wait_sentence({"#reason": row.reason}) if row.reason else "",
    }


def hour(view: View, _: Request) -> Values:
    """Fill the chart of the last hour."""
    return {"chart": charts.hour(view.monitoring.pauses(), view.reader.pace, view.now)}


def _job(view: View, request: Request) -> Row:
    """Return the job of the page that the part belongs to. Its path or the part's query names the job."""
    named = dict(request.query_params) | request.path_params
    return view.job(str(named.get("task", "")), str(named.get("run", "")))[0]


def _oldest(rows: Sequence[Row], now: float) -> float | None:
    """Return the age of the oldest live job. One that has ended waits for its announcement only."""
    return max((age(row, now) for row in rows if row.get("state") not in ENDED), default=None)


def _oldest_of(head: Head, now: float) -> str:
    """Return the age of the oldest job of a partition, or of those that were read."""
    seconds = _oldest(head.rows, now)
    if seconds is None:
        return ""
    return f"oldest {'' if head.is_whole else f'of the next {len(head.rows)}: '}{duration(seconds)}"


def _is_stuck(rows: Sequence[Row], now: float) -> bool:
    return any((seconds_of(row, "#due") or now) < now - OVERDUE for row in rows)


def _split(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many rows are in each state, in the order of the states."""
    found = [str(row.get("state")) for row in rows]
    known = [str(state) for state in State if state in found]
    return {state: found.count(state) for state in [*known, *sorted(set(found) - set(known))]}


PARTS: dict[str, Part] = {
    "line": Part(COUNTS_SECONDS, line),
    "boxes": Part(COUNTS_SECONDS, boxes),
    "window": Part(ROWS_SECONDS, window),
    "day": Part(COUNTS_SECONDS, day),
    "next": Part(ROWS_SECONDS, next_up),
    "job": Part(ROWS_SECONDS, job),
    "timeline": Part(ROWS_SECONDS, timeline, timeline_of_row),
    "gate": Part(ROWS_SECONDS, gate),
    "hour": Part(COUNTS_SECONDS, hour),
}
