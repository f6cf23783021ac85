"""Rows by their keys, a hundred at a time."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from veo4k.adapters.dynamodb_types import from_item, to_typed
from veo4k.domain.job import Key

BATCH = 100  # keys that DynamoDB takes in one BatchGetItem
READERS = 8

StoredRow = dict[str, Any]


def read_rows(client: Any, table: str, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, StoredRow]:
    """Read rows, in the order of the keys and each one once. A row that is gone is left out.

    A job that moves between the partitions of the due index while they are read has its key in both.
    """
    wanted = list(dict.fromkeys(keys))
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    with ThreadPoolExecutor(READERS) as executor:
        pages = executor.map(lambda batch: _read_batch(client, table, batch, consistent=consistent), batches)
        found = {Key(row["taskId"], row["run"]): row for page in pages for row in page}
    return {key: found[key] for key in wanted if key in found}


def _read_batch(client: Any, table: str, keys: Sequence[Key], *, consistent: bool) -> list[StoredRow]:
    typed = [{"taskId": to_typed(key.task_id), "run": to_typed(key.run)} for key in keys]
    left: Any = {table: {"Keys": typed, "ConsistentRead": consistent}}
    rows: list[StoredRow] = []
    while left:
        page = client.batch_get_item(RequestItems=left)
        rows += map(from_item, page["Responses"].get(table, ()))
        left = page.get("UnprocessedKeys")
    return rows
