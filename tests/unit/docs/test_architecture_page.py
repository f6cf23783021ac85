"""docs/architecture.md draws the transitions that there are."""

import inspect
import re

from tests.unit.docs.pages import blocks, code, page, rows, section
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.job import ENDED, State
from veo4k.domain.response import PAUSING
from veo4k.domain.wait_reason import WaitReason

NAME = "docs/architecture.md"
_EDGE = re.compile(r"^ +(\S+) --> (\S+?)(?::.*)?$", re.MULTILINE)
START = "[*]"
SAME = "same"


def edges() -> set[tuple[str, str]]:
    [drawing] = [text for kind, text in blocks(page(NAME)) if kind == "mermaid"]
    return set(_EDGE.findall(drawing))


def table() -> list[list[str]]:
    return list(rows(section(NAME, "States and transitions").split("### ")[0]))


def listed() -> set[tuple[str, str]]:
    """Return the edges between states in the table, without marks on live or ended rows."""
    ways = [row[0].split(" → ") for row in table()]
    return {
        (START if before == "new" else before, before if after == SAME else after)
        for befores, after in ways
        for before in befores.split(", ")
        if before not in ("live", "ended")
    }


def test_the_drawing_and_the_table_show_the_same_transitions() -> None:
    drawn = {(before, after) for before, after in edges() if after != START}
    assert drawn == listed()


def test_the_drawing_knows_every_state_and_no_other() -> None:
    assert {state for edge in edges() for state in edge} == set(State) | {START}


def test_what_has_ended_goes_nowhere() -> None:
    assert {after for before, after in edges() if before in set(ENDED)} == {START}


def test_every_write_of_the_code_has_its_row() -> None:
    transition_names = [
        name
        for name, function in inspect.getmembers(transitions, inspect.isfunction)
        if not name.startswith("_") and inspect.signature(function).return_annotation is ConditionalUpdate
    ]
    assert sorted(code(row[3]) for row in table()) == sorted(transition_names)


def test_every_reason_that_pauses_the_gate_is_listed() -> None:
    reasons = {code(row[1]) for row in rows(section(NAME, "The gate"))}
    assert reasons == {*PAUSING.values(), WaitReason.PATH_GONE, WaitReason.BLOCKED_BY_PROXY, WaitReason.PAUSED_BY_HAND}


def test_the_codes_that_pause_the_gate_are_listed_with_their_reasons() -> None:
    codes = {
        int(number): code(row[1])
        for row in rows(section(NAME, "The gate"))
        for number in re.findall(r"\b\d{3}\b", row[0])
        if not row[0].startswith("HTTP")
    }
    assert {number: reason for number, reason in codes.items() if reason in PAUSING.values()} == dict(PAUSING)
