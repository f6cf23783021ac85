"""Records that cannot be read, and those beside them. A real stream is read in `tests/contract`."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.doubles.fake_aws import typed_row
from proofs.table.rows import READY
from veo4k.adapters.stream_dynamodb import read_changes
from veo4k.domain.job import State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change

ENDED = replace(READY, state=State.FAILED)

Record = dict[str, Any]


def record(number: int, **images: Any) -> Record:
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": str(number), **images}}


GOOD = record(1, OldImage=typed_row(READY), NewImage=typed_row(ENDED))
ROW = typed_row(READY)
UNREADABLE: dict[str, Any] = {
    "a row without its state": {name: value for name, value in ROW.items() if name != "state"},
    "a time that is none": ROW | {"createdAt": {"S": "yesterday"}},
    "a time that is a number": ROW | {"createdAt": {"N": "5"}},
    "a number without end": ROW | {"run": {"N": "Infinity"}},
    "a number that is none": ROW | {"run": {"N": "one"}},
    "an unknown type": ROW | {"index": {"X": "0"}},
    "two types": ROW | {"index": {}},
    "no type": ROW | {"index": 5},
    "an archive that is none": ROW | {"archive": {"M": {"bucket": {"S": "b"}}}},
    "an archive that is text": ROW | {"archive": {"S": "b"}},
    "the gate's row": {"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {"version": {"N": "1"}}}},
    "an image that is a list": [],
    "an image that is text": "row",
    "no image": None,
}
NO_RECORDS: list[Any] = [{}, {"dynamodb": None}, {"dynamodb": 5}, [], None, 5, "x"]
BROKEN: list[tuple[Any, str]] = [
    *((record(2, NewImage=new), "2") for new in UNREADABLE.values()),
    (record(2, OldImage={"state": {"S": "DANCING"}}, NewImage=ROW), "2"),
    *((none, "None") for none in NO_RECORDS),
]


@pytest.mark.parametrize(("broken", "number"), BROKEN)
def test_a_record_that_cannot_be_read_hides_no_other(broken: Any, number: str) -> None:
    changes, unreadable = read_changes([GOOD, broken, record(3, NewImage=ROW)])
    assert changes == [Change(READY, ENDED), Change(None, READY)]
    assert unreadable == [LogEntry(LogEvent.RECORD_UNREADABLE, None, {"sequenceNumber": number})]
