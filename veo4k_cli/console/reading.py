"""Everything that the pages read from the stack."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from veo4k.adapters.dynamodb_types import from_item
from veo4k.adapters.jobs_dynamodb import DUE_INDEX
from veo4k.domain.gate import Gate, Pace
from veo4k.domain.job import ATTRIBUTES, ENDED, Job, Key, Partition, utc
from veo4k_cli.command import Session
from veo4k_cli.console import cursor
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.times import Row, day_of, seconds_of
from veo4k_cli.dead_letter_queue import DeadLetter
from veo4k_cli.dead_letters import open_queue
from veo4k_cli.ended_jobs import ended_jobs
from veo4k_cli.history import History, read_history
from veo4k_cli.rows import read_rows

ROWS_SECONDS, COUNTS_SECONDS = 2.0, 5.0
ENDED_SECONDS = 15.0
OVERLAP = 600.0  # by which a job may appear in the index after one that ended later: clocks and the index are late
SLOW_SECONDS = 60.0
PAGE = 50
FILTERED = 500  # rows that a filter is applied to
RUNS = 20
LETTERS = 1000
LINK_SECONDS = 300
PARTITION, DUE = ATTRIBUTES["partition"], ATTRIBUTES["due"]


class Counts(NamedTuple):
    """Rows of the due index: those that wait for a slot, and all other live ones."""

    waiting: int
    in_flight: int


class Live(NamedTuple):
    """A page of live jobs, the next due first.

    Attributes:
        after: the cursor of the next page, or "".
        read: how many rows were read to find these.
    """

    rows: Sequence[Row]
    after: str
    read: int


class Head(NamedTuple):
    """The jobs of a partition of the due index that are due first, and whether there are no others in it."""

    rows: Sequence[Row]
    is_whole: bool


class Letters(NamedTuple):
    """Dead messages, the oldest first, and whether these are all of them."""

    found: Sequence[DeadLetter]
    are_all: bool


@dataclass
class Reader:
    """Reads the stack, at most as often as the pages may show a change."""

    session: Session
    cache: Cache
    _today: dict[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self.session.clock.now()

    @cached_property
    def pace(self) -> Pace:
        """Return the account's pace."""
        return self.session.stack.pace()

    @property
    def _table(self) -> str:
        return self.session.stack.output("JobTableName")

    @property
    def _dynamodb(self) -> Any:
        return self.session.stack.client("dynamodb")

    def gate(self) -> Gate:
        """Return the account's gate."""
        return self.cache.get("gate", ROWS_SECONDS, lambda: self.session.gate().read())

    # jobs

    def counts(self) -> Counts:
        """Count the rows of the due index."""
        return self.cache.get(
            "counts", COUNTS_SECONDS, lambda: Counts(self._count(Partition.QUEUED), self._count(Partition.LIVE))
        )

    def _count(self, partition: Partition) -> int:
        head = self.head(partition)
        if head.is_whole:
            return len(head.rows)
        pages = self._dynamodb.get_paginator("query").paginate(Select="COUNT", **self._due(partition))
        return sum(page["Count"] for page in pages)

    def head(self, partition: Partition) -> Head:
        """Return the first jobs of a partition."""
        return self.cache.get(("head", partition), COUNTS_SECONDS, lambda: self._head(partition))

    def _head(self, partition: Partition) -> Head:
        keys = self._keys(partition, None, PAGE + 1)
        return Head(list(self._rows(keys[:PAGE]).values()), len(keys) <= PAGE)

    def live(self, after: str, tag: str, states: frozenset[str]) -> Live:
        """Return the live jobs after a cursor, of any state or of some, with a tag `name=value` or any."""
        name = ("live", after, tag, states)
        return self.cache.get(name, ROWS_SECONDS, lambda: self._live(after, tag, states))

    def first(self) -> Sequence[Row]:
        """Return the first page of live jobs."""
        return self.live("", "", frozenset()).rows

    def _live(self, after: str, tag: str, states: frozenset[str]) -> Live:
        starts, most = cursor.parse(after), FILTERED if tag or states else PAGE
        keys = {str(partition): self._keys(partition, starts.get(str(partition)), most + 1) for partition in Partition}
        in_order = sorted(chain(*keys.values()), key=lambda key: float(key[DUE]["N"]))
        rows = self._rows(in_order[:most])
        shown: list[Row] = []
        read = 0
        for key in in_order[:most]:
            read += 1
            row = rows.pop(_key_of(key), None)
            if row is not None and _fits(row, tag, states):
                shown.append(row)
            if len(shown) == PAGE:
                break
        return Live(shown, cursor.after(starts, in_order[:read], PARTITION) if read < len(in_order) else "", read)

    def _keys(self, partition: Partition, start: Mapping[str, Any] | None, most: int) -> list[dict[str, Any]]:
        """Return the next keys of a partition. Boxes and rows of the same page share one read of its first keys."""
        name = ("keys", partition, str(start), most)
        return self.cache.get(name, 1.0, lambda: self._read_keys(partition, start, most))

    def _read_keys(self, partition: Partition, start: Mapping[str, Any] | None, most: int) -> list[dict[str, Any]]:
        begin = {"ExclusiveStartKey": start} if start else {}
        page = self._dynamodb.query(Limit=most, **self._due(partition), **begin)
        items: list[dict[str, Any]] = page["Items"]
        return [item | {PARTITION: {"S": str(partition)}} for item in items]

    def _due(self, partition: Partition) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": {"#p": PARTITION},
            "ExpressionAttributeValues": {":p": {"S": str(partition)}},
        }

    def _rows(self, keys: Iterable[Mapping[str, Any]]) -> dict[Key, Row]:
        """Read the rows of keys of an index."""
        return {**read_rows(self._dynamodb, self._table, map(_key_of, keys))}

    def runs(self, task_id: str) -> list[Row]:
        """Return the newest runs of a task, the newest first."""
        return self.cache.get(("runs", task_id), 1.0, lambda: self._runs(task_id))

    def _runs(self, task_id: str) -> list[Row]:
        page = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="taskId = :t",
            ExpressionAttributeValues={":t": {"S": task_id}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=RUNS,
        )
        return [from_item(item) for item in page["Items"]]

    def ended(self, days: Sequence[str]) -> list[Row]:
        """Return the jobs that ended on these UTC days (`2026-11-22`), the newest first."""
        first = min(days)
        rows = self.cache.get(f"ended {first}", ENDED_SECONDS, lambda: self._ended_since(first))
        return [row for row in rows if str(row["finishedAt"])[:10] in days]

    def _ended_since(self, day: str) -> Sequence[Row]:
        """Read the jobs that ended since a day began: today's once, and then only what has ended since."""
        since, known = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp(), self._today.get(day, ())
        if known:
            since = max(since, (seconds_of(known[0], "finishedAt") or since) - OVERLAP)
        read = [job.row() for job in ended_jobs(self._dynamodb, self._table, since, self.now)]
        rows = read + [row for row in known if str(row["finishedAt"]) < utc(since)]
        if day == day_of(self.now):
            self._today = {day: rows}
        return rows

    def days(self, count: int) -> list[str]:
        """Return the latest UTC days, today last."""
        today = datetime.fromtimestamp(self.now, UTC)
        return [day_of((today - timedelta(days=back)).timestamp()) for back in reversed(range(count))]

    def history(self, row: Row) -> History:
        """Return the log lines about a job. There are none for a row of a version unknown here."""
        try:
            job = Job.from_row(row)
        except (KeyError, TypeError, ValueError):
            return History([], "The row is of another version of veo4k, so its log lines are not shown.")
        seconds = SLOW_SECONDS if job.state in ENDED else COUNTS_SECONDS
        return self.cache.get(
            ("history", job.job_id, job.state), seconds, lambda: read_history(self.session.stack, job, self.now)
        )

    # files

    def link(self, bucket: str, key: str, kind: str) -> str:
        """Return a link to a file in the bucket for the next five minutes."""
        asked = {"Bucket": bucket, "Key": key, "ResponseContentType": kind}
        link: str = self.session.stack.client("s3").generate_presigned_url(
            "get_object", Params=asked, ExpiresIn=LINK_SECONDS
        )
        return link

    def has_file(self, bucket: str, key: str) -> bool:
        """Return whether there is such a file. It may be refused to the operator, too."""
        return self.cache.get(("file", bucket, key), SLOW_SECONDS, lambda: self._has_file(bucket, key))

    def _has_file(self, bucket: str, key: str) -> bool:
        try:
            self.session.stack.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True

    def media_origin(self) -> str:
        """Return scheme and host of the links to files."""
        place = urlsplit(self.link(self.session.stack.output("ArchiveBucketName"), "videos/a", "video/mp4"))
        return f"{place.scheme}://{place.netloc}"

    def letters(self) -> Letters:
        """Receive the dead messages, which makes them invisible for a moment. They are not read by a poll."""
        with open_queue(self.session) as queue:
            found = sorted(queue.letters(most=LETTERS), key=lambda letter: letter.sent_at)
        return Letters(found, queue.is_complete)


def _key_of(item: Mapping[str, Any]) -> Key:
    return Key(item["taskId"]["S"], int(item["run"]["N"]))


def _fits(row: Row, tag: str, states: frozenset[str]) -> bool:
    name, _, value = tag.partition("=")
    return (not tag or row.get("tags", {}).get(name) == value) and (not states or row.get("state") in states)
