"""Why a mutant may survive: reviewed by people, in reasons.toml."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("reasons.toml")


class Change(NamedTuple):
    """One mutant, by what was changed and not by its number: function, the lines before, the lines after."""

    function: str
    was: str
    becomes: str


class Reason(NamedTuple):
    """Why these changes are seen by no test; `killed`: they never end, which is as good as a failing test."""

    why: str
    killed: bool
    changes: tuple[Change, ...]


def reasons() -> list[Reason]:
    """Read the file."""
    told = tomllib.loads(FILE.read_text())["reason"]
    return [
        Reason(one["why"], one.get("killed", False), tuple(Change(*change) for change in one["mutants"]))
        for one in told
    ]


def explained(given: list[Reason], *, killed: bool) -> set[Change]:
    """Give the changes that have a reason of this kind."""
    return {change for reason in given if reason.killed is killed for change in reason.changes}


def as_written(change: Change) -> str:
    """Give the change as reasons.toml has it."""
    return f"    [{', '.join(_literal(text) for text in change)}],"


def survivors(given: list[Reason]) -> Iterator[str]:
    """Give the lines of the page that say what survived and why."""
    for reason in given:
        yield from ("", f"### {reason.why}", "", "```diff")
        for change in reason.changes:
            yield from (f" {change.function}", f"-{change.was}", f"+{change.becomes}")
        yield "```"


def _literal(text: str) -> str:
    quote = "'''" if "'" in text else "'"
    return f"{quote}{text}{quote}"
