"""How the tests here read a page: headings, tables, code blocks and links of GitHub's Markdown."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_NO_SLUG = re.compile(r"[^\w\- ]")


def page(name: str) -> str:
    """Text of a page, by its path."""
    return (ROOT / name).read_text()


def prose(text: str) -> str:
    """Return the text without its code blocks."""
    return _BLOCK.sub("", text)


def blocks(text: str) -> list[tuple[str, str]]:
    """Code blocks of a text: what follows the backticks, and the code."""
    return _BLOCK.findall(text)


def words(text: str) -> list[str]:
    """Return what stands between single backticks."""
    return _CODE.findall(prose(text))


def links(text: str) -> list[str]:
    """Targets of the links and pictures."""
    return _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    return {_NO_SLUG.sub("", heading.lower()).replace(" ", "-") for _, heading in _HEADING.findall(prose(text))}


def section(name: str, heading: str) -> str:
    """Text below a heading, up to the next one of its level or above."""
    text = prose(page(name))
    found = [(match.start(), match.end(), len(match[1]), match[2]) for match in _HEADING.finditer(text)]
    [here] = [place for place, (_, _, _, words) in enumerate(found) if words == heading]
    _, start, level, _ = found[here]
    ends = [begin for begin, _, other, _ in found[here + 1 :] if other <= level]
    return text[start : ends[0] if ends else None]


def rows(text: str) -> Iterator[list[str]]:
    """Return the rows of a text's tables, heads and rulers left out."""
    lines = [*text.splitlines(), ""]
    for line, following in pairwise(lines):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        is_head = following.startswith("|--")
        if line.startswith("|") and not line.startswith("|--") and not is_head:
            yield cells


def code(cell: str) -> str:
    """Return the first code of a table's cell."""
    [first, *_] = words(cell)
    return first
