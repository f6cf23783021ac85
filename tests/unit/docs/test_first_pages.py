"""README, quickstart, questions, AGENTS.md, examples: short, run or marked, and of one mind with the code."""

import json
import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import NAMES, ROOT, blocks, links, page, prose, rows, section
from tests.unit.docs.test_schemas import holds
from veo4k.domain.event import DETAIL_TYPES
from veo4k.domain.job import Code, State
from veo4k.domain.message import parse_message

FIRST = ["README.md", "AGENTS.md", "SECURITY.md", "docs/quickstart.md", "docs/faq.md"]
FIRST += [name for name in NAMES if name.startswith("examples/")]
RUN_BY_A_TEST = {"README.md": {"python run", "sh run", "js run", "yaml run"}, "docs/quickstart.md": {"sh run"}}
READ_BY_A_TEST = {"json message", "json event", "text output"}
NOT_RUN = re.compile(r"\w+ not run: .{10,}")
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def test_the_readme_has_at_most_900_words() -> None:
    assert len(page("README.md").split()) <= 900


@pytest.mark.parametrize("name", FIRST)
def test_every_snippet_is_run_or_says_why_not(name: str) -> None:
    tested = READ_BY_A_TEST | RUN_BY_A_TEST.get(name, set())
    assert [info for info, _ in blocks(page(name)) if info not in tested and not NOT_RUN.fullmatch(info)] == []


def test_the_readme_says_when_to_send_and_what_is_left_without_4k() -> None:
    text = " ".join(page("README.md").split())
    assert "right after generate" in text
    assert "still have the base video" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_page_can_be_reached_from_the_readme(name: str) -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        reached.add(here)
        targets = [here.parent / link.partition("#")[0] for link in links(here.read_text()) if "://" not in link]
        waiting += [at for target in targets if (at := target.resolve()) not in reached and at.suffix == ".md"]
    assert ROOT / name in reached


def test_assistants_read_messages_and_events_that_the_schemas_allow() -> None:
    found = [(info.removeprefix("json "), code) for info, code in blocks(page("AGENTS.md"))]
    assert {kind for kind, _ in found} == {"message", "event"}
    assert all(holds(kind, json.loads(code)) for kind, code in found)
    assert parse_message(next(code for kind, code in found if kind == "message"))


@pytest.mark.parametrize("words", [DETAIL_TYPES.values(), Code, State])
def test_assistants_read_every_state_code_and_event(words: object) -> None:
    text = " ".join(prose(page("AGENTS.md")).split())
    assert [str(word) for word in words if f"`{word}`" not in text] == []  # type: ignore[attr-defined]


def test_the_questions_quote_the_models_sums() -> None:
    shapes = rows(section("docs/evidence/cost.md", "Other shapes, their orchestration alone"))
    quoted = {row[-1] for row in rows(section("docs/faq.md", "What does it cost beside other shapes?"))}
    assert {f"{float(cost):,.0f}" for _, cost in shapes} < quoted


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_every_form_for_issues_has_what_github_demands(form: object) -> None:
    content = yaml_parse(form.read_text())  # type: ignore[attr-defined]
    fields = [field for field in content.get("body", []) if field["type"] != "markdown"]
    assert {"name", "description", "body"} <= content.keys() or "contact_links" in content
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
