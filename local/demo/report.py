"""The demo's report: how each job ended, and every difference from what its case demands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from local.cloud.rows import Row
from local.demo.cases import Case
from local.demo.checks import expected_credits
from local.demo.evidence import Evidence
from local.demo.live_table import TITLE
from local.kie.ledger import credits_spent
from veo4k_cli.console.words import delivery

SHORT_HASH = 12
INDENT = (0, 0, 0, 2)


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


def _job(result: Result, price: int) -> list[RenderableType]:
    case, evidence = result.case, result.evidence
    row = evidence.row or {"state": "missing"}
    paid = f"{credits_spent(evidence.charges)}/{expected_credits(case, price)}"
    first = Text.assemble(
        ("✗ ", "bad") if result.problems else ("✓ ", "good"),
        f"{case.title:<{TITLE}}  ",
        (f"{row['state']:<9}", f"state.{row['state']}" if evidence.row else "bad"),
        f"  {delivery(row):<12}  {evidence.requests:>8}  {paid:>7}  {len(evidence.events):>6}",
    )
    below = [Text(line, "aside") for line in _end(evidence, row)]
    below += [Text(problem, "bad") for problem in result.problems]
    return [first, *(Padding(line, INDENT, expand=False) for line in below)]


def _end(evidence: Evidence, row: Row) -> Iterator[str]:
    """Return the file; where there is none, why, and the base video that was kept instead."""
    if "error" in row:
        yield f"{row['error']['code']}  {row['error']['message']}"
    for stored in evidence.stored[:1]:
        yield f"{stored.key}  {stored.width}x{stored.height}  {stored.bytes:,} bytes  {stored.sha256[:SHORT_HASH]}"
    if not evidence.stored:
        yield from (f"{key}  {sha256[:SHORT_HASH]}" for key, sha256 in evidence.bases.items())


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
