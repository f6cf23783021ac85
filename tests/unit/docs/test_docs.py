"""The pages hang together: what they point to is there, and the commands they show can be run."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.docs.pages import NAMES, ROOT, anchors, blocks, links, page, words

MADE = {".venvs", ".local", ".aws-sam", "samconfig.local.toml"}
"""Paths that the tree does not contain but creates."""

_PATH = re.compile(r"\.?\w[\w-]*(?:[./][\w-]+)+|\w[\w-]*/")
_ENDINGS = (".md", ".py", ".svg", ".json", ".yaml", ".toml", ".txt", ".in")
_TARGET = re.compile(r"\bmake ([a-z]+)")


def relative(name: str) -> list[str]:
    return [link for link in links(page(name)) if "://" not in link]


def is_path(word: str) -> bool:
    """Return whether a word in backticks names a file or folder of the tree."""
    top, slash, _ = word.partition("/")
    if not _PATH.fullmatch(word) or top in MADE:
        return False
    return word.endswith(_ENDINGS) or (bool(slash) and (ROOT / top).is_dir())


def is_there(word: str) -> bool:
    """Return whether the tree holds the file: at the root, or inside the package."""
    folders = ("", "docs", "docs/evidence", "layers/core/src/veo4k")
    return any((ROOT / folder / word).exists() for folder in folders)


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_to_a_file(name: str) -> None:
    folder = (ROOT / name).parent
    targets = [link.partition("#")[0] for link in relative(name)]
    assert [target for target in targets if target and not (folder / target).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_anchor_is_a_heading(name: str) -> None:
    folder = (ROOT / name).parent
    for link in relative(name):
        target, _, anchor = link.partition("#")
        if anchor:
            assert anchor in anchors((folder / target if target else ROOT / name).read_text()), link


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_exists(name: str) -> None:
    assert [word for word in words(page(name)) if is_path(word) and not is_there(word)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_make_exists(name: str) -> None:
    shell = "\n".join(code for kind, code in blocks(page(name)) if kind == "sh")
    named = set(_TARGET.findall("\n".join([shell, *words(page(name))])))
    assert named <= set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))


def test_every_folder_of_the_readme_is_there() -> None:
    folders = [link for link in relative("README.md") if not Path(link).suffix and "#" not in link]
    assert all((ROOT / folder).exists() for folder in folders)


def test_the_changelog_has_the_version_of_the_project() -> None:
    version = tomllib.loads(page("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in page("CHANGELOG.md")


def test_the_license_is_the_one_that_the_project_names() -> None:
    assert tomllib.loads(page("pyproject.toml"))["project"]["license"] == "MIT"
    assert page("LICENSE").startswith("MIT License\n")
    assert "veo4k contributors" in page("LICENSE")
