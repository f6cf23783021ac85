"""Fills the templates. Every value in them is escaped, and a missing one is an error."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from veo4k.domain.message import TASK_ID
from veo4k_cli.console import times, words
from veo4k_cli.console.actions import Actions
from veo4k_cli.console.guard import Access
from veo4k_cli.console.monitoring import Monitoring
from veo4k_cli.console.reading import Reader
from veo4k_cli.console.times import Row
from veo4k_cli.dead_letter_queue import without_secrets
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, printable
from veo4k_cli.spending import PRICE

Values = Mapping[str, Any]
FILTERS: dict[str, Callable[..., Any]] = {
    "age": duration,
    "precise": times.precise,
    "clock": times.clock,
    "short": words.short,
    "money": words.money,
    "mb": times.megabytes,
    "printable": lambda value: printable(str(value)),
    "secretless": without_secrets,
    "query": lambda values: urlencode(values, doseq=True),
    "dict_without": lambda values, name: {key: value for key, value in values.items() if key != name},
    "merged": lambda values, more: dict(values) | dict(more),
}


class Part(NamedTuple):
    """A part of a page that is polled: after how many seconds, and what its template is filled with.

    `at_once`: what the page is filled with before the first poll, where the part itself is slow to read.
    """

    seconds: float
    fill: Callable[["View", Request], Values]
    at_once: Callable[["View", Request], Values] | None = None


class NotFoundError(OperatorError):
    """The stack has no such thing."""


@dataclass
class View:
    """What the pages are made of. Without actions the console is read-only."""

    reader: Reader
    monitoring: Monitoring
    access: Access
    actions: Actions | None
    parts: Mapping[str, Part]
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        """Load the templates."""
        loader = PackageLoader("veo4k_cli.console")
        options: dict[str, Any] = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
        self._templates = Environment(loader=loader, autoescape=True, **options)
        self._templates.filters |= FILTERS
        self._templates.globals |= {"words": words, "times": times, "PARTS": self.parts, "price": PRICE}

    @property
    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self.reader.now

    def page(self, request: Request, template: str, **values: Any) -> Response:
        """Fill a page."""
        return Response(self._fill(request, f"{template}.html", values | {"page": template}), media_type="text/html")

    def part(self, request: Request) -> Response:
        """Fill a part of a page. A browser that has it as it is gets 304."""
        name = request.path_params["part"]
        if name not in self.parts:
            raise NotFoundError("There is no such part of a page.")
        text = self._part_text(request, name)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(text, media_type="text/html", headers={"ETag": tag})

    def job(self, task: str, run: str) -> tuple[Row, list[Row]]:
        """Return a job and the other runs of its task. Raise NotFoundError where there is none."""
        runs = self.reader.runs(task) if TASK_ID.fullmatch(task) else []
        row = next((row for row in runs if str(row["run"]) == run), None)
        if row is None:
            raise NotFoundError("There is no such job. A new message needs some seconds; an old row is deleted.")
        return row, [other for other in runs if other is not row]

    def _part_text(self, request: Request, name: str, *, at_once: bool = False) -> str:
        part = self.parts[name]
        fill = part.at_once or part.fill if at_once else part.fill
        return self._fill(request, f"parts/{name}.html", fill(self, request))

    def _fill(self, request: Request, template: str, values: Values) -> str:
        done = request.query_params.get("done", "")
        common = {
            "now": self.now,
            "stack": self.reader.session.stack,
            "query": dict(request.query_params),
            "token": self.access.form_token(),
            "form": self.actions.forms.new if self.actions else None,
            "result": self.actions.forms.result(done) if self.actions and done else "",
            "part": lambda name: Markup(self._part_text(request, name, at_once=True)),  # noqa: S704  # nosec B704 - a template has escaped it
        }
        return self._templates.get_template(template).render(common | dict(values))


def job_of_path(view: View, request: Request) -> tuple[Row, list[Row]]:
    """Return the job that the path names, and the other runs of its task."""
    return view.job(request.path_params["task"], str(request.path_params["run"]))
