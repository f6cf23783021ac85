"""Ended jobs from the index by day, the newest end first. The table is not scanned."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from veo4k.adapters.dynamodb_types import from_item
from veo4k.domain.job import Job, utc, utc_day
from veo4k_cli.errors import OperatorError
from veo4k_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "day"
DAY = 86_400
READ_AHEAD = 10  # days whose first pages are read at the same time
CLOCK_DIFFERENCE = 300  # seconds by which the functions' clocks may be ahead of this one
DELETED_LATE = 3 * DAY  # by which DynamoDB may delete a row later than its time to live says

Page = dict[str, Any]


class NoDayIndexError(OperatorError):
    """The table has no index by day, or DynamoDB is still filling it."""


def oldest_end(stack: Stack, now: float) -> float:
    """Return the time before which no ended job is kept (epoch seconds)."""
    return now - int(stack.parameter("RetentionDays", "90")) * DAY - DELETED_LATE


def ended_jobs(client: "DynamoDBClient", table: str, since: float, now: float) -> Iterator[Job]:
    """Yield the jobs that ended since then (epoch seconds), the newest end first. They have no `result_urls`.

    Jobs of a version without `#day` in its rows are not in the index. Raise NoDayIndexError without the index.
    """
    days = iter(_days(since, now))
    with ThreadPoolExecutor(READ_AHEAD) as executor:

        def start(count: int) -> list[tuple[dict[str, Any], Future[Page]]]:
            queries = (_query(table, day, since) for day in islice(days, count))
            return [(query, executor.submit(_page, client, query)) for query in queries]

        pending = deque(start(READ_AHEAD))
        while pending:
            query, page = pending.popleft()
            pending.extend(start(1))
            yield from _day(client, query, page.result())


def _days(since: float, now: float) -> Iterator[str]:
    """Yield the days from now back to then."""
    at, first = now + CLOCK_DIFFERENCE, utc_day(since)
    while utc_day(at) >= first:
        yield utc_day(at)
        at -= DAY


def _query(table: str, day: str, since: float) -> dict[str, Any]:
    return {
        "TableName": table,
        "IndexName": INDEX,
        "KeyConditionExpression": "#day = :day AND finishedAt >= :since",
        "ExpressionAttributeNames": {"#day": "#day"},
        "ExpressionAttributeValues": {":day": {"S": day}, ":since": {"S": utc(since)}},
        "ScanIndexForward": False,
    }


def _day(client: "DynamoDBClient", query: dict[str, Any], page: Page) -> Iterator[Job]:
    while True:
        yield from (Job.from_row(from_item(item)) for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        page = _page(client, query | {"ExclusiveStartKey": page["LastEvaluatedKey"]})


def _page(client: "DynamoDBClient", query: dict[str, Any]) -> Page:
    try:
        return dict(client.query(**query))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        raise NoDayIndexError(
            "The table has no index of ended jobs by day yet. Deploy this version of the stack, then wait until the "
            "index is active."
        ) from None
