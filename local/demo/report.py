"""The end of the demo: what each job became, and whether that is what its scenario demands."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from local.demo.cases import Case
from local.demo.checks import Facts, credits_charged, credits_expected
from local.demo.live_table import THEME, TITLE

SHORT_HASH = 12
PICTURE_COLUMNS = 84


@dataclass(frozen=True, slots=True)
class Outcome:
    """All cases with their facts and faults, the account's faults and statistics, the price of a video, the time."""

    cases: Sequence[tuple[Case, Facts, Sequence[str]]]
    account: Sequence[str]
    stats: Mapping[str, Any]
    price: int
    seconds: float


def succeeded(outcome: Outcome) -> bool:
    """Tell whether nothing at all is wrong."""
    return not outcome.account and not any(faults for _, _, faults in outcome.cases)


def report(outcome: Outcome) -> RenderableType:
    """Give two lines for each job, one more for whatever is wrong with it, and the sum."""
    head = f"  {'what happened':<{TITLE}}  {'became':<9}  {'brought by':<10}  asked  {'credits':>10}  events"
    jobs = [line for case, facts, faults in outcome.cases for line in _job(case, facts, faults, outcome.price)]
    account = [Text(f"✗ {fault}", "bad") for fault in outcome.account]
    return Group(Text(head, "aside"), *jobs, Text(), *account, _sum(outcome))


def draw(picture: RenderableType, path: Path) -> None:
    """Write what the terminal shows as an SVG that asks nobody for a font."""
    console = Console(theme=THEME, highlight=False, record=True, width=PICTURE_COLUMNS, file=io.StringIO())
    console.print(picture)
    svg = console.export_svg(title="make demo")
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))


def _job(case: Case, facts: Facts, faults: Sequence[str], price: int) -> list[Text]:
    row = facts.row or {"state": "nothing"}
    paid = f"{credits_charged(facts.charges)} of {credits_expected(case, price)}"
    first = Text.assemble(
        ("✗ ", "bad") if faults else ("✓ ", "good"),
        f"{case.title:<{TITLE}}  ",
        (f"{row['state']:<9}", f"state.{row['state']}" if facts.row else "bad"),
        f"  {row.get('evidence', ''):<10}  {facts.requests:>5}  {paid:>10}  {len(facts.events):>6}",
    )
    return [first, Text(f"  {_result(facts, row)}", "aside"), *(Text(f"  {fault}", "bad") for fault in faults)]


def _result(facts: Facts, row: Mapping[str, Any]) -> str:
    if not facts.stored:
        error = row.get("error", {})
        return f"{error.get('code', '')}  {error.get('message', '')}".strip()
    stored = facts.stored[0]
    size = f"{stored.width}x{stored.height}  {stored.bytes:,} bytes"
    return f"{stored.key}  {size}  {stored.sha256[:SHORT_HASH]}"


def _sum(outcome: Outcome) -> Text:
    charged = sum(credits_charged(facts.charges) for _, facts, _ in outcome.cases)
    expected = sum(credits_expected(case, outcome.price) for case, _, _ in outcome.cases)
    right = sum(not faults for _, _, faults in outcome.cases)
    stats = outcome.stats
    return Text.assemble(
        (f"{right} of {len(outcome.cases)} as they must be", "good" if succeeded(outcome) else "bad"),
        f"; {charged:,} of {expected:,} credits; {stats['posts']} requests to the provider, ",
        f"{stats['densestPosts']} in the densest 10 s, {stats['refused429']} refused; {outcome.seconds:.0f} s",
    )
