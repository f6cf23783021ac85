"""What the operator sees: tables and sentences for people, or one JSON value for programs."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

WIDEST = 10_000
THEME = Theme(
    {
        "state.QUEUED": "dim",
        "state.SUBMITTING": "yellow",
        "state.PROCESSING": "blue",
        "state.READY": "cyan",
        "state.SUCCEEDED": "green",
        "state.FAILED": "magenta",
        "state.TIMED_OUT": "magenta",
        "state.CANCELLED": "dim",
        "good": "green",
        "warn": "yellow",
        "bad": "bold red",
        "muted": "dim",
    }
)


def _console(*, to_err: bool) -> Console:
    console = Console(theme=THEME, highlight=False, markup=False, stderr=to_err)
    if not console.file.isatty() and "COLUMNS" not in os.environ:
        console.width = WIDEST  # rich would fold the rows of a pipe or a file at 80 columns
    return console


class Output:
    """Standard output holds the result alone. Everything else goes to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out, err = (_console(to_err=to_err) for to_err in (False, True))
        # At a terminal both are one console, so that a line printed while a spinner turns goes above the spinner.
        # FORCE_COLOR lets rich take a pipe for a terminal.
        self._err = self._out if self._out.file.isatty() and err.file.isatty() else err

    def result(self, value: Any, view: RenderableType) -> None:
        """Print the result: the value as JSON, or its view."""
        if self.as_json:
            self._out.print(Text(json.dumps(value, indent=2, ensure_ascii=False)), soft_wrap=True)
        else:
            # A sentence may hold a command to copy: the terminal wraps the line without a line break in it.
            self._out.print(view, soft_wrap=isinstance(view, str))

    def line(self, value: Any, view: RenderableType) -> None:
        """Print one of many results: JSON on a line of its own, or the view."""
        text = Text(json.dumps(value, ensure_ascii=False)) if self.as_json else view
        self._out.print(text, soft_wrap=True)

    def plain(self, text: str) -> None:
        """Print a result as it is: it has its own format."""
        self._out.file.write(text)

    def info(self, text: str, style: str = "muted") -> None:
        """Print, for people only, a text that is not the result."""
        if not self.as_json:
            self._err.print(Text(text, style), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print why the command was not done."""
        self._err.print(Text.assemble(("error: ", "bad"), text), soft_wrap=True)

    def spinner(self, activity: str) -> AbstractContextManager[Status | None]:
        """Show a spinner to a person at a terminal while the block runs."""
        return nullcontext() if self.as_json or not self._err.is_terminal else self._err.status(activity)

    @contextmanager
    def progress(self, activity: str, whole: int | None) -> Iterator[Callable[[int, str], None]]:
        """Show a person at a terminal how far the block is. It reports with the part that is done, and a text."""
        if self.as_json or not self._err.is_terminal:
            yield lambda _done, _text: None
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task(activity, total=whole, text="")
            yield lambda done, text: bar.update(task, completed=done, text=text)

    @contextmanager
    def live(self) -> Iterator[Callable[[RenderableType], None] | None]:
        """Show a person at a terminal a view that changes. Yield None where there is no terminal."""
        if self.as_json or not self._err.is_terminal:
            yield None
            return
        with Live(console=self._err, auto_refresh=False) as view:
            yield lambda renderable: view.update(renderable, refresh=True)

    @property
    def height(self) -> int:
        """Return the lines of the terminal."""
        return self._err.height


def table(*columns: str) -> Table:
    """Return an empty table. A column named `>…` is aligned to the right."""
    result = Table(box=None, padding=(0, 2, 0, 0), header_style="muted")
    for column in columns:
        result.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return result


def name_value_list(pairs: Iterable[tuple[str, RenderableType]]) -> Table:
    """Return a list of names and values, one pair a line."""
    result = Table.grid(padding=(0, 2, 0, 0))
    result.add_column(style="muted", no_wrap=True)
    result.add_column(overflow="fold")
    for name, value in pairs:
        result.add_row(name, value)
    return result


def state_text(state: str) -> Text:
    """Return a state in its colour."""
    return Text(state, f"state.{state}")
