"""The demo's report: how each job ended, and every difference from what its case demands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from local.cloud.rows import Row
from local.demo.cases import Case
from local.demo.checks import expected_credits
from local.demo.evidence import Evidence
from local.demo.live_table import TITLE
from local.kie.ledger import credits_spent

SHORT_HASH = 12


class Result(NamedTuple):
    """A case, its evidence, and the problems found in it."""

    case: Case
    evidence: Evidence
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All results, the account's problems and statistics, the price of a video, the demo's seconds."""

    results: Sequence[Result]
    account_problems: Sequence[str]
    stats: Mapping[str, Any]
    price: int
    seconds: float


def succeeded(outcome: Outcome) -> bool:
    """Return whether there is no problem at all."""
    return not outcome.account_problems and not any(result.problems for result in outcome.results)


def report(outcome: Outcome) -> RenderableType:
    """Return two lines for each job, one for each problem, and a summary."""
    head = f"  {'scenario':<{TITLE}}  {'state':<9}  {'delivered by':<12}  requests  credits  events"
    jobs = [line for result in outcome.results for line in _job(result, outcome.price)]
    account = [Text(f"✗ {problem}", "bad") for problem in outcome.account_problems]
    return Group(Text(head, "aside"), *jobs, Text(), *account, _summary(outcome))


def _job(result: Result, price: int) -> list[Text]:
    case, evidence = result.case, result.evidence
    row = evidence.row or {"state": "missing"}
    paid = f"{credits_spent(evidence.charges)}/{expected_credits(case, price)}"
    first = Text.assemble(
        ("✗ ", "bad") if result.problems else ("✓ ", "good"),
        f"{case.title:<{TITLE}}  ",
        (f"{row['state']:<9}", f"state.{row['state']}" if evidence.row else "bad"),
        f"  {row.get('evidence', ''):<12}  {evidence.requests:>8}  {paid:>7}  {len(evidence.events):>6}",
    )
    end = [Text(f"  {text}", "aside")] if (text := _end(evidence, row)) else []
    return [first, *end, *(Text(f"  {problem}", "bad") for problem in result.problems)]


def _end(evidence: Evidence, row: Row) -> str:
    if not evidence.stored:
        error = row.get("error", {})
        return f"{error.get('code', '')}  {error.get('message', '')}".strip()
    stored = evidence.stored[0]
    size = f"{stored.width}x{stored.height}  {stored.bytes:,} bytes"
    return f"{stored.key}  {size}  {stored.sha256[:SHORT_HASH]}"


def _summary(outcome: Outcome) -> Text:
    spent = sum(credits_spent(result.evidence.charges) for result in outcome.results)
    expected = sum(expected_credits(result.case, outcome.price) for result in outcome.results)
    correct = sum(not result.problems for result in outcome.results)
    stats = outcome.stats
    return Text.assemble(
        (f"{correct} of {len(outcome.results)} correct", "good" if succeeded(outcome) else "bad"),
        f"; {spent:,} of {expected:,} credits; {stats['posts']} requests to the provider, ",
        f"{stats['densestPosts']} in the densest 10 s, {stats['refused429']} refused; {outcome.seconds:.0f} s",
    )
