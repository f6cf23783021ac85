"""The command `spend`: credits of ended jobs, by day or by tag."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group as Parts
from rich.console import RenderableType

from veo4k_cli.command import Session, command
from veo4k_cli.ended_jobs import ended_jobs, oldest_end
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import amount, parse_since, printable
from veo4k_cli.output import table
from veo4k_cli.selection import Selection, Tags, parse_tags
from veo4k_cli.spending import Group, Spending, as_csv, by_day, by_tag, sums, total

BY_DAY, BY_TAG = "day", "tag:"

app = typer.Typer()


@command(
    app,
    "veo4k spend --since 7d",
    "veo4k spend --by tag:customer --since 2026-11-01 --csv > spend.csv",
    "veo4k spend --json | jq .total.credits",
    panel="Account",
)
def spend(
    session: Session,
    by: Annotated[str, typer.Option("--by", metavar="day|tag:NAME", help="What to sum up by.")] = BY_DAY,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Jobs that ended since: 7d, 2026-11-22.")
    ] = None,
    tag: Tags = None,
    as_csv_text: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Show what ended jobs have cost at the provider, and how many of them became 4K.

    A job costs what the provider has reported, else 120 credits for a delivered video. What may have been charged
    besides is a column of its own: second acceptances, and acceptances or lost responses without a result.
    """
    group, now = _group(by), session.clock.now()
    oldest = oldest_end(session.stack, now)
    selection = Selection(tags=parse_tags(tag), since=parse_since(since, now, oldest))
    client, table_name = session.stack.client("dynamodb"), session.stack.output("JobTableName")
    with session.out.spinner("Reading the ended jobs"):
        jobs = ended_jobs(client, table_name, max(selection.since, oldest), now)
        groups = sums(filter(selection.has, jobs), group)
    if as_csv_text:
        session.out.plain(as_csv(groups))
        return
    value = {"by": by, "groups": [each.value() for each in groups], "total": total(groups).value()}
    session.out.result(value, _view(by, groups))


def _group(by: str) -> Group:
    if by == BY_DAY:
        return by_day
    if by.startswith(BY_TAG) and by != BY_TAG:
        return by_tag(by.removeprefix(BY_TAG))
    raise OperatorError(f"--by takes day or tag:NAME, not {by!r}.")


def _view(by: str, groups: Sequence[Spending]) -> RenderableType:
    if not groups:
        return "No job ended in this time, or all of them ended before this version was deployed."
    head = by.removeprefix(BY_TAG)
    result = table(head, ">jobs", ">in 4K", ">share", ">free", ">credits", ">$", ">maybe charged besides")
    for each in [*groups, total(groups)]:
        numbers = (f"{each.jobs:,}", f"{each.in_4k:,}", f"{each.share:.0%}", f"{each.free:,}")
        costs = (amount(each.credits), f"{each.dollars:,.2f}", amount(each.maybe_credits))
        result.add_row(printable(each.group), *numbers, *costs)
    return Parts(result, "", "Credits that the provider has refunded may be among those that may have been charged.")
