"""How the tests here read a page: headings, tables, code blocks and links of GitHub's Markdown."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]

SCHEMAS = {path.name.partition(".")[0]: json.loads(path.read_text()) for path in (ROOT / "docs/schemas").iterdir()}
OPENAPI: dict[str, Any] = yaml_parse((ROOT / "docs/openapi.yaml").read_text())
_SOURCES = {f"{kind}.schema.json": schema for kind, schema in SCHEMAS.items()}
_SOURCES |= {f"schemas/{name}": schema for name, schema in _SOURCES.items()} | {"openapi.yaml": OPENAPI}
_REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(source, default_specification=DRAFT202012)) for name, source in _SOURCES.items()
)

_BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_NO_SLUG = re.compile(r"[^\w\- ]")


def of_type(kind: str) -> dict[str, Any]:
    """Return the properties of the template's resources of a type, by name."""
    return {name: found.get("Properties", {}) for name, found in RESOURCES.items() if found["Type"] == f"AWS::{kind}"}


def page(name: str) -> str:
    return (ROOT / name).read_text()


def prose(text: str) -> str:
    """Return the text without its code blocks."""
    return _BLOCK.sub("", text)


def blocks(text: str) -> list[tuple[str, str]]:
    """Code blocks of a text: what follows the backticks, and the code."""
    return _BLOCK.findall(text)


def examples(name: str, kind: str) -> list[Any]:
    """Content of a page's blocks of JSON of a kind."""
    return [json.loads(text) for info, text in blocks(page(name)) if info == f"json {kind}"]


def words(text: str) -> list[str]:
    """Return what stands between single backticks."""
    return _CODE.findall(prose(text))


def links(name: str) -> list[tuple[Path, str]]:
    """File and anchor, or "", of each link of a page that leads into the tree."""
    targets = [link.partition("#") for link in _LINK.findall(prose(page(name))) if "://" not in link]
    return [((ROOT / name).parent / file if file else ROOT / name, anchor) for file, _, anchor in targets]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    return {_NO_SLUG.sub("", heading.lower()).replace(" ", "-") for _, heading in _HEADING.findall(prose(text))}


def section(name: str, heading: str) -> str:
    """Text below a heading, up to the next one of its level or above."""
    [(marks, text)] = re.findall(rf"^(#+) {re.escape(heading)}$(.*)", prose(page(name)), re.MULTILINE | re.DOTALL)
    return re.split(rf"^#{{1,{len(marks)}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]


def rows(name: str, heading: str, table: int = 0) -> list[list[str]]:
    """Return the rows of a section's table, without head and ruler. `table`: its number in the section."""
    tables = [part.strip().splitlines() for part in section(name, heading).split("\n\n") if part.strip()[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables[table][2:]]


def errors(schema: Any, value: Any) -> list[str]:
    """Return what a schema, of its own or of `docs`, has against a value."""
    return [error.message for error in Draft202012Validator(schema, registry=_REGISTRY).iter_errors(value)]


def holds(kind: str, value: Any) -> bool:
    """Return whether a value is a valid one of that kind by docs/schemas."""
    return not errors(SCHEMAS[kind], value)


def code(cell: str) -> str:
    """Return the first code of a table's cell, or all of a cell that has none."""
    return next(iter(words(cell)), cell)
