"""The five pages, the search, the files of a job, and the forms."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from itertools import islice

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from veo4k.domain.job import ENDED, State
from veo4k.domain.message import TASK_ID
from veo4k_cli.console import charts, letters, spend, words
from veo4k_cli.console.actions import cancel_command, replay_command
from veo4k_cli.console.guard import form_of
from veo4k_cli.console.parts import status_of
from veo4k_cli.console.times import Row
from veo4k_cli.console.view import NotFoundError, View, job_of_path
from veo4k_cli.formatting import plural
from veo4k_cli.spending import as_cell

RANGES = (1, 7, 30)
FOUND = 50
SHOWN_LETTERS = 100
NO_POSTER = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#8884" d="M0 0h16v9H0z"/></svg>'
COLOURS = {"good": "#2f9e62", "warn": "#d18b00", "bad": "#d6336c"}
MOST_SHOWN = 99
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="{colour}"/>'
    '<text x="16" y="22" font-family="system-ui" font-size="14" font-weight="700" fill="#fff" text-anchor="middle">'
    "{text}</text></svg>"
)
FILES = {
    "video": ("archive", ".mp4", "video/mp4"),
    "base": ("base", ".mp4", "video/mp4"),
    "poster": ("archive", ".jpg", "image/jpeg"),
}
"""For each file of a job: the field that names it, the end of its key, and its type."""


def board(view: View, request: Request) -> Response:
    """Show what waits, what is in flight and what ended today."""
    return view.page(request, "board")


def job(view: View, request: Request) -> Response:
    """Show one job."""
    row, others = job_of_path(view, request)
    public = {name: value for name, value in row.items() if not name.startswith("#")}
    has_ended = row.get("state") in ENDED
    event = public | {"eventId": f"{row.get('jobId')}#{row.get('state')}"} if has_ended else None
    return view.page(
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
        can_replay=has_ended,
        cancel=cancel_command(row) if row.get("state") == State.QUEUED else "",
    )


def gate(view: View, request: Request) -> Response:
    """Show the pace of the account."""
    return view.page(request, "gate", gate=view.reader.gate())


def dead(view: View, request: Request) -> Response:
    """Show the dead messages in groups. A chosen group is open."""
    (found, are_all), reason = view.reader.letters(), request.query_params.get("reason", "")
    chosen = frozenset(request.query_params.getlist("id"))
    grouped = letters.groups(found)
    opened = next((group for group in grouped if group.reason == reason), None)
    selected = [letter for letter in found if letter.message_id in chosen]
    return view.page(
        request,
        "dead",
        groups=grouped,
        opened=opened,
        shown=list(islice(opened.letters, SHOWN_LETTERS)) if opened else [],
        chosen=chosen,
        plan=letters.plan(selected, view.reader.runs) if selected else None,
        selected=selected,
        lay_out=letters.lay_out,
        sentence=plural(len(found), "dead message") + ("" if are_all else ", and there are more"),
    )


def spending(view: View, request: Request) -> Response:
    """Show what jobs cost."""
    days, rows = _spent(view, request)
    bars, ticks = charts.spend_bars(spend.by_day(rows, days))
    delivery = {name: count for name, count in spend.by_delivery(rows).items() if count}
    return view.page(
        request,
        "spend",
        count=len(days),
        ranges=RANGES,
        total=spend.total(rows),
        bars=bars,
        ticks=ticks,
        tags=spend.by_tag(rows),
        delivery=delivery,
    )


def spending_csv(view: View, request: Request) -> Response:
    """Return the sums of each day and of each tag as CSV."""
    days, rows = _spent(view, request)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("kind", "name", "jobs", "succeeded", "free", "credits", "dollars", "maybe"))
    for kind, sums in (("day", spend.by_day(rows, days)), ("tag", spend.by_tag(rows))):
        for name, one in sums.items():
            figures = (one.jobs, one.in_4k, one.free, float(one.credits), one.dollars, float(one.maybe_credits))
            writer.writerow((kind, as_cell(name), *figures))
    headers = {"Content-Disposition": 'attachment; filename="veo4k-spend.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _spent(view: View, request: Request) -> tuple[list[str], list[Row]]:
    asked = request.query_params.get("days", "7")
    days = view.reader.days(int(asked) if asked in map(str, RANGES) else 7)
    return days, view.reader.ended(days)


def search(view: View, request: Request) -> Response:
    """Open the task that was searched for. Else list jobs whose id or tag contains the text."""
    text = request.query_params.get("q", "").strip()
    task, _, rest = text.partition("#")
    runs = view.reader.runs(task) if TASK_ID.fullmatch(task) else []
    if runs:
        run = rest.rpartition("#")[2]
        wanted = next((row for row in runs if str(row["run"]) == run), runs[0])
        return RedirectResponse(f"/jobs/{task}/{wanted['run']}", 303)
    rows = [*view.reader.first(), *view.reader.ended(view.reader.days(1))]
    found = [row for row in rows if text and _contains(row, text.lower())]
    return view.page(request, "search", text=text, rows=found[:FOUND])


def _contains(row: Row, text: str) -> bool:
    tags = (f"{name}={value}" for name, value in row.get("tags", {}).items())
    return any(text in one.lower() for one in (words.name_of(row), *tags))


def file(view: View, request: Request) -> Response:
    """Lead to a file in the bucket for five minutes. A poster that is not there is a grey picture."""
    row, _ = job_of_path(view, request)
    field, suffix, kind = FILES[request.url.path.rpartition("/")[2]]
    found = row.get(field)
    if not isinstance(found, Mapping) or not found.get("key"):
        raise NotFoundError("This job has no such file.")
    bucket, key = str(found["bucket"]), str(found["key"]).removesuffix(".mp4") + suffix
    if suffix == ".jpg" and not view.reader.has_file(bucket, key):
        return Response(NO_POSTER, media_type="image/svg+xml")
    return RedirectResponse(view.reader.link(bucket, key, kind), 307)


def icon(view: View, _: Request) -> Response:
    """Return the icon of the tab, with the colour and the number of the line."""
    found = status_of(view)
    text = "4K" if not found.number else f"{MOST_SHOWN}+" if found.number > MOST_SHOWN else str(found.number)
    return Response(ICON.format(colour=COLOURS[found.tone], text=text), media_type="image/svg+xml")


def act(view: View, request: Request) -> Response:
    """Do what a form is for, once, and lead back to the page with its result."""
    if view.actions is None:
        raise NotFoundError("This console is read-only.")
    actions, fields = view.actions, form_of(request)
    values, identities = dict(fields), frozenset(value for field, value in fields if field == "id")
    page, _, name = request.url.path.rpartition("/")
    doing: dict[str, Callable[[], str]] = {
        "pause": lambda: actions.pause(values.get("reason", "")),
        "resume": lambda: actions.resume(values.get("reason", "")),
        "replay": lambda: actions.replay(job_of_path(view, request)[0]),
        "cancel": lambda: actions.cancel(job_of_path(view, request)[0]),
        "redrive": lambda: actions.redrive(identities),
        "delete": lambda: actions.delete(identities),
    }
    identity = values.get("form", "")
    actions.forms.send(identity, doing[name])
    return RedirectResponse(f"{page}?done={identity}", 303)
