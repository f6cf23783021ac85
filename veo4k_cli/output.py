"""What the operator sees: tables and sentences for people, or one JSON value for programs."""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Console, RenderableType
from rich.status import Status
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "state.QUEUED": "dim",
        "state.SUBMITTING": "yellow",
        "state.PROCESSING": "blue",
        "state.READY": "cyan",
        "state.SUCCEEDED": "green",
        "state.FAILED": "magenta",
        "state.TIMED_OUT": "magenta",
        "good": "green",
        "warn": "yellow",
        "bad": "bold red",
        "aside": "dim",
    }
)


class Output:
    """Standard output holds the answer alone; asides and failures go to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out, err = (
            Console(theme=THEME, highlight=False, markup=False, stderr=to_err) for to_err in (False, True)
        )
        # At a terminal they are one, so that a line printed while a spinner turns goes above it.
        self._err = self._out if self._out.is_terminal and err.is_terminal else err

    def answer(self, value: Any, view: RenderableType) -> None:
        """Give the answer: the value as JSON, or its view."""
        if self.as_json:
            self._out.print(Text(json.dumps(value, indent=2, ensure_ascii=False)), soft_wrap=True)
        else:
            # A sentence may hold a command to be copied: the terminal breaks it, no line break does.
            self._out.print(view, soft_wrap=isinstance(view, str))

    def line(self, value: Any, view: RenderableType) -> None:
        """Give one of many answers: JSON on a line of its own, or the view."""
        text = Text(json.dumps(value, ensure_ascii=False)) if self.as_json else view
        self._out.print(text, soft_wrap=True)

    def aside(self, text: str) -> None:
        """Tell a person something that is not the answer."""
        if not self.as_json:
            self._err.print(Text(text, "aside"), soft_wrap=True)

    def fail(self, text: str) -> None:
        """Tell why the command was not done."""
        self._err.print(Text.assemble(("error: ", "bad"), text), soft_wrap=True)

    def busy(self, doing: str) -> AbstractContextManager[Status | None]:
        """Turn a spinner for a person at a terminal while the block runs."""
        return nullcontext() if self.as_json or not self._err.is_terminal else self._err.status(doing)


def table(*columns: str) -> Table:
    """Give an empty table; a column named `>…` is aligned to the right."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="aside")
    for column in columns:
        made.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return made


def facts(pairs: Iterable[tuple[str, RenderableType]]) -> Table:
    """Give a list of names and values."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="aside", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, value)
    return made


def state_text(state: str) -> Text:
    """Give a state in its colour."""
    return Text(state, f"state.{state}")
