"""The steps of docs/alarms.md, by alarm. The wheel contains the page."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HEADING = re.compile(r"^### (\w+Alarm)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_ITEM = re.compile(r"^- \*\*(\w+)\*\*: (.*?)(?=^- |^\||\Z|\n\n)", re.MULTILINE | re.DOTALL)
_RULE = re.compile(r"^\|[-|]+\|$")


class Entry(NamedTuple):
    """What to do about an alarm: titled texts, and a table of which the first row is the head."""

    steps: tuple[tuple[str, str], ...]
    table: tuple[tuple[str, ...], ...]


@cache
def runbook() -> dict[str, Entry]:
    """Return all entries of the page."""
    own, tree = Path(__file__).with_name("alarms.md"), Path(__file__).parents[2] / "docs/alarms.md"
    page = next((path.read_text(encoding="utf-8") for path in (own, tree) if path.is_file()), "")
    return {name: _entry(text) for name, text in _HEADING.findall(page)}


def _entry(text: str) -> Entry:
    steps = tuple((title, _plain(step)) for title, step in _ITEM.findall(text))
    lines = [line for line in text.splitlines() if line.startswith("|") and not _RULE.match(line)]
    return Entry(steps, tuple(tuple(_plain(cell) for cell in line.strip("|").split("|")) for line in lines))


def _plain(text: str) -> str:
    """Return a text without links, on one line. Backticks stay: they mark code."""
    return " ".join(_LINK.sub(r"\1", text).split())
