"""Dead messages for the page: in groups by reason, with the bad spot marked, and what sending them back would do."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from veo4k.domain.job import ENDED
from veo4k.domain.message import parse_message
from veo4k_cli.console.times import Row
from veo4k_cli.dead_letter_queue import DeadLetter, without_secrets
from veo4k_cli.foreign_json import json_object
from veo4k_cli.spending import PRICE

_FIELD = re.compile(r"(?:unknown field '([^']{1,40})'|^(\w+) (?:must be|is missing))")


class Group(NamedTuple):
    """Messages that are dead for the same reason, the oldest first."""

    reason: str
    letters: Sequence[DeadLetter]


class CodeLine(NamedTuple):
    """A line of a message's JSON, and whether the reason is about it."""

    text: str
    is_bad: bool


class Plan(NamedTuple):
    """What sending messages back would do, and the credits that it may cost."""

    new: int
    joins: int
    announces: int
    invalid: int

    @property
    def price(self) -> int:
        """Return the most that the new jobs can cost, in credits."""
        return self.new * PRICE


def groups(letters: Iterable[DeadLetter]) -> list[Group]:
    """Group messages by their reasons, the largest group first."""
    found: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        found.setdefault(without_secrets(letter.invalid or letter.reason), []).append(letter)
    return sorted((Group(*entry) for entry in found.items()), key=lambda group: -len(group.letters))


def lay_out(letter: DeadLetter) -> list[CodeLine] | None:
    """Return the lines of a message's JSON without secrets. A body that is no JSON object is not shown: None."""
    content = json_object(letter.body)
    if content is None:
        return None
    found = _FIELD.search(letter.invalid or letter.reason)
    name = (found[1] or found[2]) if found else ""
    return list(_lines(content, name))


def _lines(content: Mapping[str, Any], bad: str) -> Iterable[CodeLine]:
    yield CodeLine("{", is_bad=bool(bad) and bad not in content)
    for name, value in content.items():
        text = json.dumps({name: value}, ensure_ascii=False, indent=2).removeprefix("{\n").removesuffix("\n}")
        comma = "," if name != list(content)[-1] else ""
        yield CodeLine(without_secrets(text) + comma, name == bad)
    yield CodeLine("}", is_bad=False)


def plan(letters: Iterable[DeadLetter], runs: Callable[[str], Sequence[Row]]) -> Plan:
    """Say what sending messages back would do. `runs` returns the runs of a task, the newest first."""
    kinds = [_kind(letter, runs) for letter in letters]
    return Plan(*(kinds.count(kind) for kind in ("new", "join", "announce", "invalid")))


def _kind(letter: DeadLetter, runs: Callable[[str], Sequence[Row]]) -> str:
    if letter.invalid:
        return "invalid"
    message = parse_message(letter.body)
    newest = next((row for row in runs(message.task_id) if row.get("index") == message.index), None)
    if newest is None:
        return "new"
    if newest.get("state") not in ENDED:
        return "join"
    return "new" if message.force else "announce"
