"""The pages hang together: what they point to is there, what they show can be run, and the first ones are short."""

import re
import tomllib

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import NAMES, ROOT, anchors, blocks, links, page, prose, words
from veo4k.domain.event import DETAIL_TYPES
from veo4k.domain.job import Code, State

FIRST = ["README.md", "AGENTS.md", "SECURITY.md", "docs/quickstart.md", "docs/faq.md"]
FIRST += [name for name in NAMES if name.startswith("examples/")]
RUN_BY_A_TEST = {"README.md": {"python run", "sh run", "js run", "yaml run"}, "docs/quickstart.md": {"sh run"}}
READ_BY_A_TEST = {"json message", "json event", "text output"}  # of test_schemas.py and tests/e2e/test_snippets.py
MADE = {".venvs", ".local", ".aws-sam", "samconfig.local.toml"}
"""Paths that the tree does not contain but creates."""
FOLDERS = ("", "docs", "docs/evidence", "layers/core/src/veo4k")
"""Where a file that a page names may be: its path begins at the root, among the pages, or inside the package."""

_PATH = re.compile(r"\.?\w[\w-]*(?:[./][\w-]+)+|\w[\w-]*/")
_ENDINGS = (".md", ".py", ".svg", ".json", ".yaml", ".toml", ".txt", ".in")


def is_path(word: str) -> bool:
    """Return whether a word in backticks names a file or folder of the tree."""
    top, slash, _ = word.partition("/")
    if not _PATH.fullmatch(word) or top in MADE:
        return False
    return word.endswith(_ENDINGS) or (bool(slash) and (ROOT / top).is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(name: str) -> None:
    for file, anchor in links(name):
        assert file.exists(), file
        assert not anchor or anchor in anchors(file.read_text()), anchor


@pytest.mark.parametrize("name", NAMES)
def test_every_file_and_every_command_of_make_that_is_named_exists(name: str) -> None:
    named = words(page(name))
    places = {word: [ROOT / folder / word for folder in FOLDERS] for word in named if is_path(word)}
    assert [word for word, paths in places.items() if not any(path.exists() for path in paths)] == []
    shell = [code for kind, code in blocks(page(name)) if kind == "sh"]
    targets = re.findall(r"\bmake ([a-z]+)", "\n".join([*shell, *named]))
    assert set(targets) <= set(re.findall(r"^([a-z]+)(?:-%)?:", page("Makefile"), re.MULTILINE))


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[str](), {"README.md"}
    while waiting:
        reached.add(here := waiting.pop())
        targets = {file.resolve() for file, _ in links(here) if file.suffix == ".md"}
        waiting |= {str(file.relative_to(ROOT)) for file in targets} - reached
    assert set(NAMES) <= reached


def test_changelog_and_license_are_those_that_the_project_names() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    assert f"## [{project['version']}]" in page("CHANGELOG.md")
    assert page("LICENSE").startswith(f"{project['license']} License\n")
    assert "veo4k contributors" in page("LICENSE")


@pytest.mark.parametrize("name", FIRST)
def test_every_snippet_is_run_or_says_why_not(name: str) -> None:
    tested = READ_BY_A_TEST | RUN_BY_A_TEST.get(name, set())
    kinds = [info for info, _ in blocks(page(name)) if info not in tested]
    assert [info for info in kinds if not re.fullmatch(r"\w+ not run: .{10,}", info)] == []


def test_the_readme_is_short_and_says_when_to_send_and_what_is_left() -> None:
    read = page("README.md").split()
    assert len(read) <= 900
    assert "right after generate" in " ".join(read)
    assert "still have the base video" in " ".join(read)


def test_assistants_read_every_state_code_and_event() -> None:
    text = " ".join(prose(page("AGENTS.md")).split())
    assert [word for word in (*DETAIL_TYPES.values(), *Code, *State) if f"`{word}`" not in text] == []


def test_every_form_for_issues_has_what_github_demands() -> None:
    forms = [*(ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")]
    assert forms
    for form in forms:
        content = yaml_parse(form.read_text())
        fields = [field for field in content.get("body", []) if field["type"] != "markdown"]
        assert {"name", "description", "body"} <= content.keys() or "contact_links" in content, form
        assert len({field["id"] for field in fields}) == len(fields), form
        assert all(field["attributes"]["label"] for field in fields), form


@pytest.mark.parametrize("name", NAMES)
def test_no_command_to_copy_has_a_comment(name: str) -> None:
    # The shell of macOS takes one for words, and its apostrophe for the beginning of a text.
    commands = "\n".join(code for kind, code in blocks(page(name)) if kind.split(" ")[0] == "sh")
    assert re.findall(r"(?m)(?:^|\s)#\s.*$", commands) == []
