"""The five pages, their parts that are polled, the files, and the forms."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from veo4k.domain.gate import submissions_today
from veo4k.domain.job import ENDED, State
from veo4k.domain.message import TASK_ID
from veo4k_cli.checks.jobs import OVERDUE
from veo4k_cli.console import charts, letters, runbook, spend, status, times, words
from veo4k_cli.console.actions import Actions, replay_command
from veo4k_cli.console.guard import Access, form_of
from veo4k_cli.console.reading import COUNTS_SECONDS, ROWS_SECONDS, Reader
from veo4k_cli.console.timeline import Timeline
from veo4k_cli.console.times import Row, age, day_of, seconds_of
from veo4k_cli.dead_letter_queue import without_secrets
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, plural, printable
from veo4k_cli.gate import describe_gate
from veo4k_cli.provider import PRICE

RANGES = (1, 7, 30)
FOUND = 50
SHOWN_LETTERS = 100
NO_POSTER = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#8884" d="M0 0h16v9H0z"/></svg>'
COLOURS = {"good": "#2f9e62", "warn": "#d18b00", "bad": "#d6336c"}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="{colour}"/>'
    '<text x="16" y="22" font-family="system-ui" font-size="{size}" font-weight="700" fill="#fff" text-anchor="middle">'
    "{text}</text></svg>"
)


class Part(NamedTuple):
    """A part of a page that is polled: after how many seconds, and what its template is filled with."""

    seconds: float
    fill: Callable[["Pages", Request], Mapping[str, Any]]


class NotFoundError(OperatorError):
    """The stack has no such thing."""


@dataclass
class Pages:
    """Reads what a page shows, and fills its template."""

    reader: Reader
    access: Access
    actions: Actions | None
    """None: the console is read-only."""

    def __post_init__(self) -> None:
        """Load the templates. Every value in them is escaped, and a missing one is an error."""
        loader = PackageLoader("veo4k_cli.console")
        self.templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.templates.filters |= {
            "age": duration, "precise": times.precise, "clock": times.clock, "short": words.short, "money": words.money,
            "printable": lambda value: printable(str(value)), "mb": times.megabytes, "secretless": without_secrets,
            "query": lambda values: urlencode(values, doseq=True),
            "dict_without": lambda values, name: {key: value for key, value in values.items() if key != name},
            "merged": lambda values, more: dict(values) | dict(more),
        }  # fmt: skip
        self.templates.globals |= {"words": words, "times": times, "PARTS": PARTS, "price": PRICE}

    # filling

    def page(self, request: Request, template: str, **values: Any) -> Response:
        """Fill a page."""
        text = self._fill(request, f"{template}.html", values | {"page": template})
        return Response(text, media_type="text/html")

    def part(self, request: Request) -> Response:
        """Fill a part of a page. A browser that has it as it is gets 304."""
        name = request.path_params["part"]
        if name not in PARTS:
            raise NotFoundError("There is no such part of a page.")
        text = self._part_text(request, name)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(text, media_type="text/html", headers={"ETag": tag})

    def _part_text(self, request: Request, name: str) -> str:
        return self._fill(request, f"parts/{name}.html", PARTS[name].fill(self, request))

    def _fill(self, request: Request, template: str, values: Mapping[str, Any]) -> str:
        done = request.query_params.get("done", "")
        common = {
            "now": self.reader.now,
            "stack": self.reader.session.stack,
            "query": dict(request.query_params),
            "path": request.url.path,
            "token": self.access.form_token(),
            "form": self.actions.forms.new if self.actions else None,
            "result": self.actions.forms.result(done) if self.actions and done else "",
            "part": lambda name: Markup(self._part_text(request, name)),  # noqa: S704  a template has escaped it
        }
        return self.templates.get_template(template).render(common | dict(values))

    # pages

    def board(self, request: Request) -> Response:
        """Show what waits, what is in flight and what ended today."""
        return self.page(request, "board")

    def job(self, request: Request) -> Response:
        """Show one job."""
        row, others = self._job(request)
        public = {name: value for name, value in row.items() if not name.startswith("#")}
        event = public | {"eventId": f"{row.get('jobId')}#{row.get('state')}"} if row.get("state") in ENDED else None
        return self.page(
            request,
            "job",
            row=row,
            others=others,
            failure=words.failure(row),
            proof=words.proof(row),
            public=json.dumps(public, indent=2, ensure_ascii=False),
            event=json.dumps(event, indent=2, ensure_ascii=False) if event else "",
            command=replay_command(row),
            show=f"veo4k show {row['taskId']} --run {row['run']}",
            can_replay=row.get("state") in ENDED,
        )

    def gate(self, request: Request) -> Response:
        """Show the pace of the account."""
        gate, now = self.reader.gate(), self.reader.now
        return self.page(request, "gate", gate=gate, sentence=describe_gate(gate, now))

    def dead(self, request: Request) -> Response:
        """Show the dead messages in groups. A chosen group is open."""
        found, reason = self.reader.letters(), request.query_params.get("reason", "")
        chosen = frozenset(request.query_params.getlist("id"))
        grouped = letters.groups(found)
        opened = next((group for group in grouped if group.reason == reason), None)
        selected = [letter for letter in found if letter.message_id in chosen]
        return self.page(
            request,
            "dead",
            groups=grouped,
            opened=opened,
            shown=list(islice(opened.letters, SHOWN_LETTERS)) if opened else [],
            chosen=chosen,
            plan=letters.plan(selected, self.reader.runs) if selected else None,
            selected=selected,
            lay_out=letters.lay_out,
            sentence=plural(len(found), "dead message"),
        )

    def spend(self, request: Request) -> Response:
        """Show what jobs cost."""
        days, rows = self._spent(request)
        bars, ticks = charts.spend_bars(spend.by_day(rows, days))
        return self.page(
            request,
            "spend",
            count=len(days),
            ranges=RANGES,
            total=spend.total(rows),
            bars=bars,
            ticks=ticks,
            tags=spend.by_tag(rows),
            delivery={name: count for name, count in spend.by_delivery(rows).items() if count},
        )

    def spend_csv(self, request: Request) -> Response:
        """Return the sums of each day and of each tag as CSV."""
        days, rows = self._spent(request)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("kind", "name", "jobs", "succeeded", "free", "credits", "dollars", "maybe"))
        for kind, sums in (("day", spend.by_day(rows, days)), ("tag", spend.by_tag(rows))):
            for name, one in sums.items():
                figures = (one.jobs, one.succeeded, one.free, one.credits, spend.dollars(one.credits), one.maybe)
                writer.writerow((kind, _cell(name), *figures))
        headers = {"Content-Disposition": 'attachment; filename="veo4k-spend.csv"'}
        return Response(text.getvalue(), media_type="text/csv", headers=headers)

    def _spent(self, request: Request) -> tuple[list[str], list[Row]]:
        asked = request.query_params.get("days", "7")
        days = self.reader.days(int(asked) if asked.isdigit() and int(asked) in RANGES else 7)
        return days, self.reader.ended(days)

    def search(self, request: Request) -> Response:
        """Open the task that was searched for. Else list jobs whose id or tag contains the text."""
        text = request.query_params.get("q", "").strip()
        task, _, rest = text.partition("#")
        runs = self.reader.runs(task) if TASK_ID.fullmatch(task) else []
        run = rest.rpartition("#")[2]
        if runs:
            wanted = next((row for row in runs if str(row["run"]) == run), runs[0])
            return RedirectResponse(f"/jobs/{task}/{wanted['run']}", 303)
        rows = [*self.reader.live("", "", frozenset()).rows, *self.reader.ended(self.reader.days(1))]
        found = [row for row in rows if text and _contains(row, text.lower())]
        return self.page(request, "search", text=text, rows=found[:FOUND])

    def file(self, request: Request) -> Response:
        """Lead to a file in the bucket for five minutes. A poster that is not there is a grey picture."""
        row, _ = self._job(request)
        field, suffix, kind = FILES[request.path_params["file"]]
        file = row.get(field)
        if not isinstance(file, Mapping) or not file.get("key"):
            raise NotFoundError("This job has no such file.")
        bucket, key = str(file["bucket"]), str(file["key"]).removesuffix(".mp4") + suffix
        if suffix == ".jpg" and not self.reader.has_file(bucket, key):
            return Response(NO_POSTER, media_type="image/svg+xml")
        return RedirectResponse(self.reader.link(bucket, key, kind), 307)

    def icon(self, _: Request) -> Response:
        """Return the icon of the tab, with the colour and the count of the line."""
        found = self.status()
        count = found.number
        text = "4K" if not count else str(count) if count < 100 else "99+"  # noqa: PLR2004
        size = 14 if len(text) > 2 else 17  # noqa: PLR2004
        return Response(ICON.format(colour=COLOURS[found.tone], text=text, size=size), media_type="image/svg+xml")

    def health(self) -> Mapping[str, Any]:
        """Return what the drawer of the top line shows."""
        gate, now, heartbeat = self.reader.gate(), self.reader.now, self.reader.gauge("Heartbeat")
        ago = f"The sweep ran {duration(now - heartbeat[0])} ago." if heartbeat else "No run of the sweep is known yet."
        checks = (
            ("sweep", heartbeat is None or now - heartbeat[0] < status.SILENT, ago),
            ("gate", not gate.reason, describe_gate(gate, now)),
            ("dead letters", not self.reader.dead_count(), f"{plural(self.reader.dead_count(), 'dead message')}."),
        )
        alarms = [
            (alarm, status.alarm_sentence(alarm), runbook.runbook().get(alarm["name"]))
            for alarm in self.reader.alarms()
        ]
        return {"alarms": alarms, "checks": checks}

    def status(self) -> status.Status:
        """Return the line at the top."""
        first = self.reader.live("", "", frozenset()).rows
        oldest = max((age(row, self.reader.now) for row in first), default=None)
        facts = status.Facts(
            self.reader.alarms(),
            self.reader.gauge("Heartbeat"),
            self.reader.gate(),
            self.reader.dead_count(),
            self.reader.counts(),
            oldest,
        )
        return status.judge(facts, self.reader.now)

    # parts

    def line_part(self, request: Request) -> Mapping[str, Any]:
        """Fill the line at the top and its drawer."""
        is_open = request.query_params.get("health") == "1"
        return {"status": self.status(), "open": is_open} | (dict(self.health()) if is_open else {})

    def boxes_part(self, _: Request) -> Mapping[str, Any]:
        """Fill the three boxes."""
        rows, now = self.reader.live("", "", frozenset()).rows, self.reader.now
        waiting = [row for row in rows if row.get("state") == State.QUEUED]
        flying = [row for row in rows if row.get("state") not in ENDED | {State.QUEUED}]
        ended = self.reader.ended([day_of(now)])
        is_paused = bool(self.reader.gate().reason)
        return {
            "counts": self.reader.counts(),
            "waiting": (_oldest(waiting, now), not is_paused and _is_stuck(waiting, now)),
            "flying": (_oldest(flying, now), _is_stuck(flying, now)),
            "split": _split(flying),
            "ended": len(ended),
            "ends": _split(ended),
            "usual": charts.usual(ended, now),
        }

    def window_part(self, _: Request) -> Mapping[str, Any]:
        """Fill the window and the credits."""
        gate, pace, now = self.reader.gate(), self.reader.pace, self.reader.now
        left = self.reader.gauge("CreditsLeft")
        return {"slots": charts.window(gate, pace, now), "pace": pace, "credits": left[1] if left else None}

    def day_part(self, _: Request) -> Mapping[str, Any]:
        """Fill the chart of the day."""
        now = self.reader.now
        return {"chart": charts.day(self.reader.ended([day_of(now)]), now)}

    def next_part(self, request: Request) -> Mapping[str, Any]:
        """Fill the table of the next jobs."""
        query, now = request.query_params, self.reader.now
        tag, after = query.get("tag", ""), query.get("after", "")
        states = frozenset(query.getlist("state"))
        live = self.reader.live(after, tag, states)
        took = charts.usual(self.reader.ended([day_of(now)]), now)
        return {"live": live, "usual": took[1] if took else None, "tag": tag, "states": states, "ENDED": ENDED}

    def job_part(self, request: Request) -> Mapping[str, Any]:
        """Fill the head of a job: its state and age."""
        row = self._job_of_query(request)
        return {"row": row, "shown": request.query_params.get("state", "")}

    def timeline_part(self, request: Request) -> Mapping[str, Any]:
        """Fill the waterfall, with log lines."""
        row = self._job_of_query(request)
        history = self.reader.history(row)
        timeline = Timeline(row, history.lines, self.reader.now)
        return {"steps": timeline.steps(), "missing": history.missing, "span": timeline.end - timeline.start}

    def gate_part(self, _: Request) -> Mapping[str, Any]:
        """Fill the big dots and the state of the gate."""
        gate, pace, now = self.reader.gate(), self.reader.pace, self.reader.now
        return {
            "gate": gate,
            "slots": charts.window(gate, pace, now),
            "pace": pace,
            "used": submissions_today(gate, now),
            "cause": status.cause(gate.reason) if gate.reason else "",
            "trial": status.next_trial(gate, now) if gate.until else "",
            "sentence": words.wait_sentence({"#reason": gate.reason}) if gate.reason else "",
        }

    def hour_part(self, _: Request) -> Mapping[str, Any]:
        """Fill the chart of the last hour."""
        return {"chart": charts.hour(self.reader.pauses(), self.reader.pace, self.reader.now)}

    def _job(self, request: Request) -> tuple[Row, list[Row]]:
        return self._find(request.path_params["task"], str(request.path_params["run"]))

    def _job_of_query(self, request: Request) -> Row:
        path, query = request.path_params, request.query_params
        return self._find(path.get("task", query.get("task", "")), str(path.get("run", query.get("run", ""))))[0]

    def _find(self, task: str, run: str) -> tuple[Row, list[Row]]:
        runs = self.reader.runs(task) if TASK_ID.fullmatch(task) else []
        row = next((row for row in runs if str(row["run"]) == run), None)
        if row is None:
            raise NotFoundError("There is no such job. A new message needs some seconds; an old row is deleted.")
        return row, [other for other in runs if other is not row]

    # forms

    def act(self, request: Request) -> Response:
        """Do what a form is for, once, and lead back to the page with its result."""
        if self.actions is None:
            raise NotFoundError("This console is read-only.")
        actions, fields = self.actions, form_of(request)
        values = dict(fields)
        name = request.url.path.rpartition("/")[2]
        identities = frozenset(value for field, value in fields if field == "id")
        doing: dict[str, Callable[[], str]] = {
            "pause": lambda: actions.pause(values.get("reason", "")),
            "resume": lambda: actions.resume(values.get("reason", "")),
            "replay": lambda: actions.replay(self._job(request)[0]),
            "redrive": lambda: actions.redrive(identities),
            "delete": lambda: actions.delete(identities),
        }
        identity = values.get("form", "")
        actions.forms.send(identity, doing[name])
        return RedirectResponse(f"{request.url.path.rpartition('/')[0]}?done={identity}", 303)


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _contains(row: Row, text: str) -> bool:
    tags = (f"{name}={value}" for name, value in row.get("tags", {}).items())
    return any(text in one.lower() for one in (words.name_of(row), *tags))


def _oldest(rows: list[Row], now: float) -> float | None:
    return max((age(row, now) for row in rows), default=None)


def _is_stuck(rows: list[Row], now: float) -> bool:
    return any((seconds_of(row, "#due") or now) < now - OVERDUE for row in rows)


def _split(rows: list[Row]) -> dict[str, int]:
    """Return how many rows are in each state, in the order of the states."""
    found = [str(row.get("state")) for row in rows]
    known = [str(state) for state in State if state in found]
    return {state: found.count(state) for state in [*known, *sorted(set(found) - set(known))]}


FILES = {
    "video": ("archive", ".mp4", "video/mp4"),
    "base": ("base", ".mp4", "video/mp4"),
    "poster": ("archive", ".jpg", "image/jpeg"),
}
"""For each file of a job: the field that names it, the end of its key, and its type."""
PARTS: dict[str, Part] = {
    "line": Part(COUNTS_SECONDS, Pages.line_part),
    "boxes": Part(COUNTS_SECONDS, Pages.boxes_part),
    "window": Part(ROWS_SECONDS, Pages.window_part),
    "day": Part(COUNTS_SECONDS, Pages.day_part),
    "next": Part(ROWS_SECONDS, Pages.next_part),
    "job": Part(ROWS_SECONDS, Pages.job_part),
    "timeline": Part(ROWS_SECONDS, Pages.timeline_part),
    "gate": Part(ROWS_SECONDS, Pages.gate_part),
    "hour": Part(COUNTS_SECONDS, Pages.hour_part),
}
